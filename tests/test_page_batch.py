"""Tests the view "One batch" of the page: its numbers are those of study.one_batch."""

import re

import numpy as np
import pytest
from browser import CUT_OFF, LOOKS, SIZES, needs_the_builder

from study import one_batch

needs_the_builder()

from page import documents  # noqa: E402
from page.views import batch  # noqa: E402

STEPS = [name for name, _, _, _ in batch.STEPS]


@pytest.fixture(scope="module")
def numbers():
    weights = {name: np.array(value) for name, value in one_batch.WEIGHTS.items()}
    n = one_batch.by_hand(weights, one_batch.make_config())
    return dict(n, **batch.gradients_within(n))


@pytest.fixture
def page(chromium):
    """Returns the browser with the view opened, in English, light, without motion."""
    chromium.open_afresh("batch", prefers_reduced_motion="reduce")
    return chromium


def go(page, step):
    page.run("location.hash = '#batch/' + arguments[0]", step)
    page.settle()
    assert page.run("return document.getElementById('view-batch').dataset.step") == step


def shown(page, where=""):
    """Returns the numbers of the view, `{key: text}`."""
    script = (
        "return Object.fromEntries([...document.querySelectorAll('#view-batch ' + arguments[0]"
        " + ' [data-key]')].map((e) => [e.dataset.key, e.textContent]))"
    )
    return page.run(script, where)


def value(numbers, key):
    name, *indices = key.split("/")
    return numbers[name][tuple(int(index) for index in indices)]


# --------------------------------------------------------------------------------------------------
# The data
# --------------------------------------------------------------------------------------------------
def test_the_stored_numbers_are_those_of_the_study():
    stored = batch.data()["numbers"]
    computed = one_batch.numbers()
    del computed["tensorflow_gradient_softmax_b"]
    computed.update(batch.gradients_within(computed))
    assert sorted(stored) == sorted(computed)
    for name, array in computed.items():
        if array.dtype.kind == "U":
            assert stored[name] == array.tolist()
        else:
            np.testing.assert_allclose(stored[name], array, rtol=0, atol=1e-8, err_msg=name)


def cost_with(n, name, place, change):
    """Returns the cost of the batch if one number within a cell is larger by `change`.

    Args:
        n: the arrays of the study by name.
        name: C, h, or the letter of what enters a gate.
        place: the row, the time step and the unit.
    """
    row, time, unit = place
    c, h, logits = n["initial_c"], n["initial_h"], []

    def more(letter, t, value):
        value = value.copy()
        if letter == name and t == time:
            value[row, unit] += change
        return value

    for t in range(n["h"].shape[1]):
        entering = np.concatenate([n["inputs"][:, t], h], 1) @ n["kernel"] + n["bias"]
        i, j, f, o = (more(k, t, v) for k, v in zip("ijfo", np.split(entering, 4, axis=1)))
        c = more("C", t, one_batch.sigmoid(f) * c + one_batch.sigmoid(i) * np.tanh(j))
        h = more("h", t, one_batch.sigmoid(o) * np.tanh(c))
        logits.append(h @ n["softmax_w"] + n["softmax_b"])
    p = np.exp(logits) / np.exp(logits).sum(2, keepdims=True)  # [T, B, V]
    return -np.log(np.take_along_axis(p, n["targets"].T[:, :, None], 2)).sum() / len(h)


@pytest.mark.parametrize("name", "Chijfo")
def test_gradients_within_the_cells_are_finite_differences(numbers, name):
    gradient, step = numbers["gradient_" + name], 1e-5
    for place in np.ndindex(gradient.shape):
        more, less = (cost_with(numbers, name, place, change) for change in (step, -step))
        assert gradient[place] == pytest.approx((more - less) / (2 * step), abs=1e-8), place
    assert np.abs(gradient).max() > 0.01


def test_each_step_quotes_the_source():
    for step in batch.data()["steps"]:
        lines = documents.read(step["file"]).splitlines()
        for quoted in step["code"]:
            text = re.sub("<.*?>", "", quoted["html"]).replace("&quot;", '"').replace("&#39;", "'")
            assert text.splitlines()[0] == lines[quoted["line"] - 1].strip()


# --------------------------------------------------------------------------------------------------
# In the browser
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_each_number_of_each_step_is_the_studys(page, numbers):
    seen = set()
    for step in STEPS:
        go(page, step)
        for carried in (True, False) if step in ("next", "carried") else (True,):
            page.run(
                "document.querySelectorAll('.choice button')[arguments[0]].click()",
                int(not carried),
            )
            for key, text in shown(page).items():
                expected = value(numbers, key)
                if expected.dtype.kind != "f":
                    assert text == str(expected), (step, key)
                    continue
                digits = len(text.split(".")[1])
                assert text.replace("−", "-") == "%.*f" % (digits, expected), (step, key)
                if digits == 1:  # The number has no other digits.
                    assert expected == pytest.approx(float(text.replace("−", "-")), abs=1e-9)
                seen.add(key)
    for name in ("i_t", "C~_t", "f_t", "o_t", "C", "h", "carried_p", "zero_p", "gradient_logits"):
        assert "%s/1/2/1" % name in seen
    assert {"cost", "carried_cost", "zero_cost", "updated_cost", "global_norm", "factor"} <= seen


