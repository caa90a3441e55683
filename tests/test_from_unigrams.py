"""study/from_unigrams.py: counted models against closed forms, networks on a small budget."""

import re
import sys

import numpy as np
import pytest
from documents import expected_output, skeleton
from models import RUN, make_lm_config

from lm import configs, decoding, language_model, training
from lm.corpus import SAMPLE, read_corpus
from study import from_unigrams, sample
from study.from_unigrams import (
    BUCKETS,
    COUNTED,
    LONGEST,
    Counted,
    count_words,
    find_languages,
    fit_weights,
    network_probabilities,
    perplexity,
    probabilities,
    windows,
)

EOS, A, B, C = range(4)
TEXT = [A, B, A, C, A, B]  # 3 a, 2 b, 1 c; after a: b twice, c once


def counted(order):
    """The model of that text with a weight of 0.8 wherever the history was seen."""
    weights = [0.0] + len(BUCKETS) * [0.8]
    return Counted(windows(TEXT, LONGEST, EOS), order * [np.array(weights)], vocab_size=4)


def after(model, *history):
    """The probabilities of all words after the two words of a history: `[V]`."""
    rows = [history + (word,) for word in range(model.vocab_size)]
    return probabilities(model, np.array(rows))


# What the four models give <eos>, a, b, c, by hand.
UNIFORM = np.full(4, 1 / 4)
UNIGRAM = 0.8 * np.array([0, 3 / 6, 2 / 6, 1 / 6]) + 0.2 * UNIFORM
BIGRAM = {
    EOS: 0.8 * np.array([0, 1, 0, 0]) + 0.2 * UNIGRAM,
    A: 0.8 * np.array([0, 0, 2 / 3, 1 / 3]) + 0.2 * UNIGRAM,
    B: 0.8 * np.array([0, 1, 0, 0]) + 0.2 * UNIGRAM,
    C: 0.8 * np.array([0, 1, 0, 0]) + 0.2 * UNIGRAM,
}
TRIGRAM = {
    (EOS, EOS): 0.8 * np.array([0, 1, 0, 0]) + 0.2 * BIGRAM[EOS],
    (EOS, A): 0.8 * np.array([0, 0, 1, 0]) + 0.2 * BIGRAM[A],
    (B, A): 0.8 * np.array([0, 0, 0, 1]) + 0.2 * BIGRAM[A],
    (C, A): 0.8 * np.array([0, 0, 1, 0]) + 0.2 * BIGRAM[A],
    (B, C): BIGRAM[C],  # c never follows b
}


def test_the_windows_of_a_text_begin_with_line_ends():
    expected = [[EOS, EOS, A], [EOS, A, B], [A, B, A], [B, A, C], [A, C, A], [C, A, B]]
    np.testing.assert_array_equal(windows(TEXT, 3, EOS), expected)


@pytest.mark.parametrize("history", sorted(TRIGRAM))
def test_the_counted_models_against_closed_forms(history):
    np.testing.assert_allclose(after(counted(0), *history), UNIFORM, rtol=1e-12)
    np.testing.assert_allclose(after(counted(1), *history), UNIGRAM, rtol=1e-12)
    np.testing.assert_allclose(after(counted(2), *history), BIGRAM[history[-1]], rtol=1e-12)
    np.testing.assert_allclose(after(counted(3), *history), TRIGRAM[history], rtol=1e-12)


def test_the_perplexity_of_a_text_against_a_closed_form():
    p = probabilities(counted(2), windows([A, C, C], LONGEST, EOS))
    expected = (BIGRAM[EOS][A] * BIGRAM[A][C] * BIGRAM[C][C]) ** (-1 / 3)
    assert perplexity(p) == pytest.approx(expected, rel=1e-12)
    assert perplexity(probabilities(counted(0), windows(TEXT, LONGEST, EOS))) == pytest.approx(4)


@pytest.mark.parametrize("order", range(4))
def test_the_probabilities_of_all_words_sum_to_1(order):
    random = np.random.RandomState(1)
    train, valid = random.randint(1, 20, 500), random.randint(1, 20, 100)
    model = count_words(train, valid, order, 20, EOS)
    assert len(model.weights) == order
    seen = {tuple(row[:2]) for row in model.rows.tolist()}
    assert 0 < len(seen) < 20 * 20  # both kinds of history are tried
    for history in np.ndindex(20, 20):
        p = after(model, *history)
        assert p.min() > 0
        assert p.sum() == pytest.approx(1, rel=1e-12)


def test_em_finds_the_weight_of_a_closed_form():
    """Three of four words can only come from the shares, the fourth only from what is below."""
    share, lower = np.array([0.5, 0.5, 0.5, 0]), np.array([0, 0, 0, 0.5])
    weights = fit_weights(share, lower, np.array([2, 2, 2, 2]))
    assert weights[2] == pytest.approx(3 / 4, rel=1e-12)
    assert weights[0] == 0


def test_em_finds_the_likeliest_weight_of_each_bucket():
    random = np.random.RandomState(1)
    share, lower = random.uniform(0, 1, 400), random.uniform(0, 0.5, 400)
    share[:100] = 0
    bucket = np.arange(400) % 2 + 1
    weights = fit_weights(share, lower, bucket)
    for number in (1, 2):
        s, l = share[bucket == number], lower[bucket == number]  # noqa: E741
        grid = np.linspace(0, 0.999, 1000)[:, None]
        likelihoods = np.log(grid * s + (1 - grid) * l).mean(axis=1)
        assert weights[number] == pytest.approx(grid[likelihoods.argmax(), 0], abs=0.02)


