"""Continues a prompt with a trained model, predicts next words, and scores a text.

Letters in the shape comments: H hidden_size, V vocab_size, S tensors of the state.
"""

import numpy as np

import console

STEPS_AT_ONCE = 200  # of a long text: [1, T, V] float32 is 8 MB with the Penn Treebank's words


class PromptError(ValueError):
    """Raised if a prompt cannot be continued. `flag` names the flag to blame."""

    flag = "prompt"


def read_prompt(model, prompt):
    """Returns the words of a prompt, and the ids that the model reads.

    The ids begin with `<eos>`, since every sentence of a text follows one. A line on standard error
    names the words that the model does not know.

    Raises:
        PromptError: if the prompt has no word that the model can read.
    """
    if not prompt.strip():
        raise PromptError("the prompt has no word; give the beginning of a sentence")
    words = prompt.replace("\n", " <eos> ").split()
    start = ["<eos>"] if "<eos>" in model.vocabulary else []
    ids, unknown = model.vocabulary.encode(start + words)
    if unknown:
        fate = "read as <unk>" if "<unk>" in model.vocabulary else "left out"
        console.say("Not in the vocabulary, %s: %s" % (fate, " ".join(unknown)))
    if not ids:
        raise PromptError("none of its words is in the vocabulary; give another prompt")
    return words, ids


def read(model, ids, state):
    """Reads words; returns `(log_probs, state)` after the last one, `[V]` and `[S, 1, H]`."""
    for start in range(0, len(ids), STEPS_AT_ONCE):
        log_probs, state = model.run(ids[start : start + STEPS_AT_ONCE], state)
    return log_probs[-1], state


def choose(log_probs, temperature, random):
    """Draws a word id from softmax(log_probs / temperature); `log_probs` is `[V]`.

    Temperature 1 draws from the distribution of the model. A lower temperature prefers likely
    words; 0 takes the likeliest word.
    """
    if temperature == 0:
        return int(np.argmax(log_probs))
    log_probs = log_probs.astype(np.float64)
    with np.errstate(over="ignore", under="ignore"):  # a temperature near 0
        weights = np.exp((log_probs - np.max(log_probs)) / temperature)
    return int(random.choice(len(weights), p=weights / weights.sum()))


def continuation(model, ids, num_words, temperature, random):
    """Yields `num_words` words. The model reads each word before it draws the next.

    Args:
        model: an `lm.language_model.LanguageModel`.
        ids: the ids of the prompt.
        num_words: the number of words.
        temperature: see `choose`.
        random: a `np.random.RandomState`.
    """
    state = model.zero_state
    for _ in range(num_words):
        log_probs, state = read(model, ids, state)
        ids = [choose(log_probs, temperature, random)]
        yield model.vocabulary.words[ids[0]]


def next_words(model, ids, count):
    """Returns the `count` likeliest words after a prompt: a list of `(word, probability)`."""
    log_probs, _ = read(model, ids, model.zero_state)
    best = np.argsort(-log_probs)[:count]
    return [(model.vocabulary.words[i], float(np.exp(log_probs[i]))) for i in best]


def word_log_probs(model, ids, state):
    """Returns the log-probability of each word but the first, and the state before the last.

    Args:
        model: an `lm.language_model.LanguageModel`.
        ids: N word ids.
        state: the state before the first word.

    Returns:
        log_probs: natural logarithms, float32 `[max(N - 1, 0)]`.
        state: the state after all words but the last; the given one if there are none.
    """
    pieces = [np.zeros(0, np.float32)]
    for start in range(0, len(ids) - 1, STEPS_AT_ONCE):
        targets = ids[start + 1 : start + 1 + STEPS_AT_ONCE]
        log_probs, state = model.run(ids[start : start + len(targets)], state)  # [T, V]
        pieces.append(log_probs[range(len(targets)), targets])
    return np.concatenate(pieces), state


def score(model, lines, separate=False):
    """Yields `(log_prob, num_words, unknown)` for each line of a text.

    `<eos>` ends each line and counts as a word. The model carries its state from line to line, as
    training does with the test text. The first word of the text does not count, since nothing
    predicts it. An unknown word is scored as `<unk>`, or left out if the vocabulary has no `<unk>`.
    (Training without a vocab_size leaves it out in both cases.)

    Args:
        model: an `lm.language_model.LanguageModel`.
        lines: strings.
        separate: whether to score each line on its own, after a zero state and `<eos>`. Then every
            word counts. (Without `<eos>` in the vocabulary, the first of each line does not.)

    Yields:
        log_prob: the sum of the natural logarithms of the words' probabilities.
        num_words: the number of words in that sum.
        unknown: the words that are not in the vocabulary.
    """
    eos = ["<eos>"] if "<eos>" in model.vocabulary else []
    before, _ = model.vocabulary.encode(eos if separate else [])
    state = model.zero_state
    for line in lines:
        ids, unknown = model.vocabulary.encode(line.split() + eos)
        if separate:
            state = model.zero_state
        ids = before + ids
        log_probs, state = word_log_probs(model, ids, state)
        yield float(np.sum(log_probs, dtype=np.float64)), len(log_probs), unknown
        if not separate:
            before = ids[-1:]


def perplexity(log_prob, num_words):
    """Returns the exp of the loss per word; NaN for no words."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(-np.float64(log_prob) / num_words) if num_words else float("nan")
