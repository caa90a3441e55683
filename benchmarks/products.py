"""A contestant: only the matrix products of one training step, one after the other.

The products are those of `--rnn_mode=block --replicas=1`, with its shapes and transpositions. The
operands stay where they are in memory. The variants are float32 and bfloat16.
"""

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import tensorflow.compat.v1 as tf

from benchmarks import worker


def products(sizes):
    """Lists the products of an `m x k` by a `k x n` matrix in one training step.

    Each entry is `(m, k, n, transpose_a, transpose_b, how often)`. A transposed operand is stored
    the other way round.
    """
    batch, units = sizes.batch_size, sizes.hidden_size
    rows, words, gates = batch * sizes.num_steps, sizes.vocab_size, 4 * units
    layer = [
        (rows, units, gates, False, False, 1),  # X W_x
        (batch, units, gates, False, False, sizes.num_steps),  # h W_h
        # da W_h^T, transposed before. The initial state needs no gradient: hence the -1.
        (batch, gates, units, False, False, sizes.num_steps - 1),
        (rows, gates, units, False, False, 1),  # dA W_x^T, transposed before
        (2 * units, rows, gates, True, False, 1),  # [X, h]^T dA
    ]
    softmax = [
        (rows, units, words, False, False, 1),
        (rows, words, units, False, True, 1),
        (units, rows, words, True, False, 1),
    ]
    return softmax + layer * sizes.num_layers


def operand(rows, columns, transposed, dtype):
    shape = [columns, rows] if transposed else [rows, columns]
    return tf.Variable(tf.cast(tf.random_normal(shape), dtype), use_resource=True).read_value()


def main():
    sizes = worker.arguments()
    tf.disable_v2_behavior()
    dtype = tf.as_dtype(sizes.variant)
    last = []
    for m, k, n, transpose_a, transpose_b, times in products(sizes):
        a, b = operand(m, k, transpose_a, dtype), operand(k, n, transpose_b, dtype)
        for _ in range(times):
            with tf.control_dependencies(last):
                last = [tf.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)]
    config = tf.ConfigProto()
    # Grappler would remove the products, since nothing uses their results.
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        worker.serve(session.make_callable(last[0].op))


if __name__ == "__main__":
    main()
