"""Tests the static page: what it is built of, and what a browser finds in it.

The browser is a headless Chromium (tests/browser.py). It opens page/built/ from disk.
"""

import itertools
import json
import os
import re

import numpy as np
import pytest
from browser import BUILT, CUT_OFF, LOOKS, SIZES, needs_the_builder
from commands import ROOT
from documents import read

from data import make_sample
from page import measure, words
from study import gates, long_term_dependency, sample


@pytest.fixture(scope="module")
def lstm():
    return measure.load("lstm")


@pytest.fixture(scope="module")
def rnn():
    return measure.load("rnn")


@pytest.fixture
def page(chromium):
    """Returns the browser with the page opened, in English, light, 1280 pixels wide."""
    chromium.open_afresh("lstm")
    return chromium


def built(name):
    return read("page", "built", name)


# ------------------------------------------------------------------------------------------------
# The files
# ------------------------------------------------------------------------------------------------
def test_the_committed_page_is_what_the_build_writes():
    needs_the_builder()
    from page import build

    files = build.files()
    assert sorted(files) == sorted(os.listdir(BUILT))
    for name, text in files.items():
        assert built(name) == text, "%s is old: run python -m page.build" % name


def test_the_page_is_small_and_names_nothing_outside():
    names = os.listdir(BUILT)
    assert sum(os.path.getsize(os.path.join(BUILT, name)) for name in names) < 4e6
    for name in names:
        text = built(name)
        assert ROOT not in text
        assert not re.search(r"""(?:src|import|url)\s*[=(]\s*["']?(?:https?:)?//""", text), name


def test_both_languages_have_all_words():
    for key, (english, chinese) in words.WORDS.items():
        assert english and chinese, key
        fields = [set(re.findall(r"\{\w+\}", text)) for text in (english, chinese)]
        assert fields[0] == fields[1], key
        if re.search(r"[a-z]{4}", english) and key != "page.other_language":
            assert re.search(r"[\u4e00-\u9fff]", chinese) or english == chinese, key


def test_the_scripts_use_words_that_exist():
    for name in os.listdir(os.path.join(ROOT, "page", "views")):
        if name.endswith(".js"):
            view = name[:-3].split("_")[0]
            keys = re.findall(r'["`](%s\.[\w.]+)["`]' % view, read("page", "views", name))
            for key in keys:  # "lstm.by." is the beginning of several.
                assert key in words.WORDS or any(
                    key.endswith(".") and known.startswith(key) for known in words.WORDS
                ), (name, key)


# ------------------------------------------------------------------------------------------------
# The models
# ------------------------------------------------------------------------------------------------
def test_the_sections_that_links_open_are_there():
    text = built("sections.data.js")
    sections = json.loads(text[text.index("{") :].rstrip(";\n").replace("<\\/", "</"))
    linked = set()
    for name in os.listdir(BUILT):
        linked |= set(re.findall(r'data-section=\\"(.*?)\\"', built(name)))
    assert len(linked) > 8 and set(sections) == linked
    for section in sections.values():
        assert section["heading"] and len(section["html"]) > 100


def test_the_fold_speaks_of_another_model(lstm):
    """The walkthrough's sections 2.1 and 2.2 are about a unit that this LSTM lacks."""
    needs_the_builder()
    from page import documents

    units = lstm.weights["Model/softmax_w"].shape[0]
    for language, text in zip(documents.LANGUAGES, words.WORDS["lstm.explanation_model"]):
        unit = re.search(r"\d+", text).group()
        assert unit in documents.section("2.2", language)
        assert int(unit) >= units


@pytest.mark.parametrize("name", measure.MODELS)
def test_the_readme_has_the_command_of_each_model(name):
    (command,) = re.findall(
        r"python -m lm\.train (.*)/model/%s\n" % name, read("page/model/README.md")
    )
    config = json.loads(read("page", "model", name, "config.json"))
    for flag, value in re.findall(r"--(\w+)=(\S+)", command):
        if flag != "save_path":
            assert str(config[flag]) == value, flag


@pytest.mark.slow
def test_the_measured_numbers_are_those_of_the_models():
    recorded = json.loads(read("page", "model", "measured.json"))
    measured = json.loads(json.dumps(measure.measure()))
    for name in measure.MODELS:
        for kind in ("languages", "verbs"):
            np.testing.assert_allclose(measured[name][kind], recorded[name][kind], atol=1)
    units, expected = measured["lstm"]["units"], recorded["lstm"]["units"]
    assert units["holding"] == expected["holding"]
    for kind in ("country", "verb", "kept"):
        np.testing.assert_allclose(units[kind], expected[kind], atol=0.0015)


