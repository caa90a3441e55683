"""Sections 1 and 2 of the blog: from guessing to an LSTM, and what each step adds.

    python -m study.from_unigrams --seed=1 --plot=from_unigrams.png

A language model gives each word a probability, given the words before it. Six models of the corpus
that ships do so here, each knowing more than the one before:

    uniform      P(w) = 1 / V, V being the size of the vocabulary
    unigram      how often w stands in the training text
    bigram       how often w stands after the word before it
    trigram      how often w stands after the two words before it
    rnn          all words before it, in the state of a plain RNN
    basic_lstm   all words before it, in the state of an LSTM

The last row of the table is the grammar that wrote the corpus. It knows the exact probability of
each word, and no model can expect a lower perplexity (data/make_sample.py).

A share of counts is 0 for a word that has not been seen after the words before it. So each counted
model is mixed with the one of a word less, and unigram with uniform:

    P_n(w | h) = weight f(w | h) + (1 - weight) P_(n-1)(w | h')      f(w | h) = c(h w) / c(h)

where h is the n-1 words before w, h' the same without its first word, and c counts in the training
text. The weight depends on n and on the size of c(h), between powers of two; for c(h) = 0 it is 0.
A few steps of EM fit the weights to the validation text (Jelinek & Mercer 1980, "Interpolated
estimation of Markov source parameters from sparse data").

All models are scored on the same words: all of the test text, line ends (`<eos>`) included. All
look back across line ends. Before the first word of a text stands an `<eos>`: the networks read it
first, and a counted model sees nothing else there.

"P(language)" is the probability of the language in sentences such as "the miner who grew up in
france ... speaks fluent french": first in the sentence shown, then the mean over the test text.

What to notice (study/expected/from_unigrams.txt has the output of --seed=1):

- The word before tells most: from unigram to bigram the perplexity falls from 127 to 7.7. One more
  word takes it to 6.2, and the state of rnn to 4.5.
- For a bigram or a trigram all sixteen languages are alike. It gives the right one 0.06, 1 in 16.
  rnn gives it about 0.1, basic_lstm more than 0.95.
- The perplexities of rnn and basic_lstm are near each other, 4.5 and 4.1, since few words are
  languages. Those few make up the whole difference. (Perplexity is exp of the loss in nats a word.)
- What a counted model does not see it cannot know, whatever it reads. A network can learn it.
  long_term_dependency.py has more on what these two have learnt, over which distance.

The figures of rnn and basic_lstm are of TensorFlow 2.21.0 on two cores of an AMD EPYC, where a run
takes a minute of processor time. Another processor rounds differently, and some of their digits
differ there.
"""

import collections

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np

from data import make_sample
from lm import command_line, decoding
from lm.corpus import read_corpus
from study import long_term_dependency, sample

# ------------------------------------------------------------------------------------------------
# Set-up
# ------------------------------------------------------------------------------------------------
COUNTED = ["uniform", "unigram", "bigram", "trigram"]  # of 0, 1, 2 and 3 words
LONGEST = 3
NETWORKS = ["rnn", "basic_lstm"]
BEST = "best possible"

CANNOT_KNOW = {
    "uniform": "that some words are more frequent than others",
    "unigram": "which words came before",
    "bigram": "what stood before the last word: after 'fluent' comes a language, but whose?",
    "trigram": "what stood before the last two words, which are 'speaks fluent'",
    "rnn": "the country, once a few words have written over the state",
    "basic_lstm": "the verb, 'speaks' or 'speak': it has not learnt to keep the subject so long",
    BEST: "which of the words that it allows will be drawn",
}

BUCKETS = 2 ** np.arange(9)  # 1, 2, 4 ... 256: a weight for each range of c(h), and one for 0
EM_STEPS = 20
LEAST_BETWEEN = 9  # words between country and language in the sentence that is shown

# ------------------------------------------------------------------------------------------------
# Counting. Letters in the shape comments: N words of a text, V vocab_size, n words of a window.
# ------------------------------------------------------------------------------------------------
# rows: the windows of the training text, `[N, n]`; weights: of the orders 1 to n, a list of
# `[len(BUCKETS) + 1]`; vocab_size: V.
Counted = collections.namedtuple("Counted", ["rows", "weights", "vocab_size"])