def test_numbers_appear_one_step_after_the_other(page):
    go(page, "words")
    assert shown(page, ".board") == {}
    counts = []
    for step in STEPS[: STEPS.index("weights_back")]:
        go(page, step)
        counts.append(len(shown(page, ".board")))
    kinds = [set(key.split("/")[0] for key in shown(page, ".board"))]
    assert kinds[0] >= {"i_t", "C", "h", "gradient_logits", "gradient_embedding", "loss", "cost"}
    assert kinds[0] >= {"gradient_" + name for name in "Chijfo"}
    assert counts == sorted(counts)
    go(page, "second")
    keys = shown(page, ".board")
    assert "C/0/1/0" in keys and "C/0/2/0" not in keys
    go(page, "second_back")
    keys = shown(page, ".board")
    for name in ("embedding", "C", "h", "i"):
        assert "gradient_%s/0/1/0" % name in keys and "gradient_%s/0/0/0" % name not in keys


def evaluate(line):
    """Computes both sides of a line of arithmetic of the page; returns them, or None."""
    names = {
        "σ": lambda x: 1 / (1 + np.exp(-x)),
        "tanh": np.tanh,
        "exp": np.exp,
        "log": np.log,
        "max": max,
    }
    parts = [
        part
        for part in line.replace("−", "-").replace("×", "*").replace("²", "**2").split("=")
        if part.strip()
    ]
    sides = [re.sub(r"([\d)]) \(", r"\1 * (", part) for part in parts]
    found = []
    for side in sides:
        side = re.sub(r"log ([\d.]+)", r"log(\1)", side)
        try:
            found.append(eval(side, {"__builtins__": {}}, names))
        except (NameError, SyntaxError, TypeError):
            continue
    return found


@pytest.mark.slow
def test_the_arithmetic_of_every_number_is_right(page):
    checked = 0
    for step in STEPS[1:]:
        go(page, step)
        script = (
            "return [...document.querySelectorAll('#view-batch [data-key]')].map((e) => {"
            " e.click(); return [e.dataset.key, e.textContent, [...document.querySelectorAll("
            "'.arithmetic .line')].map((l) => l.textContent)] })"
        )
        for key, text, lines in page.run(script):
            assert lines, key
            if "→" in lines[0]:
                continue
            for line in lines:
                sides = evaluate(line)
                # The numbers have four decimals, so that a sum of six products may be off by more.
                for side in sides[1:]:
                    assert side == pytest.approx(sides[0], abs=5e-4), (step, key, line)
                checked += len(sides) > 1
            assert lines[-1].endswith(" = " + text), (key, lines)
    assert checked > 1000


def test_a_number_marks_what_it_was_computed_from(page):
    go(page, "second")
    page.run("document.querySelector('[data-key=\"C/1/1/0\"]').click()")
    sources = page.run("return [...document.querySelectorAll('.source')].map((e) => e.dataset.key)")
    assert sorted(sources) == ["C/1/0/0", "C~_t/1/1/0", "f_t/1/1/0", "i_t/1/1/0"]
    go(page, "rows")
    page.run("document.querySelector('[data-key=\"inputs/1/1/0\"]').click()")
    sources = page.run("return [...document.querySelectorAll('.source')].map((e) => e.dataset.key)")
    assert sources == ["embedding/4/0"]  # dog
    # A gradient is worked out from what came back: four gates of two units, and a row of kernel.
    go(page, "first_back")
    page.run("document.querySelector('[data-key=\"gradient_embedding/1/0/1\"]').click()")
    sources = page.run("return [...document.querySelectorAll('.source')].map((e) => e.dataset.key)")
    gates = ["gradient_%s/1/0/%d" % (letter, unit) for letter in "ijfo" for unit in (0, 1)]
    assert sorted(sources) == sorted(gates + ["kernel/1/%d" % column for column in range(8)])
    # When the tables show something else, the line says where its weights stand.
    says = "return document.querySelector('.arithmetic').textContent.includes('steps 1 to 14')"
    for step, elsewhere in (("first_back", False), ("weights_back", True), ("update", True)):
        go(page, step)
        assert page.run(says) is False
        page.run("document.querySelector('[data-key=\"i_t/0/1/0\"]').click()")
        assert page.run(says) is elsewhere
        shown_weights = page.run("return !!document.querySelector('.weights .source')")
        assert shown_weights is not elsewhere


