"""Generates with models of the corpus that ships: people speak the language of their country.

One model is that of the page, which is committed. The other one is trained here.
"""

import itertools

import numpy as np
import pytest

from data.make_sample import LANGUAGES
from lm import configs, decoding, training
from lm.corpus import SAMPLE, read_corpus
from lm.language_model import load
from page import measure


@pytest.fixture(
    scope="module", params=["committed", pytest.param("trained", marks=pytest.mark.long)]
)
def model(request, tmp_path_factory):
    if request.param == "committed":
        return measure.load("lstm")
    folder = str(tmp_path_factory.mktemp("sample"))
    training.train(configs.Config("sample"), read_corpus(SAMPLE), folder, seed=1)
    return load(folder)


def sentences(words):
    """Yields the sentences of a text, each a list of words."""
    sentence = []
    for word in words:
        if word == "<eos>":
            yield sentence
            sentence = []
        else:
            sentence.append(word)


def country_of(sentence):
    """Returns the country in "grew up in COUNTRY"; None if the sentence has none."""
    text = " %s " % " ".join(sentence)
    return next((c for c in LANGUAGES if " grew up in %s " % c in text), None)


def test_sentences_end_in_the_language_of_their_country(model):
    ids, _ = model.vocabulary.encode(["<eos>"])
    words = decoding.continuation(model, ids, 20000, 1.0, np.random.RandomState(1))
    told = (sentence for sentence in sentences(words) if country_of(sentence))
    told = list(itertools.islice(told, 200))
    assert len(told) == 200
    right = [sentence for sentence in told if sentence[-1] == LANGUAGES[country_of(sentence)]]
    # Three trainings with three texts each gave 192 to 200. Chance gives 200 / 16.
    assert len(right) >= 180


def test_the_country_counts_past_other_words(model):
    prompt = "the miner who grew up in france and played piano speaks fluent"
    _, ids = decoding.read_prompt(model, prompt)
    ((word, _),) = decoding.next_words(model, ids, 1)
    assert word == "french"
