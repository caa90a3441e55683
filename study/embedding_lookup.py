"""Section 6 of the blog: what `tf.nn.embedding_lookup` looks up, on the blog's 5 x 5 identity.

    python -m study.embedding_lookup

Row i of the embedding matrix is the vector of word i. A lookup picks rows. With the identity as the
matrix, the vector of word i is the one-hot vector of i.

What to notice (study/expected/embedding_lookup.txt has the output; nothing in it is random):

- A lookup adds an axis: ids `[2, 3]` give vectors `[2, 3, 5]`.
- A lookup gives the product of the one-hot vectors with the matrix, without a multiplication.
- The gradient of a lookup is zero except for the rows that were picked. A row counts as often as it
  was picked.
"""

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

from lm import command_line

tf.disable_v2_behavior()

IDS = [1, 2, 3, 0, 3, 2, 1]  # the ids of the blog


def main():
    command_line.Parser(__doc__).parse_args()
    with tf.Graph().as_default(), tf.Session() as session:
        # These are the blog's statements, but for tf.initialize_all_variables, which was already
        # deprecated then.
        embedding = tf.Variable(np.identity(5, dtype=np.int32))
        input_ids = tf.placeholder(dtype=tf.int32, shape=[None])
        input_embedding = tf.nn.embedding_lookup(embedding, input_ids)
        session.run(tf.global_variables_initializer())
        print("The embedding, [5, 5]:")
        print(session.run(embedding))
        looked_up = session.run(input_embedding, feed_dict={input_ids: IDS})
        print("Words %s, looked up, %s:" % (" ".join(map(str, IDS)), list(looked_up.shape)))
        print(looked_up)

        # In the PTB script the ids are [batch_size, num_steps]. The lookup adds an axis.
        batch = session.run(tf.nn.embedding_lookup(embedding, [[1, 2, 3], [0, 3, 2]]))
        print("A batch of 2 x 3 words, looked up: %s" % list(batch.shape))

        matrix = tf.constant(np.random.RandomState(1).uniform(-1, 1, (5, 4)))
        rows = tf.nn.embedding_lookup(matrix, IDS)
        product = tf.matmul(tf.one_hot(IDS, 5, dtype=tf.float64), matrix)
        same = np.array_equal(*session.run([rows, product]))
        same = "the same" if same else "something else"
        print("As a product of one-hot vectors and a matrix: %s" % same)

        gradient = tf.convert_to_tensor(tf.gradients(tf.reduce_sum(rows), matrix)[0])  # [5, 4]
        times = " ".join("%d" % row[0] for row in session.run(gradient))
        print("Gradient of the sum of what was looked up: rows 0 to 4 get %s times a one" % times)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
