"""Connects a training to its workers on other machines, through TensorFlow's own runtime.

The training process builds the graph, owns the variables and the checkpoints, and alone reads the
corpus. Each worker (`lm.worker`) computes one replica: at each step it receives the weights and its
rows of the batch, and returns its gradients.

TensorFlow's protocol has no passwords and no encryption. The workers fetch the weights from the
training. So the training listens as well, on all network interfaces, at a port that the system
chooses.
"""

import contextlib
import re
import socket
import threading
import time

import tensorflow.compat.v1 as tf

from lm import replicas

# How many seconds to wait for a worker at the start, and in each step.
START_SECONDS = 30
STEP_SECONDS = 300

_OF_THE_NETWORK = (
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.UnavailableError,
)


class ClusterError(ValueError):
    """Raised if a worker cannot be used. `flag` names the flag to blame."""

    def __init__(self, flag, message):
        super(ClusterError, self).__init__(message)
        self.flag = flag


def split_address(address, flag):
    """Splits "host:port" into `(host, port)`; raises ClusterError for anything else."""
    host, _, port = address.rpartition(":")
    if (
        not re.match(r"[\w.-]{1,253}$|\[[\w.:%]{1,99}\]$", host)
        or not re.match(r"[0-9]{1,5}$", port)
        or not 0 < int(port) < 2**16
    ):
        raise ClusterError(
            flag, "%r is not an address; give host:port, as in 192.168.1.12:2222" % address
        )
    return host.strip("[]"), int(port)


def _route(host, port):
    """Returns the address of this machine on the route to another machine."""
    family, kind, protocol, _, where = _resolve(host, port, socket.SOCK_DGRAM)
    with socket.socket(family, kind, protocol) as probe:
        probe.connect(where)  # sends nothing
        return probe.getsockname()[0]


def _own_host(hosts):
    """Returns the address by which workers can reach this machine.

    Args:
        hosts: the `(host, port)` of each worker.

    Raises:
        ClusterError: if there is no route to a worker, or no address that all workers can reach.
    """
    own = set()
    for host, port in hosts:
        try:
            own.add(_route(host, port))
        except OSError as error:
            raise ClusterError(
                "workers",
                "no route to %s:%d (%s); check the address" % (host, port, error.strerror),
            )
    # A worker on this machine can reach any of its addresses, other workers no loopback address.
    outside = sorted(address for address in own if not _is_loopback(address)) or sorted(own)
    if len(outside) > 1:
        raise ClusterError(
            "workers",
            "this machine has another address for each of them (%s); give workers of one network"
            % ", ".join(outside),
        )
    return "[%s]" % outside[0] if ":" in outside[0] else outside[0]


def _is_loopback(address):
    return address.startswith("127.") or address == "::1"


def _resolve(host, port, kind):
    return socket.getaddrinfo(host, port, 0, kind)[0]


def _check_different(workers, hosts):
    """Raises ClusterError if a host is unknown, or if two workers have the same address."""
    seen = {}
    for worker, (host, port) in zip(workers, hosts):
        try:
            where = _resolve(host, port, socket.SOCK_STREAM)[4][:2]
        except OSError as error:
            raise ClusterError(
                "workers", "cannot find %s (%s); check the address" % (worker, error.strerror)
            )
        if where in seen:
            raise ClusterError(
                "workers",
                "%s and %s are one worker; name each worker once" % (seen[where], worker),
            )
        seen[where] = worker


def check_version(flag):
    """Raises ClusterError on TensorFlow 1.x, whose servers have to know the cluster beforehand."""
    if tf.__version__.startswith("1."):
        raise ClusterError(flag, "needs TensorFlow 2; this is TensorFlow %s" % tf.__version__)


def serve(address, flag):
    """Starts TensorFlow's server at an address, and returns the server.

    A server is called "idle" until a training tells it its name in the cluster.

    Args:
        address: "host:port"; with port 0 the system chooses a port.
        flag: the flag to blame.

    Raises:
        ClusterError: if the server cannot listen there.
    """
    try:
        return tf.train.Server({"idle": [address]}, job_name="idle", task_index=0)
    except tf.errors.OpError as error:
        raise ClusterError(flag, "cannot listen at %s (%s)" % (address, type(error).__name__))