def windows(ids, n, start):
    """Returns the n words that end with each word of a text, `[N, n]`; `start` stands before it."""
    padded = np.concatenate([[start] * (n - 1), ids]).astype(np.int64)
    return np.stack([padded[place : place + len(ids)] for place in range(n)], axis=1)


def count(rows, wanted, vocab_size):
    """Returns how many of the rows equal each of the wanted ones: `[N, n]`, `[M, n]` -> `[M]`."""
    powers = vocab_size ** np.arange(rows.shape[1])  # a row as one number, in base V
    values, counts = np.unique(rows @ powers, return_counts=True)
    places = np.minimum(np.searchsorted(values, wanted @ powers), len(values) - 1)
    return np.where(values[places] == wanted @ powers, counts[places], 0)


def shares(rows, wanted, vocab_size):
    """Returns f(w | h) of each wanted window h w, 0 for an unseen h, and the bucket of c(h)."""
    times = count(rows[:, :-1], wanted[:, :-1], vocab_size)
    share = count(rows, wanted, vocab_size) / np.maximum(times, 1)
    return share, np.digitize(times, BUCKETS)


def fit_weights(share, lower, bucket):
    """Fits a weight for each bucket: EM for a mixture of two known distributions.

    Args:
        share: f(w | h) of the validation words, `[N]`.
        lower: the probabilities of the same words in the model of a word less, `[N]`.
        bucket: the bucket of each word, `[N]`.

    Returns:
        The weights, `[len(BUCKETS) + 1]`: 0 for the histories that were never seen, 0.5 for a
        bucket without a validation word.
    """
    weights = np.full(len(BUCKETS) + 1, 0.5)
    weights[0] = 0
    for _ in range(EM_STEPS):
        # How probable it is that the word was drawn from the shares: [N].
        drawn = weights[bucket] * share
        drawn = drawn / (drawn + (1 - weights[bucket]) * lower)
        for number in set(bucket):
            weights[number] = drawn[bucket == number].mean()
    return weights


def probabilities(model, wanted):
    """Returns P(w | h) of each wanted window h w, `[N, n or more]` -> `[N]`; needs no text."""
    p = np.full(len(wanted), 1 / model.vocab_size)
    for n, weights in enumerate(model.weights, 1):
        share, bucket = shares(model.rows[:, -n:], wanted[:, -n:], model.vocab_size)
        p = weights[bucket] * share + (1 - weights[bucket]) * p
    return p


def count_words(train, valid, order, vocab_size, start):
    """Returns the `Counted` model of an order: 0 is uniform, 1 unigram, 2 bigram, 3 trigram.

    Args:
        train, valid: word ids; the first gives the counts, the second the weights.
        order: how many words a window has.
        vocab_size: V.
        start: the id of what stands before a text, `<eos>`.
    """
    rows, held_out = windows(train, LONGEST, start), windows(valid, LONGEST, start)
    model = Counted(rows, [], vocab_size)
    for n in range(1, order + 1):
        share, bucket = shares(rows[:, -n:], held_out[:, -n:], vocab_size)
        model.weights.append(fit_weights(share, probabilities(model, held_out), bucket))
    return model


# ------------------------------------------------------------------------------------------------
# Scoring
# ------------------------------------------------------------------------------------------------
def network_probabilities(model, ids):
    """Returns what an `lm.language_model.LanguageModel` gives each word but the first: `[N - 1]`.

    The state is carried from the first word to the last, across line ends.
    """
    log_probs, _ = decoding.word_log_probs(model, ids, model.zero_state)
    return np.exp(log_probs.astype(np.float64))


def grammar_probabilities(sentences):
    """Returns the exact probability of each word, line ends included: `[N]`."""
    grammar = make_sample.Filter(make_sample.make_grammar())
    words = [word for sentence in sentences for word in sentence + ["<eos>"]]
    return np.array([grammar.advance(word) for word in words])


def perplexity(p):
    """Returns exp of the mean of -log P."""
    return np.exp(-np.mean(np.log(p)))


