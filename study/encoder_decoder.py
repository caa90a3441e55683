"""Sections 4 and 5 of the blog: an encoder, and three decoders that get its context in three ways.

    python -m study.encoder_decoder --seed=1 --plot=attention.png
    python -m study.encoder_decoder --decoder=sutskever    # or cho, or attention

The task is to spell a number in letters: the digits 4 0 2 go in, "four zero two" comes out. The
encoder reads up to 7 digits, and the decoder writes up to 42 letters. At the last word the decoder
must still know the last digit.

The encoder reads the digits x_1 to x_S and keeps a state: h_s = f_enc(h_(s-1), x_s). The decoder
starts where the encoder ends, g_0 = h_S, and writes one letter at each step:

    g_t = f_dec(g_(t-1), y_(t-1), c_t)
    P(y_t | y_1, ..., y_(t-1), X) = softmax(linear(g_t))

y_0 is <start>, which begins every answer; <end> ends it. The blog starts at g_1 = h_s, by which it
means h_S (our g_0), and leaves c_t out. The three decoders differ in c_t only:

    sutskever    has no c_t: its first state g_0 is all it gets.
                 Sutskever et al. 2014, https://arxiv.org/abs/1409.3215
    cho          c_t = h_S at every step, so that g_t need not remember it.
                 Cho et al. 2014, https://arxiv.org/abs/1406.1078
    attention    c_t = sum over s of a_ts h_s, a weighted mean of all states of the encoder. Each
                 step has its own weights: a_ts = softmax over s of v . tanh(W g_(t-1) + U h_s).
                 Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473

The blog has the first two the wrong way round: it calls the context at the first step Cho's, and
the context at every step Sutskever's. Its section 5 is a heading only.

What to notice (study/expected/encoder_decoder.txt has the output of --seed=1):

- The longer the number, the more the decoders differ. Of 200 numbers of 7 digits, seeds 1, 2 and 3
  spell 29.5, 1.5 and 0.0 % right with sutskever, 55.5, 53.0 and 10.0 % with cho, 100.0, 100.0 and
  99.0 % with attention. The order is the same for the three seeds; the distances are not.
- The first two need longer. With 3000 steps of training, three times as many, sutskever gets
  78.5 % (seed 1) and 48.0 % (seed 3), and cho gets 70.0 % (seed 2).
- The number of parameters does not explain the difference. With 80 units instead of 64, sutskever
  has more parameters than any of the three, and gets 18.0 % with seed 1.

A guess at the reason: sutskever and cho know the number from h_S alone, 64 values. The state of
sutskever must also carry the number through up to 42 updates. Attention looks up the digit that it
needs: in the picture the weights go down in stairs. The weights are darkest at the first letters of
a word, which decide what word it is. The rest of a word follows from the letters so far, and there
the weights spread.

The figures are of TensorFlow 2.21.0 on two cores of an AMD EPYC, where the three decoders take
about 80 seconds of processor time. Another processor rounds differently, and losses and percentages
may differ there.
"""

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import contrib
from lm import command_line

tf.disable_v2_behavior()

# Letters in the shape comments: B batch_size, S digits, T letters, H hidden_size, V letters known.
DECODERS = ("sutskever", "cho", "attention")
DIGITS = 7  # S: digits of the longest numbers
LONGEST = 6 * DIGITS  # T: at most five letters a digit, and a space or the end after them
HIDDEN_SIZE = 64
BATCH_SIZE = 100
LEARNING_RATE = 0.005
MAX_GRAD_NORM = 5
STEPS = 1000
TESTS = 200  # numbers of each length

NAMES = "zero one two three four five six seven eight nine".split()
LETTERS = ["<pad>", "<start>", "<end>"] + sorted(set(" ".join(NAMES)))
PAD, START, END = 0, 1, 2


def spell(number):
    """Spells a number: `"402"` -> `"four zero two"`."""
    return " ".join(NAMES[int(digit)] for digit in number)


def is_for_tests(number):
    """Returns whether a number is kept for the tests: a multiple of 7 with three digits or more.

    Only 110 numbers have one or two digits. Training and tests both draw from all of them.
    """
    return len(number) > 2 and int(number) % 7 == 0


