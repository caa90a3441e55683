"""Runs the small examples of docs/walkthrough.md.

    python -m docs.examples            # lists them
    python -m docs.examples feed       # runs one

Each example is a function below, which the walkthrough quotes with its output.
"""

import math

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import configs
import contrib
import reader
from lm import command_line
from ptb_word_lm import PTBInput

tf.disable_v2_behavior()


def perplexity():
    p = np.array([0.5, 0.25, 0.1, 0.01])  # of the right word, at four time steps
    loss = -np.log(p)
    print("%.2f %.2f %.2f %.2f" % tuple(loss))
    print("mean %.2f, perplexity %.2f" % (loss.mean(), np.exp(loss.mean())))


def graph():
    a = tf.constant(2)
    b = a * 3
    print(b)
    with tf.Session() as session:
        print(session.run(b))


def fetches():
    scores = tf.Variable([0.0, 0.0])
    cost = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=0, logits=scores)
    train_op = tf.train.GradientDescentOptimizer(1.0).minimize(cost)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(2):
            vals = session.run({"cost": cost, "train_op": train_op})
            print("%.3f" % vals["cost"], vals["train_op"])


def feed():
    rate = tf.placeholder(tf.float32, shape=[])
    state = tf.zeros([2])
    with tf.Session() as session:
        print(session.run(rate / 2, feed_dict={rate: 1.0}))
        print(session.run(state), session.run(state, feed_dict={state: [3, 4]}))


def scopes():
    for name in ("Train", "Valid"):
        with tf.name_scope(name):
            with tf.variable_scope("Model", reuse=name == "Valid"):
                w = tf.get_variable("w", [2])
                print(w.op.name, (w * 2).op.name, tf.Variable(0.0).op.name)


def queue():
    x, y = reader.ptb_producer(range(26), batch_size=2, num_steps=3)
    with tf.train.SingularMonitoredSession() as session:
        both = session.run([x, y])
        print("together:", both[0].tolist(), both[1].tolist())
        print("x alone: ", session.run(x).tolist())
        print("y alone: ", session.run(y).tolist())


def placeholder():
    rate = tf.Variable(0.0, trainable=False)
    new_rate = tf.placeholder(tf.float32, shape=[])
    update = tf.assign(rate, new_rate)
    with tf.Session() as session:
        tf.get_default_graph().finalize()  # as the Supervisor does
        session.run(update, feed_dict={new_rate: 0.5})
        print(session.run(rate))
        try:
            session.run(tf.assign(rate, 0.25))
        except RuntimeError as error:
            print(error)


def adam():
    for optimizer in (tf.train.GradientDescentOptimizer(1.0), tf.train.AdamOptimizer(1.0)):
        weights = tf.Variable([0.1, 0.1])
        train_op = optimizer.apply_gradients([(tf.constant([0.001, 0.1]), weights)])
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(train_op)
            print("%.3f %.3f" % tuple(session.run(weights)))


def gradients():
    w, state = tf.Variable(1.0), tf.constant(1.0)
    three = state * w * w * w
    six = three * w * w * w
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        print("%g" % session.run(tf.gradients(six, w)[0]))
        last = session.run(three)
        print("%g" % session.run(tf.gradients(three, w)[0], feed_dict={state: last}))


def epoch_size():
    config = configs.get_config("test")
    config.batch_size, config.num_steps = 2, 3
    print(PTBInput(config, range(24)).epoch_size, (24 // 2) // 3)


def sum_or_mean():
    B, T, V = 2, 20, 5
    logits, targets, ones = tf.ones([B, T, V]), tf.zeros([B, T], tf.int32), tf.ones([B, T])
    of_sum, of_mean = [
        tf.gradients(
            contrib.seq2seq.sequence_loss(logits, targets, ones, average_across_timesteps=mean),
            logits,
        )[0]
        for mean in (False, True)
    ]
    with tf.Session() as session:
        print("%.3f" % session.run(of_sum / of_mean)[0, 0, 0])


def test_words():
    words = len(reader.ptb_raw_data("data/sample")[2])
    print(words, (words // 20 - 1) // 20 * 20 * 20, words - 1)


def forget_bias():
    for bias in (0, 1):
        print("%.6f" % (1 / (1 + math.exp(-bias))) ** 20)


def gate_order():
    x = c = h = tf.constant([[5.0]])
    with tf.Session() as session:
        for block in range(4):
            bias = [99.0 if k == block else -99.0 for k in range(4)]
            new_c, _ = contrib.rnn.lstm_step(x, c, h, tf.zeros([2, 4]), bias, 0.0, tf.tanh)
            print("ijfo"[block], session.run(new_c)[0])


def parameters():
    V, H, layers = 10000, 200, 2
    embedding, lstm, softmax = V * H, 2 * H * 4 * H + 4 * H, H * V + V
    print(embedding, lstm, softmax)
    print(embedding + layers * lstm + softmax)


EXAMPLES = (
    perplexity,
    graph,
    fetches,
    feed,
    scopes,
    queue,
    gradients,
    epoch_size,
    sum_or_mean,
    placeholder,
    adam,
    test_words,
    forget_bias,
    gate_order,
    parameters,
)


def main():
    parser = command_line.Parser(__doc__)
    names = [example.__name__ for example in EXAMPLES]
    parser.add_argument("name", nargs="?", choices=names, metavar="NAME", help="the example to run")
    name = parser.parse_args().name
    if name is None:
        print("Examples: %s" % " ".join(names))
        return
    dict(zip(names, EXAMPLES))[name]()


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