# ------------------------------------------------------------------------------------------------
# The numbers in the browser
# ------------------------------------------------------------------------------------------------
def twenty_sentences():
    """The ten of the page, and ten of the test text; without their last words."""
    needs_the_builder()
    from page.views import lstm as view

    chosen = [text.split() for text, _, _, _ in view.SENTENCES]
    return chosen + [sentence[:-1] for sentence in sample.sentences("test")[7:300:30]]


def encode(model, sentence):
    ids, unknown = model.vocabulary.encode(["<eos>"] + sentence)
    assert not unknown
    return ids


def read_in_page(page, name, ids):
    """Returns what the page computes: `{quantity: [T, ...]}`."""
    steps = page.run(
        "return Page.lstm.read(Page.lstm.models[arguments[0]], arguments[1]).map((step) =>"
        " Object.fromEntries(Object.entries(step).map(([k, v]) => [k, Array.from(v)])))",
        name,
        ids,
    )
    return {key: np.array([step[key] for step in steps]) for key in steps[0]}


@pytest.mark.slow
def test_log_probabilities_gates_and_states_are_those_of_tensorflow(page, lstm, rnn):
    for sentence in twenty_sentences():
        ids = encode(lstm, sentence)
        found = read_in_page(page, "lstm", ids)
        log_probs, (c, h) = lstm.run(ids, lstm.zero_state)
        np.testing.assert_allclose(found["logProbs"], log_probs, atol=1e-3)
        np.testing.assert_allclose(found["C"][-1], c[0], atol=1e-4)
        np.testing.assert_allclose(found["h"][-1], h[0], atol=1e-4)
        steps = gates.watch(lstm.weights, ids)
        for name in "fioC":
            np.testing.assert_allclose(found[name], getattr(steps, name), atol=1e-4)
        found = read_in_page(page, "rnn", ids)
        log_probs, (h,) = rnn.run(ids, rnn.zero_state)
        np.testing.assert_allclose(found["logProbs"], log_probs, atol=1e-3)
        np.testing.assert_allclose(found["h"][-1], h[0], atol=1e-4)


def type_sentence(page, text):
    page.run(
        "const input = document.getElementById('lstm-input'); input.value = arguments[0];"
        "input.form.requestSubmit()",
        text,
    )


def percents(page, selector):
    """Returns the numbers that a list of the page shows, `{word: text of the percentage}`."""
    pairs = page.run(
        "return [...document.querySelectorAll(arguments[0])].map((e) =>"
        " [e.querySelector('span').textContent, e.querySelector('small').textContent])",
        selector,
    )
    return dict(pairs)


@pytest.mark.slow
def test_a_typed_sentence_gets_the_next_words_of_lm_generate(page, lstm):
    type_sentence(page, "The pilots who grew up in norway, and sold maps speak fluent")
    sentence = "the pilots who grew up in norway and sold maps speak fluent".split()
    log_probs = lstm.run(encode(lstm, sentence), lstm.zero_state)[0][-1]
    shown = percents(page, "#view-lstm .next button")
    best = [lstm.vocabulary.words[k] for k in np.argsort(-log_probs)[:10]]
    assert list(shown) == best
    assert shown[best[0]] == "%.1f %%" % (100 * np.exp(log_probs.max()))
    assert page.run("return document.querySelector('.unknown').textContent") == ""
    type_sentence(page, "the zebra who grew up in narnia")
    assert "zebra, narnia" in page.run("return document.querySelector('.unknown').textContent")
    assert page.run("return Page.lstm.state.words.join(' ')") == "the <unk> who grew up in <unk>"


def clamped(model, ids, step, values):
    """Log-probabilities after the last word, `[V]`, if C of some units is set after a step.

    Args:
        model: an `lm.language_model.LanguageModel`.
        ids: the words.
        step: the index of the word after which C is set.
        values: `{unit: C}`.
    """
    _, state = model.run(ids[: step + 1], model.zero_state)
    for unit, value in values.items():
        state[0, 0, unit] = value
        state[1, 0, unit] = gates.watch(model.weights, ids).o[step, unit] * np.tanh(value)
    return model.run(ids[step + 1 :], state)[0][-1]


