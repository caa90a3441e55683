"""`tf.contrib.rnn`: the recurrent cells, with the signatures and variable names of TensorFlow 1.4.

A cell maps the input and the state of one time step to the output and the state of the next:
`output, state = cell(inputs, state)`. It asks `tf.get_variable` for its weights at every call, so
the variable scope decides: the first call makes them, and a later one in the same scope fails
unless `tf.get_variable_scope().reuse_variables()` came in between (section 3 of the blog).
TensorFlow 1.0 and 1.1 worked that way; from 1.2 on a cell object kept its variables.

Letters in the shape comments: B batch_size, D input size, H num_units.
"""

import collections
import hashlib

import tensorflow.compat.v1 as tf


class LSTMStateTuple(collections.namedtuple("LSTMStateTuple", ("c", "h"))):
    """The state of an LSTM: the cell state `c` and the output `h`, both `[B, H]`."""

    __slots__ = ()

    @property
    def dtype(self):
        """The dtype of both tensors. Raises TypeError when they differ."""
        if self.c.dtype != self.h.dtype:
            raise TypeError("c is %s but h is %s" % (self.c.dtype.name, self.h.dtype.name))
        return self.c.dtype


class RNNCell(object):
    """What `tf.nn.static_rnn` and `tf.nn.dynamic_rnn` ask of a cell.

    A subclass gives `state_size`, `output_size`, `call`, and `scope_name`, the variables' scope.
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

    def call(self, inputs, state):
        """One time step, inside the cell's variable scope."""
        raise NotImplementedError

    def __call__(self, inputs, state, scope=None):
        """Runs one time step.

        Args:
            inputs: `[B, D]`, float; D known when the graph is built.
            state: tensors `[B, size]` in the structure of `state_size`.
            scope: the variable scope to use in place of the cell's own name.

        Returns:
            `(output, new_state)`: `[B, output_size]`, and a state like the one given.

        Raises:
            ValueError: for a shape or structure that does not fit, or when `tf.get_variable`
                refuses.
        """
        with tf.variable_scope(scope or self.scope_name, reuse=self._reuse):
            return self.call(tf.convert_to_tensor(inputs), state)

    def zero_state(self, batch_size, dtype):
        """The state of zeros that a text starts with.

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


def _check_state(what, state, size, *others):
    """Returns a part of a state as a tensor `[B, size]`, with B the batch size of the `others`.

    Raises ValueError for any other shape. A batch size that is not known fits any other.
    """
    state = tf.convert_to_tensor(state, others[0].dtype)
    for other in others:
        wanted = [other.shape.as_list()[0], size]
        if not state.shape.is_compatible_with(wanted):
            wanted = ", ".join("any" if n is None else str(n) for n in wanted)
            raise ValueError("%s must have shape [%s]; given %s" % (what, wanted, state.shape))
    state.set_shape([None, size])
    return state


def _input_size(cell, inputs):
    """D of a cell's input `[B, D]`. Raises ValueError where it is not known."""
    if inputs.shape.ndims != 2 or inputs.shape.as_list()[1] is None:
        raise ValueError(
            "%s needs inputs of shape [batch_size, input size], the second one known; given %s"
            % (type(cell).__name__, inputs.shape)
        )
    return inputs.shape.as_list()[1]


def _check_cell(what, cell):
    needed = ("state_size", "output_size", "zero_state")
    if not callable(cell) or not all(hasattr(cell, name) for name in needed):
        raise TypeError("%s must be an RNN cell; given %r" % (what, cell))


def _with_cells_inside(cell):
    """A list of a cell and of all cells that it wraps or stacks."""
    inside = getattr(cell, "_cells", []) + [getattr(cell, "_cell", None)]
    return [cell] + [part for c in inside if c is not None for part in _with_cells_inside(c)]


def lstm_step(x, c, h, kernel, bias, forget_bias, activation):
    """One step of an LSTM without peepholes (the blog's 2.2; Zaremba et al. 2014, section 3.1).

        [i, j, f, o] = [x_t, h_(t-1)] W + b         the columns of W and b stand in this order
        C_t = sigmoid(f + forget_bias) * C_(t-1) + sigmoid(i) * activation(j)
        h_t = sigmoid(o) * activation(C_t)

    i is the input gate, j the new input (the blog's C~ before its tanh), f the forget gate, o the
    output gate. x is `[B, D]`, c and h are `[B, H]`, kernel (W) is `[D + H, 4H]` and bias (b)
    `[4H]`. Returns the new `(c, h)`.
    """
    gates = tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias)  # [B, 4H]
    i, j, f, o = tf.split(gates, 4, axis=1)  # [B, H] each
    c = c * tf.sigmoid(f + forget_bias) + tf.sigmoid(i) * activation(j)  # [B, H]
    h = activation(c) * tf.sigmoid(o)  # [B, H]
    return c, h


