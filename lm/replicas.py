"""Chooses the number, the devices and the threads of the replicas of a model on one machine.

The replicas share the weights and split the rows of a batch (`lm.model.Model`). On a processor, the
cores do not share the matrix products of a small batch well: each product waits for the slower
core. Two replicas, with half the cores each, wait for each other only once a step.
"""

import os

import tensorflow.compat.v1 as tf


class ReplicasError(ValueError):
    """Raised if the batch cannot be split among the replicas. `flag` names the flag to blame."""

    def __init__(self, flag, message):
        super(ReplicasError, self).__init__(message)
        self.flag = flag


def _cores():
    """Returns how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _gpus():
    """Returns how many GPUs TensorFlow sees."""
    return len(tf.config.experimental.list_physical_devices("GPU"))


def default(config):
    """Returns the fastest number of replicas: 2 in block mode on a processor, otherwise 1.

    Basic mode gets 1, since it sums a gradient of the size of the weights for each step of each
    replica.
    """
    splits = config.rnn_mode == "block" and config.batch_size % 2 == 0
    return 2 if splits and _cores() > 1 and not _gpus() else 1


def check(config, replicas, flag="replicas"):
    """Raises ReplicasError if the rows of a batch cannot be split into so many equal parts.

    Args:
        config: a configuration, of which `batch_size` is used.
        replicas: the number of parts, an int.
        flag: the flag to blame.
    """
    rows = config.batch_size
    if replicas < 1 or rows % replicas:
        possible = [str(n) for n in range(1, min(rows, 1000) + 1) if rows % n == 0]
        raise ReplicasError(
            flag,
            "a batch of %d rows cannot be split into %d equal parts; possible are %s"
            % (rows, replicas, ", ".join(possible)),
        )


class Replicas(object):
    """Replicas on this machine: on GPUs if there are several, otherwise where TensorFlow chooses.

    Args:
        config: an `lm.configs.Config`.
        replicas: how many replicas; None for the fastest number.

    Attributes:
        devices: the device of each replica, as `tf.device` takes it.
        device: the device of the rest of the graph, as `tf.device` takes it.

    Raises:
        ReplicasError: if the rows of a batch cannot be split into so many equal parts.
    """

    device = None

    def __init__(self, config, replicas=None):
        replicas = default(config) if replicas is None else replicas
        check(config, replicas)
        gpus = _gpus()
        self.devices = ["/gpu:%d" % (n % gpus) if gpus > 1 else None for n in range(replicas)]

    def session(self, session_config):
        """Returns a session in which the replicas share the cores.

        Args:
            session_config: a `tf.ConfigProto`, which this changes.
        """
        replicas = len(self.devices)
        if replicas > 1:
            session_config.inter_op_parallelism_threads = replicas
            session_config.intra_op_parallelism_threads = max(_cores() // replicas, 1)
        # A few ops on integers have no kernel for a GPU.
        session_config.allow_soft_placement = True
        return tf.Session(config=session_config)