def shown_language(page):
    """Returns the probabilities at the end, as the page has computed them, `{language: p}`."""
    return page.run(
        "const { words, clamps } = Page.lstm.state, model = Page.lstm.models.lstm;"
        "const ids = ['<eos>', ...words].map((word) => model.ids.get(word));"
        "const end = Page.lstm.read(model, ids, clamps).pop();"
        "return Object.fromEntries(arguments[0].map((l) => [l, end.logProbs[model.ids.get(l)]]))",
        long_term_dependency.LANGUAGES,
    )


def same_languages(page, model, log_probs):
    shown = shown_language(page)
    for language in long_term_dependency.LANGUAGES:
        (word,), _ = model.vocabulary.encode([language])
        assert shown[language] == pytest.approx(log_probs[word], abs=1e-3), language
    best = max(shown, key=shown.get)
    last = "[...document.querySelectorAll('.of-lstm .say')].pop().querySelector('span').textContent"
    assert page.run("return " + last) == best
    return best


@pytest.mark.slow
def test_clamping_changes_the_language_as_it_does_in_tensorflow(page, lstm):
    holding = json.loads(read("page", "model", "measured.json"))["lstm"]["units"]["holding"][
        "country"
    ]
    for number, country in ((0, "france"), (1, "france"), (2, "spain"), (5, "china")):
        page.run("document.querySelectorAll('.sentences button')[arguments[0]].click()", number)
        sentence = page.run("return Page.lstm.state.words")
        ids, step = encode(lstm, sentence), 1 + sentence.index(country)
        before = same_languages(page, lstm, lstm.run(ids, lstm.zero_state)[0][-1])
        page.run("document.querySelector('.panel.forget button.main').click()")
        cleared = clamped(lstm, ids, step, {unit: 0 for unit in holding})
        assert same_languages(page, lstm, cleared) != before
        # Let the units hold another country.
        page.run(
            "const select = document.getElementById('lstm-pretend'); select.value = 'turkey';"
            "select.dispatchEvent(new Event('change'))"
        )
        other = encode(lstm, sentence[: step - 1] + ["turkey"])
        values = dict(zip(holding, gates.watch(lstm.weights, other).C[-1, holding]))
        assert same_languages(page, lstm, clamped(lstm, ids, step, values)) == "turkish"
        # One unit, at one word, by the slider; then all is undone.
        page.driver.find_element("css selector", ".panel.forget").find_elements(
            "tag name", "button"
        )[1].click()
        assert same_languages(page, lstm, lstm.run(ids, lstm.zero_state)[0][-1]) == before
        page.run(
            "Page.lstm.state.unit = arguments[0]; Page.lstm.state.step = arguments[1];"
            "const slider = document.getElementById('lstm-slider'); slider.value = '1.5';"
            "slider.dispatchEvent(new Event('input'))",
            holding[0],
            step + 1,
        )
        value = float(page.run("return document.getElementById('lstm-slider').value"))
        same_languages(page, lstm, clamped(lstm, ids, step + 1, {holding[0]: value}))


# ------------------------------------------------------------------------------------------------
# What the sentences say is to notice
# ------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def watched(lstm):
    """Returns, for each of the ten sentences, its words after `<eos>` and its gates."""
    needs_the_builder()
    from page.views import lstm as view

    found = []
    for text, _, _, _ in view.SENTENCES:
        sentence = text.split()
        found.append((["<eos>"] + sentence, gates.watch(lstm.weights, encode(lstm, sentence))))
    return found


@pytest.fixture(scope="module")
def holding():
    return json.loads(read("page", "model", "measured.json"))["lstm"]["units"]["holding"]


def ends(model, sentence):
    """Returns the likeliest next word and the probabilities, `(word, {word: p})`."""
    probabilities = np.exp(model.run(encode(model, sentence), model.zero_state)[0][-1])
    return (
        model.vocabulary.words[probabilities.argmax()],
        dict(zip(model.vocabulary.words, probabilities)),
    )


def test_what_the_first_three_sentences_say(watched, holding, lstm, rnn):
    units = holding["country"]
    assert len(units) > 1
    for number, country, language in (
        (0, "france", "french"),
        (1, "france", "french"),
        (2, "spain", "spanish"),
    ):
        sentence, steps = watched[number]
        at = sentence.index(country)
        changes = np.abs(np.diff(steps.C[:, units], axis=0))
        assert (changes[at - 1] > 0.5).mean() > 0.5  # Most take new values,
        assert changes[at:].max() < 0.4
        assert (
            np.sign(steps.C[at:, units]) == np.sign(steps.C[at, units])
        ).all()  # and all keep them.
        said, probabilities = ends(lstm, sentence[1:])
        assert said == language and probabilities[language] > 0.9
        assert ends(rnn, sentence[1:])[1][language] < 0.3
    # Three have the same colour after both countries, one has another.
    ends_of = [watched[number][1].C[-1, units] for number in (0, 2)]
    assert sorted(ends_of[0] * ends_of[1] > 0) == [False, True, True, True]