class _LSTM(RNNCell):
    """What the LSTM cells share: the state c and h, as a tuple or side by side in one tensor.

    A subclass gives `step`, which maps the input and the state `(c, h)` to the next `(c, h)`.
    """

    def __init__(self, num_units, forget_bias, state_is_tuple, activation, reuse):
        super(_LSTM, self).__init__(reuse)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation or tf.tanh

    @property
    def state_size(self):
        size = self._num_units
        return LSTMStateTuple(size, size) if self._state_is_tuple else 2 * size

    @property
    def output_size(self):
        return self._num_units

    def call(self, inputs, state):
        size, name = self._num_units, type(self).__name__
        input_size = _input_size(self, inputs)
        if self._state_is_tuple:
            if not isinstance(state, (tuple, list)) or len(state) != 2:
                raise ValueError("%s needs a state (c, h); given %s" % (name, state))
            c = _check_state("state c", state[0], size, inputs)
            h = _check_state("state h", state[1], size, inputs, c)
        else:
            if isinstance(state, (tuple, list)):
                raise ValueError(
                    "%s with state_is_tuple=False needs one tensor [c, h]; given %s" % (name, state)
                )
            state = _check_state("state [c, h]", state, 2 * size, inputs)
            c, h = tf.split(state, 2, axis=1)  # [B, H] each
        c, h = self.step(inputs, input_size, c, h)
        return h, LSTMStateTuple(c, h) if self._state_is_tuple else tf.concat([c, h], 1)


class BasicLSTMCell(_LSTM):
    """An LSTM without peepholes: `lstm_step` and its two variables.

    Variables, under `basic_lstm_cell/`: `kernel` `[D + H, 4H]`, filled by the initializer of the
    variable scope, and `bias` `[4H]`, zeros. The columns of both stand in the order i, j, f, o.
    Variables have the dtype of the input.
    """

    scope_name = "basic_lstm_cell"

    def __init__(
        self, num_units, forget_bias=1.0, state_is_tuple=True, activation=None, reuse=None
    ):
        """Creates a cell; its variables are made when it is called.

        Args:
            num_units: H, an int.
            forget_bias: added to the forget gate, so that a fresh cell remembers. The PTB script
                sets 0, the value of Zaremba et al.
            state_is_tuple: whether the state is `LSTMStateTuple(c, h)`; if not, it is one tensor
                `[B, 2H]`, c and h side by side.
            activation: the squashing of the new input and of the cell state; tanh if not given.
            reuse: True takes existing variables and makes none; otherwise the scope decides.
        """
        super(BasicLSTMCell, self).__init__(
            num_units, forget_bias, state_is_tuple, activation, reuse
        )

    def step(self, inputs, input_size, c, h):
        size, dtype = self._num_units, inputs.dtype
        kernel = tf.get_variable("kernel", [input_size + size, 4 * size], dtype)
        bias = tf.get_variable("bias", [4 * size], dtype, initializer=tf.zeros_initializer())
        return lstm_step(inputs, c, h, kernel, bias, self._forget_bias, self._activation)


def _refuse(cell, **arguments):
    """Raises ValueError for the first argument that is not at its default, None or False."""
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise ValueError(
                "%s does not support %s; given %r" % (type(cell).__name__, name, value)
            )


