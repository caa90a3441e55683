"""Tests the view "Side by side" of the page: source, notes, shapes, links and marks."""

import html
import re
import sys
import time

import pytest
import tensorflow.compat.v1 as tf
from browser import BUILT, CUT_OFF, LOOKS, SIZES, needs_the_builder
from documents import read

import configs
import ptb_word_lm
from docs import lines

needs_the_builder()

from page import documents, words  # noqa: E402
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
        # Left out are the quotations of the two files, which stand beside the notes, and the links
        # to the answers, which stand in folds.
        text = re.sub(side.ANSWER, "", text)
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
        guesses = [plain(text) for text in kinds[language, "guess"]]
        assert all("python -m study.break_it --what=" in text for text in guesses)
        assert len(kinds[language, "mistake"]) == 14
        assert all("<pre>" in text for text in kinds[language, "numbers"])


@pytest.mark.parametrize("language", documents.LANGUAGES)
def test_each_guess_has_its_answer(data, language):
    text = read(documents.WALKTHROUGH[language])
    answers = re.findall(r"^### (?:Answer|答案) \d+.*\n((?:(?!#).*\n?)*)", text, re.M)
    parts = [part for note in data["notes"] for part in note["note"][language]]
    order = [plain(part["answer"]) for part in parts if part["kind"] == "guess"]
    wanted = [
        plain(documents.render(answer, documents.WALKTHROUGH[language])) for answer in answers
    ]
    assert len(order) == 10 and sorted(order) == sorted(wanted)
    # The command of a guess stands in the walkthrough before the link to the same answer.
    for part in parts:
        if part["kind"] == "guess":
            what = re.search(r"--what=\w+", plain(part["html"])).group()
            anchor = re.search(r"%s`[ \n]?[(（]\[.*?\]\(#(.*?)\)" % what, text).group(1)
            heading = documents.headings(documents.WALKTHROUGH[language])[anchor][0]
            answer = text.split("### %s\n" % heading)[1].split("\n### ")[0]
            assert squeeze(plain(documents.render(answer, documents.WALKTHROUGH[language]))) == (
                squeeze(plain(part["answer"]))
            )
            assert "walkthrough" not in part["html"]


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
def test_answers_and_sections_of_the_walkthrough_open_on_the_page(page):
    from selenium.webdriver.common.keys import Keys

    for language, word in zip(documents.LANGUAGES, words.WORDS["side.answer"]):
        page.run("Page.setLanguage(arguments[0])", language)
        folds = page.run(
            "return [...document.querySelectorAll('.guess > .answer')].map((e) =>"
            " { e.open = true; return [e.querySelector('summary').textContent,"
            " e.innerText.length, e.querySelector('div').checkVisibility()] })"
        )
        assert len(folds) == 10 and all(
            name == word and length > 50 and seen for name, length, seen in folds
        )
    page.run("Page.setLanguage('en')")
    wanted = page.run(
        "return [...document.querySelectorAll('#view-side [data-section]')]"
        ".map((e) => e.dataset.section)"
    )
    assert (
        len(wanted) >= 6 and "section-62-tensorflow-1x-for-those-who-have-never-seen-it" in wanted
    )
    for anchor in sorted(set(wanted)):
        page.run("document.querySelector(arguments[0]).click()", "[data-section='%s']" % anchor)
        page.wait("return !!document.querySelector('dialog[open]')")
        heading, text = documents.headings("docs/walkthrough.md")[anchor]
        shown = page.run(
            "const dialog = document.querySelector('dialog');"
            "return [dialog.querySelector('h2').textContent, dialog.lastChild.textContent]"
        )
        assert shown[0] == heading.replace("`", "")
        first = documents.render(text.split("\n\n")[0], "docs/walkthrough.md")
        assert squeeze(plain(first)) in squeeze(shown[1])
        assert page.run(CUT_OFF) == []
        page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
        assert page.run("return document.querySelector('dialog')") is None
    # Two clicks open one dialog. It goes with the view.
    link = "[data-section='%s']" % wanted[0]
    page.run("for (let k = 0; k < 2; k++) document.querySelector(arguments[0]).click()", link)
    page.wait("return !!document.querySelector('dialog[open]')")
    page.settle()
    assert page.run("return document.querySelectorAll('dialog').length") == 1
    page.run("location.hash = '#batch'")
    page.wait("return Page.shown === 'batch' && !document.querySelector('dialog')")
    page.run("location.hash = '#side'")
    page.wait("return Page.shown === 'side'")
    # A figure says that it can be enlarged, fills its column, and opens in a dialog.
    mark = page.run(
        "const e = document.querySelector('#view-side .drawing .enlarge');"
        "e.scrollIntoView({ block: 'center' }); e.click();"
        "return [e.textContent, e.checkVisibility(),"
        " e.parentElement.firstChild.clientWidth - e.closest('.note').clientWidth,"
        " document.querySelector('dialog svg').getBoundingClientRect().width]"
    )
    assert "Enlarge" in mark[0] and mark[1] and abs(mark[2]) < 1 and mark[3] > 900


