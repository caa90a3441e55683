"""What all cells share: the base class, the state of an LSTM, and the checks of arguments.

Letters in the shape comments: B batch_size, D input size.
"""

import collections
import re

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


def _snake_case(name):
    """Returns the variable scope of a class: `lstm_cell` for `LSTMCell`, as TensorFlow had it."""
    name = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
    return "private" + name if name.startswith("_") else name


class RNNCell(object):
    """Base class of the cells: what `tf.nn.static_rnn` and `tf.nn.dynamic_rnn` ask of a cell.

    A subclass defines `state_size`, `output_size` and `call`. A subclass that wraps or stacks other
    cells also overrides `cells_inside`.
    """

    # For subclasses that do not call `__init__`, as in code for TensorFlow 1.0.
    _trainable = True
    _name = None
    _dtype = None
    _reuse = None
    _seen_variables = ()

    def __init__(self, trainable=True, name=None, dtype=None, _reuse=None):
        """Keeps the arguments that all cells have.

        Args:
            trainable: whether the optimizers change the variables that the cell makes.
            name: the name of the variable scope; `scope_name` if not given.
            dtype: the dtype that the input must have; any float if not given. The variables have
                the dtype of the input.
            _reuse: True takes existing variables and makes none; otherwise the variable scope
                decides. It is called `reuse` in the cells.
        """
        self._trainable = trainable
        self._name = name
        self._dtype = None if dtype is None else tf.as_dtype(dtype)
        self._reuse = _reuse

    @property
    def scope_name(self):
        """The name of the cell's variable scope: the name of its class, `lstm_cell` for `LSTMCell`.

        A subclass may set another one: `scope_name = "encoder"`.
        """
        return _snake_case(type(self).__name__)

    @property
    def name(self):
        """The `name` that was given, or `scope_name`."""
        return self._name or self.scope_name

    @property
    def variables(self):
        """The variables of the cell and of the cells inside, a list; empty before the first call.

        A cell that ran in two variable scopes has two sets of them.
        """
        found = list(self._seen_variables)
        for cell in self.cells_inside:
            inside = getattr(cell, "variables", ())  # a cell need not be an RNNCell
            found += [one for one in inside if not any(one is other for other in found)]
        return found

    @property
    def trainable_variables(self):
        """The `variables` that optimizers change."""
        # A variable that a partitioner has split has no attribute `trainable`.
        return [variable for variable in self.variables if getattr(variable, "trainable", True)]

    @property
    def non_trainable_variables(self):
        """The `variables` that optimizers leave alone."""
        return [variable for variable in self.variables if not getattr(variable, "trainable", True)]

    @property
    def dtype(self):
        """The name of the `dtype` that was given, or that of the variables; None before a call."""
        if self._dtype is not None:
            return self._dtype.name
        return self.variables[0].dtype.base_dtype.name if self.variables else None

    @property
    def state_size(self):
        """The size of the state: an int, a `TensorShape`, or a tuple of them, shaped like it."""
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
            ValueError: for a shape, a structure or a dtype that does not fit, or when
                `tf.get_variable` refuses.
        """
        with tf.variable_scope(
            scope or self.name, reuse=self._reuse, custom_getter=self._get_variable
        ):
            inputs = tf.convert_to_tensor(inputs)
            dtype = self._dtype or inputs.dtype
            if inputs.dtype.is_floating and inputs.dtype != dtype:
                raise ValueError(
                    "%s was made for %s; given inputs of %s"
                    % (type(self).__name__, dtype.name, inputs.dtype.name)
                )
            return self.call(inputs, state)

    def _get_variable(self, getter, *args, **kwargs):
        """Calls `getter` as `tf.get_variable` does, for a variable of the cell or of one inside."""
        if not self._trainable:
            kwargs["trainable"] = False
        variable = getter(*args, **kwargs)
        if not any(variable is seen for seen in self._seen_variables):
            self._seen_variables += (variable,)
        return variable

    def zero_state(self, batch_size, dtype):
        """Returns the state of zeros that a text starts with.

        Args:
            batch_size: an int or a scalar int tensor.
            dtype: the dtype of the state.

        Returns:
            Tensors `[batch_size, size]` in the structure of `state_size`; the axes of a
            `TensorShape` take the place of `size`.
        """
        with tf.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return tf.nest.map_structure(
                lambda size: tf.zeros([batch_size] + tf.TensorShape(size).as_list(), dtype),
                self.state_size,
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


def check_c_and_h(cell, state, sizes, inputs):
    """Returns a state `(c, h)` as two tensors `[B, size]`, with B the batch size of the inputs.

    Raises ValueError for a state that is no pair, or whose parts have other sizes.
    """
    if not isinstance(state, (tuple, list)) or len(state) != 2:
        raise ValueError("%s needs a state (c, h); given %s" % (type(cell).__name__, state))
    c = check_state("state c", state[0], sizes[0], inputs)
    return c, check_state("state h", state[1], sizes[1], inputs, c)


def check_input(cell, inputs):
    """Returns D of a cell's input `[B, D]`. Raises ValueError when D is not known."""
    if inputs.shape.ndims != 2 or inputs.shape.as_list()[1] is None:
        raise ValueError(
            "%s needs inputs of shape [batch_size, input size], the second one known; given %s"
            % (type(cell).__name__, inputs.shape)
        )
    return inputs.shape.as_list()[1]


def refuse(what, **arguments):
    """Raises ValueError for the first argument that is not at its default, None or False.

    `what` is the cell or the name of the function that got the arguments.
    """
    what = what if isinstance(what, str) else type(what).__name__
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise ValueError("%s does not support %s; given %r" % (what, name, value))