def lstm_peephole_step(x, c, h, kernel, bias, peepholes, forget_bias, activation):
    """One step of an LSTM whose gates see the cell state (the blog's 2.3, first variant; Gers and
    Schmidhuber 2000, "Recurrent nets that time and count").

        [i, j, f, o] = [x_t, h_(t-1)] W + b         the columns of W and b stand in this order
        f_t = sigmoid(f + p_f * C_(t-1) + forget_bias)
        i_t = sigmoid(i + p_i * C_(t-1))
        C_t = f_t * C_(t-1) + i_t * activation(j)
        o_t = sigmoid(o + p_o * C_t)
        h_t = o_t * activation(C_t)

    The peepholes p are vectors `[H]`, given in the order f, i, o: each unit sees its own cell
    state. The rest is as in `lstm_step`. Returns the new `(c, h)`, `[B, H]`.
    """
    p_f, p_i, p_o = peepholes
    gates = tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias)  # [B, 4H]
    i, j, f, o = tf.split(gates, 4, axis=1)  # [B, H] each
    c_before = c
    forget, remember = tf.sigmoid(f + p_f * c_before + forget_bias), tf.sigmoid(i + p_i * c_before)
    c = forget * c_before + remember * activation(j)  # [B, H]
    h = tf.sigmoid(o + p_o * c) * activation(c)  # [B, H]
    return c, h


class LSTMCell(_LSTM):
    """An LSTM with peepholes or without: `lstm_peephole_step` or `lstm_step`, and its variables.

    Variables, under `lstm_cell/`: `kernel` and `bias` as `BasicLSTMCell` has them, and with
    peepholes `w_f_diag`, `w_i_diag` and `w_o_diag`, `[H]`, filled like `kernel`.
    """

    scope_name = "lstm_cell"

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        cell_clip=None,
        initializer=None,
        num_proj=None,
        proj_clip=None,
        num_unit_shards=None,
        num_proj_shards=None,
        forget_bias=1.0,
        state_is_tuple=True,
        activation=None,
        reuse=None,
    ):
        """Creates a cell; its variables are made when it is called.

        Args:
            num_units: H, an int.
            use_peepholes: whether the gates see the cell state.
            cell_clip, num_proj, proj_clip, num_unit_shards, num_proj_shards: not supported.
            initializer: of `kernel` and the peepholes; the variable scope's if not given.
            forget_bias, state_is_tuple, activation, reuse: see `BasicLSTMCell`.

        Raises:
            ValueError: for an argument that is not supported.
        """
        super(LSTMCell, self).__init__(num_units, forget_bias, state_is_tuple, activation, reuse)
        _refuse(
            self,
            cell_clip=cell_clip,
            num_proj=num_proj,
            proj_clip=proj_clip,
            num_unit_shards=num_unit_shards,
            num_proj_shards=num_proj_shards,
        )
        self._use_peepholes = use_peepholes
        self._initializer = initializer

    def step(self, inputs, input_size, c, h):
        size, dtype = self._num_units, inputs.dtype
        shape = [input_size + size, 4 * size]
        kernel = tf.get_variable("kernel", shape, dtype, initializer=self._initializer)
        bias = tf.get_variable("bias", [4 * size], dtype, initializer=tf.zeros_initializer())
        if not self._use_peepholes:
            return lstm_step(inputs, c, h, kernel, bias, self._forget_bias, self._activation)
        peepholes = [
            tf.get_variable("w_%s_diag" % gate, [size], dtype, initializer=self._initializer)
            for gate in "fio"
        ]
        return lstm_peephole_step(
            inputs, c, h, kernel, bias, peepholes, self._forget_bias, self._activation
        )


def lstm_coupled_step(x, c, h, kernel, bias, peepholes, forget_bias, activation):
    """One step of an LSTM that forgets where it remembers (the blog's 2.3, second variant; Greff et
    al. 2015, "LSTM: A search space odyssey", https://arxiv.org/abs/1503.04069).

        [j, f, o] = [x_t, h_(t-1)] W + b            the columns of W and b stand in this order
        f_t = sigmoid(f + p_f * C_(t-1) + forget_bias)
        C_t = f_t * C_(t-1) + (1 - f_t) * activation(j)                 the blog's i_t = 1 - f_t
        h_t = sigmoid(o + p_o * C_t) * activation(C_t)

    The peepholes p_f and p_o are vectors `[H]`; None is without. kernel (W) is `[D + H, 3H]`, bias
    (b) `[3H]`, the rest as in `lstm_step`. Returns the new `(c, h)`, `[B, H]`.
    """
    p_f, p_o = peepholes or (0.0, 0.0)
    gates = tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias)  # [B, 3H]
    j, f, o = tf.split(gates, 3, axis=1)  # [B, H] each
    forget = tf.sigmoid(f + p_f * c + forget_bias)
    c = forget * c + (1 - forget) * activation(j)  # [B, H]
    h = tf.sigmoid(o + p_o * c) * activation(c)  # [B, H]
    return c, h