def draw(random, length, for_tests):
    """Draws a number of `length` digits, as a string, from those for tests or for training."""
    while True:
        number = "".join(str(digit) for digit in random.randint(0, 10, length))
        if length <= 2 or is_for_tests(number) == for_tests:
            return number


def encode(numbers):
    """Returns the ids of the digits, `[B, S]`, and of the letters, `[B, T]`.

    The digits are padded in front, so that the encoder reads the last digit of every number last.
    The letters are padded behind.
    """
    digits = np.full([len(numbers), DIGITS], PAD)
    letters = np.full([len(numbers), LONGEST], PAD)
    for row, number in enumerate(numbers):
        digits[row, DIGITS - len(number) :] = [int(digit) + 1 for digit in number]
        ids = [LETTERS.index(letter) for letter in spell(number)] + [END]
        letters[row, : len(ids)] = ids
    return digits, letters


def to_text(ids):
    """Returns the text of letter ids, up to the first END."""
    ids = list(ids)
    return "".join(LETTERS[i] for i in (ids[: ids.index(END)] if END in ids else ids))


class EncoderDecoder(object):
    """The network, unrolled once for training and once, with the same variables, for decoding.

    In training the decoder reads the right letters (teacher forcing). In the tests it reads its own
    most probable letter of the step before (greedy decoding).

    f_enc and f_dec are one GRU each for all three decoders, so that the decoders differ in c_t
    only. The papers differ in more. Sutskever's networks are LSTMs of four layers that read the
    source backwards, and a beam search finds the answer. Cho's c is tanh(V h_S), his first state is
    tanh(V' c), and his output layer reads c and y_(t-1) as well. Bahdanau's output layer also reads
    c_t and y_(t-1). His encoder reads in both directions, and its backward half makes the first
    state.

    Attributes:
        digits, letters: placeholders, int32 `[B, S]` and `[B, T]`, for what `encode` returns.
        states: `[B, S, H]`, the encoder's h_1 to h_S.
        logits: `[B, T, V]`, from teacher forcing.
        loss: scalar, in nats per letter.
        train_op: one step of Adam.
        decoded: int32 `[B, T]`, the letters of greedy decoding, which does not read `letters`.
        weights: `[B, T, S]`, the attention of greedy decoding; None for the other decoders.
    """

    def __init__(self, decoder):
        self._decoder = decoder
        self.digits = tf.placeholder(tf.int32, [None, DIGITS])
        self.letters = tf.placeholder(tf.int32, [None, LONGEST])
        batch_size = tf.shape(self.digits)[0]

        with tf.variable_scope("Encoder"):
            cell = contrib.rnn.GRUCell(HIDDEN_SIZE)
            embedding = tf.get_variable("embedding", [1 + 10, HIDDEN_SIZE])  # PAD and the digits
            inputs = tf.nn.embedding_lookup(embedding, self.digits)  # [B, S, H]
            state = cell.zero_state(batch_size, tf.float32)
            states = []
            for s in range(DIGITS):
                if s > 0:
                    tf.get_variable_scope().reuse_variables()
                _, state = cell(inputs[:, s, :], state)
                states.append(state)
        self.states = tf.stack(states, 1)  # [B, S, H]
        self._last = state  # [B, H]: h_S

        start = tf.fill([batch_size], START)
        with tf.variable_scope("Decoder"):
            read = tf.concat([start[:, None], self.letters[:, :-1]], 1)  # [B, T]: y_(t-1)
            self.logits, _ = self._unroll(lambda t, logits: read[:, t])
            tf.get_variable_scope().reuse_variables()
            said, self.weights = self._unroll(
                lambda t, logits: tf.argmax(logits, 1, output_type=tf.int32) if t > 0 else start
            )
        self.decoded = tf.argmax(said, 2, output_type=tf.int32)

        not_padding = tf.to_float(tf.not_equal(self.letters, PAD))
        self.loss = contrib.seq2seq.sequence_loss(self.logits, self.letters, not_padding)
        tvars = tf.trainable_variables()
        grads, _ = tf.clip_by_global_norm(tf.gradients(self.loss, tvars), MAX_GRAD_NORM)
        optimizer = tf.train.AdamOptimizer(LEARNING_RATE)
        self.train_op = optimizer.apply_gradients(zip(grads, tvars))

    def _unroll(self, letter_before):
        """Unrolls the decoder over LONGEST steps.

        Args:
            letter_before: `f(t, logits of step t - 1) -> ids [B]`, the letters to read at step t.

        Returns:
            The logits, `[B, T, V]`, and the weights of the attention, `[B, T, S]` or None.
        """
        cell = contrib.rnn.GRUCell(HIDDEN_SIZE)
        embedding = tf.get_variable("embedding", [len(LETTERS), HIDDEN_SIZE])
        softmax_w = tf.get_variable("softmax_w", [HIDDEN_SIZE, len(LETTERS)])
        softmax_b = tf.get_variable("softmax_b", [len(LETTERS)], initializer=tf.zeros_initializer())
        state, logits = self._last, None  # g_0 = h_S
        all_logits, all_weights = [], []
        for t in range(LONGEST):
            if t > 0:
                tf.get_variable_scope().reuse_variables()
            inputs = tf.nn.embedding_lookup(embedding, letter_before(t, logits))  # [B, H]
            if self._decoder == "cho":
                inputs = tf.concat([inputs, self._last], 1)  # [B, 2H]
            elif self._decoder == "attention":
                context, weights = self._attend(state)
                inputs = tf.concat([inputs, context], 1)  # [B, 2H]
                all_weights.append(weights)
            output, state = cell(inputs, state)
            logits = tf.matmul(output, softmax_w) + softmax_b  # [B, V]
            all_logits.append(logits)
        return tf.stack(all_logits, 1), tf.stack(all_weights, 1) if all_weights else None

    def _attend(self, state):
        """Returns the context, `[B, H]`, and the weight of each digit in it, `[B, S]`."""
        attention_g = tf.get_variable("attention_g", [HIDDEN_SIZE, HIDDEN_SIZE])
        attention_h = tf.get_variable("attention_h", [HIDDEN_SIZE, HIDDEN_SIZE])
        attention_v = tf.get_variable("attention_v", [HIDDEN_SIZE])
        from_g = tf.matmul(state, attention_g)[:, None, :]  # [B, 1, H]
        from_h = tf.tensordot(self.states, attention_h, 1)  # [B, S, H]
        scores = tf.reduce_sum(attention_v * tf.tanh(from_g + from_h), 2)  # [B, S]
        scores -= 1e9 * tf.to_float(tf.equal(self.digits, PAD))  # nothing was read there
        weights = tf.nn.softmax(scores)
        return tf.reduce_sum(weights[:, :, None] * self.states, 1), weights