def find_languages(sentences):
    """Finds the languages that a country decides.

    Returns:
        Their places among the words of the text, a list; and of the shortest sentence with
        LEAST_BETWEEN words between or more, the words and the place.
    """
    places, shown, start = [], None, 0
    for words in sentences:
        question = long_term_dependency.language(words)
        if question is not None:
            places.append(start + question.place)
            far = question.place - question.cause > LEAST_BETWEEN
            if far and (shown is None or len(words) < len(shown[0])):
                shown = words, places[-1]
        start += len(words) + 1
    return places, shown


# ------------------------------------------------------------------------------------------------
# What is shown of it
# ------------------------------------------------------------------------------------------------
Row = collections.namedtuple("Row", ["perplexity", "shown", "mean"])


def show_table(rows, words):
    best = rows[BEST].perplexity
    print("\nThe test text; the sentence shown is\n  %s" % " ".join(words))
    print("\n%57s" % "P(language)")
    print("%-14s%12s%16s%10s%9s" % ("model", "perplexity", "times the best", "shown", "mean"))
    for name, row in rows.items():
        values = (name, row.perplexity, row.perplexity / best, row.shown, row.mean)
        print("%-14s%12.3f%16.2f%10.4f%9.4f" % values)
    print("\nWhat each cannot know, or has not learnt:")
    for name in rows:
        print("  %-14s %s" % (name, CANNOT_KNOW[name]))


def plot(rows, path):
    """Draws the perplexities, and the mean probability of the language."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot, ticker

    figure, (left, right) = pyplot.subplots(
        1, 2, figsize=(8, 3.2), layout="constrained", sharey=True, width_ratios=[3, 2]
    )
    names = list(rows)
    for axes, values, form, title in (
        (left, [row.perplexity for row in rows.values()], "%.2f", "Test perplexity"),
        (right, [row.mean for row in rows.values()], "%.3f", "P(language)"),
    ):
        bars = axes.barh(names, values, color=["C7"] * len(COUNTED) + ["C0"] * 2 + ["C2"])
        axes.bar_label(bars, fmt=form, padding=4)
        axes.set_title(title)
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(axis="y", length=0)
    left.axvline(rows[BEST].perplexity, color="C2", linestyle="--", linewidth=1)
    # From 1 on, the length of a bar is the loss in nats.
    left.set(xscale="log", xlim=(1, 3 * max(row.perplexity for row in rows.values())))
    left.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    right.set(xlim=(0, 1.2), xticks=[0, 0.5, 1])
    left.invert_yaxis()
    command_line.save_picture(figure, path)
    print("Wrote %s." % path)


def show_conclusion(p, places):
    """Prints what the LSTM saves against the plain RNN, and what of it at the languages."""
    saved = np.log(p["basic_lstm"]) - np.log(p["rnn"])  # in nats, of each word
    at_languages = saved[places].sum() / len(saved)
    print(
        "\nConclusion: basic_lstm saves %.3f nats a word against rnn: %.3f at the languages, which"
        "\nare %d of the %d words, and %.3f at all others."
        % (saved.mean(), at_languages, len(places), len(saved), saved.mean() - at_languages)
    )


def main():
    parser = command_line.Parser(__doc__)
    parser.add_seed("of the two trainings")
    parser.add_plot("perplexities and probabilities")
    arguments = parser.parse_args()

    corpus = read_corpus(sample.SAMPLE)
    start, vocab_size = corpus.words.index("<eos>"), len(corpus.words)
    asked = windows(corpus.test, LONGEST, start)
    p = collections.OrderedDict()  # of each model: the probabilities of the test words
    for order, name in enumerate(COUNTED):
        p[name] = probabilities(
            count_words(corpus.train, corpus.valid, order, vocab_size, start), asked
        )
    for cell in NETWORKS:
        learning_rate = long_term_dependency.LEARNING_RATES[cell]
        model = sample.train(cell, arguments.seed, learning_rate=learning_rate)
        p[cell] = network_probabilities(model, np.insert(corpus.test, 0, start))
    sentences = sample.sentences("test")
    p[BEST] = grammar_probabilities(sentences)

    places, (words, place) = find_languages(sentences)
    rows = collections.OrderedDict(
        (name, Row(perplexity(values), values[place], values[places].mean()))
        for name, values in p.items()
    )
    show_table(rows, words)
    show_conclusion(p, places)
    if arguments.plot:
        plot(rows, arguments.plot)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