class CoupledInputForgetGateLSTMCell(_LSTM):
    """An LSTM with one gate for input and forgetting: `lstm_coupled_step` and its variables.

    Variables, under `coupled_input_forget_gate_lstm_cell/`: `W_0` `[D + H, 3H]`, filled by the
    initializer of the variable scope, `B` `[3H]`, zeros, both in the order j, f, o; and with
    peepholes `W_F_diag` and `W_O_diag`, `[H]`, filled like `W_0`.
    """

    scope_name = "coupled_input_forget_gate_lstm_cell"

    def __init__(
        self,
        num_units,
        use_peepholes=False,
        initializer=None,
        num_proj=None,
        proj_clip=None,
        num_unit_shards=1,
        num_proj_shards=1,
        forget_bias=1.0,
        state_is_tuple=True,
        activation=None,
        reuse=None,
    ):
        """Creates a cell; its variables are made when it is called.

        Args:
            num_units: H, an int.
            use_peepholes: whether the gates see the cell state.
            initializer: of `W_0` and the peepholes; the variable scope's if not given.
            num_proj, proj_clip, num_unit_shards, num_proj_shards: not supported.
            forget_bias, state_is_tuple, activation, reuse: see `BasicLSTMCell`.

        Raises:
            ValueError: for an argument that is not supported.
        """
        super(CoupledInputForgetGateLSTMCell, self).__init__(
            num_units, forget_bias, state_is_tuple, activation, reuse
        )
        _refuse(
            self,
            num_proj=num_proj,
            proj_clip=proj_clip,
            num_unit_shards=None if num_unit_shards == 1 else num_unit_shards,
            num_proj_shards=None if num_proj_shards == 1 else num_proj_shards,
        )
        self._use_peepholes = use_peepholes
        self._initializer = initializer

    def step(self, inputs, input_size, c, h):
        size, dtype = self._num_units, inputs.dtype
        shape = [input_size + size, 3 * size]
        kernel = tf.get_variable("W_0", shape, dtype, initializer=self._initializer)
        bias = tf.get_variable("B", [3 * size], dtype, initializer=tf.zeros_initializer())
        peepholes = None
        if self._use_peepholes:
            peepholes = [
                tf.get_variable("W_%s_diag" % gate, [size], dtype, initializer=self._initializer)
                for gate in "FO"
            ]
        return lstm_coupled_step(
            inputs, c, h, kernel, bias, peepholes, self._forget_bias, self._activation
        )


def rnn_step(x, h, kernel, bias, activation):
    """One step of the plain recurrent cell (the blog's section 1).

        h_t = activation([x_t, h_(t-1)] W + b)

    x is `[B, D]`, h `[B, H]`, kernel (W) `[D + H, H]`, bias (b) `[H]`. Returns the new h.
    """
    return activation(tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias))


class BasicRNNCell(RNNCell):
    """The plain recurrent cell: `rnn_step` and its two variables.

    Its output is its state, `[B, H]`. Variables, under `basic_rnn_cell/`: `kernel` `[D + H, H]`,
    filled by the initializer of the variable scope, and `bias` `[H]`, zeros.
    """

    scope_name = "basic_rnn_cell"

    def __init__(self, num_units, activation=None, reuse=None):
        """Creates a cell; its variables are made when it is called.

        Args:
            num_units: H, an int.
            activation: the squashing; tanh if not given.
            reuse: True takes existing variables and makes none; otherwise the scope decides.
        """
        super(BasicRNNCell, self).__init__(reuse)
        self._num_units = num_units
        self._activation = activation or tf.tanh

    @property
    def state_size(self):
        return self._num_units

    @property
    def output_size(self):
        return self._num_units

    def call(self, inputs, state):
        size, dtype = self._num_units, inputs.dtype
        input_size = _input_size(self, inputs)
        h = _check_state("state h", state, size, inputs)
        kernel = tf.get_variable("kernel", [input_size + size, size], dtype)
        bias = tf.get_variable("bias", [size], dtype, initializer=tf.zeros_initializer())
        h = rnn_step(inputs, h, kernel, bias, self._activation)
        return h, h


