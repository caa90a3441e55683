"""What all cells share: the base class, the state of an LSTM, and the checks of arguments.

Letters in the shape comments: B batch_size, D input size.
"""

import collections

import tensorflow.compat.v1 as tf


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: the cell state `c` and the output `h`, both `[B, num_units]`."""

    __slots__ = ()

    @property
    def dtype(self):
        """The dtype of both tensors. Raises TypeError when the two differ."""
        if self.c.dtype != self.h.dtype:
            raise TypeError("c is %s but h is %s" % (self.c.dtype.name, self.h.dtype.name))
        return self.c.dtype


class RNNCell(object):
    """Base class of the cells: what `tf.nn.static_rnn` and `tf.nn.dynamic_rnn` ask of a cell.

    A subclass defines `state_size`, `output_size`, `call`, and `scope_name`, the name of its
    variable scope. A subclass that wraps or stacks other cells also overrides `cells_inside`.
    """

    scope_name = None

    def __init__(self, reuse=None):
        self._reuse = reuse

    @property
    def state_size(self):
        """The number of units of the state: an int, or a tuple shaped like the state."""
        raise NotImplementedError

    @property
    def output_size(self):
        """The number of units of the output, an int."""
        raise NotImplementedError

    @property
    def cells_inside(self):
        """The cells that this cell wraps or stacks, a tuple; empty for a cell that stands alone."""
        return ()

    @property
    def state_is_concatenated(self):
        """Whether the cell puts several states side by side in one tensor.

        The states are c and h of an LSTM, or those of all layers (`state_is_tuple=False`). The
        property says nothing about the cells inside.
        """
        return False

    def call(self, inputs, state):
        """Runs one time step, inside the cell's variable scope."""
        raise NotImplementedError

    def __call__(self, inputs, state, scope=None):
        """Runs one time step.

        Args:
            inputs: `[B, D]`, float; D known when the graph is built.
            state: tensors `[B, size]` in the structure of `state_size`.
            scope: the variable scope to use in place of the cell's own name.

        Returns:
            `(output, new_state)`: `[B, output_size]`, and a state in the structure of the given
            state.

        Raises:
            ValueError: for a shape or structure that does not fit, or when `tf.get_variable`
                refuses.
        """
        with tf.variable_scope(scope or self.scope_name, reuse=self._reuse):
            return self.call(tf.convert_to_tensor(inputs), state)

    def zero_state(self, batch_size, dtype):
        """Returns the state of zeros that a text starts with.

        Args:
            batch_size: an int or a scalar int tensor.
            dtype: the dtype of the state.

        Returns:
            Tensors `[batch_size, size]` in the structure of `state_size`.
        """
        with tf.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return tf.nest.map_structure(
                lambda size: tf.zeros([batch_size, size], dtype), self.state_size
            )


def check_cell(what, cell):
    """Raises TypeError for an object that is no cell; `what` names the object in the error.

    A cell need not be an `RNNCell`: the check asks only for what the callers use.
    """
    needed = ("state_size", "output_size", "zero_state")
    if not callable(cell) or not all(hasattr(cell, name) for name in needed):
        raise TypeError("%s must be an RNN cell; given %r" % (what, cell))


def check_state(what, state, size, *others):
    """Returns a part of a state as a tensor `[B, size]`, with B the batch size of the `others`.

    Raises ValueError for any other shape; `what` names the part in the error. A batch size that is
    not known fits any other.
    """
    state = tf.convert_to_tensor(state, others[0].dtype)
    for other in others:
        wanted = [other.shape.as_list()[0], size]
        if not state.shape.is_compatible_with(wanted):
            wanted = ", ".join("any" if n is None else str(n) for n in wanted)
            raise ValueError("%s must have shape [%s]; given %s" % (what, wanted, state.shape))
    state.set_shape([None, size])
    return state


def check_input(cell, inputs):
    """Returns D of a cell's input `[B, D]`. Raises ValueError when D is not known."""
    if inputs.shape.ndims != 2 or inputs.shape.as_list()[1] is None:
        raise ValueError(
            "%s needs inputs of shape [batch_size, input size], the second one known; given %s"
            % (type(cell).__name__, inputs.shape)
        )
    return inputs.shape.as_list()[1]


def refuse(cell, **arguments):
    """Raises ValueError for the first argument that is not at its default, None or False."""
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise ValueError(
                "%s does not support %s; given %r" % (type(cell).__name__, name, value)
            )