# --------------------------------------------------------------------------------------------------
# On the corpus that ships
# --------------------------------------------------------------------------------------------------
def rows_of(output):
    """The rows of the table: `{model: [perplexity, times the best, P shown, P mean]}`."""
    rows = re.findall(r"^(\w[\w ]*?)" + 4 * r" +([\d.]+)" + "$", output, re.MULTILINE)
    return {name: [float(figure) for figure in figures] for name, *figures in rows}


def test_every_model_has_a_row_and_a_sentence():
    expected = expected_output("from_unigrams")
    names = COUNTED + from_unigrams.NETWORKS + [from_unigrams.BEST]
    assert list(rows_of(expected)) == names == list(from_unigrams.CANNOT_KNOW)
    for name, sentence in from_unigrams.CANNOT_KNOW.items():
        assert "\n  %-14s %s\n" % (name, sentence) in expected + "\n"


def test_the_more_a_model_sees_the_lower_its_perplexity():
    corpus = read_corpus(SAMPLE)
    start, vocab_size = corpus.words.index("<eos>"), len(corpus.words)
    asked = windows(corpus.test, LONGEST, start)
    found = []
    for order in range(len(COUNTED)):
        model = count_words(corpus.train, corpus.valid, order, vocab_size, start)
        found.append(perplexity(probabilities(model, asked)))
    uniform, unigram, bigram, trigram = found
    assert uniform == pytest.approx(vocab_size)
    assert uniform > 5 * unigram > 50 * bigram
    assert bigram > 1.2 * trigram > 1.8 * corpus.best["test"]
    # Counts are exact, so every processor prints the same figures.
    rows = rows_of(expected_output("from_unigrams"))
    assert found == pytest.approx([rows[name][0] for name in COUNTED], abs=6e-4)


def test_the_grammar_has_the_best_possible_perplexity():
    p = from_unigrams.grammar_probabilities(sample.sentences("test"))
    best = read_corpus(SAMPLE).best["test"]
    assert perplexity(p) == pytest.approx(best, abs=1e-6)
    places, _ = find_languages(sample.sentences("test"))
    np.testing.assert_allclose(p[places], 1)
    assert rows_of(expected_output("from_unigrams"))[from_unigrams.BEST] == [
        pytest.approx(best, abs=6e-4), 1, 1, 1,
    ]  # fmt: skip


def test_languages_stand_where_they_are_found():
    sentences = [line.split() for line in [
        "the cook who grew up in france speaks fluent french",
        "mr. smith sold it",
        "the cook who grew up in china and sold one two three four five six speaks fluent chinese",
        "the cook who grew up in spain and sold one two three four five speaks fluent spanish",
    ]]  # fmt: skip
    words = [word for sentence in sentences for word in sentence + ["<eos>"]]
    places, (shown, place) = find_languages(sentences)
    assert [words[place] for place in places] == ["french", "chinese", "spanish"]
    assert shown == sentences[3] and words[place] == "spanish"


def test_a_network_is_scored_as_training_scores_it(corpus, tmp_path, monkeypatch):
    config = make_lm_config(**dict(RUN, batch_size=4))
    data = read_corpus(corpus)
    result = training.train(config, data, str(tmp_path / "run"), seed=1)
    model = language_model.load(str(tmp_path / "run"))
    monkeypatch.setattr(decoding, "STEPS_AT_ONCE", 7)  # the state is carried between
    p = network_probabilities(model, data.test)
    assert p.shape == (len(data.test) - 1,)
    assert perplexity(p) == pytest.approx(result.test_perplexity, rel=1e-4)


@pytest.mark.slow
def test_the_networks_beat_the_counts_and_the_output_is_built_like_the_expected_one(
    tmp_path, monkeypatch, capsys
):
    pytest.importorskip("matplotlib")
    # A small budget. With seeds 1 to 3 rnn ends at 5.8 to 5.9 then, basic_lstm at 4.7 to 4.8.
    for name, value in dict(hidden_size=100, max_epoch=2, max_max_epoch=3).items():
        monkeypatch.setattr(configs.SampleConfig, name, value)
    path = tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", ["from_unigrams.py", "--plot=%s" % path])
    from_unigrams.main()
    *lines, last = capsys.readouterr().out.splitlines()
    assert last == "Wrote %s." % path
    assert path.read_bytes().startswith(b"\x89PNG")
    output = "\n".join(lines)
    assert skeleton(output) == skeleton(expected_output("from_unigrams"))

    rows, expected = rows_of(output), rows_of(expected_output("from_unigrams"))
    exact = COUNTED + [from_unigrams.BEST]
    assert [rows[name] for name in exact] == [expected[name] for name in exact]
    perplexities = {name: row[0] for name, row in rows.items()}
    assert perplexities["bigram"] > 1.1 * perplexities["rnn"]
    assert perplexities["trigram"] > 1.1 * perplexities["basic_lstm"]
    assert perplexities["rnn"] > 1.1 * perplexities["basic_lstm"]
    assert perplexities["basic_lstm"] > 1.1 * perplexities[from_unigrams.BEST]