FRAME = "the miner who grew up in %s and played piano speaks fluent"


def test_a_state_of_zero_is_read_as_finnish_after_most_countries(holding, lstm):
    said, sizes = [], {}
    for country in make_sample.LANGUAGES:
        sentence = (FRAME % country).split()
        ids, step = encode(lstm, sentence), 1 + sentence.index(country)
        held = gates.watch(lstm.weights, ids[: step + 1]).C[-1, holding["country"]]
        sizes[country] = np.linalg.norm(held)
        cleared = clamped(lstm, ids, step, {unit: 0 for unit in holding["country"]})
        said.append(lstm.vocabulary.words[cleared.argmax()])
    assert set(said) <= set(long_term_dependency.LANGUAGES)
    assert said.count("finnish") > len(said) / 2
    assert min(sizes, key=sizes.get) == "finland" and min(sizes.values()) > 0.5


def test_the_sentence_that_is_offered_is_answered_right(lstm):
    for country, language in make_sample.LANGUAGES.items():
        said, _ = ends(lstm, ("the miner who grew up in %s speaks fluent" % country).split())
        assert said == language


def test_what_the_sentences_on_gates_say(watched, holding, lstm):
    units = holding["country"]
    sentence, steps = watched[3]
    grew, france = sentence.index("grew"), sentence.index("france")
    low = (steps.f[grew - 1 : grew + 1, units] < 0.3).all(0)  # at "who grew"
    assert 0 < low.sum() < len(units)
    taking = steps.f[france, units] < 0.3
    assert 0 < taking.sum() < len(units)
    assert (np.abs(np.diff(steps.C[:, units], axis=0)[france - 1]) > 0.3).sum() > taking.sum()
    assert (steps.f[france + 1 :, units] > 0.9).all()
    starts = np.array(
        [
            long.steps.C[long.ids.index(encode(lstm, ["grew"])[1]), units]
            for long in gates.long_sentences(lstm, sample.sentences("valid", "test"))
        ]
    )
    assert (starts[:, low].std(0) < 0.05).all()
    sentence, steps = watched[4]
    france, speaks = sentence.index("france"), sentence.index("speaks")
    assert steps.o[france:speaks, units].mean() < 0.2
    assert (steps.o[speaks:, units] > 0.9).all()
    sentence, steps = watched[9]
    assert (steps.f[sentence.index("<eos>", 1), units] < 0.1).all()


def test_what_the_other_sentences_say(watched, holding, lstm, rnn):
    near, two, none, number = (watched[k][0][1:] for k in (5, 6, 7, 8))
    assert ends(lstm, near)[1]["chinese"] > 0.9
    assert ends(rnn, near)[1]["chinese"] > 2 * ends(rnn, watched[0][0][1:])[1]["french"]
    assert ends(lstm, two)[0] == "spanish"
    said = {}
    for first, second in itertools.permutations(make_sample.LANGUAGES, 2):
        pair = [{"france": first, "spain": second}.get(word, word) for word in two]
        said[first, second] = ends(lstm, pair)[0]
    third = [
        pair
        for pair, word in said.items()
        if word not in (make_sample.LANGUAGES[country] for country in pair)
    ]
    assert ("china", "denmark") in third and len(third) > len(said) / 4
    for sentence in sample.sentences("train", "valid", "test"):
        assert sum(word in make_sample.LANGUAGES for word in sentence) < 2
    said, probabilities = ends(lstm, none)
    assert said in long_term_dependency.LANGUAGES and probabilities[said] > 0.9
    # The number of the subject.
    (unit,) = holding["verb"]
    ids, step = encode(lstm, number), 1 + number.index("france")
    C = gates.watch(lstm.weights, ids).C[:, unit]
    assert np.ptp(C[step:]) < 0.1 < C[step]
    single = [word.replace("miners", "miner") for word in number]
    assert gates.watch(lstm.weights, encode(lstm, single)).C[step, unit] < -0.1
    plural = ends(lstm, number)[1]
    assert plural["speak"] > 10 * plural["speaks"]
    turned = np.exp(clamped(lstm, ids, step, {unit: -C[step]}))
    speak, speaks = encode(lstm, ["speak", "speaks"])[1:]
    assert turned[speaks] > 10 * turned[speak]


