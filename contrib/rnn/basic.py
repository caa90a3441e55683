"""The plain recurrent cell and the gated recurrent unit (the blog's sections 1 and 3).

Letters in the shape comments: B batch_size, D input size, H num_units.
"""

import tensorflow.compat.v1 as tf

from .cell import RNNCell, check_input, check_state


def rnn_step(x, h, kernel, bias, activation):
    """Computes one step of the plain recurrent cell (the blog's section 1).

        h_t = activation([x_t, h_(t-1)] W + b)

    x is `[B, D]`, h `[B, H]`, kernel (W) `[D + H, H]`, bias (b) `[H]`. Returns the new h.
    """
    return activation(tf.nn.bias_add(tf.matmul(tf.concat([x, h], 1), kernel), bias))


class BasicRNNCell(RNNCell):
    """The plain recurrent cell: `rnn_step` and its two variables.

    The output is the new state, `[B, H]`. The variables stand under `basic_rnn_cell/`: `kernel`
    `[D + H, H]`, filled by the initializer of the variable scope, and `bias` `[H]`, zeros.
    """

    def __init__(
        self, num_units, activation=None, reuse=None, name=None, dtype=None, trainable=True
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            activation: the function that squashes the new state; tanh if not given.
            reuse, name, dtype, trainable: see `RNNCell`.
        """
        super(BasicRNNCell, self).__init__(trainable, name, dtype, reuse)
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
        input_size = check_input(self, inputs)
        h = check_state("state h", state, size, inputs)
        kernel = tf.get_variable("kernel", [input_size + size, size], dtype)
        bias = tf.get_variable("bias", [size], dtype, initializer=tf.zeros_initializer())
        h = rnn_step(inputs, h, kernel, bias, self._activation)
        return h, h


def gru_step(x, h, gate_kernel, gate_bias, candidate_kernel, candidate_bias, activation):
    """Computes one step of a gated recurrent unit (GRU).

    The blog's section 3; Cho et al. 2014, https://arxiv.org/abs/1406.1078.

        [r, u] = sigmoid([x_t, h_(t-1)] W + b)          the columns of W and b stand in this order
        h~_t = activation([x_t, r * h_(t-1)] W_c + b_c)
        h_t = u * h_(t-1) + (1 - u) * h~_t

    r is the reset gate, u the update gate. The blog's update gate is the other way round,
    z_t = 1 - u: z near 1 takes the new input, u near 1 keeps the old state.

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

    The output is the new state, `[B, H]`. The variables stand under `gru_cell/`:

        gates/kernel      `[D + H, 2H]`, filled by the initializer of the variable scope
        gates/bias        `[2H]`, ones, so that a fresh cell keeps more than half of its state
        candidate/kernel  `[D + H, H]`, filled by the initializer of the variable scope
        candidate/bias    `[H]`, zeros
    """

    def __init__(
        self,
        num_units,
        activation=None,
        reuse=None,
        kernel_initializer=None,
        bias_initializer=None,
        name=None,
        dtype=None,
        trainable=True,
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            activation: the function that squashes the candidate; tanh if not given.
            kernel_initializer: fills both kernels; the variable scope's if not given.
            bias_initializer: fills both biases; ones for the gates and zeros for the candidate
                if not given.
            reuse, name, dtype, trainable: see `RNNCell`.
        """
        super(GRUCell, self).__init__(trainable, name, dtype, reuse)
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
        rows = check_input(self, inputs) + size
        h = check_state("state h", state, size, inputs)
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
