"""Tests what is true for every text and every batch: scores add up, and an export changes nothing.

The weights are random. float32 rounds to one part in 1.7e7. Sums over 8 units and up to 40 steps
add some roundings, in an order that depends on the shapes. Log-probabilities have the size of 1. So
1e-5 leaves room for a hundred roundings, but for no mistake.
"""

import contextlib
import io
import os
import types
from unittest import mock

import hypothesis
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from hypothesis import strategies as st
from models import make_lm_config, put_checkpoint

from lm import decoding, generate
from lm.language_model import LanguageModel, Vocabulary

WORDS = ["the", "<eos>", "<unk>", "miner", "plays", "piano", "né"]
UNKNOWN = ["der", "THE", "12"]
CLOSE = dict(rtol=1e-5, atol=1e-5)

lines = st.lists(st.sampled_from(WORDS + UNKNOWN), max_size=8).map(" ".join)
texts = st.lists(lines, min_size=1, max_size=6)
ids_lists = st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=40)
few = hypothesis.settings(max_examples=40)


def random_model(folder, cell):
    config = make_lm_config(cell, vocab_size=len(WORDS), init_scale=1.0)
    put_checkpoint(folder, list(range(len(WORDS))) * 10, config, step=0)
    return LanguageModel(os.path.join(folder, "model.ckpt"), config, WORDS)


@pytest.fixture(scope="module", params=["basic_lstm", "gru"])
def model(request, tmp_path_factory):
    """Returns a model of two layers with random weights; the second kind has no c in its state."""
    return random_model(str(tmp_path_factory.mktemp("model") / request.param), request.param)


def ids_of(words):
    """Returns the ids that the model reads for some words, computed without `lm`."""
    return [WORDS.index(word if word in WORDS else "<unk>") for word in words]


def log_probs_of(model, ids):
    """Returns the log-probability of each word after the first, reading all words at once."""
    log_probs, _ = model.run(ids, model.zero_state)
    return [log_probs[place][word] for place, word in enumerate(ids[1:])]


def stream(text):
    """Returns the words of all lines of a text."""
    return [word for line in text for word in line.split() + ["<eos>"]]


# --------------------------------------------------------------------------------------------------
# Scoring
# --------------------------------------------------------------------------------------------------
@few
@hypothesis.given(text=texts)
def test_the_score_of_a_text_is_the_sum_over_its_words(model, text):
    expected = log_probs_of(model, ids_of(stream(text)))
    scored = list(decoding.score(model, text))
    assert [words for _, words, _ in scored][1:] == [len(line.split()) + 1 for line in text[1:]]
    assert sum(words for _, words, _ in scored) == len(expected)
    np.testing.assert_allclose(sum(p for p, _, _ in scored), np.sum(expected), **CLOSE)


