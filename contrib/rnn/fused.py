"""An LSTM layer that runs all time steps in one call, with its gradient written out.

Letters in the shape comments: T num_steps, B batch_size, D input size, H num_units.
"""

import tensorflow.compat.v1 as tf

from .cell import LSTMStateTuple, check_state, refuse


def _transpose(matrix):
    """Transposes a matrix in an op of its own.

    Grappler folds `tf.transpose` of a matrix into each product with the matrix. A product that
    transposes an operand takes up to 1.6 times as long as one that finds the operand transposed.
    Grappler does not look through the reshapes here.
    """
    rows, columns = matrix.shape.as_list()
    turned = tf.transpose(tf.reshape(matrix, [rows, 1, columns]), [2, 1, 0])
    return tf.reshape(turned, [columns, rows])


def lstm_layer(x, c, h, kernel, bias, forget_bias):
    """Computes `lstm_step` over T time steps, with the gradient written out.

    The equations are those of the blog's 2.2. One thing is done differently: the part of the gates
    that comes from below does not need the step before, so one product computes this part for all
    steps. With W_x the first D rows of W and W_h the other H,

        A = X W_x + b                                            [T * B, 4H]
        a_t = A_t + h_(t-1) W_h
        i_t, j_t, f_t, o_t = sigmoid, tanh, sigmoid, sigmoid of the four parts of a_t, the third
                             of them after forget_bias is added
        C_t = f_t * C_(t-1) + i_t * j_t
        h_t = o_t * tanh(C_t)

    j_t is the blog's C~_t, and `*` multiplies elementwise. Let dz be the derivative of the loss by
    z. The loss depends on h_t through the layer above and through a_(t+1). The loss depends on C_t
    through h_t and C_(t+1). After the last step, the state that is handed on takes the place of
    step t+1. Backward in time,

        dh_t = (from above) + da_(t+1) W_h^T
        dC_t = dh_t * o_t * (1 - tanh(C_t)^2) + dC_(t+1) * f_(t+1)
        da_t = [dC_t, dC_t, dC_t, dh_t] * K_t
        K_t  = [j_t * i_t * (1 - i_t),         through sigmoid' = sigmoid * (1 - sigmoid)
                i_t * (1 - j_t^2),             through tanh' = 1 - tanh^2
                C_(t-1) * f_t * (1 - f_t),
                tanh(C_t) * o_t * (1 - o_t)]

    K depends on no derivative, so K is computed for all steps at once. Only the first three lines
    go step by step. When all da_t are known, each other derivative is one product or one sum:

        dW = [X, (h_0 .. h_(T-1))]^T dA    db = the sum of dA's rows    dX = dA W_x^T

    Automatic differentiation gathers the same gradients step by step. For each step it computes a
    product of B rows (20 in the PTB script) and a sum of matrices as large as the weights.

    Args:
        x: `[T, B, D]`; T and D known when the graph is built.
        c, h: the state before the first step, `[B, H]`.
        kernel: W, `[D + H, 4H]`.
        bias: b, `[4H]`.
        forget_bias: a number added to the forget gate.

    Returns:
        The outputs h_1 .. h_T, `[T, B, H]`, and the last c and h, `[B, H]`.
    """
    num_steps, _, input_size = x.shape.as_list()
    size = h.shape.as_list()[1]
    kernel = tf.convert_to_tensor(kernel)
    # Transposed once here, not in each product with them.
    kernel_x_t = _transpose(kernel[:input_size])  # [4H, D]
    kernel_h_t = _transpose(kernel[input_size:])  # [4H, H]

    @tf.custom_gradient
    def layer(x, c, h, kernel, bias):
        x = tf.reshape(x, [-1, input_size])  # [T * B, D]
        kernel_x, kernel_h = kernel[:input_size], kernel[input_size:]  # [D, 4H], [H, 4H]
        from_below = tf.nn.bias_add(tf.matmul(x, kernel_x), bias)  # [T * B, 4H]
        from_below = tf.unstack(tf.reshape(from_below, [num_steps, -1, 4 * size]))

        steps = []  # for each step: the gates, tanh(C_t), C_(t-1), h_(t-1)
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
            d_a = [None] * num_steps
            for t in reversed(range(num_steps)):
                d_h += from_above[t]
                d_c += d_h * c_by_h[t]
                d_a[t] = tf.concat([d_c, d_c, d_c, d_h], 1) * k[t]  # [B, 4H]
                d_c *= steps[t][2]
                d_h = tf.matmul(d_a[t], kernel_h_t)

            d_a = tf.reshape(tf.stack(d_a), [-1, 4 * size])  # [T * B, 4H]
            h_before = tf.reshape(h_before, [-1, size])  # [T * B, H]
            d_kernel = tf.matmul(tf.concat([x, h_before], 1), d_a, transpose_a=True)  # [D + H, 4H]
            d_x = tf.matmul(d_a, kernel_x_t)  # [T * B, D]
            return (
                tf.reshape(d_x, [num_steps, -1, input_size]),
                d_c,
                d_h,
                d_kernel,
                tf.reduce_sum(d_a, 0),
            )

        return (outputs, c, h), gradient

    return layer(x, c, h, kernel, tf.convert_to_tensor(bias))


