"""Tests the corpus that ships, and the grammar that writes it."""

import copy
import itertools
import json
import math
import os
import random
import re

import pytest
from commands import ROOT

import reader
from data import make_sample, texts
from lm.corpus import read_corpus

SAMPLE = os.path.join(ROOT, "data", "sample")


@pytest.fixture(scope="module")
def rules():
    return make_sample.make_grammar()


@pytest.fixture(scope="module")
def sentences():
    """Returns the sentences of each split, as lists of words."""
    texts = {}
    for split in reader.SPLITS:
        with open(os.path.join(SAMPLE, "ptb.%s.txt" % split), encoding="utf-8") as file:
            texts[split] = [line.split() for line in file]
    return texts


@pytest.mark.slow
def test_regenerating_gives_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["make_sample.py", "--to=%s" % tmp_path])
    make_sample.main()
    assert sorted(os.listdir(str(tmp_path))) == sorted(os.listdir(SAMPLE))
    for name in os.listdir(SAMPLE):
        with open(os.path.join(SAMPLE, name), "rb") as file:
            assert (tmp_path / name).read_bytes() == file.read(), name


@pytest.mark.parametrize("cannot", ["is a file", "holds a folder of that name"])
def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch, capsys, cannot):
    to = tmp_path / "to"
    if cannot == "is a file":
        to.write_text("mine")
        reason = "Not a directory"
    else:
        (to / "ptb.test.txt").mkdir(parents=True)
        reason = "ptb.test.txt is a folder"
    monkeypatch.setattr("sys.argv", ["make_sample.py", "--to=%s" % to])
    with pytest.raises(SystemExit) as stop:
        make_sample.main()
    assert stop.value.code == 2
    assert capsys.readouterr() == (
        "",
        "make_sample.py: --to=%s: cannot write there (%s); give another folder\n" % (to, reason),
    )


def test_texts_are_replaced_all_or_none_and_no_link_is_followed(tmp_path, monkeypatch):
    mine, to = tmp_path / "mine", tmp_path / "to"
    mine.write_text("mine")
    to.mkdir()
    (to / "a").symlink_to(mine)
    texts.write({"a": b"1", "b": b"2"}, str(to))
    assert [(to / name).read_bytes() for name in "ab"] == [b"1", b"2"]
    assert mine.read_text() == "mine"

    class FullDisk(dict):
        def items(self):
            yield "a", b"3"
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError):
        texts.write(FullDisk(a=b"3"), str(to))
    assert sorted(os.listdir(str(to))) == ["a", "b"]
    assert (to / "a").read_bytes() == b"1"


def test_sizes_and_vocabulary():
    train, valid, test, vocabulary = reader.ptb_raw_data(SAMPLE)
    assert 60000 <= len(train) < 60100
    assert 6000 <= len(valid) < 6100
    assert 6000 <= len(test) < 6100
    assert 300 <= vocabulary <= 1000


def test_no_word_of_valid_and_test_is_new(sentences):
    words = {split: set(itertools.chain(*text)) for split, text in sentences.items()}
    assert words["valid"] <= words["train"]
    assert words["test"] <= words["train"]


def test_lines_look_like_the_penn_treebanks(sentences):
    with open(os.path.join(SAMPLE, "ptb.train.txt"), encoding="utf-8") as file:
        lines = file.readlines()
    assert all(line == " %s \n" % " ".join(line.split()) for line in lines)
    words = set(itertools.chain(*sentences["train"]))
    assert {"N", "<unk>"} <= words
    assert all(word in ("N", "<unk>") or word == word.lower() for word in words)


def test_the_country_decides_the_language_at_every_distance(sentences):
    distances = set()
    countries = set()
    for words in itertools.chain(*sentences.values()):
        if "grew" not in words:
            continue
        place = words.index("grew") + 3
        assert make_sample.LANGUAGES[words[place]] == words[-1]
        distances.add(len(words) - 3 - place - 1)
        countries.add(words[place])
        # There is no other clue: neither a country nor a language comes before or in between.
        names = set(make_sample.LANGUAGES) | set(make_sample.LANGUAGES.values())
        assert not names & set(words[:place] + words[place + 1 : -1])
    assert distances == set(range(31))
    assert countries == set(make_sample.LANGUAGES)
    assert len(set(make_sample.LANGUAGES.values())) == len(countries) == 16


