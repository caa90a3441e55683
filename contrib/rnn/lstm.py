"""The LSTM cells (the blog's section 2): plain, with peepholes, and with coupled gates.

Letters in the shape comments: B batch_size, D input size, H num_units.
"""

import tensorflow.compat.v1 as tf

from .cell import LSTMStateTuple, RNNCell, check_input, check_state, refuse


def lstm_step(x, c, h, kernel, bias, forget_bias, activation):
    """Computes one step of an LSTM without peepholes.

    The blog's 2.2; Zaremba et al. 2014, section 3.1.

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
    """Base class of the LSTM cells: the state c and h, as a tuple or side by side in one tensor.

    A subclass defines `step`, which maps the input and the state `(c, h)` to the next `(c, h)`.
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

    @property
    def state_is_concatenated(self):
        return not self._state_is_tuple

    def call(self, inputs, state):
        size, name = self._num_units, type(self).__name__
        input_size = check_input(self, inputs)
        if self._state_is_tuple:
            if not isinstance(state, (tuple, list)) or len(state) != 2:
                raise ValueError("%s needs a state (c, h); given %s" % (name, state))
            c = check_state("state c", state[0], size, inputs)
            h = check_state("state h", state[1], size, inputs, c)
        else:
            if isinstance(state, (tuple, list)):
                raise ValueError(
                    "%s with state_is_tuple=False needs one tensor [c, h]; given %s" % (name, state)
                )
            state = check_state("state [c, h]", state, 2 * size, inputs)
            c, h = tf.split(state, 2, axis=1)  # [B, H] each
        c, h = self.step(inputs, input_size, c, h)
        return h, LSTMStateTuple(c, h) if self._state_is_tuple else tf.concat([c, h], 1)


class BasicLSTMCell(_LSTM):
    """An LSTM without peepholes: `lstm_step` and its two variables.

    The variables stand under `basic_lstm_cell/`: `kernel` `[D + H, 4H]`, filled by the initializer
    of the variable scope, and `bias` `[4H]`, zeros. The columns of both stand in the order i, j, f,
    o. The variables have the dtype of the input.
    """

    scope_name = "basic_lstm_cell"

    def __init__(
        self, num_units, forget_bias=1.0, state_is_tuple=True, activation=None, reuse=None
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            forget_bias: a number added to the forget gate, so that a fresh cell remembers. The PTB
                script sets 0, the value of Zaremba et al.
            state_is_tuple: whether the state is `LSTMStateTuple(c, h)`; if not, the state is one
                tensor `[B, 2H]`, c and h side by side.
            activation: the function that squashes the new input and the cell state; tanh if not
                given.
            reuse: True takes existing variables and makes none; otherwise the variable scope
                decides.
        """
        super(BasicLSTMCell, self).__init__(
            num_units, forget_bias, state_is_tuple, activation, reuse
        )

    def step(self, inputs, input_size, c, h):
        size, dtype = self._num_units, inputs.dtype
        kernel = tf.get_variable("kernel", [input_size + size, 4 * size], dtype)
        bias = tf.get_variable("bias", [4 * size], dtype, initializer=tf.zeros_initializer())
        return lstm_step(inputs, c, h, kernel, bias, self._forget_bias, self._activation)


def lstm_peephole_step(x, c, h, kernel, bias, peepholes, forget_bias, activation):
    """Computes one step of an LSTM whose gates see the cell state.

    The blog's 2.3, first variant; Gers and Schmidhuber 2000, "Recurrent nets that time and count".

        [i, j, f, o] = [x_t, h_(t-1)] W + b         the columns of W and b stand in this order
        f_t = sigmoid(f + p_f * C_(t-1) + forget_bias)
        i_t = sigmoid(i + p_i * C_(t-1))
        C_t = f_t * C_(t-1) + i_t * activation(j)
        o_t = sigmoid(o + p_o * C_t)
        h_t = o_t * activation(C_t)

    The peepholes p are vectors `[H]`, given in the order f, i, o: each unit sees its own cell
    state. The other arguments are those of `lstm_step`. Returns the new `(c, h)`, `[B, H]`.
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

    The variables stand under `lstm_cell/`: `kernel` and `bias` as in `BasicLSTMCell`, and with
    peepholes `w_f_diag`, `w_i_diag` and `w_o_diag`, each `[H]`, filled like `kernel`.
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
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            use_peepholes: whether the gates see the cell state.
            cell_clip, num_proj, proj_clip, num_unit_shards, num_proj_shards: not supported.
            initializer: fills `kernel` and the peepholes; the variable scope's if not given.
            forget_bias, state_is_tuple, activation, reuse: see `BasicLSTMCell`.

        Raises:
            ValueError: for an argument that is not supported.
        """
        super(LSTMCell, self).__init__(num_units, forget_bias, state_is_tuple, activation, reuse)
        refuse(
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
    """Computes one step of an LSTM that forgets exactly as much as it takes in.

    The blog's 2.3, second variant; Greff et al. 2015, "LSTM: A search space odyssey",
    https://arxiv.org/abs/1503.04069.

        [j, f, o] = [x_t, h_(t-1)] W + b            the columns of W and b stand in this order
        f_t = sigmoid(f + p_f * C_(t-1) + forget_bias)
        C_t = f_t * C_(t-1) + (1 - f_t) * activation(j)                 the blog's i_t = 1 - f_t
        h_t = sigmoid(o + p_o * C_t) * activation(C_t)

    The peepholes p_f and p_o are vectors `[H]`; `peepholes=None` leaves both out. kernel (W) is
    `[D + H, 3H]`, bias (b) `[3H]`; the other arguments are those of `lstm_step`. Returns the new
    `(c, h)`, `[B, H]`.
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

    The variables stand under `coupled_input_forget_gate_lstm_cell/`: `W_0` `[D + H, 3H]`, filled by
    the initializer of the variable scope, and `B` `[3H]`, zeros. The columns of both stand in the
    order j, f, o. With peepholes there are also `W_F_diag` and `W_O_diag`, each `[H]`, filled like
    `W_0`.
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
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            use_peepholes: whether the gates see the cell state.
            initializer: fills `W_0` and the peepholes; the variable scope's if not given.
            num_proj, proj_clip, num_unit_shards, num_proj_shards: not supported.
            forget_bias, state_is_tuple, activation, reuse: see `BasicLSTMCell`.

        Raises:
            ValueError: for an argument that is not supported.
        """
        super(CoupledInputForgetGateLSTMCell, self).__init__(
            num_units, forget_bias, state_is_tuple, activation, reuse
        )
        refuse(
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