def train(session, model, random, steps):
    """Trains on new random numbers at each step; returns the loss of each step."""
    session.run(tf.global_variables_initializer())
    losses = []
    for step in range(1, steps + 1):
        lengths = random.randint(1, DIGITS + 1, BATCH_SIZE)
        digits, letters = encode([draw(random, length, for_tests=False) for length in lengths])
        feed_dict = {model.digits: digits, model.letters: letters}
        loss, _ = session.run([model.loss, model.train_op], feed_dict)
        losses.append(loss)
        if step % 100 == 0:
            print("  step %4d: loss %.3f" % (step, np.mean(losses[-100:])), flush=True)
    return losses


def decode(session, model, numbers):
    """Returns the model's spelling of each number, from greedy decoding."""
    ids = session.run(model.decoded, {model.digits: encode(numbers)[0]})
    return [to_text(row) for row in ids]


def attend(session, model, number):
    """Returns the model's spelling of a number, and the weights of its digits, `[t, s]`."""
    (text,) = decode(session, model, [number])
    weights = session.run(model.weights, {model.digits: encode([number])[0]})[0]  # [T, S]
    return text, weights[: len(text), DIGITS - len(number) :]


def run(decoder, seed, steps=None):
    """Trains one decoder and tests it.

    Returns:
        `(accuracy, attention)`: `{length: share of the numbers without a wrong letter}`, and
        `(number, text, weights)` of one number, or None for a decoder without attention.
    """
    print("%s:" % decoder, flush=True)
    with tf.Graph().as_default(), tf.Session() as session:
        tf.set_random_seed(seed)
        model = EncoderDecoder(decoder)
        sizes = [v.shape.num_elements() for v in tf.trainable_variables()]
        print("  %d parameters" % sum(sizes), flush=True)
        train(session, model, np.random.RandomState(seed), steps or STEPS)

        random = np.random.RandomState(0)  # the same test numbers for every seed
        accuracy, right, wrong = {}, [], []
        for length in range(1, DIGITS + 1):
            numbers = [draw(random, length, for_tests=True) for _ in range(TESTS)]
            said = decode(session, model, numbers)
            matches = [text == spell(number) for number, text in zip(numbers, said)]
            accuracy[length] = np.mean(matches)
            for number, text, match in zip(numbers, said, matches):
                (right if match else wrong).append("%s -> %s" % (number, text))
        for title, samples in (("right", right), ("wrong", wrong)):
            for sample in samples[-2:] or ["none of the %d tests" % (TESTS * DIGITS)]:
                print("  %s: %s" % (title, sample))
        attention = None
        if decoder == "attention":
            attention = (numbers[0],) + attend(session, model, numbers[0])
        return accuracy, attention