@few
@hypothesis.given(text=texts, separate=st.booleans())
def test_the_last_row_of_the_table_is_the_sum_of_the_others(model, tmp_path, text, separate):
    (tmp_path / "text").write_text("".join(line + "\n" for line in text), encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        generate.print_scores(model, str(tmp_path / "text"), separate)
    rows = [row.split() for row in printed.getvalue().splitlines()[1:]]
    assert [row[0] for row in rows] == [str(n + 1) for n in range(len(text))] + ["total"]
    total = rows.pop()
    # The rows of the table have 4 digits.
    error = 5e-5 * (len(rows) + 1)
    assert abs(sum(float(row[1]) for row in rows) - float(total[1])) <= error
    assert sum(int(row[2]) for row in rows) == int(total[2])
    assert int(total[4]) == sum(len(row[4:]) for row in rows)
    if total[2] == "0":
        assert total[3] == "nan"
    else:
        np.testing.assert_allclose(
            np.log(float(total[3])), -float(total[1]) / int(total[2]), atol=1e-3
        )


@few
@hypothesis.given(text=texts, separate=st.booleans(), steps=st.integers(1, 12))
def test_a_text_may_be_read_in_pieces_of_any_length(model, text, separate, steps):
    whole = list(decoding.score(model, text, separate))
    with mock.patch.object(decoding, "STEPS_AT_ONCE", steps):
        pieces = list(decoding.score(model, text, separate))
    assert [row[1:] for row in pieces] == [row[1:] for row in whole]
    np.testing.assert_allclose([row[0] for row in pieces], [row[0] for row in whole], **CLOSE)


@few
@hypothesis.given(ids=ids_lists, cuts=st.lists(st.integers(0, 40)))
def test_a_text_that_is_split_anywhere_gives_the_same_if_the_state_is_carried(model, ids, cuts):
    whole, last_state = model.run(ids, model.zero_state)
    state, log_probs = model.zero_state, []
    for start, end in zip([0] + sorted(cuts), sorted(cuts) + [len(ids)]):
        if ids[start:end]:
            part, state = model.run(ids[start:end], state)
            log_probs.extend(part)
    np.testing.assert_allclose(log_probs, whole, **CLOSE)
    np.testing.assert_allclose(state, last_state, **CLOSE)


@few
@hypothesis.given(text=texts)
def test_a_separate_line_scores_as_if_it_were_alone(model, text):
    scored = list(decoding.score(model, text, separate=True))
    assert len(scored) == len(text)
    for line, (log_prob, num_words, _) in zip(text, scored):
        expected = log_probs_of(model, ids_of(["<eos>"] + line.split() + ["<eos>"]))
        assert num_words == len(expected)
        np.testing.assert_allclose(log_prob, np.sum(expected), **CLOSE)


@few
@hypothesis.given(text=texts, separate=st.booleans(), has_unk=st.booleans())
def test_unknown_words_are_told_and_scored_as_unk_or_left_out(model, text, separate, has_unk):
    words = [word if has_unk or word != "<unk>" else "other" for word in WORDS]
    known = types.SimpleNamespace(
        vocabulary=Vocabulary(words), run=model.run, zero_state=model.zero_state
    )
    scored = list(decoding.score(known, text, separate))
    split = [line.split() for line in text]
    assert [row[2] for row in scored] == [[w for w in line if w not in words] for line in split]
    if has_unk:
        replaced = [[w if w in words else "<unk>" for w in line] for line in split]
    else:
        replaced = [[w for w in line if w in words] for line in split]
    same = decoding.score(known, map(" ".join, replaced), separate)
    assert [row[:2] for row in scored] == [row[:2] for row in same]


@hypothesis.given(
    log_prob=st.floats(-1e6, 0), num_words=st.integers(1, 10**6), times=st.integers(1, 100)
)
def test_perplexity_is_exp_of_the_loss_per_word_and_no_matter_of_length(log_prob, num_words, times):
    perplexity = decoding.perplexity(log_prob, num_words)
    assert perplexity >= 1
    again = decoding.perplexity(log_prob * times, num_words * times)
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(perplexity, np.exp(-log_prob / num_words))
    if log_prob / num_words > -700:
        np.testing.assert_allclose(np.log(again), np.log(perplexity), rtol=1e-9, atol=1e-9)


# --------------------------------------------------------------------------------------------------
# Exporting
# --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def exported(model, tmp_path_factory):
    """Returns a function that runs the exported model: `(ids, state) -> (log_probs, state)`."""
    folder = str(tmp_path_factory.mktemp("exported") / "model")
    model.export(folder)
    with tf.Graph().as_default(), tf.Session() as session:
        loaded = tf.saved_model.loader.load(session, ["serve"], folder)
        signature = loaded.signature_def["serving_default"]
        given = {key: info.name for key, info in signature.inputs.items()}
        asked = {key: info.name for key, info in signature.outputs.items()}
        assert set(given) == {"ids", "state"} and set(asked) == {"log_probs", "state"}

        def run(ids, state):
            found = session.run(asked, {given["ids"]: ids, given["state"]: state})
            return found["log_probs"], found["state"]

        yield run


@few
@hypothesis.given(
    batch_size=st.integers(1, 5), num_steps=st.integers(1, 12), seed=st.integers(0, 2**32 - 1)
)
def test_the_exported_model_is_the_model(model, exported, batch_size, num_steps, seed):
    random = np.random.RandomState(seed)
    ids = random.randint(len(WORDS), size=[batch_size, num_steps])
    parts, _, size = model.zero_state.shape
    state = random.uniform(-3, 3, [parts, batch_size, size])
    log_probs, new_state = exported(ids, state)
    assert log_probs.shape == (batch_size, num_steps, len(WORDS))
    assert new_state.shape == state.shape
    for row in range(batch_size):
        expected, last_state = model.run(ids[row], state[:, row : row + 1])
        np.testing.assert_allclose(log_probs[row], expected, **CLOSE)
        np.testing.assert_allclose(new_state[:, row : row + 1], last_state, **CLOSE)