def _unanswering(workers, seconds):
    """Asks all workers at once to compute something; returns those that do not answer in time."""
    answered = set()

    def ask(worker):
        graph = tf.Graph()
        with graph.as_default():
            one = tf.constant(1)
        config = tf.ConfigProto(operation_timeout_in_ms=1000 * seconds)
        with contextlib.suppress(tf.errors.OpError):
            with tf.Session("grpc://" + worker, graph, config) as session:
                session.run(one)
                answered.add(worker)

    threads = [threading.Thread(target=ask, args=(w,), daemon=True) for w in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(1)  # one second at a time, so that Ctrl-C can interrupt it
    return [worker for worker in workers if worker not in answered]


def _in_thread(function, seconds=float("inf")):
    """Calls a function in a thread, so that Ctrl-C can interrupt the wait for the function.

    Python handles a signal only between its own instructions, and a function of TensorFlow may run
    for long before Python goes on.

    Args:
        function: a function without arguments.
        seconds: how long to wait.

    Returns:
        What the function returns; None if it takes longer. Raises what the function raises.
    """
    results = []

    def call():
        try:
            results.append((function(), None))
        except BaseException as error:
            results.append((None, error))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    end = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < end:
        thread.join(min(1, max(end - time.monotonic(), 0)))
    if not results:
        return None
    result, error = results[0]
    if error is not None:
        raise error
    return result


class _Session(tf.Session):
    """A session that Ctrl-C can interrupt while a worker does not answer."""

    def run(self, *arguments, **options):
        run = super(_Session, self).run
        return _in_thread(lambda: run(*arguments, **options))


class Cluster(object):
    """The workers of a training, and this process as their client.

    Args:
        config: an `lm.configs.Config`.
        workers: the addresses of the workers, "host:port" each.
        log: a function to call with a line if the workers take long to answer.

    Attributes:
        devices: the device of each worker, as `tf.device` takes it.
        device: the device of the rest of the graph, as `tf.device` takes it.

    Raises:
        replicas.ReplicasError: if the rows of a batch cannot be split among the workers.
        ClusterError: if an address is not one, or if a worker does not answer in time; on
            TensorFlow 1.x.
    """

    device = "/job:client/task:0"

    def __init__(self, config, workers, log):
        self._workers = [worker.strip() for worker in workers]
        replicas.check(config, len(self._workers), "workers")
        hosts = [split_address(worker, "workers") for worker in self._workers]
        _check_different(self._workers, hosts)
        check_version("workers")
        self._check_answers(log)
        host = _own_host(hosts)
        self._server = serve(host + ":0", "workers")
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
        """Opens a session for a `with` statement; it waits at most STEP_SECONDS for an answer.

        Args:
            session_config: a `tf.ConfigProto`, which this changes.
        """
        session_config.cluster_def.CopyFrom(self._spec.as_cluster_def())
        session_config.operation_timeout_in_ms = 1000 * STEP_SECONDS
        session = _Session(self._server.target, config=session_config)
        try:
            yield session
        finally:
            # Without the limit, a worker that does not answer would hold up the end.
            with contextlib.suppress(tf.errors.OpError):
                _in_thread(session.close, 5)

    def _check_answers(self, log):
        missing = _unanswering(self._workers, 3)
        if missing:
            log("Waiting for %s." % ", ".join(missing))
            missing = _unanswering(missing, START_SECONDS)
        if missing:
            raise ClusterError(
                "workers",
                "no answer from %s in %d seconds; start python -m lm.worker --address=%s there"
                % (", ".join(missing), START_SECONDS, missing[0]),
            )

    def lost(self, error, saved):
        """Returns the ClusterError that says which worker went away; None if none did.

        Args:
            error: the `tf.errors.OpError` of the session.
            saved: a phrase that says what is saved.
        """
        missing = _unanswering(self._workers, 3)
        if not missing and not isinstance(error, _OF_THE_NETWORK):
            return None
        if not missing and isinstance(error, tf.errors.DeadlineExceededError):
            return ClusterError(
                "workers",
                "a step took longer than %d seconds; %s; give a smaller model, or a faster network"
                % (STEP_SECONDS, saved),
            )
        if not missing:
            numbers = re.findall(r"/job:worker/replica:0/task:(\d+)", str(error))
            lost = [self._workers[int(numbers[0])]] if numbers else self._workers
            return ClusterError(
                "workers",
                "%s was started anew, or another training uses it now (%s); %s; give the same"
                " command again once the worker is free"
                % (", ".join(lost), type(error).__name__, saved),
            )
        return ClusterError(
            "workers",
            "%s went away or does not answer (%s); %s; give the same command again once the"
            " worker is back" % (", ".join(missing), type(error).__name__, saved),
        )