def test_a_clause_in_the_gap_has_the_length_its_name_says(rules):
    for length in range(1, 9):
        for _, body in rules["CHUNK_%d" % length]:
            assert len(body) == length
            one_word = [len(words) == 1 for part in body for _, words in rules.get(part, [])]
            assert all(one_word)


def test_verbs_agree_with_their_subject_across_the_clause(sentences):
    number_of = {}
    for singular, plural in re.findall(r"(\w+)/(\w+)", make_sample.GRAMMAR):
        number_of.update({singular: "singular", plural: "plural"})
    verbs = {"speaks": "singular", "has": "singular", "is": "singular", "knows": "singular"}
    verbs.update({"speak": "plural", "have": "plural", "are": "plural", "know": "plural"})
    seen = set()
    for words in itertools.chain(*sentences.values()):
        for verb in set(words) & set(verbs):
            subject = next((word for word in words if word in number_of), None)
            if subject:  # Other sentences have a person with a name, or one of the scenes.
                assert number_of[subject] == verbs[verb], " ".join(words)
                seen.add(verb)
    assert seen == set(verbs)


def probability_of(rules, symbols, words, memo):
    """Returns P(the symbols become exactly the words), by trying every division of the words."""
    key = (symbols, words)
    if key not in memo:
        if not symbols or not words:
            memo[key] = float(not symbols and not words)
        elif symbols[0] not in rules:
            same = symbols[0] == words[0]
            memo[key] = probability_of(rules, symbols[1:], words[1:], memo) if same else 0.0
        elif len(symbols) == 1:
            memo[key] = sum(
                p * probability_of(rules, tuple(body), words, memo) for p, body in rules[symbols[0]]
            )
        else:
            memo[key] = sum(
                probability_of(rules, symbols[:1], words[:cut], memo)
                * probability_of(rules, symbols[1:], words[cut:], memo)
                for cut in range(1, len(words))
            )
    return memo[key]


def filter_probabilities(rules, words):
    grammar = make_sample.Filter(rules)
    return [grammar.advance(word) for word in list(words) + ["<eos>"]]


def test_next_word_probabilities_multiply_to_the_sentences(rules, sentences):
    short = [words for words in sentences["test"] if len(words) <= 16]
    for words in short[:25]:
        whole = probability_of(rules, ("SENTENCE",), tuple(words), {})
        product = math.exp(math.fsum(math.log(p) for p in filter_probabilities(rules, words)))
        assert product == pytest.approx(whole, rel=1e-9)


@pytest.mark.slow
def test_next_word_probabilities_sum_to_one(rules, sentences):
    vocabulary = set(itertools.chain(["<eos>"], *sentences["train"]))
    grammar = make_sample.Filter(rules)
    for words in sentences["valid"][:20]:
        for word in words + ["<eos>"]:
            probabilities = [copy.copy(grammar).advance(following) for following in vocabulary]
            assert sum(probabilities) == pytest.approx(1, abs=1e-9)
            grammar.advance(word)


def test_the_country_makes_the_language_certain(rules):
    words = "the teachers who grew up in iceland and moved to omaha speak fluent icelandic".split()
    assert filter_probabilities(rules, words)[-2:] == pytest.approx([1, 1])
    assert filter_probabilities(rules, words[:-1] + ["french"])[-2] == 0


def test_the_best_perplexities_are_what_their_sentences_give(rules, sentences):
    with open(os.path.join(SAMPLE, "best_perplexity.json"), encoding="utf-8") as file:
        best = json.load(file)
    logs = [math.log(p) for words in sentences["test"] for p in filter_probabilities(rules, words)]
    assert best["test"] == pytest.approx(math.exp(-sum(logs) / len(logs)), abs=1e-6)
    assert read_corpus(SAMPLE).best == best


def test_words_fall_as_often_as_the_grammar_says():
    """Computes one rule by hand: `a` has probability 3/4, and a second `b` after it 1/2."""
    rules = {
        "SENTENCE": [(0.75, ["a", "REST"]), (0.25, ["b"])],
        "REST": [(0.5, ["b"]), (0.5, ["c"])],
    }
    rng = random.Random(1)
    drawn = [" ".join(make_sample.sample(rules, rng)) for _ in range(4000)]
    for sentence, probability in (("a b", 0.375), ("a c", 0.375), ("b", 0.25)):
        spread = math.sqrt(probability * (1 - probability) / 4000)
        assert abs(drawn.count(sentence) / 4000 - probability) < 5 * spread
    assert make_sample.perplexity(rules, [["a", "b"]]) == pytest.approx((1 / 0.375) ** (1 / 3))