def show_table(results):
    print("\nExact matches in %, by the number of digits:")
    print("digits" + "".join("%11s" % decoder for decoder in results))
    for length in range(1, DIGITS + 1):
        shares = [100 * accuracy[length] for accuracy, _ in results.values()]
        print("%6d" % length + "".join("%11.1f" % share for share in shares))


def plot(results, path):
    """Draws the exact matches by length and, where there is attention, its matrix."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    attention = results["attention"][1] if "attention" in results else None
    figure, axes = pyplot.subplots(
        2 if attention else 1,
        1,
        figsize=(8, 5 if attention else 3.3),
        layout="constrained",
        squeeze=False,
        height_ratios=[2, 1] if attention else None,
    )
    top = axes[0][0]
    for decoder, (accuracy, _) in results.items():
        top.plot(list(accuracy), [100 * a for a in accuracy.values()], "o-", label=decoder)
    top.set(
        xlabel="digits",
        ylabel="right, %",
        xticks=range(1, DIGITS + 1),
        ylim=(0, 104),
        title="Numbers spelt without a mistake",
    )
    top.spines[["top", "right"]].set_visible(False)
    top.legend(loc="lower left")
    if attention:
        number, text, weights = attention  # weights: [T, S]
        bottom = axes[1][0]
        image = bottom.imshow(weights.T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        bottom.set_xticks(range(len(text)), text.replace(" ", "\u00b7"))
        bottom.set_yticks(range(len(number)), list(number))
        bottom.tick_params(length=0)
        bottom.set(
            xlabel="letters written (\u00b7 is a space)",
            ylabel="digits read",
            title="Weights of the attention",
        )
        figure.colorbar(image, ticks=[0, 0.5, 1], pad=0.01)
    command_line.save_picture(figure, path)
    print("Wrote %s." % path)


def main():
    parser = command_line.Parser(__doc__)
    parser.add_argument("--decoder", choices=DECODERS, help="train this one only (default: all)")
    parser.add_seed("the seed of the weights and of the training numbers")
    parser.add_plot("the accuracies and the attention")
    arguments = parser.parse_args()
    decoders = [arguments.decoder] if arguments.decoder else DECODERS
    results = {decoder: run(decoder, arguments.seed) for decoder in decoders}
    show_table(results)
    if not arguments.decoder:
        shares = tuple(100 * results[decoder][0][DIGITS] for decoder in DECODERS)
        print(
            "\nConclusion: of the numbers of %d digits, %.1f %% come out right where the"
            "\ndecoder gets the context once, %.1f %% where it gets it at every step, and"
            "\n%.1f %% with attention." % ((DIGITS,) + shares)
        )
    if arguments.plot:
        plot(results, arguments.plot)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
