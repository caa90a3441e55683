"""Training on several machines, by TensorFlow's own runtime: the side of the training.

The training process builds the graph, owns the variables and the checkpoints, and is the only one
that reads the corpus. Each worker (`lm.worker`) computes one replica: at each step it receives the
weights and its rows of the batch, and returns its gradients.

TensorFlow's protocol knows no passwords and no encryption. The training listens too, on all network
interfaces and a port that the system chooses, since the workers fetch the weights from there.
"""

import concurrent.futures
import contextlib
import re
import socket
import threading

import tensorflow.compat.v1 as tf

from lm import replicas

# How long to wait for a worker, in seconds: at the start, and in each step.
START_SECONDS = 30
STEP_SECONDS = 300


class ClusterError(ValueError):
    """A worker that cannot be used. `flag` names the flag to blame."""

    def __init__(self, flag, message):
        super(ClusterError, self).__init__(message)
        self.flag = flag


def split_address(address, flag):
    """Returns `(host, port)` of "host:port"; raises ClusterError for anything else."""
    host, _, port = address.rpartition(":")
    if not host or not re.match(r"\d{1,5}$", port) or not 0 < int(port) < 2**16:
        raise ClusterError(
            flag, "%r is no address; give host:port, as in 192.168.1.12:2222" % address
        )
    return host.strip("[]"), int(port)


def _own_host(host, port):
    """Returns the address by which a worker can reach this machine."""
    family, kind, protocol, _, where = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(where)  # sends nothing
        own = probe.getsockname()[0]
    return "[%s]" % own if ":" in own else own


def _silent(workers, seconds):
    """Asks workers, all at once, for a sign of life; returns those that give none in time."""

    def answers(worker):
        graph = tf.Graph()
        with graph.as_default():
            one = tf.constant(1)
        config = tf.ConfigProto(operation_timeout_in_ms=1000 * seconds)
        try:
            with tf.Session("grpc://" + worker, graph, config) as session:
                return session.run(one) == 1
        except tf.errors.OpError:
            return False

    with concurrent.futures.ThreadPoolExecutor(len(workers)) as threads:
        return [w for w, alive in zip(workers, threads.map(answers, workers)) if not alive]


def _close(session):
    with contextlib.suppress(tf.errors.OpError):
        session.close()


class Cluster(object):
    """The workers of a training, and this process as their client.

    Args:
        config: an `lm.configs.Config`.
        workers: the addresses of the workers, "host:port" each.
        log: a function to call with a line if the workers take long to answer.

    Attributes:
        devices: for each worker, what `tf.device` takes.
        device: what `tf.device` takes for the rest of the graph.

    Raises:
        replicas.ReplicasError: if the rows of a batch cannot be split among the workers.
        ClusterError: for an address that is none, or a worker that does not answer in time.
    """

    device = "/job:client/task:0"

    def __init__(self, config, workers, log):
        self._workers = list(workers)
        replicas.check(config, len(self._workers), "workers")
        hosts = [split_address(worker, "workers") for worker in self._workers]
        if len(set(self._workers)) < len(hosts):
            twice = next(w for w in self._workers if self._workers.count(w) > 1)
            raise ClusterError("workers", "%s is named twice; name each worker once" % twice)
        self._check_answers(log)
        try:
            host = _own_host(*hosts[0])
        except OSError as error:
            raise ClusterError("workers", "no way to %s (%s)" % (self._workers[0], error.strerror))
        # Its name in the cluster comes with the session, as for the workers.
        self._server = tf.train.Server({"idle": [host + ":0"]}, job_name="idle", task_index=0)
        own = "%s:%s" % (host, self._server.target.rpartition(":")[2])
        self._spec = tf.train.ClusterSpec({"client": [own], "worker": self._workers})
        self.devices = [
            tf.train.replica_device_setter(
                ps_tasks=1, ps_device="/job:client", worker_device="/job:worker/task:%d" % number
            )
            for number in range(len(self._workers))
        ]

    @contextlib.contextmanager
    def session(self, session_config):
        """Opens a session in a `with` statement; it waits STEP_SECONDS for an answer, no longer.

        Args:
            session_config: a `tf.ConfigProto`; changed in place.
        """
        session_config.cluster_def.CopyFrom(self._spec.as_cluster_def())
        session_config.operation_timeout_in_ms = 1000 * STEP_SECONDS
        session = tf.Session(self._server.target, config=session_config)
        try:
            yield session
        except tf.errors.OpError:
            # To close the session may be to wait for a worker that is gone. Nobody waits for that.
            threading.Thread(target=_close, args=(session,), daemon=True).start()
            raise
        except BaseException:
            session.close()
            raise
        session.close()

    def _check_answers(self, log):
        silent = _silent(self._workers, 3)
        if silent:
            log("Waiting for %s." % ", ".join(silent))
            silent = _silent(silent, START_SECONDS)
        if silent:
            raise ClusterError(
                "workers",
                "no answer from %s in %d seconds; start python -m lm.worker --address=%s there"
                % (", ".join(silent), START_SECONDS, silent[0]),
            )

    def lost(self, error, saved):
        """Returns the ClusterError that says which worker went away.

        Args:
            error: the `tf.errors.OpError` of the session.
            saved: what is saved, in a few words.
        """
        silent = _silent(self._workers, 3)
        if not silent:
            numbers = re.findall(r"/job:worker/replica:0/task:(\d+)", str(error))
            silent = [self._workers[int(numbers[0])]] if numbers else self._workers
        return ClusterError(
            "workers",
            "%s went away or does not answer (%s); %s; once the worker is back, the same command"
            " goes on from there" % (", ".join(silent), type(error).__name__, saved),
        )
