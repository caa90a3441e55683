"""The figures of the walkthrough: drawn by the script, readable in both modes, and true."""

import io
import os
import re
import subprocess
import sys
import tokenize
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commands import ROOT
from models import build, make_config, running_session

import contrib
import reader

pytestmark = pytest.mark.docs

FOLDER = os.path.join(ROOT, "docs", "figures")
NAMES = ["unrolled", "lstm_cell", "memory", "dropout", "batches", "state"]
SVG = "{http://www.w3.org/2000/svg}"
NAME = r"[A-Za-z_]\w*(?:%d)?"  # cell_%d makes cell_0 and cell_1
BACKGROUNDS = {"light": "#ffffff", "dark": "#0d1117"}


def source(name):
    with open(os.path.join(FOLDER, name + ".svg"), encoding="utf-8") as file:
        return file.read()


def figure(name):
    return ElementTree.fromstring(source(name).encode("utf-8"))


def words(element):
    """The texts of an element, in the order of drawing."""
    return ["".join(text.itertext()) for text in element.iter(SVG + "text")]


def part(name, group):
    """The texts of a group of a figure."""
    return words(figure(name).find(".//*[@id='%s']" % group))


def colours(name):
    """`{"light" or "dark": {class: {property: colour}}}` of a figure's style."""
    style = figure(name).find(SVG + "style").text
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    return {
        mode: {
            rule: dict(re.findall(r"([a-z]+): (#[0-9a-f]{6})", body))
            for rule, body in re.findall(r"\.([a-z-]+) \{(.*?)\}", text)
        }
        for mode, text in (("light", light), ("dark", dark))
    }


def contrast(one, other):
    """The contrast ratio of the Web Content Accessibility Guidelines, 1 to 21."""

    def luminance(colour):
        values = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        values = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
        return 0.2126 * values[0] + 0.7152 * values[1] + 0.0722 * values[2]

    darker, lighter = sorted([luminance(one), luminance(other)])
    return (lighter + 0.05) / (darker + 0.05)


def test_the_committed_figures_are_what_the_script_draws(tmp_path):
    command = [sys.executable, "-m", "docs.figures", "--to=%s" % tmp_path]
    subprocess.check_call(command, cwd=ROOT)
    assert sorted(os.listdir(str(tmp_path))) == sorted(name + ".svg" for name in NAMES)
    for name in os.listdir(str(tmp_path)):
        with open(os.path.join(FOLDER, name), "rb") as file:
            assert file.read() == (tmp_path / name).read_bytes(), name


def test_every_picture_is_shown():
    with open(os.path.join(ROOT, "docs", "walkthrough.md"), encoding="utf-8") as page:
        shown = re.findall(r"!\[.+?\]\(figures/(.*?)\)", page.read())
    assert sorted(shown) == sorted(os.listdir(FOLDER))


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_reader_has_something_to_read(name):
    svg = figure(name)
    assert svg.get("role") == "img"
    for element_id in svg.get("aria-labelledby").split():
        assert svg.find(".//*[@id='%s']" % element_id).text.strip()
    assert [svg.find(SVG + tag).get("id") for tag in ("title", "desc")] == ["title", "desc"]


@pytest.mark.parametrize("name", NAMES)
def test_every_class_has_its_colours_light_and_dark(name):
    made = colours(name)
    used = {element.get("class") for element in figure(name).iter()} - {None}
    assert used
    for mode in ("light", "dark"):
        for class_name in used:
            wanted = {"fill", "stroke"} if class_name.endswith("-box") else {"color"}
            assert set(made[mode].get(class_name, {})) == wanted, (mode, class_name)
    # No colour stands anywhere else, where a mode could not change it.
    assert not re.search("#[0-9a-f]{3}", source(name).split("</style>")[1])


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_stands_out(name, mode):
    made = colours(name)[mode]
    for class_name, values in made.items():
        if "color" in values:  # text on the page
            assert contrast(values["color"], BACKGROUNDS[mode]) > 4.5, class_name
        else:  # text in a box, and the box's edge on the page
            assert contrast(made["ink"]["color"], values["fill"]) > 4.5, class_name
            assert contrast(values["stroke"], BACKGROUNDS[mode]) > 3, class_name


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_cut_off(name):
    svg = figure(name)
    width, height = float(svg.get("width")), float(svg.get("height"))
    assert svg.get("viewBox") == "0 0 %g %g" % (width, height)
    for text in svg.iter(SVG + "text"):
        x, y, size = (float(text.get(key)) for key in ("x", "y", "font-size"))
        # A letter of a wide font takes this much of its size.
        length = 0.61 * size * len("".join(text.itertext()))
        left = x - {"start": 0, "middle": length / 2, "end": length}[text.get("text-anchor")]
        assert 0 <= left and left + length <= width, words(svg)
        assert size <= y <= height - 0.5 * size
    for path in svg.iter(SVG + "path"):
        for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path.get("d")):
            assert 0 <= float(x) <= width and 0 <= float(y) <= height
    for rect in svg.iter(SVG + "rect"):
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x and x + w <= width and 0 <= y and y + h <= height


def names_of(*files):
    """The names and the words of the strings of Python files; without comments."""
    found = set()
    for file_name in files:
        with open(os.path.join(ROOT, *file_name.split("/")), encoding="utf-8") as file:
            for token in tokenize.generate_tokens(io.StringIO(file.read()).readline):
                if token.type in (tokenize.NAME, tokenize.STRING):
                    found.update(re.findall(NAME, token.string))
    return found