def gru_step(x, h, gate_kernel, gate_bias, candidate_kernel, candidate_bias, activation):
    """One step of a GRU (the blog's section 3; Cho et al. 2014, https://arxiv.org/abs/1406.1078).

        [r, u] = sigmoid([x_t, h_(t-1)] W + b)          the columns of W and b stand in this order
        h~_t = activation([x_t, r * h_(t-1)] W_c + b_c)
        h_t = u * h_(t-1) + (1 - u) * h~_t

    r is the reset gate. u is the update gate, the other way round than the blog's, z_t = 1 - u:
    there z near 1 takes the new input, here u near 1 keeps the old state.

    x is `[B, D]`, h `[B, H]`, gate_kernel (W) `[D + H, 2H]`, gate_bias (b) `[2H]`, candidate_kernel
    (W_c) `[D + H, H]`, candidate_bias (b_c) `[H]`. Returns the new h.
    """
    gates = tf.sigmoid(tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), gate_kernel), gate_bias))
    r, u = tf.split(gates, 2, axis=1)  # [B, H] each
    candidate = tf.matmul(tf.concat([x, r * h], 1), candidate_kernel)
    candidate = activation(tf.nn.bias_add(candidate, candidate_bias))  # [B, H]
    return u * h + (1 - u) * candidate


class GRUCell(RNNCell):
    """The gated recurrent unit: `gru_step` and its four variables.

    Its output is its state, `[B, H]`. Variables, under `gru_cell/`: `gates/kernel` `[D + H, 2H]`
    and `candidate/kernel` `[D + H, H]`, filled by the initializer of the variable scope,
    `gates/bias` `[2H]`, ones, so that a fresh cell keeps half and more of its state, and
    `candidate/bias` `[H]`, zeros.
    """

    scope_name = "gru_cell"

    def __init__(
        self,
        num_units,
        activation=None,
        reuse=None,
        kernel_initializer=None,
        bias_initializer=None,
    ):
        """Creates a cell; its variables are made when it is called.

        Args:
            num_units: H, an int.
            activation: the squashing of the candidate; tanh if not given.
            reuse: True takes existing variables and makes none; otherwise the scope decides.
            kernel_initializer: of both kernels; the variable scope's if not given.
            bias_initializer: of both biases; ones and zeros, as above, if not given.
        """
        super(GRUCell, self).__init__(reuse)
        self._num_units = num_units
        self._activation = activation or tf.tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    @property
    def state_size(self):
        return self._num_units

    @property
    def output_size(self):
        return self._num_units

    def call(self, inputs, state):
        size, dtype = self._num_units, inputs.dtype
        rows = _input_size(self, inputs) + size
        h = _check_state("state h", state, size, inputs)
        weights = []
        for scope, columns, bias in (
            ("gates", 2 * size, tf.ones_initializer()),
            ("candidate", size, tf.zeros_initializer()),
        ):
            with tf.variable_scope(scope):
                kernel = self._kernel_initializer
                weights.append(tf.get_variable("kernel", [rows, columns], dtype, kernel))
                bias = self._bias_initializer or bias
                weights.append(tf.get_variable("bias", [columns], dtype, bias))
        h = gru_step(inputs, h, *weights, activation=self._activation)
        return h, h