class LSTMBlockFusedCell(object):
    """The LSTM of `BasicLSTMCell` for all time steps in one call: `lstm_layer` and its variables.

    `MultiRNNCell` and `tf.nn.dynamic_rnn` cannot take the layer: they call a cell at each time
    step, and the layer is called once.

    The variables are `kernel` `[D + H, 4H]` and `bias` `[4H]`, in the given scope. They have the
    shapes, the order of columns and the initial values of the variables of `BasicLSTMCell`.
    """

    def __init__(self, num_units, forget_bias=1.0, cell_clip=None, use_peephole=False):
        """Creates a layer. The first call of the layer makes its variables.

        Args:
            num_units: H, an int.
            forget_bias: a number added to the forget gate.
            cell_clip: not supported; leave it None.
            use_peephole: not supported; leave it False.

        Raises:
            ValueError: for an argument that is not supported.
        """
        refuse(self, cell_clip=cell_clip, use_peephole=use_peephole or None)
        self._num_units = num_units
        self._forget_bias = forget_bias

    def __call__(self, inputs, initial_state=None, dtype=None, sequence_length=None, scope=None):
        """Runs the layer over all time steps.

        Args:
            inputs: `[T, B, D]`, float; T and D known when the graph is built.
            initial_state: `(c, h)`, `[B, H]` each; zeros if not given.
            dtype: not supported; the layer has the dtype of the inputs.
            sequence_length: not supported; leave it None.
            scope: the variable scope; "lstm_block_wrapper" if not given.

        Returns:
            `(outputs, final_state)`: `[T, B, H]`, and an `LSTMStateTuple`.

        Raises:
            ValueError: for a shape that does not fit or an argument that is not supported.
        """
        refuse(self, dtype=dtype, sequence_length=sequence_length)
        size = self._num_units
        with tf.variable_scope(scope or "lstm_block_wrapper"):
            inputs = tf.convert_to_tensor(inputs)
            if inputs.shape.ndims != 3 or None in inputs.shape.as_list()[::2]:
                raise ValueError(
                    "LSTMBlockFusedCell needs inputs of shape [num_steps, batch_size, input size],"
                    " the first and the last one known; given %s" % inputs.shape
                )
            input_size = inputs.shape.as_list()[2]
            if initial_state is None:
                zeros = tf.zeros([tf.shape(inputs)[1], size], inputs.dtype)
                initial_state = (zeros, zeros)
            c = check_state("state c", initial_state[0], size, inputs[0])
            h = check_state("state h", initial_state[1], size, inputs[0], c)
            kernel = tf.get_variable("kernel", [input_size + size, 4 * size], inputs.dtype)
            zeros = tf.zeros_initializer()
            bias = tf.get_variable("bias", [4 * size], inputs.dtype, initializer=zeros)
            outputs, c, h = lstm_layer(inputs, c, h, kernel, bias, self._forget_bias)
            return outputs, LSTMStateTuple(c, h)
