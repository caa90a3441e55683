"""Tests `lm/decoding.py`: prompts, drawn words, next words, scores."""

import os
import types

import numpy as np
import pytest
from models import train_saved_run

from lm import decoding
from lm.cells import CELLS
from lm.language_model import LanguageModel, Vocabulary, find_run, load


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return train_saved_run(tmp_path_factory.mktemp("saved") / "new")


@pytest.fixture(scope="module")
def model(saved):
    """Returns a model of `a b c d`, then x, y or z, then `<eos>`."""
    return load(saved.folder)


@pytest.fixture(scope="module")
def with_unk(saved):
    """Returns the same model with `<unk>` in place of z."""
    prefix, config, words = find_run(saved.folder)
    return LanguageModel(prefix, config, [word.replace("z", "<unk>") for word in words])


def ids_of(model, text):
    return model.vocabulary.encode(text.split())[0]


# --------------------------------------------------------------------------------------------------
# Reading a prompt
# --------------------------------------------------------------------------------------------------
def test_the_prompt_is_read_after_the_end_of_a_sentence(model):
    words, ids = decoding.read_prompt(model, "a b")
    assert words == ["a", "b"]
    assert ids == ids_of(model, "<eos> a b")


def test_a_line_break_in_a_prompt_ends_a_sentence(model):
    words, ids = decoding.read_prompt(model, "a b\nc")
    assert words == ["a", "b", "<eos>", "c"]
    assert ids == ids_of(model, "<eos> a b <eos> c")


def test_unknown_words_of_a_prompt_are_read_as_unk(with_unk, capsys):
    words, ids = decoding.read_prompt(with_unk, "a Wort b")
    assert words == ["a", "Wort", "b"]
    assert ids == ids_of(with_unk, "<eos> a <unk> b")
    assert capsys.readouterr() == ("", "Not in the vocabulary, read as <unk>: Wort\n")


def test_without_unk_unknown_words_of_a_prompt_are_left_out(model, capsys):
    words, ids = decoding.read_prompt(model, "a uh b er")
    assert words == ["a", "uh", "b", "er"]
    assert ids == ids_of(model, "<eos> a b")
    assert capsys.readouterr() == ("", "Not in the vocabulary, left out: uh er\n")


@pytest.mark.parametrize("prompt", ["", "  ", "\n"])
def test_an_empty_prompt(model, prompt):
    with pytest.raises(decoding.PromptError) as caught:
        decoding.read_prompt(model, prompt)
    assert str(caught.value) == "the prompt has no word; give the beginning of a sentence"
    assert caught.value.flag == "prompt"


def test_a_prompt_of_which_nothing_can_be_read():
    model = types.SimpleNamespace(vocabulary=Vocabulary(["a", "b"]))  # no <eos>, no <unk>
    assert decoding.read_prompt(model, "a uh") == (["a", "uh"], [0])
    with pytest.raises(decoding.PromptError, match="none of its words is in the vocabulary"):
        decoding.read_prompt(model, "uh er")


# --------------------------------------------------------------------------------------------------
# Drawing words
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_words_are_drawn_from_the_softmax_of_log_probs_over_temperature(temperature):
    probabilities = np.array([0.6, 0.3, 0.1])
    random = np.random.RandomState(3)
    log_probs = np.log(probabilities).astype(np.float32)
    drawn = [decoding.choose(log_probs, temperature, random) for _ in range(4000)]
    expected = probabilities ** (1 / temperature)
    expected /= expected.sum()
    # Four standard deviations of a frequency of 4,000 draws are at most 0.032.
    np.testing.assert_allclose(np.bincount(drawn, minlength=3) / 4000.0, expected, atol=0.032)


@pytest.mark.parametrize("temperature, drawn", [(0.0, {1}), (1e-300, {1}), (1e300, {0, 1, 2})])
def test_extreme_temperatures(temperature, drawn):
    random = np.random.RandomState(3)
    log_probs = np.log(np.array([0.2, 0.7, 0.1], np.float32))
    assert {decoding.choose(log_probs, temperature, random) for _ in range(50)} == drawn


def test_each_word_is_drawn_after_all_those_before_it(model):
    ids = ids_of(model, "<eos> a")
    words = list(decoding.continuation(model, ids, 12, 1.0, np.random.RandomState(1)))
    assert len(words) == 12
    random = np.random.RandomState(1)
    for word in words:
        log_probs, _ = model.run(ids, model.zero_state)
        ids = ids + [decoding.choose(log_probs[-1], 1.0, random)]
        assert model.vocabulary.words[ids[-1]] == word


def test_no_graph_is_built_while_words_are_drawn(model):
    size = len(model._session.graph.get_operations())
    words = list(decoding.continuation(model, [0], 5, 1.0, np.random.RandomState(1)))
    assert len(words) == 5
    assert len(model._session.graph.get_operations()) == size


# --------------------------------------------------------------------------------------------------
# The likeliest words
# --------------------------------------------------------------------------------------------------
def test_next_words_are_the_likeliest_with_their_probabilities(model):
    ids = ids_of(model, "<eos> a b c d")
    table = decoding.next_words(model, ids, 3)
    probabilities = np.exp(model.run(ids, model.zero_state)[0][-1])
    assert {word for word, _ in table} == {"x", "y", "z"}
    np.testing.assert_allclose([p for _, p in table], np.sort(probabilities)[:-4:-1])
    for word, probability in table:
        np.testing.assert_allclose(probability, probabilities[ids_of(model, word)[0]])