def lstm_layer(x, c, h, kernel, bias, forget_bias):
    """A layer of `lstm_step`s over T time steps, with its gradient written out.

    The blog's 2.2, but for one thing: the part of the gates that comes from below does not wait for
    the step before, so it is one product for all steps. With W_x the first D rows of W and W_h the
    other H,

        A = X W_x + b                                            [T * B, 4H]
        a_t = A_t + h_(t-1) W_h
        i_t, j_t, f_t, o_t = sigmoid, tanh, sigmoid, sigmoid of the four parts of a_t, the third
                             of them after forget_bias is added
        C_t = f_t * C_(t-1) + i_t * j_t
        h_t = o_t * tanh(C_t)

    j_t is the blog's C~_t, `*` multiplies elements. Let dz be the derivative of the loss by z. The
    loss depends on h_t by what is above and by a_(t+1), and on C_t by h_t and C_(t+1); of the last
    step, by the state that is handed on. Backward in time,

        dh_t = (from above) + da_(t+1) W_h^T
        dC_t = dh_t * o_t * (1 - tanh(C_t)^2) + dC_(t+1) * f_(t+1)
        da_t = [dC_t, dC_t, dC_t, dh_t] * K_t
        K_t  = [j_t * i_t * (1 - i_t),         through sigmoid' = sigmoid * (1 - sigmoid)
                i_t * (1 - j_t^2),             through tanh' = 1 - tanh^2
                C_(t-1) * f_t * (1 - f_t),
                tanh(C_t) * o_t * (1 - o_t)]

    K does not depend on any derivative, so it is computed for all steps at once; only the first
    three lines go step by step. When all da_t are there, one product gives what automatic
    differentiation gathers step by step, with a product of 20 rows (B) and a sum of weight-sized
    matrices for each:

        dW_x = X^T dA    dW_h = [h_0 .. h_(T-1)]^T dA    db = the sum of dA's rows    dX = dA W_x^T

    Args:
        x: `[T, B, D]`, T and D known.
        c, h: the state before the first step, `[B, H]`.
        kernel: W, `[D + H, 4H]`.
        bias: b, `[4H]`.
        forget_bias: added to the forget gate; a number.

    Returns:
        The outputs h_1 .. h_T, `[T, B, H]`, and the last c and h, `[B, H]`.
    """
    num_steps, _, input_size = x.shape.as_list()
    size = h.shape.as_list()[1]

    @tf.custom_gradient
    def layer(x, c, h, kernel, bias):
        x = tf.reshape(x, [-1, input_size])  # [T * B, D]
        kernel_x, kernel_h = kernel[:input_size], kernel[input_size:]  # [D, 4H], [H, 4H]
        from_below = tf.nn.bias_add(tf.matmul(x, kernel_x), bias)  # [T * B, 4H]
        from_below = tf.unstack(tf.reshape(from_below, [num_steps, -1, 4 * size]))

        steps = []  # of each: the gates, tanh(C_t), and C and h before it
        for part in from_below:
            i, j, f, o = tf.split(part + tf.matmul(h, kernel_h), 4, axis=1)  # [B, H] each
            if forget_bias:
                f += forget_bias
            i, j, f, o = tf.sigmoid(i), tf.tanh(j), tf.sigmoid(f), tf.sigmoid(o)
            c_before, h_before = c, h
            c = f * c + i * j
            tanh_c = tf.tanh(c)
            h = o * tanh_c
            steps.append((i, j, f, o, tanh_c, c_before, h_before))
        outputs = tf.stack([step[-1] for step in steps[1:]] + [h])  # [T, B, H]

        def gradient(d_outputs, d_c, d_h):
            i, j, f, o, tanh_c, c_before, h_before = map(tf.stack, zip(*steps))  # [T, B, H]
            k = [j * i * (1 - i), i * (1 - j * j), c_before * f * (1 - f), tanh_c * o * (1 - o)]
            k = tf.unstack(tf.concat(k, 2))  # T times [B, 4H]
            c_by_h = tf.unstack(o * (1 - tanh_c * tanh_c))
            from_above = tf.unstack(d_outputs)
            kernel_h_t = tf.transpose(kernel_h)  # [4H, H], once and not in each product
            d_a = [None] * num_steps
            for t in reversed(range(num_steps)):
                d_h += from_above[t]
                d_c += d_h * c_by_h[t]
                d_a[t] = tf.concat([d_c, d_c, d_c, d_h], 1) * k[t]  # [B, 4H]
                d_c *= steps[t][2]
                d_h = tf.matmul(d_a[t], kernel_h_t)

            d_a = tf.reshape(tf.stack(d_a), [-1, 4 * size])  # [T * B, 4H]
            h_before = tf.reshape(h_before, [-1, size])  # [T * B, H]
            d_kernel_x = tf.matmul(x, d_a, transpose_a=True)  # [D, 4H]
            d_kernel_h = tf.matmul(h_before, d_a, transpose_a=True)  # [H, 4H]
            d_x = tf.matmul(d_a, kernel_x, transpose_b=True)  # [T * B, D]
            return (
                tf.reshape(d_x, [num_steps, -1, input_size]),
                d_c,
                d_h,
                tf.concat([d_kernel_x, d_kernel_h], 0),
                tf.reduce_sum(d_a, 0),
            )

        return (outputs, c, h), gradient

    return layer(x, c, h, tf.convert_to_tensor(kernel), tf.convert_to_tensor(bias))