# ------------------------------------------------------------------------------------------------
# Using the page
# ------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("size, language, theme", LOOKS)
def test_clicking_through_shows_no_error_and_cuts_nothing_off(
    page, size, language, theme, tmp_path
):
    page.resize(SIZES[size])
    page.run("Page.setLanguage(arguments[0]); Page.setTheme(arguments[1])", language, theme)
    assert page.run("return document.documentElement.lang") == {"en": "en", "zh": "zh-CN"}[language]
    for number in range(10):
        page.run("document.querySelectorAll('.sentences button')[arguments[0]].click()", number)
        page.settle()
        assert page.run(CUT_OFF) == [], number
        page.run("document.querySelector('.notice button.main')?.click()")
        for card in range(5):
            page.run("document.querySelectorAll('.card')[arguments[0]].click()", card)
        page.settle()
        assert page.run(CUT_OFF) == [], number
        if number in (0, 8):
            page.screenshot(str(tmp_path / ("%d.png" % number)))
    for order in ("verb", "number"):
        page.run(
            "const orders = document.getElementById('lstm-order'); orders.value = arguments[0];"
            "orders.dispatchEvent(new Event('change'))",
            order,
        )
    page.run("document.querySelector('.next button').click()")
    page.run("document.querySelector('.explanation').open = true")
    page.settle()
    assert page.run(CUT_OFF) == []
    assert page.run("return document.querySelector('.explanation math') !== null")
    page.screenshot(str(tmp_path / "end.png"))
    assert page.errors() == []
    inside = ("file://" + BUILT, "data:", "about:blank")
    assert [address for address in page.requests() if not address.startswith(inside)] == []


@pytest.mark.slow
def test_a_keyboard_is_enough(page):
    from selenium.webdriver.common.keys import Keys

    def press(*keys):
        for key in keys:
            page.driver.switch_to.active_element.send_keys(key)

    state = "const { step, unit, quantity, sentence, clamps } = Page.lstm.state;"
    state += "return { step, unit, quantity, sentence, clamps: clamps.size }"
    page.run("document.querySelectorAll('.sentences button')[2].focus()")
    press(Keys.ENTER)
    before = page.run(state)
    assert before["sentence"] == 2
    page.run("document.querySelector('.card[tabindex=\"0\"]').focus()")
    press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert page.run(state)["quantity"] == "f"
    page.run("document.querySelector('.map-box').focus()")
    press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP, Keys.ARROW_RIGHT)
    after = page.run(state)
    assert after["step"] == before["step"] + 1
    assert after["unit"] != before["unit"]
    press(Keys.DELETE)
    assert page.run(state)["clamps"] == 1
    press(Keys.ESCAPE)
    assert page.run(state)["clamps"] == 0
    # Every control has a name.
    nameless = page.run(
        "return [...document.querySelectorAll('button, input, select, a, [tabindex=\"0\"]')]"
        ".filter((e) => e.checkVisibility() && !e.textContent.trim() && !e.ariaLabel"
        " && !e.labels?.length).map((e) => e.outerHTML)"
    )
    assert nameless == []


@pytest.mark.slow
def test_a_sentence_that_the_corpus_does_not_know_gets_one_that_it_does(page, lstm):
    hint = "return document.querySelector('.hint').checkVisibility()"
    assert page.run(hint) is False
    for typed, offered in (
        ("I grew up in France. I speak fluent", "france"),  # the blog's
        ("the miner speaks fluent", "france"),
        ("the miner from italy speaks fluent", "italy"),
    ):
        type_sentence(page, typed)
        assert page.run(hint) is True, typed
        assert "grew up in %s " % offered in page.run(
            "return document.querySelector('.hint').textContent"
        )
        page.run("document.querySelector('.hint button').click()")
        sentence = page.run("return document.getElementById('lstm-input').value")
        assert page.run("return Page.lstm.state.words.join(' ')") == sentence
        assert sentence == "the miner who grew up in %s speaks fluent" % offered
        assert page.run(hint) is False
    type_sentence(page, "I grew up in France. I speak fluent")
    page.run("Page.setLanguage('zh')")  # What is said follows the language.
    texts = "return ['.hint', '.unknown'].map((e) => document.querySelector(e).textContent)"
    assert all(re.search("[\u4e00-\u9fff]", text) for text in page.run(texts))
    page.run("Page.setLanguage('en')")
    page.run("document.querySelectorAll('.sentences button')[7].click()")  # no country
    assert page.run(hint) is False
    type_sentence(page, " ")
    assert page.run(hint) is False
    page.run("document.querySelector('.own details').open = true")
    page.wait("return !!document.querySelector('.vocabulary').textContent")
    shown = page.run("return document.querySelector('.vocabulary').textContent").split(" ")
    assert sorted(shown) == sorted(lstm.vocabulary.words)