@pytest.mark.slow
def test_a_tap_on_a_phone_shows_the_working_over_the_lower_edge(page):
    page.resize(SIZES["narrow"], 844)
    go(page, "second_back")
    box = "return document.querySelector('.working').getBoundingClientRect().toJSON()"
    assert page.run(box)["top"] > 844  # It stands below the cells.
    go(page, "first_back")
    for key in ("gradient_h/0/0/0", "C/0/1/0", "kernel/0/0"):  # The first is the longest.
        page.run("document.querySelector(arguments[0]).click()", '[data-key="%s"]' % key)
        found = page.run(box)
        assert found["bottom"] == 844 and 0 < found["height"] <= 844 / 4, key
    page.run("document.querySelector('.working button').click()")
    assert page.run(box)["top"] > 844
    page.run("document.querySelector('[data-key=\"C/0/1/0\"]').click()")
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))")
    assert page.run(box)["top"] > 844
    page.run("document.querySelector('[data-key=\"C/0/1/0\"]').click()")
    page.run("document.querySelector('.buttons .main').click()")  # A step closes it.
    assert page.run(box)["top"] > 844


def test_what_the_texts_say(numbers):
    first, second, third = (numbers["C"][:, t, 0] for t in range(3))
    assert first[0] == first[1] and second[0] != second[1] and third[0] != third[1]
    gradient = numbers["gradient_logits"]
    at_target = np.take_along_axis(gradient, numbers["targets"][..., None], 2)
    assert (at_target < 0).all() and (gradient < 0).sum() == at_target.size
    np.testing.assert_array_equal(numbers["h"][0, 0], numbers["h"][1, 0])
    assert not np.allclose(*numbers["gradient_embedding"][:, 0])
    assert numbers["perplexity"] > 5 and numbers["global_norm"] > numbers["max_grad_norm"]
    assert numbers["updated_cost"] < numbers["cost"]
    np.testing.assert_array_equal(numbers["updated_embedding"][0], numbers["embedding"][0])
    assert numbers["carried_cost"] < numbers["zero_cost"]
    np.testing.assert_array_equal(*numbers["zero_p"][:, 0])
    assert not np.allclose(*numbers["carried_p"][:, 0])


@pytest.mark.slow
def test_keys_step_and_the_address_follows(page):
    from selenium.webdriver.common.keys import Keys

    body = page.driver.find_element("tag name", "body")
    go(page, "words")
    visited = []
    for _ in STEPS[1:]:
        body.send_keys(Keys.ARROW_RIGHT)
        visited.append(page.run("return location.hash"))
    assert visited == ["#batch/" + name for name in STEPS[1:]]
    body.send_keys(Keys.ARROW_RIGHT)
    assert page.run("return location.hash") == "#batch/carried"
    body.send_keys(Keys.ARROW_LEFT)
    assert page.run("return location.hash") == "#batch/next"
    before = shown(page, ".board")
    page.run("document.querySelectorAll('.choice button')[1].click()")
    after = shown(page, ".board")
    assert "carried_initial_c/0/0" in before and "zero_initial_c/0/0" in after
    for part, step in (("3", "gates"), ("6", "clip"), ("A", "next"), ("8", "next")):
        page.run("location.hash = '#batch/' + arguments[0]", part)
        page.settle()
        assert page.run("return document.getElementById('view-batch').dataset.step") == step


@pytest.mark.slow
def test_numbers_move_only_if_the_reader_wants_motion(page):
    count = "return document.getAnimations().filter((a) => !a.transitionProperty).length"
    go(page, "rows")
    page.run("document.querySelector('.buttons .main').click()")
    assert page.run(count) == 0
    assert page.run("return document.querySelector('.play').checkVisibility()") is False
    page.media(prefers_color_scheme="light", prefers_reduced_motion="no-preference")
    page.run("Page.setTheme('light')")
    assert page.run("return document.querySelector('.play').checkVisibility()") is True
    page.run("document.querySelector('.buttons .main').click()")
    assert page.run(count) > 0


@pytest.mark.slow
@pytest.mark.parametrize("size, language, theme", LOOKS)
def test_nothing_is_cut_off_and_nothing_is_asked_for(page, size, language, theme, tmp_path):
    page.resize(SIZES[size])
    page.run("Page.setLanguage(arguments[0]); Page.setTheme(arguments[1])", language, theme)
    for step in STEPS:
        go(page, step)
        assert page.run(CUT_OFF) == [], step
        page.run("for (const e of document.querySelectorAll('.board [data-key]')) e.click()")
        assert page.run(CUT_OFF) == [], step
    page.screenshot(str(tmp_path / "batch.png"))
    assert page.errors() == []
    assert [
        url for url in page.requests() if not url.startswith(("file:", "data:", "about:"))
    ] == []
