"""Tests the view "Side by side" of the page: source, notes, shapes, links and marks."""

import html
import re
import sys
import time

import pytest
import tensorflow.compat.v1 as tf
from browser import CUT_OFF, LOOKS, SIZES, needs_the_builder
from documents import read

import configs
import ptb_word_lm
from docs import lines

needs_the_builder()

from page import documents  # noqa: E402
from page.views import side  # noqa: E402

FILES = ("ptb_word_lm.py", "reader.py")


@pytest.fixture(scope="module")
def data():
    return side.data()


@pytest.fixture
def page(chromium):
    """Returns the browser with the view opened, in English, light, without motion."""
    chromium.open_afresh("side", prefers_reduced_motion="reduce")
    return chromium


def plain(markup):
    """Returns the text of HTML, without the code that the blog's section 6 shares."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


def squeeze(text):
    return " ".join(text.split())


def follow(page, address):
    """Goes to an address within the page."""
    page.run("location.hash = arguments[0]", address)
    page.settle()
    page.settle()


# --------------------------------------------------------------------------------------------------
# What the page is built of
# --------------------------------------------------------------------------------------------------
def test_the_code_is_the_source(data):
    for file in data["files"]:
        shown = [plain(line).rstrip() for line in file["lines"]]
        assert shown == read(file["name"]).rstrip("\n").split("\n")
    assert [file["name"] for file in data["files"]] == list(FILES)


@pytest.mark.parametrize("language", documents.LANGUAGES)
def test_the_notes_have_every_sentence_of_the_walkthrough(data, language):
    for number in side.PARTS:
        notes = [n["note"][language] for n in data["notes"] if n["part"] == number]
        shown = squeeze(plain("".join(part["html"] for note in notes for part in note)))
        text = documents.section("Code " + number, language)
        # Only the quotations of the two files are left out: they stand on the left.
        text = re.sub(r"(?m)^```python (%s)\n(?:.*\n)*?```$" % "|".join(FILES), "", text)
        rendered = documents.render(text, documents.WALKTHROUGH[language])
        for element in re.findall(r"(?s)<(p|li|td|pre)[ >](.*?)</\1>", rendered):
            wanted = squeeze(plain(element[1]))
            if not re.fullmatch(r"(?:%s)[,，].*\d+.*" % "|".join(map(re.escape, FILES)), wanted):
                assert wanted in shown, (number, wanted)


def test_a_note_stands_level_with_what_it_quotes(data):
    page = read("docs", "walkthrough.md")
    quoted = {
        (path, int(re.search(r"#L(\d+)", link).group(1))): len(code.splitlines())
        for link, _, path, code in re.findall(lines.QUOTATION, page, flags=re.M)
        if path in FILES
    }
    notes = {(note["file"], *note["quote"]) for note in data["notes"] if note["note"]["en"]}
    assert notes == {(path, line, count) for (path, line), count in quoted.items()}
    for file in data["files"]:
        notes = [note for note in data["notes"] if note["file"] == file["name"]]
        starts = [note["line"] for note in notes]
        assert starts[0] == 1 and starts == sorted(set(starts))
        for note, end in zip(notes, starts[1:] + [len(file["lines"]) + 1]):
            first, count = note["quote"]
            assert note["line"] <= first and first + count <= end, note["line"]


def test_parts_begin_where_the_script_says_so(data):
    begins = {}
    for note in data["notes"]:
        begins.setdefault(note["part"], note["line"])
    source = read("ptb_word_lm.py").splitlines()
    for part in ("1.1", "1.2", "1.3"):
        assert source[begins[part] - 1].strip().startswith("# %s " % part)
    for part in ("2", "3", "4", "6", "7"):
        assert source[begins[part] - 1].strip().startswith("# %s. " % part)
    assert source[begins["0"] - 1].startswith("# Parameters")
    assert "run_epoch" in source[begins["A"] - 1]


def test_kinds_of_notes(data):
    kinds = {}
    for note in data["notes"]:
        for language in documents.LANGUAGES:
            for part in note["note"][language]:
                kinds.setdefault((language, part["kind"]), []).append(part["html"])
    for language in documents.LANGUAGES:
        assert len(kinds[language, "blog"]) == 3
        assert len(kinds[language, "guess"]) == 10
        assert all("python -m study.break_it --what=" in text for text in kinds[language, "guess"])
        assert len(kinds[language, "mistake"]) == 14
        assert all("<pre>" in text for text in kinds[language, "numbers"])


@pytest.mark.parametrize(
    "language, file", [("en", "docs/errata.md"), ("zh", "docs/errata.zh-CN.md")]
)
def test_errata_stand_with_their_part(data, language, file):
    rows = re.findall(r"^\| (?:Code|代码) ([\d][\d.]*)[,、]? ?(\d?) \| (.*?) \|", read(file), re.M)
    assert len(rows) > 30
    for first, second, blog in rows:
        for number in filter(None, (first, second)):
            shown = squeeze(plain(data["errata"][language][number]))
            assert squeeze(plain(documents.render_line(blog))) in shown


# --------------------------------------------------------------------------------------------------
# Shapes
# --------------------------------------------------------------------------------------------------
def test_shapes_are_those_of_the_graph():
    config = configs.get_config("test")
    config.batch_size, config.num_steps, config.hidden_size, config.vocab_size = 3, 4, 6, 7
    sizes = {"B": 3, "T": 4, "H": 6, "V": 7}
    frames = {}

    def keep_locals(frame, event, argument):
        if event == "return" and frame.f_code is ptb_word_lm.PTBModel.__init__.__code__:
            frames["model"] = dict(frame.f_locals)

    ptb_word_lm.FLAGS(["test"])
    with tf.Graph().as_default(), tf.variable_scope("Model"):
        input_ = ptb_word_lm.PTBInput(config, list(range(7)) * 9)
        sys.setprofile(keep_locals)
        try:
            m = ptb_word_lm.PTBModel(True, config, input_)
        finally:
            sys.setprofile(None)
    found = dict(frames["model"], input_data=input_.input_data, targets=input_.targets)
    for name in ("initial_state", "final_state", "cost", "lr"):
        found[name] = getattr(m, name)
    found["outputs"] = found["outputs"][0]
    found["new_lr"] = m._new_lr
    found["c"], found["h"] = m.initial_state[0]
    tables = {"tvars", "grads", "_"}  # The walkthrough's tables have their shapes.
    last = {}
    for _, (key, _, shape) in sorted(side.Tensors(read("ptb_word_lm.py")).places.items()):
        last[key.split(".")[-1]] = shape
    assert set(last) - tables == {
        "input_data", "targets", "initial_state", "embedding", "inputs", "outputs", "state",
        "cell_output", "output", "softmax_w", "softmax_b", "logits", "loss", "cost", "final_state",
        "lr", "new_lr", "c", "h",
    }  # fmt: skip
    for name in set(last) - tables:
        shapes, tensors = last[name].replace("T × ", "").split("\n"), [found[name]]
        if name.endswith("state"):
            assert [shape[:5] for shape in shapes] == ["[i].c", "[i].h"], name
            shapes, tensors = [shape[6:] for shape in shapes], found[name][0]
        for shape, tensor in zip(shapes, tensors):
            wanted = [eval(part, {}, sizes) for part in shape[1:-1].split(",") if part]
            assert tensor.shape.as_list() == wanted, name


def test_logits_have_two_shapes():
    places = side.Tensors(read("ptb_word_lm.py")).places
    shapes = [shape for _, (_, name, shape) in sorted(places.items()) if name == "logits"]
    assert shapes == ["[B * T, V]", "[B, T, V]", "[B * T, V]", "[B, T, V]"]


@pytest.mark.slow
def test_the_switch_puts_numbers_into_shapes(page):
    text = "return document.querySelector(arguments[0]).textContent"
    line = "[id='side-ptb_word_lm-py-175'] .shape"
    assert page.run(text, line) == "[B * T, V]"
    expected = {
        "letters": "[B * T, V]",
        "small": "[400, 10000]",
        "medium": "[700, 10000]",
        "large": "[700, 10000]",
    }
    table = (
        "return [...document.querySelectorAll('table.of-shapes tbody tr')]"
        ".map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    for size, shape in expected.items():
        page.run("document.querySelector('[data-size=' + arguments[0] + ']').click()", size)
        assert page.run(text, line) == shape
        if size == "small":
            rows = [tuple(row) for row in page.run(table)]
    # The walkthrough's own numbers of small.
    walkthrough = "".join(documents.section("Code " + number, "en") for number in side.PARTS)
    wanted = re.findall(r"^\| `(.*)` \| `(\[.*\])` \| `(\[.*\])` \|$", walkthrough, re.M)
    assert len(wanted) > 10 and sorted(rows) == sorted(wanted)
    page.run("document.querySelector('[data-size=medium]').click()")
    assert ["data", "[B, N // B]", "[20, 46479]"] in page.run(table)
    assert ["tvars[1]", "[2 * H, 4 * H]", "[1300, 2600]"] in page.run(table)


# --------------------------------------------------------------------------------------------------
# In the browser
# --------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_pointing_at_a_tensor_marks_all_its_places(page):
    from selenium.webdriver.common.action_chains import ActionChains

    source = read("ptb_word_lm.py").splitlines()
    for name, line in (("inputs", 166), ("logits", 175), ("softmax_w", 173), ("cost", 187)):
        follow(page, "#side/L%d" % line)
        place = page.driver.find_elements("css selector", "[id='side-ptb_word_lm-py-%d'] .t" % line)
        place = [span for span in place if span.text == name][0]
        ActionChains(page.driver).move_to_element(place).perform()
        page.settle()
        marked = page.run(
            "return [...document.querySelectorAll('.t.on')].map((e) =>"
            " [e.closest('.line').querySelector('.number').textContent, e.textContent])"
        )
        code = {int(number) for number, _ in marked}
        assert {text.lstrip("_") for _, text in marked} == {name}
        # In PTBModel each use of the name is a use of the tensor, except in text.
        uses = set()
        for number in range(123, 213):
            text = re.sub(r"#.*|\"[^\"]*\"", "", source[number - 1])
            if re.search(r"(?<![\w])_?%s\b(?!=)" % name, text):
                uses.add(number)
        assert {number for number in code if 123 <= number < 213} == uses, name
        tip = page.run("return document.querySelector('#view-side .tip').textContent")
        assert tip.startswith(name) and "[" in tip
        about = page.run(
            "return [...document.querySelectorAll('.about .lines a')].map((a) => a.textContent)"
        )
        assert [int(number) for number in about] == sorted(code)
    # A click keeps the marks when the pointer has gone.
    ActionChains(page.driver).move_to_element(
        page.driver.find_element("css selector", ".fold")
    ).perform()
    page.run(
        "[...document.querySelectorAll('#view-side .t')]"
        ".find((e) => e.textContent === 'inputs').click()"
    )
    assert "[B, T, H] = [20, 20, 200]" in page.run(
        "return document.querySelector('.about').textContent"
    )


@pytest.mark.slow
def test_every_line_has_a_link_that_leads_to_it(page):
    follow(page, "#side")
    links = page.run(
        "return [...document.querySelectorAll('#view-side .number')].map((a) =>"
        " [a.getAttribute('href'), a.parentElement.id])"
    )
    count = sum(len(read(name).rstrip("\n").split("\n")) for name in FILES)
    assert len(links) == count
    assert len(set(address for address, _ in links)) == len(links)
    for address, line in links[:: len(links) // 25]:
        follow(page, address)
        here = page.run(
            "const e = document.querySelector('.line.here'), box = e.getBoundingClientRect();"
            "return [e.id, box.top, box.bottom, innerHeight,"
            " document.querySelector('.tools').getBoundingClientRect().bottom]"
        )
        assert here[0] == line
        assert here[4] <= here[1] and here[2] <= here[3], (address, here)


@pytest.mark.slow
def test_links_of_the_notes_lead_somewhere(page):
    targets = page.run(
        "return [...document.querySelectorAll('#view-side .rows a, #view-side .way a')]"
        ".map((a) => a.getAttribute('href'))"
    )
    assert len(targets) > 400
    for target in sorted(set(targets)):
        if target.startswith("#side/"):
            last = target.split("/")[-1]
            file = target.split("/")[1] if target.count("/") == 2 else "ptb_word_lm.py"
            if last.startswith("L"):
                assert page.run(
                    "return !!document.getElementById(arguments[0])",
                    "side-%s-%s" % (file.replace(".", "-"), last[1:]),
                ), target
            else:
                assert last in side.PARTS
        elif target.startswith("#batch/"):
            assert target.split("/")[1] in side.PARTS
        elif "://" not in target:
            assert target.startswith("../../")
            read(*target[len("../../") :].split("#")[0].split("/"))


@pytest.mark.slow
def test_arrow_keys_step_from_part_to_part(page):
    from selenium.webdriver.common.keys import Keys

    follow(page, "#side/1.2")
    body = page.driver.find_element("tag name", "body")
    for key, part in ((Keys.ARROW_RIGHT, "1.3"), (Keys.ARROW_RIGHT, "2"), (Keys.ARROW_LEFT, "1.3")):
        body.send_keys(key)
        page.settle(), page.settle()
        assert page.run("return location.hash") == "#side/" + part
        current = "return document.querySelector('.rail [aria-current]').textContent"
        deadline = time.time() + 5
        while page.run(current) != part and time.time() < deadline:
            page.settle()
        assert page.run(current) == part


@pytest.mark.slow
def test_code_and_note_stand_beside_or_below_each_other(page):
    boxes = (
        "return [...document.querySelectorAll('#view-side .row')].map((row) =>"
        " [...row.children].map((e) => e.getBoundingClientRect().toJSON()))"
    )
    for _, code, note in page.run(boxes):
        assert code["right"] <= note["left"] and abs(code["top"] - note["top"]) < 60
    page.resize(SIZES["narrow"])
    page.settle()
    for _, code, note in page.run(boxes):
        assert code["bottom"] <= note["top"] and abs(code["left"] - note["left"]) < 2
    page.run("document.querySelector('.fold').click()")
    assert page.run("return document.querySelector('#view-side .note').checkVisibility()") is False


@pytest.mark.slow
@pytest.mark.parametrize("size, language, theme", LOOKS)
def test_nothing_is_cut_off_and_nothing_is_asked_for(page, size, language, theme):
    page.resize(SIZES[size])
    page.run("Page.setLanguage(arguments[0]); Page.setTheme(arguments[1])", language, theme)
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    page.run("document.querySelector('[data-size=large]').click()")
    assert page.run(CUT_OFF) == []
    assert page.errors() == []
    assert [
        url for url in page.requests() if not url.startswith(("file:", "data:", "about:"))
    ] == []
