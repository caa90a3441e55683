"""The LSTM cells (the blog's section 2): plain, with peepholes, and with coupled gates.

Letters in the shape comments: B batch_size, D input size, H num_units, P num_proj.
"""

import tensorflow.compat.v1 as tf

from .cell import LSTMStateTuple, RNNCell, check_c_and_h, check_input, check_state, refuse


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
    Both are `[B, H]`, but an h that is projected is `[B, P]`.
    """

    def __init__(
        self, num_units, forget_bias, state_is_tuple, activation, num_proj=None, **of_all_cells
    ):
        super(_LSTM, self).__init__(**of_all_cells)
        self._num_units = num_units
        self._output_size = num_units if num_proj is None else num_proj
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation or tf.tanh

    @property
    def state_size(self):
        sizes = LSTMStateTuple(self._num_units, self._output_size)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self):
        return self._output_size

    @property
    def state_is_concatenated(self):
        return not self._state_is_tuple

    def call(self, inputs, state):
        sizes = [self._num_units, self._output_size]
        input_size = check_input(self, inputs)
        if self._state_is_tuple:
            c, h = check_c_and_h(self, state, sizes, inputs)
        else:
            if isinstance(state, (tuple, list)):
                raise ValueError(
                    "%s with state_is_tuple=False needs one tensor [c, h]; given %s"
                    % (type(self).__name__, state)
                )
            state = check_state("state [c, h]", state, sum(sizes), inputs)
            c, h = tf.split(state, sizes, axis=1)
        c, h = self.step(inputs, input_size, c, h)
        return h, LSTMStateTuple(c, h) if self._state_is_tuple else tf.concat([c, h], 1)


class BasicLSTMCell(_LSTM):
    """An LSTM without peepholes: `lstm_step` and its two variables.

    The variables stand under `basic_lstm_cell/`: `kernel` `[D + H, 4H]`, filled by the initializer
    of the variable scope, and `bias` `[4H]`, zeros. The columns of both stand in the order i, j, f,
    o. The variables have the dtype of the input.
    """

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        state_is_tuple=True,
        activation=None,
        reuse=None,
        name=None,
        dtype=None,
        trainable=True,
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
            reuse, name, dtype, trainable: see `RNNCell`.
        """
        super(BasicLSTMCell, self).__init__(
            num_units,
            forget_bias,
            state_is_tuple,
            activation,
            _reuse=reuse,
            name=name,
            dtype=dtype,
            trainable=trainable,
        )

    def step(self, inputs, input_size, c, h):
        size, dtype = self._num_units, inputs.dtype
        kernel = tf.get_variable("kernel", [input_size + size, 4 * size], dtype)
        bias = tf.get_variable("bias", [4 * size], dtype, initializer=tf.zeros_initializer())
        return lstm_step(inputs, c, h, kernel, bias, self._forget_bias, self._activation)


def lstm_peephole_step(x, c, h, kernel, bias, peepholes, forget_bias, activation, cell_clip=None):
    """Computes one step of an LSTM whose gates see the cell state.

    The blog's 2.3, first variant; Gers and Schmidhuber 2000, "Recurrent nets that time and count".

        [i, j, f, o] = [x_t, h_(t-1)] W + b         the columns of W and b stand in this order
        f_t = sigmoid(f + p_f * C_(t-1) + forget_bias)
        i_t = sigmoid(i + p_i * C_(t-1))
        C_t = f_t * C_(t-1) + i_t * activation(j)
        o_t = sigmoid(o + p_o * C_t)
        h_t = o_t * activation(C_t)

    The peepholes p are vectors `[H]`, given in the order f, i, o: each unit sees its own cell
    state; `peepholes=None` leaves them out. `cell_clip` clips C_t to [-cell_clip, cell_clip]. The
    other arguments are those of `lstm_step`. Returns the new `(c, h)`, `[B, H]`.
    """
    p_f, p_i, p_o = peepholes or (0.0, 0.0, 0.0)
    gates = tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias)  # [B, 4H]
    i, j, f, o = tf.split(gates, 4, axis=1)  # [B, H] each
    c_before = c
    forget, remember = tf.sigmoid(f + p_f * c_before + forget_bias), tf.sigmoid(i + p_i * c_before)
    c = forget * c_before + remember * activation(j)  # [B, H]
    if cell_clip is not None:
        c = tf.clip_by_value(c, -cell_clip, cell_clip)
    h = tf.sigmoid(o + p_o * c) * activation(c)  # [B, H]
    return c, h


