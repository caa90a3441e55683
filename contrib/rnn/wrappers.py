"""Layers of cells, and what stands around a cell: dropout, a shortcut, a device."""

import hashlib

import tensorflow.compat.v1 as tf

from .cell import LSTMStateTuple, RNNCell, check_cell, check_state, refuse


def _with_cells_inside(cell):
    """Returns a list of a cell and of all cells that the cell wraps or stacks, at any depth."""
    inside = getattr(cell, "cells_inside", ())  # a cell need not be an RNNCell
    return [cell] + [part for one in inside for part in _with_cells_inside(one)]


class MultiRNNCell(RNNCell):
    """Layers of cells; the output of each layer is the input of the next (the blog's 1.3).

    The variables of layer k stand under `multi_rnn_cell/cell_k/`.
    """

    def __init__(self, cells, state_is_tuple=True):
        """Stacks cells.

        Args:
            cells: a list or tuple of cells, the first one nearest the input; a fresh one for each
                layer.
            state_is_tuple: whether the state is a tuple with one state for each layer. If not, the
                state is one tensor with the layers' states side by side, and the state of each
                layer must be one tensor too.

        Raises:
            TypeError: when `cells` is no list or tuple, or holds something other than cells.
            ValueError: when `cells` is empty; when one cell object stands in it twice (TensorFlow
                1.0 made two sets of weights of that, TensorFlow 1.4 one); when a layer has a tuple
                for its state and `state_is_tuple` is False.
        """
        super(MultiRNNCell, self).__init__()
        if not isinstance(cells, (list, tuple)):
            raise TypeError("cells must be a list or tuple of cells; given %r" % (cells,))
        if not cells:
            raise ValueError("MultiRNNCell needs at least one cell; given an empty list")
        for number, cell in enumerate(cells):
            check_cell("cells[%d]" % number, cell)
        everything = [part for cell in cells for part in _with_cells_inside(cell)]
        if len({id(cell) for cell in everything}) < len(everything):
            raise ValueError(
                "MultiRNNCell was given one cell object for several layers, as [cell] * n"
                " does; make a fresh one for each: [make_cell() for _ in range(n)]"
            )
        if not state_is_tuple and any(isinstance(cell.state_size, tuple) for cell in cells):
            raise ValueError(
                "MultiRNNCell with state_is_tuple=False needs layers whose state is one tensor;"
                " state sizes given: %s" % ([cell.state_size for cell in cells],)
            )
        self._cells = list(cells)
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self):
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self):
        return self._cells[-1].output_size

    @property
    def cells_inside(self):
        return tuple(self._cells)

    @property
    def state_is_concatenated(self):
        return not self._state_is_tuple

    def zero_state(self, batch_size, dtype):
        if not self._state_is_tuple:
            return super(MultiRNNCell, self).zero_state(batch_size, dtype)
        with tf.name_scope("MultiRNNCellZeroState", values=[batch_size]):
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    def call(self, inputs, state):
        if self._state_is_tuple:
            if not isinstance(state, (tuple, list)) or len(state) != len(self._cells):
                raise ValueError(
                    "Expected state of %d layers to be a tuple of %d states; given %s"
                    % (len(self._cells), len(self._cells), state)
                )
            states = state
        else:
            state = check_state("the layers' states", state, self.state_size, inputs)
            states = tf.split(state, [cell.state_size for cell in self._cells], axis=1)

        output = inputs
        new_states = []
        for number, (cell, old_state) in enumerate(zip(self._cells, states)):
            with tf.variable_scope("cell_%d" % number):
                output, new_state = cell(output, old_state)
            new_states.append(new_state)
        return output, tuple(new_states) if self._state_is_tuple else tf.concat(new_states, 1)