@pytest.mark.slow
def test_the_chooser_leads_to_a_tensor_and_the_bar_keeps_its_height(page):
    choose = (
        "const select = document.querySelector('#view-side select');"
        "select.value = [...select.options].find((e) => e.text === arguments[0]).value;"
        "select.dispatchEvent(new Event('change'));"
    )
    names = page.run(
        "return [...document.querySelector('#view-side select').options].map((e) => e.text)"
    )
    assert {"_", "i", "c", "h"}.isdisjoint(names) and {"logits", "state", "x", "y"} <= set(names)
    for size in SIZES.values():
        page.resize(size)
        page.settle()
        heights = set()
        for name in names[1:]:
            page.run(choose, name)
            heights.add(page.run("return document.querySelector('.tools').offsetHeight"))
        assert len(heights) == 1, heights
    page.resize(SIZES["wide"])
    follow(page, "#side")
    place = (
        "const bar = document.querySelector('.tools').getBoundingClientRect().bottom;"
        "return [scrollY, [...document.querySelectorAll('.t.on')].map((e) =>"
        " { const { top, bottom } = e.getBoundingClientRect();"
        " return top >= bar && bottom <= innerHeight })]"
    )
    page.run("scrollTo(0, 0)")
    page.run(choose, "softmax_w")
    page.settle()
    scrolled, seen = page.run(place)
    assert scrolled > 0 and seen[0]
    page.run(choose, "logits")  # One of its places is in view.
    page.settle()
    assert page.run(place)[0] == scrolled and any(page.run(place)[1])


@pytest.mark.slow
def test_a_jump_holds_while_heights_change_until_the_reader_moves(page):
    follow(page, "#side/L180")
    page.run("document.documentElement.style.overflowAnchor = 'none'")  # as in Safari
    top = "return document.querySelector('.line.here').getBoundingClientRect().top"
    before = page.run(top)
    grow = "document.querySelector('.row .note').append(Page.el('div', { style: 'height: 700px' }))"
    page.run(grow)
    page.settle(), page.settle()
    assert abs(page.run(top) - before) < 2
    page.run("dispatchEvent(new WheelEvent('wheel')); scrollBy(0, 900)")
    scrolled = page.run("return scrollY")
    page.run(grow.replace("'.row .note'", "'.row:last-child .note'"))
    page.settle(), page.settle()
    assert page.run("return scrollY") == scrolled


@pytest.mark.slow
def test_on_a_phone_the_index_marks_the_part_in_view_and_flags_stay_whole(page):
    page.resize(SIZES["narrow"])
    for part in ("1.3", "4", "7"):
        if part == "4":  # an address to begin with
            page.open(BUILT, "side/4")
        follow(page, "#side/" + part)
        found = page.run(
            "const head = document.getElementById('side-part-' + arguments[0].replace('.', '-'))"
            ".querySelector('.head').getBoundingClientRect();"
            "return [document.querySelector('.rail [aria-current]').textContent, head.top,"
            " document.querySelector('.rail').getBoundingClientRect().bottom]",
            part,
        )
        assert found[0] == part and found[2] <= found[1]
        # The heading is still in view a little lower.
        page.run("scrollBy(0, -30)")
        page.settle()
        assert page.run("return document.querySelector('.rail [aria-current]').textContent") == part
    broken = page.run(
        "return [...document.querySelectorAll('#view-side .note code')].filter((e) =>"
        " e.checkVisibility() && !e.closest('pre') && /^--\\S{1,30}$/.test(e.textContent))"
        ".map((e) => [e.textContent, e.getClientRects().length])"
    )
    assert len(broken) > 3 and all(count == 1 for _, count in broken), broken


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
def test_nothing_is_cut_off_and_nothing_is_asked_for(page, size, language, theme, tmp_path):
    page.resize(SIZES[size])
    page.run("Page.setLanguage(arguments[0]); Page.setTheme(arguments[1])", language, theme)
    page.run("for (const e of document.querySelectorAll('details')) e.open = true")
    page.run("document.querySelector('[data-size=large]').click()")
    assert page.run(CUT_OFF) == []
    page.screenshot(str(tmp_path / "side.png"))
    assert page.errors() == []
    assert [
        url for url in page.requests() if not url.startswith(("file:", "data:", "about:"))
    ] == []
