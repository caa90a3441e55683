"""study/long_term_dependency.py and study/gates.py, on a smaller corpus of the same kind."""

import collections
import os
import re
import sys

import make_sample
import numpy as np
import pytest
from models import write_country_corpus

from study import gates, long_term_dependency, training
from study.long_term_dependency import by_distance, language, probe, verb

CONFIG = dict(num_layers=1, num_steps=30, hidden_size=32, max_epoch=10, max_max_epoch=12)
Trained = collections.namedtuple("Trained", ["model", "sentences", "folder"])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Trains a cell, once for all tests."""
    corpus, sentences = write_country_corpus(tmp_path_factory.mktemp("corpus"))
    models = {}

    def get(cell):
        if cell not in models:
            folder = str(tmp_path_factory.mktemp(cell))
            values = dict(CONFIG, learning_rate=0.2 if cell == "rnn" else 0.7)
            model = training.train(folder, 1, cell, data_path=corpus, **values)
            models[cell] = Trained(model, sentences, folder)
        return models[cell]

    return get


def accuracies(trained):
    table = by_distance(probe(trained.model, trained.sentences, language))
    return table[0, 3][1], table[17, 24][1]


@pytest.mark.parametrize("cell", ["basic_lstm", "gru"])
def test_the_plain_rnn_forgets_with_distance_more_than_gated_cells(trained, cell):
    near, far = accuracies(trained("rnn"))
    gated_near, gated_far = accuracies(trained(cell))
    assert near > 0.9 and gated_near > 0.9
    assert near - far > 0.3
    assert gated_far - far > 0.2


def test_the_language_is_decided_by_the_country():
    words = "the cook who grew up in france and sold maps speaks fluent french".split()
    question = language(words)
    assert (words[question.place], words[question.cause]) == ("french", "france")
    assert question.choices is None
    assert language("she speaks fluent french".split()) is None
    assert language("she grew up in france and left".split()) is None


@pytest.mark.parametrize(
    "sentence, decided, cause, other",
    [
        ("the nurse from the choir who grew up in spain speaks fluent spanish",)
        + ("speaks", "nurse", "speak"),
        ("the cooks who grew up in france now speak fluent french", "speak", "cooks", "speaks"),
    ],
)
def test_the_verb_is_decided_by_the_subject(sentence, decided, cause, other):
    words = sentence.split()
    question = verb(words)
    assert (words[question.place], words[question.cause]) == (decided, cause)
    assert question.choices == [decided, other]


def test_every_sentence_of_a_person_has_both_questions():
    people = [words for words in training.sentences("valid", "test") if "grew" in words]
    assert len(people) == 484
    for words in people:
        assert words[language(words).cause - 1] == "in"
        assert words[verb(words).place + 1] == "fluent"


def test_the_languages_are_those_of_the_grammar():
    assert sorted(long_term_dependency.LANGUAGES) == sorted(make_sample.LANGUAGES.values())


def test_answers_are_sorted_into_ranges():
    answer = long_term_dependency.Answer
    answers = [answer([], "a", said, between, loss) for said, between, loss in [
        ("a", 0, 1.0), ("b", 3, 3.0), ("a", 4, 5.0), ("b", 25, 7.0),
    ]]  # fmt: skip
    table = by_distance(answers)
    assert table == {(0, 3): (2, 0.5, 2.0), (4, 8): (1, 1.0, 5.0), (25, 45): (1, 0.0, 7.0)}


def test_training_prints_one_line_of_perplexities(tmp_path, capsys):
    corpus, _ = write_country_corpus(tmp_path)
    training.train(str(tmp_path / "run"), 1, data_path=corpus, **dict(CONFIG, max_max_epoch=2))
    assert re.fullmatch(
        r"basic_lstm, perplexity by epoch:( \d+\.\d{2}){2}\n", capsys.readouterr().out
    )


# --------------------------------------------------------------------------------------------------
# gates.py
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def watched(trained, monkeypatch):
    """A model, its weights, and the sentences in which the country is far from its language."""
    model, sentences, folder = trained("basic_lstm")
    monkeypatch.setattr(training, "sentences", lambda *splits: sentences)
    weights = gates.read_weights(folder)
    return model, weights, gates.long_sentences(model, weights)


def test_the_recomputed_state_is_the_models(watched):
    model, weights, sentences = watched
    for sentence in sentences[:3]:
        c, h = model.run(sentence.ids, model.zero_state)[1][:, 0]
        steps = sentence.steps
        np.testing.assert_allclose(steps.C[-1], c, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(steps.o[-1] * np.tanh(steps.C[-1]), h, rtol=1e-4, atol=1e-5)


def test_units_that_hold_the_country_are_needed_and_others_are_not(watched):
    model, _, sentences = watched
    units, shares, held = gates.find_units(sentences)
    assert units
    for unit in units:
        assert shares[unit] >= gates.LEAST_SHARE and held.f[unit] >= gates.LEAST_F
    others = sorted(set(range(CONFIG["hidden_size"])) - set(np.argsort(-shares)[:16]))
    accuracy, loss = gates.ask(model, sentences, [])
    assert accuracy > 0.7
    assert gates.ask(model, sentences, units)[1] > loss + 0.5
    assert gates.ask(model, sentences, others[: len(units)])[1] < loss + 0.2


def test_what_units_hold_is_measured_after_the_country():
    steps = gates.Steps(
        f=np.array([[0.5], [0.25], [1.0], [0.5]]),
        i=np.array([[0.5], [0.75], [0.0], [0.5]]),
        o=np.zeros([4, 1]),
        C=np.array([[9.0], [1.0], [5.0], [2.0]]),
    )
    other = steps._replace(C=np.array([[9.0], [3.0], [5.0], [6.0]]))
    make = collections.namedtuple("Sentence", ["steps", "country_place"])
    held = gates.holding([make(steps, 1), make(other, 1)])
    assert [v[0] for v in held[:4]] == [0.25, 0.75, 0.75, 0.25]
    assert held.change[0] == (1 + 3) / 2.0 / 2.0  # the ends 2 and 6 have a standard deviation of 2


def test_the_share_between_groups_is_that_of_the_closed_form():
    values = np.array([[1.0, 0, 1], [1, 1, 2], [5, 0, 5], [5, 1, 6]])
    # Means 1 and 5; 0.5 and 0.5; 1.5 and 5.5 with 0.5 to both sides: 16 of 17.
    np.testing.assert_allclose(gates.share_between(values, list("aabb")), [1, 0, 16 / 17.0])


def test_the_country_stands_where_a_sentence_says(watched):
    model, _, sentences = watched
    assert len(sentences) > 10
    for sentence in sentences:
        (country,), _ = model.vocabulary.encode([sentence.country])
        assert sentence.ids[sentence.country_place] == country
        assert len(sentence.steps.C) == len(sentence.ids)


@pytest.mark.parametrize("script", [gates, long_term_dependency])
def test_a_study_prints_its_results_and_draws_them(script, trained, tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    sentences = trained("basic_lstm").sentences
    monkeypatch.setattr(training, "sentences", lambda *splits: sentences)
    path = tmp_path / "picture.png"
    monkeypatch.setattr(sys, "argv", [os.path.basename(script.__file__), "--plot=%s" % path])

    def train(folder, seed, cell="basic_lstm", **values):
        return trained(cell if cell in ("rnn", "gru") else "basic_lstm").model

    monkeypatch.setattr(training, "train", train)
    folder = trained("basic_lstm").folder
    weights = gates.read_weights(folder)
    monkeypatch.setattr(gates, "read_weights", lambda folder: weights)
    if script is long_term_dependency:  # these sentences have the same subject and verb throughout
        monkeypatch.setattr(long_term_dependency, "verb", long_term_dependency.language)
    script.main()
    out = capsys.readouterr().out
    assert "right, 22 words between: she grew up in" in out
    assert path.read_bytes().startswith(b"\x89PNG")