class CellWrapper(RNNCell):
    """Base class of the wrappers of one cell; a wrapper has the state of its cell."""

    def __init__(self, cell, **of_all_cells):
        """Wraps `cell`. Raises TypeError when `cell` is no cell."""
        super(CellWrapper, self).__init__(**of_all_cells)
        check_cell("cell", cell)
        self._cell = cell

    @property
    def wrapped_cell(self):
        """The cell that the wrapper was given."""
        return self._cell

    @property
    def cells_inside(self):
        return (self._cell,)

    @property
    def state_size(self):
        return self._cell.state_size

    @property
    def output_size(self):
        return self._cell.output_size

    def zero_state(self, batch_size, dtype):
        return self._cell.zero_state(batch_size, dtype)


class DropoutWrapper(CellWrapper):
    """Dropout around a cell: on the input, the output, and the h that goes to the next step.

    Dropout keeps each unit with the keep probability and divides it by that probability, or sets
    the unit to 0. The wrapper never drops the cell state c of an LSTM. The PTB script drops outputs
    only, and nothing that travels from step to step (Zaremba et al. 2014, section 3.2; the blog's
    1.2).

    With `variational_recurrent`, all steps and all rows of a batch have one mask, drawn anew at
    each run of the session (Gal and Ghahramani 2015, https://arxiv.org/abs/1512.05287):

        mask = floor(keep_prob + u)       u uniform in 0 ... 1, `[1, size]`
        dropped = values / keep_prob * mask
    """

    def __init__(
        self,
        cell,
        input_keep_prob=1.0,
        output_keep_prob=1.0,
        state_keep_prob=1.0,
        variational_recurrent=False,
        input_size=None,
        dtype=None,
        seed=None,
        dropout_state_filter_visitor=None,
    ):
        """Wraps `cell`.

        Args:
            cell: the cell to wrap; its variables keep their names.
            input_keep_prob: the probability to keep a unit of the input; a number above 0 and at
                most 1, or a scalar tensor. The number 1 adds no dropout.
            output_keep_prob: the same for the output.
            state_keep_prob: the same for the new state, except c.
            variational_recurrent: whether all steps have one mask; it is made here, not at the
                first call.
            input_size: D, for the mask of the input that all steps have.
            dtype: the dtype of the masks that all steps have.
            seed: an int. As in TensorFlow 1.4, the input, the output and each part of the state
                draw their masks from seeds derived from this one, the same for every call.
            dropout_state_filter_visitor: not supported.

        Raises:
            TypeError: when `cell` is no cell.
            ValueError: for an argument that is not supported or is missing; for a keep probability
                out of range; for `state_keep_prob` on an LSTM whose state is one tensor, because
                dropout would reach c too.
        """
        super(DropoutWrapper, self).__init__(cell, dtype=dtype)
        refuse(self, dropout_state_filter_visitor=dropout_state_filter_visitor)
        self._input_keep_prob = _keep_prob("input_keep_prob", input_keep_prob)
        self._output_keep_prob = _keep_prob("output_keep_prob", output_keep_prob)
        self._state_keep_prob = _keep_prob("state_keep_prob", state_keep_prob)
        self._seed = seed
        if self._state_keep_prob is not None and any(
            getattr(part, "state_is_concatenated", False) for part in _with_cells_inside(cell)
        ):
            raise ValueError(
                "state_keep_prob would drop the cell state c of a cell with"
                " state_is_tuple=False; use state_is_tuple=True"
            )
        self._noise = {}  # shared by all steps; by place and part of the state: [1, size] each
        if variational_recurrent:
            if dtype is None:
                raise ValueError("variational_recurrent needs dtype")
            if self._input_keep_prob is not None:
                if input_size is None:
                    raise ValueError("variational_recurrent with input_keep_prob needs input_size")
                self._draw_noise("input", input_size)
            if self._state_keep_prob is not None:
                self._draw_noise("state", cell.state_size)
            if self._output_keep_prob is not None:
                self._draw_noise("output", cell.output_size)

    def _draw_noise(self, place, sizes):
        for leaf, size in enumerate(tf.nest.flatten(sizes)):
            shape, seed = [1] + tf.TensorShape(size).as_list(), self._derived_seed(place, leaf)
            self._noise[place, leaf] = tf.random_uniform(shape, dtype=self._dtype, seed=seed)

    def __call__(self, inputs, state, scope=None):
        inputs = self._dropout(inputs, self._input_keep_prob, "input")
        output, new_state = self._cell(inputs, state, scope)
        parts = [
            part if is_c else self._dropout(part, self._state_keep_prob, "state", leaf)
            for leaf, (part, is_c) in enumerate(zip(tf.nest.flatten(new_state), _are_c(new_state)))
        ]
        new_state = tf.nest.pack_sequence_as(new_state, parts)
        return self._dropout(output, self._output_keep_prob, "output"), new_state

    def _dropout(self, values, keep_prob, place, leaf=0):
        if keep_prob is None:
            return values
        if tf.is_tensor(keep_prob):
            keep_prob = tf.cast(keep_prob, values.dtype)
        if self._noise:
            return values / keep_prob * tf.floor(keep_prob + self._noise[place, leaf])
        return tf.nn.dropout(values, rate=1 - keep_prob, seed=self._derived_seed(place, leaf))

    def _derived_seed(self, place, leaf):
        """Derives the seed of one mask as TensorFlow 1.4 did, so that it draws the same masks."""
        if self._seed is None:
            return None
        text = "%s%s_%d" % (self._seed, place, leaf)
        return int(hashlib.md5(text.encode("utf-8")).hexdigest()[:8], 16) & 0x7FFFFFFF