class LSTMBlockFusedCell(object):
    """The LSTM of `BasicLSTMCell` for a whole text at once: `lstm_layer` and its two variables.

    Not a cell that `MultiRNNCell` or `tf.nn.dynamic_rnn` can have: it is called once, not at each
    step. The variables are `kernel` `[D + H, 4H]` and `bias` `[4H]`, in the scope given, with the
    shapes, the order of columns and the initial values of `BasicLSTMCell`'s.
    """

    def __init__(self, num_units, forget_bias=1.0, cell_clip=None, use_peephole=False):
        """Creates a layer; its variables are made when it is called.

        Args:
            num_units: H, an int.
            forget_bias: added to the forget gate; a number.
            cell_clip: not supported; leave it None.
            use_peephole: not supported; leave it False.

        Raises:
            ValueError: for an argument that is not supported.
        """
        for name, value in (("cell_clip", cell_clip), ("use_peephole", use_peephole or None)):
            if value is not None:
                raise ValueError("LSTMBlockFusedCell does not support %s; given %r" % (name, value))
        self._num_units = num_units
        self._forget_bias = forget_bias

    def __call__(self, inputs, initial_state=None, dtype=None, sequence_length=None, scope=None):
        """Runs the layer over all time steps.

        Args:
            inputs: `[T, B, D]`, float; T and D known when the graph is built.
            initial_state: `(c, h)`, `[B, H]` each; zeros if not given.
            dtype: not supported; the dtype is that of the inputs.
            sequence_length: not supported; leave it None.
            scope: the variable scope, "lstm_block_wrapper" if not given.

        Returns:
            The outputs `[T, B, H]` and the final state, an `LSTMStateTuple`.

        Raises:
            ValueError: for a shape that does not fit or an argument that is not supported.
        """
        for name, value in (("dtype", dtype), ("sequence_length", sequence_length)):
            if value is not None:
                raise ValueError("LSTMBlockFusedCell does not support %s; given %r" % (name, value))
        size = self._num_units
        with tf.variable_scope(scope or "lstm_block_wrapper"):
            inputs = tf.convert_to_tensor(inputs)
            if inputs.shape.ndims != 3 or None in inputs.shape.as_list()[::2]:
                raise ValueError(
                    "LSTMBlockFusedCell needs inputs of shape [num_steps, batch_size, input size],"
                    " the first and the last one known; given %s" % inputs.shape
                )
            num_steps, _, input_size = inputs.shape.as_list()
            if initial_state is None:
                zeros = tf.zeros([tf.shape(inputs)[1], size], inputs.dtype)
                initial_state = (zeros, zeros)
            c = _check_state("state c", initial_state[0], size, inputs[0])
            h = _check_state("state h", initial_state[1], size, inputs[0], c)
            kernel = tf.get_variable("kernel", [input_size + size, 4 * size], inputs.dtype)
            zeros = tf.zeros_initializer()
            bias = tf.get_variable("bias", [4 * size], inputs.dtype, initializer=zeros)
            outputs, c, h = lstm_layer(inputs, c, h, kernel, bias, self._forget_bias)
            return outputs, LSTMStateTuple(c, h)


class MultiRNNCell(RNNCell):
    """Layers of cells; the output of each is the input of the next (the blog's 1.3).

    Layer k has its variables under `multi_rnn_cell/cell_k/`.
    """

    scope_name = "multi_rnn_cell"

    def __init__(self, cells, state_is_tuple=True):
        """Stacks cells.

        Args:
            cells: a list or tuple of cells, the first one nearest the input; a fresh one for each
                layer.
            state_is_tuple: whether the state is a tuple with one state for each layer; if not, it
                is one tensor with the layers' states side by side, and so must the layers' own be.

        Raises:
            TypeError: when `cells` is no list or tuple, or holds something else than cells.
            ValueError: for no cells; for one cell object given twice (TensorFlow 1.0 made that two
                sets of weights, TensorFlow 1.4 one); for layers with tuple states and
                `state_is_tuple=False`.
        """
        super(MultiRNNCell, self).__init__()
        if not isinstance(cells, (list, tuple)):
            raise TypeError("cells must be a list or tuple of cells; given %r" % (cells,))
        if not cells:
            raise ValueError("MultiRNNCell needs at least one cell; given an empty list")
        for number, cell in enumerate(cells):
            _check_cell("cells[%d]" % number, cell)
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

    def zero_state(self, batch_size, dtype):
        if not self._state_is_tuple:
            return super(MultiRNNCell, self).zero_state(batch_size, dtype)
        with tf.name_scope("MultiRNNCellZeroState", values=[batch_size]):
            return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)

    def call(self, inputs, state):
        if self._state_is_tuple:
            if not isinstance(state, (tuple, list)) or len(state) != len(self._cells):
                raise ValueError(
                    "MultiRNNCell of %d layers needs a tuple of %d states; given %s"
                    % (len(self._cells), len(self._cells), state)
                )
            states = state
        else:
            state = _check_state("the layers' states", state, self.state_size, inputs)
            states = tf.split(state, [cell.state_size for cell in self._cells], axis=1)

        output = inputs
        new_states = []
        for number, (cell, old_state) in enumerate(zip(self._cells, states)):
            with tf.variable_scope("cell_%d" % number):
                output, new_state = cell(output, old_state)
            new_states.append(new_state)
        return output, tuple(new_states) if self._state_is_tuple else tf.concat(new_states, 1)