@pytest.mark.slow
def test_what_is_said_is_true_after_a_change(page, lstm, holding):
    said = "return document.querySelector('.notice').innerText"
    buttons = "document.querySelectorAll('.sentences button')[arguments[0]].click()"
    page.run(buttons, 0)
    assert "keep their colour" in page.run(said)
    page.run("document.querySelector('.notice .main').click()")
    assert "keep their colour" not in page.run(said) and "After the change" in page.run(said)
    assert "Zero is a value" in page.run(said)
    # A value of one unit is no clearing.
    page.run(buttons, 0)
    page.run(
        "const slider = document.getElementById('lstm-slider'); slider.value = '0.7';"
        "slider.dispatchEvent(new Event('input'))"
    )
    assert "After the change" in page.run(said) and "Zero is a value" not in page.run(said)
    # The first sentence stands beside the third.
    page.run(buttons, 2)
    colours = (
        "return [...document.querySelectorAll('.comparison i')].map((e) => [e.title,"
        " getComputedStyle(e).backgroundColor])"
    )
    found = page.run(colours)
    values = [
        gates.watch(lstm.weights, encode(lstm, (FRAME % country).split())).C[-1, holding["country"]]
        for country in ("france", "spain")
    ]
    assert [title for title, _ in found] == [
        ("%.2f" % value).replace("-", "−") for value in np.concatenate(values)
    ]
    # Orange is below zero: red is stronger than blue there.
    for (_, colour), value in zip(found, np.concatenate(values)):
        red, _, blue = map(int, re.findall(r"\d+", colour))
        assert (red > blue) == (value < 0)
    page.run("document.querySelector('.notice .main').click()")
    changed = [float(title.replace("−", "-")) for title, _ in page.run(colours)]
    assert changed[4:] == pytest.approx(changed[:4], abs=0.1)  # The other units are those of spain.
    # The tip goes when what it speaks of has changed.
    show = (
        "const map = document.querySelector('.map-box'), box = map.getBoundingClientRect();"
        "map.dispatchEvent(new PointerEvent('pointermove', { clientX: box.left + 5,"
        " clientY: box.top + 5 })); return !map.querySelector('.tip').hidden"
    )
    hidden = "return document.querySelector('.map-box .tip').hidden"
    for change in ("Page.setLanguage('zh')", buttons):
        assert page.run(show) is True
        page.run(change, 3)
        assert page.run(hidden) is True
    page.run("Page.setLanguage('en')")
    tops = page.run(
        "return [...document.querySelectorAll('.unit .title button')]"
        ".map((e) => e.getBoundingClientRect().top)"
    )
    assert tops[0] == tops[1]


@pytest.mark.slow
def test_language_and_colours_are_those_of_the_reader(chromium):
    chromium.resize(SIZES["wide"])
    chromium.open(BUILT, "lstm")
    chromium.run("localStorage.clear()")
    for scheme in ("dark", "light"):
        chromium.media(prefers_color_scheme=scheme)
        chromium.open(BUILT, "lstm")
        assert chromium.run("return document.documentElement.dataset.theme") == scheme
    chromium.run("document.getElementById('language').click()")
    assert (
        chromium.run("return document.querySelector('h1').textContent")
        == words.WORDS["lstm.title"][1]
    )
    chromium.open(BUILT, "lstm")  # The page remembers the choice.
    assert chromium.run("return document.documentElement.lang") == "zh-CN"
    chromium.run("localStorage.clear()")


@pytest.mark.slow
def test_a_step_of_the_model_is_fast(page):
    """A step takes some 0.3 ms; 50 ms are a reader's patience, and allow for busy machines."""
    milliseconds = page.run(
        "const ids = Array(20).fill(1), model = Page.lstm.models.lstm;"
        "return Math.min(...[1, 2, 3].map(() => { const start = performance.now();"
        " Page.lstm.read(model, ids); return (performance.now() - start) / ids.length }))"
    )
    assert milliseconds < 50