class ResidualWrapper(CellWrapper):
    """A shortcut around a cell (He et al. 2015, https://arxiv.org/abs/1512.03385).

        output = inputs + (output of the cell)

    Both are `[B, D]`: the cell has as many units as the input. The state is that of the cell, and
    so are the variables and their names.
    """

    def __init__(self, cell, residual_fn=None):
        """Wraps `cell`.

        Args:
            cell: the cell to wrap.
            residual_fn: `f(inputs, output)` returns a tensor, used in place of the sum.
        """
        super(ResidualWrapper, self).__init__(cell)
        self._residual_fn = residual_fn or _add

    def __call__(self, inputs, state, scope=None):
        output, new_state = self._cell(inputs, state, scope)
        return self._residual_fn(inputs, output), new_state


def _add(inputs, output):
    """Adds two tensors, or two structures of them; refuses to broadcast."""

    def add(x, y):
        if not x.shape.is_compatible_with(y.shape):
            raise ValueError(
                "ResidualWrapper needs an output of the shape of the inputs, %s; given %s"
                % (x.shape, y.shape)
            )
        return x + y

    return tf.nest.map_structure(add, inputs, output)


class DeviceWrapper(CellWrapper):
    """Runs a cell on a device: `output, new_state = cell(inputs, state)` under `tf.device`."""

    def __init__(self, cell, device):
        """Wraps `cell` for `device`, a name such as "/gpu:0" or anything else `tf.device` takes."""
        super(DeviceWrapper, self).__init__(cell)
        self._device = device

    def zero_state(self, batch_size, dtype):
        with tf.device(self._device):
            return super(DeviceWrapper, self).zero_state(batch_size, dtype)

    def __call__(self, inputs, state, scope=None):
        with tf.device(self._device):
            return self._cell(inputs, state, scope)


def _are_c(state):
    """Returns whether each tensor of a state, in `tf.nest.flatten`'s order, is the c of an LSTM."""
    if isinstance(state, LSTMStateTuple):
        return [True, False]
    if isinstance(state, (tuple, list)):
        return [is_c for part in state for is_c in _are_c(part)]
    return [False]


def _keep_prob(name, value):
    """Validates a keep probability; returns None for 1 (no dropout)."""
    if tf.is_tensor(value):
        constant = tf.get_static_value(value)
        if constant is None:
            return value
        value = constant
    value = float(value)
    if not 0 < value <= 1:
        raise ValueError("%s must be above 0 and at most 1; given %s" % (name, value))
    return None if value == 1 else value
