"""The cell that a search over architectures found.

Letters in the shape comments: B batch_size, D input size, H num_units, P num_proj.
"""

import tensorflow.compat.v1 as tf

from .cell import LSTMStateTuple, RNNCell, check_c_and_h, check_input


def nas_step(x, c, h, kernel, recurrent_kernel, bias):
    """Computes one step of the NAS cell.

    Zoph and Le 2017, "Neural architecture search with reinforcement learning",
    https://arxiv.org/abs/1611.01578, appendix A.

        [x_0 .. x_7] = x_t W                       the columns of W, U and b stand in this order
        [h_0 .. h_7] = h_(t-1) U + b
        a = tanh(sigmoid(x_0 + h_0) * relu(x_1 + h_1))
        b = tanh(sigmoid(x_2 + h_2) + relu(x_3 * h_3))
        d = tanh(tanh(x_4 + h_4) * sigmoid(x_5 + h_5))
        e = sigmoid(tanh(x_6 + h_6) + sigmoid(x_7 + h_7))
        C_t = tanh(a + C_(t-1)) * b
        h_t = tanh(C_t * tanh(d + e))

    x is `[B, D]`, c `[B, H]`, h `[B, H]` or `[B, P]`, kernel (W) `[D, 8H]`, recurrent_kernel (U)
    `[H, 8H]` or `[P, 8H]`, bias (b) `[8H]` or None for none. Returns the new `(c, h)`, `[B, H]`.
    """
    from_h = tf.matmul(h, recurrent_kernel)  # [B, 8H]
    if bias is not None:
        from_h = tf.nn.bias_add(from_h, bias)
    xs = tf.split(tf.matmul(x, kernel), 8, axis=1)  # [B, H] each
    hs = tf.split(from_h, 8, axis=1)
    total = [x_k + h_k for x_k, h_k in zip(xs, hs)]
    a = tf.tanh(tf.sigmoid(total[0]) * tf.nn.relu(total[1]))
    b = tf.tanh(tf.sigmoid(total[2]) + tf.nn.relu(xs[3] * hs[3]))
    d = tf.tanh(tf.tanh(total[4]) * tf.sigmoid(total[5]))
    e = tf.sigmoid(tf.tanh(total[6]) + tf.sigmoid(total[7]))
    c = tf.tanh(a + c) * b  # [B, H]
    h = tf.tanh(c * tf.tanh(d + e))  # [B, H]
    return c, h


class NASCell(RNNCell):
    """The cell of a neural architecture search: `nas_step` and its variables.

    The state is `LSTMStateTuple(c, h)`. The variables stand under `nas_cell/`: `recurrent_kernel`
    `[H, 8H]` and `kernel` `[D, 8H]`, filled by the initializer of the variable scope, and with
    biases `bias` `[8H]`, zeros. With `num_proj`, the output and the state h are h_t W_p, `[B, P]`;
    W_p is `projection_weights` `[H, P]`, filled like `kernel`, and `recurrent_kernel` is `[P, 8H]`.
    """

    def __init__(
        self,
        num_units,
        num_proj=None,
        use_biases=False,
        reuse=None,
        name=None,
        dtype=None,
        trainable=True,
    ):
        """Creates a cell. The first call of the cell makes its variables.

        Args:
            num_units: H, an int.
            num_proj: P, an int; no projection if not given.
            use_biases: whether there is a `bias`. TensorFlow 1.15 calls it `use_bias`.
            reuse, name, dtype, trainable: see `RNNCell`.
        """
        super(NASCell, self).__init__(trainable, name, dtype, reuse)
        self._num_units = num_units
        self._num_proj = num_proj
        self._use_biases = use_biases

    @property
    def state_size(self):
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self):
        return self._num_units if self._num_proj is None else self._num_proj

    def call(self, inputs, state):
        size, out, dtype = self._num_units, self.output_size, inputs.dtype
        input_size = check_input(self, inputs)
        c, h = check_c_and_h(self, state, (size, out), inputs)
        recurrent_kernel = tf.get_variable("recurrent_kernel", [out, 8 * size], dtype)
        kernel = tf.get_variable("kernel", [input_size, 8 * size], dtype)
        bias = None
        if self._use_biases:
            bias = tf.get_variable("bias", [8 * size], dtype, tf.zeros_initializer())
        c, h = nas_step(inputs, c, h, kernel, recurrent_kernel, bias)
        if self._num_proj is not None:
            h = tf.matmul(h, tf.get_variable("projection_weights", [size, out], dtype))  # [B, P]
        return h, LSTMStateTuple(c, h)