def test_asking_for_more_words_than_there_are_shows_them_all(model):
    assert len(decoding.next_words(model, [0], 1000)) == 8


def test_long_prompts_are_read_in_pieces(model, monkeypatch):
    ids = ids_of(model, "<eos> a b c d x <eos> a b")
    whole = decoding.next_words(model, ids, 8)
    for pieces in (1, 4):
        monkeypatch.setattr(decoding, "STEPS_AT_ONCE", pieces)
        table = decoding.next_words(model, ids, 8)
        assert [word for word, _ in table] == [word for word, _ in whole]
        np.testing.assert_allclose([p for _, p in table], [p for _, p in whole], rtol=1e-4)


# --------------------------------------------------------------------------------------------------
# Scoring
# --------------------------------------------------------------------------------------------------
def perplexity_of_the_test_text(saved):
    """Scores the test text line by line, carrying the state."""
    with open(os.path.join(saved.corpus, "ptb.test.txt")) as file:
        scored = list(decoding.score(load(saved.folder), file))
    assert sum(words for _, words, _ in scored) == 10 * 6 - 1
    loss = -sum(log_prob for log_prob, _, _ in scored) / sum(words for _, words, _ in scored)
    return np.exp(loss)


@pytest.mark.parametrize(
    "cell, rnn_mode", [("basic_lstm", "block")] + [(cell, "basic") for cell in sorted(CELLS)]
)
def test_the_score_of_the_test_text_is_the_test_perplexity_of_training(tmp_path, cell, rnn_mode):
    saved = train_saved_run(tmp_path / "new", cell=cell, rnn_mode=rnn_mode, max_max_epoch=1)
    np.testing.assert_allclose(perplexity_of_the_test_text(saved), saved.test_perplexity, rtol=5e-6)


def test_the_score_of_a_float16_run_is_nearly_that_of_training(tmp_path):
    saved = train_saved_run(tmp_path / "new", max_max_epoch=1, use_fp16=True)
    # Training computes the loss in 16 bits, too.
    np.testing.assert_allclose(perplexity_of_the_test_text(saved), saved.test_perplexity, rtol=1e-3)


def test_a_line_on_its_own_scores_the_same_wherever_it_stands(model):
    lines = ["a b c d x", "d c b a", "a b"]
    alone = [next(decoding.score(model, [line], separate=True)) for line in lines]
    assert list(decoding.score(model, lines, separate=True)) == alone
    assert [words for _, words, _ in alone] == [6, 5, 3]
    assert alone[0][0] > alone[1][0]
    # With the state carried, the second line knows of the first. The very first word has nothing
    # before it.
    carried = list(decoding.score(model, lines))
    assert [words for _, words, _ in carried] == [5, 5, 3]
    assert carried[1][0] != alone[1][0]


def test_a_separate_line_is_the_product_of_its_words_probabilities(model):
    ids = ids_of(model, "<eos> a d <eos>")
    log_probs, _ = model.run(ids[:-1], model.zero_state)
    expected = log_probs[0][ids[1]] + log_probs[1][ids[2]] + log_probs[2][ids[3]]
    log_prob, num_words, unknown = next(decoding.score(model, ["a d\n"], separate=True))
    assert (num_words, unknown) == (3, [])
    np.testing.assert_allclose(log_prob, expected, rtol=1e-6)


@pytest.mark.parametrize("separate", [False, True])
def test_long_lines_are_read_in_pieces(model, monkeypatch, separate):
    lines = ["a b c d x", "d c b a", "", "a b c d x " * 5]
    whole = [log_prob for log_prob, _, _ in decoding.score(model, lines, separate)]
    for pieces in (1, 2, 3):
        monkeypatch.setattr(decoding, "STEPS_AT_ONCE", pieces)
        log_probs = [log_prob for log_prob, _, _ in decoding.score(model, lines, separate)]
        np.testing.assert_allclose(log_probs, whole, rtol=1e-5)


def test_the_line_end_that_a_text_lacks_is_added(model):
    assert list(decoding.score(model, ["a b"])) == list(decoding.score(model, ["a b\n"]))


@pytest.mark.parametrize("separate, counts", [(False, [1, 1, 0]), (True, [1, 0, 0])])
def test_without_eos_in_the_vocabulary_nothing_predicts_the_first_word(separate, counts):
    def run(ids, state):
        return np.log(np.full([len(ids), 2], 0.5)), state

    model = types.SimpleNamespace(vocabulary=Vocabulary(["a", "b"]), zero_state=None, run=run)
    scored = list(decoding.score(model, ["a b", "b", ""], separate))
    assert [num_words for _, num_words, _ in scored] == counts
    np.testing.assert_allclose([p for p, _, _ in scored], np.log(0.5) * np.array(counts))


def test_unknown_words_of_a_line_are_scored_as_unk_or_left_out(model, with_unk):
    for scorer, same in ((with_unk, "a b <unk> c"), (model, "a b c")):
        log_prob, num_words, unknown = next(decoding.score(scorer, ["a b Vers c"]))
        assert (log_prob, num_words) == next(decoding.score(scorer, [same]))[:2]
        assert unknown == ["Vers"]


@pytest.mark.parametrize(
    "log_prob, num_words, expected",
    [(-np.log(8.0), 3, 2.0), (-1e6, 1, np.inf), (-np.inf, 2, np.inf), (0.0, 0, np.nan)],
)
def test_perplexity(log_prob, num_words, expected):
    np.testing.assert_allclose(decoding.perplexity(log_prob, num_words), expected)