@pytest.mark.parametrize("name", sorted(set(NAMES) - {"memory"}))  # which has symbols only
def test_names_in_code_font_are_names_of_the_code(name):
    code = " ".join(
        "".join(text.itertext())
        for text in figure(name).iter(SVG + "text")
        if text.get("font-family") == "monospace"
    )
    shown = set(re.findall(NAME, re.sub(r"cell_\d", "cell_%d", code)))
    assert len(shown) > 3
    rnn = ["contrib/rnn/lstm.py", "contrib/rnn/wrappers.py"]
    assert shown <= names_of("ptb_word_lm.py", "reader.py", *rnn)


@pytest.mark.parametrize(
    "name, symbols",
    [
        (
            "unrolled",
            "input_data targets embedding initial_state final_state reuse_variables time_step"
            " softmax_w softmax_b logits sequence_loss cost",
        ),
        ("dropout", "is_training keep_prob DropoutWrapper output_keep_prob dropout"),
        ("state", "run_epoch initial_state final_state feed_dict zero_state gradients num_steps"),
    ],
)
def test_the_script_has_what_the_figure_names(name, symbols):
    script, shown = names_of("ptb_word_lm.py"), " ".join(words(figure(name)))
    for symbol in symbols.split():
        assert re.search(r"\b%s\b" % symbol, shown) and symbol in script, symbol


def ints(texts):
    return [int(text) for text in texts]


def made_batches(words_count, count):
    xy = reader.ptb_producer(list(range(words_count)), 2, 3)
    with running_session() as session:
        return [session.run(xy) for _ in range(count)]


def test_the_batches_are_the_readers():
    assert ints(part("batches", "raw_data")) == list(range(26))
    assert ints(part("batches", "row0") + part("batches", "row1")) == list(range(26))
    made = made_batches(26, 5)
    np.testing.assert_array_equal(made[4], made[0])  # four batches, and from the start again
    assert source("batches").count('id="batch3-') == 4 and "batch4" not in source("batches")
    for k, (x, y) in enumerate(made[:4]):
        for row in (0, 1):
            assert ints(part("batches", "batch%d-x-row%d" % (k, row))) == x[row].tolist()
            assert ints(part("batches", "batch%d-y-row%d" % (k, row))) == y[row].tolist()
            assert ints(part("state", "batch%d-row%d" % (k, row))) == x[row].tolist()


@pytest.mark.parametrize("words_count", [25, 26, 27, 28])
def test_the_table_of_other_lengths_is_the_readers(words_count):
    length, batch_len, epoch_size, left_over = ints(part("batches", "words%d" % words_count))
    made = np.array(made_batches(words_count, epoch_size + 1))
    assert length == words_count
    np.testing.assert_array_equal(made[epoch_size], made[0])
    assert made[0, 0, 1, 0] == batch_len  # where the second row begins
    assert len(np.unique(made[:epoch_size, 0])) == epoch_size * 6  # and no batch is there twice
    assert left_over == words_count - len(np.unique(made))


def test_the_drawn_order_of_gates_is_the_kernels():
    order = part("lstm_cell", "split")
    assert sorted(order) == ["f", "i", "j", "o"]
    random = np.random.RandomState(1)
    values = {"x_t": random.randn(2, 3), "h_{t-1}": random.randn(2, 3), "c": random.randn(2, 3)}
    kernel = random.randn(6, 12)

    drawn = {"xt": "x_t", "ht\N{MINUS SIGN}1": "h_{t-1}"}
    concat = [values[drawn[name]] for name in part("lstm_cell", "concat")]
    gates = dict(zip(order, np.split(np.concatenate(concat, 1).dot(kernel), 4, axis=1)))

    def sigmoid(z):
        return 1 / (1 + np.exp(-z))

    c = sigmoid(gates["f"]) * values["c"] + sigmoid(gates["i"]) * np.tanh(gates["j"])
    h = sigmoid(gates["o"]) * np.tanh(c)

    cell = contrib.rnn.BasicLSTMCell(3, forget_bias=0.0)
    state = contrib.rnn.LSTMStateTuple(tf.constant(values["c"]), tf.constant(values["h_{t-1}"]))
    with tf.variable_scope("Model", initializer=tf.constant_initializer(kernel)):
        _, new_state = cell(tf.constant(values["x_t"]), state)
    with running_session() as session:
        made = session.run(new_state)
    np.testing.assert_allclose(made.c, c)
    np.testing.assert_allclose(made.h, h)


def shafts(group):
    """The lines of the arrows of a group, `[x0, y0, x1, y1]` each, and their elements."""
    paths = figure("dropout").find(".//*[@id='%s']" % group).iter(SVG + "path")
    lines = [path for path in paths if path.get("stroke")]
    return [[float(n) for n in re.findall(r"[-\d.]+", line.get("d"))] for line in lines], lines


def test_dropout_is_drawn_where_the_model_has_it():
    dropped, lines = shafts("dropped")
    assert all(x0 == x1 for x0, _, x1, _ in dropped)  # up only
    assert all(line.get("stroke-dasharray") for line in lines)
    kept, lines = shafts("kept")
    assert not any(line.get("stroke-dasharray") for line in lines)
    columns = {x0 for x0, _, _, _ in dropped}
    levels = {y0 for _, y0, _, _ in dropped}
    assert len(dropped) == len(columns) * len(levels)
    # What is not dropped: c and h of two layers, and the word ids
    assert sum(y0 == y1 for _, y0, _, y1 in kept) == 2 * (len(columns) + 1)

    # The model has one for the inputs of all time steps, and one for each time step and layer.
    build(make_config(keep_prob=0.5, num_layers=2, num_steps=len(columns)), list(range(50)))
    masks = [
        op
        for op in tf.get_default_graph().get_operations()
        if op.type == "RandomUniform" and "dropout" in op.name
    ]
    assert len(masks) == 1 + (len(levels) - 1) * len(columns)