class DropoutWrapper(RNNCell):
    """Dropout around a cell: on what goes up and, if asked for, on the h that goes on in time.

    Each unit is kept with its keep probability and then divided by it, or set to 0. The cell state
    c of an LSTM is never dropped. The PTB script drops outputs only: nothing that travels from step
    to step (Zaremba et al. 2014, section 3.2; the blog's 1.2).
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
            input_keep_prob: of the input; a number above 0 and at most 1, or a scalar tensor. The
                number 1 adds no dropout.
            output_keep_prob: of the output, likewise.
            state_keep_prob: of the state that is handed on, except c; likewise.
            variational_recurrent: not supported; leave it False.
            input_size: not supported (of use to `variational_recurrent` only).
            dtype: not supported (of use to `variational_recurrent` only).
            seed: an int. As in TensorFlow 1.4, the input, the output and each part of the state
                draw their masks from seeds derived from it, the same for every call of the cell.
            dropout_state_filter_visitor: not supported.

        Raises:
            TypeError: when `cell` is no cell.
            ValueError: for an argument that is not supported or a keep probability out of range;
                for `state_keep_prob` on an LSTM whose state is one tensor, where c would be dropped
                too.
        """
        super(DropoutWrapper, self).__init__()
        _check_cell("cell", cell)
        for name, value in (
            ("variational_recurrent", variational_recurrent or None),
            ("input_size", input_size),
            ("dtype", dtype),
            ("dropout_state_filter_visitor", dropout_state_filter_visitor),
        ):
            if value is not None:
                raise ValueError("DropoutWrapper does not support %s; given %r" % (name, value))
        self._cell = cell
        self._input_keep_prob = _keep_prob("input_keep_prob", input_keep_prob)
        self._output_keep_prob = _keep_prob("output_keep_prob", output_keep_prob)
        self._state_keep_prob = _keep_prob("state_keep_prob", state_keep_prob)
        self._seed = seed
        for part in _with_cells_inside(cell) if self._state_keep_prob is not None else ():
            if not getattr(part, "_state_is_tuple", True):
                raise ValueError(
                    "state_keep_prob would drop the cell state c of a cell with"
                    " state_is_tuple=False; use state_is_tuple=True"
                )

    @property
    def wrapped_cell(self):
        """The cell inside."""
        return self._cell

    @property
    def state_size(self):
        return self._cell.state_size

    @property
    def output_size(self):
        return self._cell.output_size

    def zero_state(self, batch_size, dtype):
        return self._cell.zero_state(batch_size, dtype)

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
        seed = self._seed
        if seed is not None:
            # TensorFlow 1.4's derivation, so that a seed draws the masks it drew there.
            text = "%s%s_%d" % (seed, place, leaf)
            seed = int(hashlib.md5(text.encode("utf-8")).hexdigest()[:8], 16) & 0x7FFFFFFF
        if tf.is_tensor(keep_prob):
            keep_prob = tf.cast(keep_prob, values.dtype)
        return tf.nn.dropout(values, rate=1 - keep_prob, seed=seed)


def _are_c(state):
    """For each tensor of a state, in `tf.nest.flatten`'s order: is it the cell state of an LSTM?"""
    if isinstance(state, LSTMStateTuple):
        return [True, False]
    if isinstance(state, (tuple, list)):
        return [is_c for part in state for is_c in _are_c(part)]
    return [False]


def _keep_prob(name, value):
    """`value`, or None where it is the number 1 and there is nothing to drop."""
    if tf.is_tensor(value):
        constant = tf.get_static_value(value)
        if constant is None:
            return value
        value = constant
    value = float(value)
    if not 0 < value <= 1:
        raise ValueError("%s must be above 0 and at most 1; given %s" % (name, value))
    return None if value == 1 else value