class LSTMCell(_LSTM):
    """An LSTM with peepholes or without: `lstm_peephole_step` or `lstm_step`, and its variables.

    The variables stand under `lstm_cell/`: `kernel` and `bias` as in `BasicLSTMCell`, and with
    peepholes `w_f_diag`, `w_i_diag` and `w_o_diag`, each `[H]`, filled like `kernel`.

    With `num_proj`, the output and the next step get fewer units (Sak et al. 2014,
    https://arxiv.org/abs/1402.1128):

        h_t = (o_t * activation(C_t)) W_p                 then clipped to -proj_clip ... proj_clip

    W_p is `projection/kernel`, `[H, P]`, filled like `kernel`. `kernel` is `[D + P, 4H]` then, and
    the output and the state h are `[B, P]`.
    """

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
        name=None,
        dtype=None,
        trainable=True,
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            use_peepholes: whether the gates see the cell state.
            cell_clip: the largest absolute value of the new cell state, if given.
            initializer: fills all weights but `bias`; the variable scope's if not given.
            num_proj: P, an int; no projection if not given.
            proj_clip: the largest absolute value of what is projected, if given.
            num_unit_shards, num_proj_shards: into how many variables `kernel` and
                `projection/kernel` are split, by rows; the partitioner of the variable scope
                decides if not given.
            forget_bias, state_is_tuple, activation: see `BasicLSTMCell`.
            reuse, name, dtype, trainable: see `RNNCell`.
        """
        super(LSTMCell, self).__init__(
            num_units,
            forget_bias,
            state_is_tuple,
            activation,
            num_proj,
            _reuse=reuse,
            name=name,
            dtype=dtype,
            trainable=trainable,
        )
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards

    def step(self, inputs, input_size, c, h):
        size, dtype = self._num_units, inputs.dtype
        shape = [input_size + self._output_size, 4 * size]
        kernel = self._weights("kernel", shape, dtype, self._num_unit_shards)
        bias = tf.get_variable("bias", [4 * size], dtype, initializer=tf.zeros_initializer())
        if self._use_peepholes or self._cell_clip is not None:
            peepholes = None
            if self._use_peepholes:
                peepholes = [self._weights("w_%s_diag" % gate, [size], dtype) for gate in "fio"]
            c, h = lstm_peephole_step(
                inputs,
                c,
                h,
                kernel,
                bias,
                peepholes,
                self._forget_bias,
                self._activation,
                self._cell_clip,
            )
        else:
            c, h = lstm_step(inputs, c, h, kernel, bias, self._forget_bias, self._activation)
        if self._num_proj is not None:
            with tf.variable_scope("projection"):
                shape = [size, self._num_proj]
                kernel = self._weights("kernel", shape, dtype, self._num_proj_shards)
            h = tf.matmul(h, kernel)  # [B, P]
            if self._proj_clip is not None:
                h = tf.clip_by_value(h, -self._proj_clip, self._proj_clip)
        return c, h

    def _weights(self, name, shape, dtype, shards=None):
        partitioner = None if shards is None else tf.fixed_size_partitioner(shards)
        return tf.get_variable(name, shape, dtype, self._initializer, partitioner=partitioner)


class LSTMBlockCell(LSTMCell):
    """The LSTM of the later PTB script's BLOCK mode: `LSTMCell` under a shorter list of arguments.

    The equations, the variables and their names are those of `LSTMCell`, `lstm_cell/kernel` and so
    on. TensorFlow 1.x computed them in one op, whose gradient is gone, and passed over `cell_clip`;
    here they are the ops of `LSTMCell`, at their speed. `LSTMBlockFusedCell` is the fast one.
    """

    def __init__(
        self,
        num_units,
        forget_bias=1.0,
        cell_clip=None,
        use_peephole=False,
        dtype=None,
        reuse=None,
        name="lstm_cell",
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            forget_bias: a number added to the forget gate.
            cell_clip: the largest absolute value of the new cell state; only a number above 0
                clips.
            use_peephole: whether the gates see the cell state.
            dtype, reuse, name: see `RNNCell`.
        """
        if cell_clip is not None and cell_clip <= 0:
            cell_clip = None
        super(LSTMBlockCell, self).__init__(
            num_units,
            use_peephole,
            cell_clip,
            forget_bias=forget_bias,
            reuse=reuse,
            name=name,
            dtype=dtype,
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
        name=None,
        dtype=None,
        trainable=True,
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            use_peepholes: whether the gates see the cell state.
            initializer: fills `W_0` and the peepholes; the variable scope's if not given.
            num_proj, proj_clip, num_unit_shards, num_proj_shards: not supported.
            forget_bias, state_is_tuple, activation: see `BasicLSTMCell`.
            reuse, name, dtype, trainable: see `RNNCell`.

        Raises:
            ValueError: for an argument that is not supported.
        """
        super(CoupledInputForgetGateLSTMCell, self).__init__(
            num_units,
            forget_bias,
            state_is_tuple,
            activation,
            _reuse=reuse,
            name=name,
            dtype=dtype,
            trainable=trainable,
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
