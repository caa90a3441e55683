"""Draws the figures of the walkthrough, docs/figures/*.svg.

    python -m docs.figures             # writes docs/figures/, the same bytes every time
    python -m docs.figures --to=DIR    # writes somewhere else

The drawings have no background and two sets of colours: a light one, and a dark one for readers who
prefer it. English and Chinese pages use the same files, so they hold symbols and names of the code,
and few words. `C_{t-1}` in a text is C with a subscript; the underscores of code are left alone.
"""

import html
import math
import os
import re

from lm import command_line

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "figures")

# Colours of texts, wires and arrow heads: light, dark.
INKS = {
    "ink": ("#1f2328", "#e6edf3"),
    "soft": ("#59636e", "#9198a1"),
    "blue": ("#0550ae", "#79c0ff"),
    "purple": ("#6639ba", "#d2a8ff"),
    "green": ("#116329", "#56d364"),
    "red": ("#b31d28", "#ff7b72"),
}
# Colours of boxes: fill and edge, light, then fill and edge, dark.
BOXES = {
    "plain-box": ("#f6f8fa", "#59636e", "#161b22", "#9198a1"),
    "blue-box": ("#ddf4ff", "#0550ae", "#10243e", "#79c0ff"),
    "purple-box": ("#f3ecff", "#6639ba", "#271a40", "#d2a8ff"),
    "green-box": ("#dafbe1", "#116329", "#0f2a17", "#56d364"),
    "red-box": ("#ffebe9", "#b31d28", "#3a1418", "#ff7b72"),
}

# Half the size of an operator's circle, a multiplication or addition of numbers one by one.
RADIUS = 12


def text(x, y, content, ink="ink", size=14, anchor="middle", code=False):
    """A line of text; y is its middle."""
    parts = []
    for number, part in enumerate(re.split(r"_\{(.*?)\}", content)):
        part = html.escape(part, quote=False)
        if number % 2:
            part = part.replace("-", "\N{MINUS SIGN}")
            part = '<tspan dy="%g" font-size="%g">%s</tspan>' % (0.25 * size, 0.72 * size, part)
        elif number and part:  # back up from the subscript
            part = '<tspan dy="%g">%s</tspan>' % (-0.25 * size, part)
        parts.append(part)
    return '<text class="%s" x="%g" y="%g" font-size="%g" text-anchor="%s"%s>%s</text>' % (
        ink,
        x,
        y + 0.35 * size,
        size,
        anchor,
        ' font-family="monospace"' if code else "",
        "".join(parts),
    )


def box(x, y, width, height, colours="plain-box", content="", radius=6, dashed=False, **words):
    """A box around the point (x, y), with a text in the middle."""
    return '<rect class="%s" x="%g" y="%g" width="%g" height="%g" rx="%g"%s/>' % (
        colours,
        x - width / 2,
        y - height / 2,
        width,
        height,
        radius,
        ' stroke-dasharray="5 4"' if dashed else "",
    ) + (text(x, y, content, **words) if content else "")


def wire(points, ink="soft", width=1.5, dashed=False):
    """A line through the points."""
    return '<path class="%s" d="M%s" fill="none" stroke="currentColor" stroke-width="%g"%s/>' % (
        ink,
        " L".join("%g %g" % point for point in points),
        width,
        ' stroke-dasharray="5 4"' if dashed else "",
    )


def arrow(points, ink="soft", width=1.5, dashed=False):
    """A line through the points, with a head at the last one."""
    (x0, y0), (x, y) = points[-2:]
    length = math.hypot(x - x0, y - y0)
    along, across = (x - x0) / length, (y - y0) / length
    size = 6 + 2 * width
    back_x, back_y = x - size * along, y - size * across
    side_x, side_y = -0.4 * size * across, 0.4 * size * along
    head = (x, y, back_x + side_x, back_y + side_y, back_x - side_x, back_y - side_y)
    return wire(points[:-1] + [(back_x, back_y)], ink, width, dashed) + (
        '<path class="%s" d="M%.1f %.1f L%.1f %.1f L%.1f %.1fz" fill="currentColor"/>'
        % ((ink,) + head)
    )


def bracket(left, right, y, depth=8, ink="soft"):
    """A bracket under what is between left and right; above it, for a negative depth."""
    return wire([(left, y), (left, y + depth), (right, y + depth), (right, y)], ink)


def operator(x, y, sign):
    """A circle with a sign in it, drawn and not typed: fonts place signs differently."""
    lines = {
        "*": [(-5, -5, 5, 5), (-5, 5, 5, -5)],
        "+": [(-7, 0, 7, 0), (0, -7, 0, 7)],
    }[sign]
    circle = '<circle class="plain-box" cx="%g" cy="%g" r="%g"/>' % (x, y, RADIUS)
    return circle + "".join(
        wire([(x + x0, y + y0), (x + x1, y + y1)], "ink") for x0, y0, x1, y1 in lines
    )


def cells(x, y, numbers, width=30, height=26, colours="plain-box"):
    """A row of boxes with numbers in them, its left edge at x."""
    return "".join(
        box(x + (k + 0.5) * width, y, width, height, colours, str(number), radius=0, size=13)
        for k, number in enumerate(numbers)
    )


def group(name, *parts):
    """Parts that tests find by name."""
    return '<g id="%s">\n%s\n</g>' % (name, "\n".join(parts))


def style():
    """The two sets of colours."""
    light = [".%s { color: %s }" % (name, ink[0]) for name, ink in INKS.items()]
    light += [".%s { fill: %s; stroke: %s }" % ((name,) + box[:2]) for name, box in BOXES.items()]
    dark = [".%s { color: %s }" % (name, ink[1]) for name, ink in INKS.items()]
    dark += [".%s { fill: %s; stroke: %s }" % ((name,) + box[2:]) for name, box in BOXES.items()]
    lines = ["<style>", "text { fill: currentColor }"] + light
    lines += ["@media (prefers-color-scheme: dark) {"] + dark + ["}", "</style>"]
    return "\n".join(lines)


def svg(width, height, title, description, parts):
    """A whole file."""
    head = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d"'
        ' role="img" aria-labelledby="title desc" font-family="sans-serif">'
    ) % (width, height, width, height)
    lines = [head, '<title id="title">%s</title>' % html.escape(title, quote=False)]
    lines += ['<desc id="desc">%s</desc>' % html.escape(description, quote=False), style()]
    return "\n".join(lines + parts + ["</svg>", ""])


def unrolled():
    """PTBModel's graph: T time steps, two layers."""
    columns = [(250, "1"), (400, "2"), (670, "T")]
    dots = 535  # for the columns between
    x_row, embedding_row, cell_rows = 530, 455, {"cell_0": 355, "cell_1": 255}
    softmax_row, loss_row, y_row = 152, 78, 22
    parts = []

    for x, t in columns:
        parts += [
            text(x, x_row, "x_{%s}" % t, size=17),
            arrow([(x, x_row - 16), (x, embedding_row + 18)]),
            box(x, embedding_row, 86, 36, "green-box", "embedding", size=13, code=True),
            arrow([(x, embedding_row - 18), (x, cell_rows["cell_0"] + 28)]),
            box(x, cell_rows["cell_0"], 86, 56, "blue-box", "cell_0", code=True),
            arrow([(x, cell_rows["cell_0"] - 28), (x, cell_rows["cell_1"] + 28)]),
            box(x, cell_rows["cell_1"], 86, 56, "purple-box", "cell_1", code=True),
            arrow([(x, cell_rows["cell_1"] - 28), (x, softmax_row + 22)]),
            box(x, softmax_row, 86, 44, "red-box"),
            text(x, softmax_row - 9, "softmax_w", size=13, code=True),
            text(x, softmax_row + 9, "softmax_b", size=13, code=True),
            arrow([(x, softmax_row - 22), (x, loss_row + 16)]),
            text(x, y_row, "y_{%s}" % t, size=17),
            arrow([(x, y_row + 15), (x, loss_row - 16)]),
        ]
    for y in [x_row, embedding_row, softmax_row, y_row] + list(cell_rows.values()):
        parts.append(text(dots, y, "…", "soft", 20))

    # The state, c above h, goes right
    spans = [(125, 207), (293, 357), (443, 519), (551, 627), (713, 780)]
    for row in cell_rows.values():
        for name, y in (("c", row - 14), ("h", row + 14)):
            parts += [arrow([(left, y), (right, y)]) for left, right in spans]
            parts += [text(sum(span) / 2 - 5, y - 10, name, size=13) for span in spans]
    parts += [
        box(70, 305, 110, 156, content="initial_state", size=12, code=True),
        box(835, 305, 110, 156, content="final_state", size=12, code=True),
        box(460, loss_row, 506, 32, content="sequence_loss", code=True),
        arrow([(713, loss_row), (797, loss_row)]),
        box(835, loss_row, 76, 32, content="cost", code=True),
    ]

    # What the tensors are called
    for y, name, shape in (
        (y_row, "targets", "[B, T]"),
        (115, "logits", "[B, T, V]"),
        (204, "output", "[B · T, H]"),
        (410, "inputs", "[B, T, H]"),
        (x_row, "input_data", "[B, T]"),
    ):
        parts.append(text(140, y, name, size=13, anchor="end", code=True))
        parts.append(text(148, y, shape, "soft", 12, anchor="start"))

    # Along time the weights are shared
    parts += [
        bracket(207, 293, 552),
        text(250, 576, "time_step == 0", "soft", 13, code=True),
        bracket(357, 713, 552),
        text(535, 576, "time_step > 0: reuse_variables()", "soft", 13, code=True),
        text(450, 616, "one colour = one set of weights"),
    ]
    for x, y, colours, names, shape in (
        (60, 650, "blue-box", "cell_0/…/kernel, bias", "[2H, 4H], [4H]"),
        (60, 678, "purple-box", "cell_1/…/kernel, bias", "[2H, 4H], [4H]"),
        (520, 650, "green-box", "embedding", "[V, H]"),
        (520, 678, "red-box", "softmax_w, softmax_b", "[H, V], [V]"),
    ):
        parts += [
            box(x, y, 20, 16, colours, radius=3),
            text(x + 20, y, names, size=13, anchor="start", code=True),
            text(x + 210, y, shape, "soft", 13, anchor="start"),
        ]
    return svg(
        905,
        700,
        "The unrolled network",
        "Word ids x_1 to x_T go up through the embedding, two LSTM layers (cell_0 and cell_1) and"
        " the softmax, and are compared with the targets y_1 to y_T, which gives the cost. The"
        " state, c and h of each layer, goes right from time step to time step, from initial_state"
        " to final_state. All time steps share their weights; each layer has its own.",
        parts,
    )


def lstm_cell():
    """One step of a BasicLSTMCell."""
    f, i, j, o = 210, 340, 470, 600  # where the gates stand, in the order of the blog
    line, gate, strip, product, concat = 110, 262, 376, 436, 496
    parts = [box(425, 289, 610, 498, radius=16, dashed=True)]

    # The cell state C, straight through
    out = 664  # where h_t is made
    parts += [
        text(60, line, "C_{t-1}", size=17),
        arrow([(90, line), (f - RADIUS, line)], "ink", 2.5),
        arrow([(f + RADIUS, line), (405 - RADIUS, line)], "ink", 2.5),
        arrow([(405 + RADIUS, line), (775, line)], "ink", 2.5),
        text(800, line, "C_{t}", size=17),
    ]
    # The gates
    for x, colours, function, name in (
        (f, "red-box", "σ", "f_{t}"),
        (i, "blue-box", "σ", "i_{t}"),
        (j, "green-box", "tanh", "C\u0303_{t}"),
        (o, "purple-box", "σ", "o_{t}"),
    ):
        parts.append(box(x, gate, 60, 34, colours, function, size=15))
        parts.append(text(x + (-20 if x < j else 20), gate - 38, name, size=17))
    parts += [
        arrow([(f, gate - 17), (f, line + RADIUS)]),
        arrow([(i, gate - 17), (i, 180), (405 - RADIUS, 180)]),
        arrow([(j, gate - 17), (j, 180), (405 + RADIUS, 180)]),
        arrow([(405, 180 - RADIUS), (405, line + RADIUS)]),
        operator(f, line, "*"),
        operator(405, line, "+"),
        operator(405, 180, "*"),
        # h_t
        arrow([(out, line), (out, 143)]),
        box(out, 158, 54, 30, content="tanh", size=14),
        arrow([(out, 173), (out, 210 - RADIUS)]),
        arrow([(o, gate - 17), (o, 210), (out - RADIUS, 210)]),
        operator(out, 210, "*"),
        arrow([(out + RADIUS, 210), (775, 210)], "ink"),
        text(800, 210, "h_{t}", size=17),
        wire([(714, 210), (714, line + 8)], "ink"),
        arrow([(714, line - 8), (714, 22)], "ink"),
        text(736, 20, "h_{t}", size=17),
    ]
    # x and h times the kernel, split in four in TensorFlow's order
    split = [
        ("i", "blue", f, i),
        ("j", "green", i, j),
        ("f", "red", j, f),
        ("o", "purple", o, o),
    ]
    for _, ink, at, to in split:
        parts.append(arrow([(at, strip - 15), (to, gate + 17)], ink))
    parts.append(
        group(
            "split",
            *[box(at, strip, 130, 30, ink + "-box", name, code=True) for name, ink, at, _ in split],
        )
    )
    parts += [
        arrow([(405, product - 15), (405, strip + 15)]),
        box(405, product, 230, 30, content="· kernel + bias", code=True),
        arrow([(405, concat - 15), (405, product + 15)]),
        group(
            "concat",
            box(350, concat, 110, 30, content="x_{t}", size=16, radius=0),
            box(460, concat, 110, 30, content="h_{t-1}", size=16, radius=0),
        ),
        text(560, concat, "tf.concat([x, h], 1)", "soft", 12, "start", code=True),
        text(60, 466, "h_{t-1}", size=17),
        wire([(90, 466), (250, 466), (250, 526), (342, 526)], "ink"),
        arrow([(358, 526), (460, 526), (460, concat + 15)], "ink"),
        text(350, 572, "x_{t}", size=17),
        arrow([(350, 556), (350, concat + 15)], "ink"),
    ]
    # The same in equations
    parts += [
        text(110, 612, "TensorFlow:", "soft", 13, "end"),
        text(110, 642, "§ 2.2:", "soft", 13, "end"),
        text(130, 612, "[i, j, f, o] = [x_{t}, h_{t-1}] · kernel + bias", size=15, anchor="start"),
    ]
    for x, ink, equation in (
        (130, "blue", "i_{t} = σ(i)"),
        (250, "green", "C\u0303_{t} = tanh(j)"),
        (400, "red", "f_{t} = σ(f + forget_bias)"),
        (620, "purple", "o_{t} = σ(o)"),
    ):
        parts.append(text(x, 642, equation, ink, 15, "start"))
    parts += [
        text(470, 612, "(§ 2.2: [h_{t-1}, x_{t}])", "soft", 15, "start"),
        text(130, 672, "C_{t} = f_{t} ∗ C_{t-1} + i_{t} ∗ C\u0303_{t}", size=15, anchor="start"),
        text(400, 672, "h_{t} = o_{t} ∗ tanh(C_{t})", size=15, anchor="start"),
    ]
    return svg(
        850,
        694,
        "The LSTM cell",
        "x_t and h_(t-1), side by side, times the kernel, plus the bias, give four pieces in the"
        " order i, j, f, o. The sigmoid of f is the forget gate f_t, the sigmoid of i the input"
        " gate i_t, the tanh of j the new input C~_t, the sigmoid of o the output gate o_t."
        " C_t = f_t * C_(t-1) + i_t * C~_t, and h_t = o_t * tanh(C_t).",
        parts,
    )


def memory():
    """The way of the gradient through time: the plain cell's h, and the LSTM's C."""
    starts, pitch = [60, 320, 580], 260
    times = ["t-3", "t-2", "t-1", "t"]
    plain, lstm = 78, 262  # the heights of the two chains
    back = 48  # from a chain down to its gradients
    parts = []
    for y, letter in ((plain, "h"), (lstm, "C")):
        for x, t in zip(starts + [starts[-1] + pitch], times):
            parts.append(text(x, y, "%s_{%s}" % (letter, t), size=17))
    for x, t in zip(starts, times[1:]):
        end = x + pitch - 26
        matrix, add, tanh = x + 74, x + 130, x + 186
        parts += [
            arrow([(x + 26, plain), (matrix - 27, plain)], "ink", 2.5),
            box(matrix, plain, 54, 34, "red-box", "W_{hh}", size=15),
            arrow([(matrix + 27, plain), (add - RADIUS, plain)], "ink", 2.5),
            text(add, 18, "W_{hx} x_{%s}" % t, "soft", 14),
            arrow([(add, 30), (add, plain - RADIUS)]),
            operator(add, plain, "+"),
            arrow([(add + RADIUS, plain), (tanh - 25, plain)], "ink", 2.5),
            box(tanh, plain, 50, 34, "red-box", "tanh", size=15),
            arrow([(tanh + 25, plain), (end, plain)], "ink", 2.5),
        ]
        gate, add = x + 90, x + 160
        parts += [
            arrow([(x + 26, lstm), (gate - RADIUS, lstm)], "ink", 2.5),
            text(gate, 202, "f_{%s}" % t, "blue", 16),
            arrow([(gate, 214), (gate, lstm - RADIUS)], "blue"),
            operator(gate, lstm, "*"),
            arrow([(gate + RADIUS, lstm), (add - RADIUS, lstm)], "ink", 2.5),
            text(add + 6, 202, "i_{%s} \u2217 C\u0303_{%s}" % (t, t), "soft", 14),
            arrow([(add, 214), (add, lstm - RADIUS)]),
            operator(add, lstm, "+"),
            arrow([(add + RADIUS, lstm), (end, lstm)], "ink", 2.5),
        ]
        middle = x + pitch / 2
        parts += [
            arrow([(x + pitch - 12, plain + back), (x + 12, plain + back)], "red", dashed=True),
            text(middle, plain + back + 18, "\u00b7 W_{hh},  \u00b7 tanh\u2032", "red", 15),
            arrow([(x + pitch - 12, lstm + back), (x + 12, lstm + back)], "red", dashed=True),
            text(middle, lstm + back + 18, "\u2217 f_{%s}" % t, "red", 15),
        ]
    return svg(
        900,
        350,
        "What the gradient meets on its way back",
        "Above, the plain cell: between h_(t-1) and h_t stand the matrix W_hh and a tanh, and the"
        " gradient is multiplied by both at each step. Below, the cell state of an LSTM: between"
        " C_(t-1) and C_t stands a product with f_t, number by number, and a sum. Along C the"
        " gradient is multiplied by f_t, and by no matrix.",
        parts,
    )


def dropout():
    """Where units are dropped in training: on the way up, and not on the way right."""
    columns = [(330, "t-2"), (460, "t-1"), (590, "t"), (720, "t+1")]
    x_row, embedding_row, cell_rows, softmax_row = 430, 362, [262, 162], 62
    plain, dropped, straight = [], [], []
    for x, t in columns:
        plain += [
            text(x, x_row, "x_{%s}" % t, size=17),
            box(x, embedding_row, 86, 36, "green-box", "embedding", size=13, code=True),
            box(x, cell_rows[0], 86, 44, "blue-box", "cell_0", code=True),
            box(x, cell_rows[1], 86, 44, "purple-box", "cell_1", code=True),
            box(x, softmax_row, 86, 36, content="softmax_w", size=13, code=True),
        ]
        straight.append(arrow([(x, x_row - 16), (x, embedding_row + 18)]))
    # The blog's example: from x_{t-2} along the first layer to t+1, and up there
    first, last = columns[0][0], columns[-1][0]
    for x, _ in columns:
        for bottom, top in (
            (embedding_row - 18, cell_rows[0] + 22),
            (cell_rows[0] - 22, cell_rows[1] + 22),
            (cell_rows[1] - 22, softmax_row + 18),
        ):
            example = (x == first) == (bottom == embedding_row - 18) and x in (first, last)
            dropped.append(arrow([(x, bottom), (x, top)], "red", 4 if example else 1.5, True))
    for y in cell_rows:
        for x in [columns[0][0] - 130] + [x for x, _ in columns]:
            example = y == cell_rows[0] and first <= x < last
            straight.append(arrow([(x + 43, y), (x + 87, y)], *("ink", 4) if example else ()))
    label = dict(size=12, anchor="end", code=True)
    parts = plain + [
        group("dropped", *dropped),
        group("kept", *straight),
        text(200, 312, "tf.nn.dropout(inputs, …)", "red", **label),
        text(200, 204, "cell_0: DropoutWrapper", "red", **label),
        text(200, 221, "output_keep_prob", "red", **label),
        text(200, 104, "cell_1: DropoutWrapper", "red", **label),
        text(200, 121, "output_keep_prob", "red", **label),
        text(215, 262, "c, h", "soft", 13, "end"),
        text(215, 162, "c, h", "soft", 13, "end"),
        text(425, 18, "is_training and config.keep_prob < 1", size=13, code=True),
        arrow([(150, 476), (200, 476)], "red", 1.5, True),
        text(212, 476, "dropout", "red", 13, "start"),
        arrow([(340, 476), (390, 476)]),
        text(402, 476, "no dropout", "soft", 13, "start"),
        arrow([(540, 476), (590, 476)], "ink", 4),
        text(602, 476, "x_{t-2} → t+1:  3 × dropout", "ink", 13, "start"),
    ]
    return svg(
        830,
        500,
        "Where dropout applies",
        "In training with keep_prob below 1, dropout applies to the arrows that go up: from the"
        " embedding to cell_0, from cell_0 to cell_1, from cell_1 to the softmax. It does not apply"
        " to the arrows that go right, the state c and h. A word's way to a later time step meets"
        " dropout three times, however many steps lie between.",
        parts,
    )


# The numbers of the drawing in reader.py
WORDS, BATCH_SIZE, NUM_STEPS = 26, 2, 3


def cut(words=WORDS, batch_size=BATCH_SIZE, num_steps=NUM_STEPS):
    """The corpus 0, 1, 2, ... in rows, and the number of batches."""
    batch_len = words // batch_size
    rows = [list(range(b * batch_len, (b + 1) * batch_len)) for b in range(batch_size)]
    return rows, (batch_len - 1) // num_steps


def batches():
    """reader.ptb_producer, in the numbers of its drawing."""
    rows, epoch_size = cut()
    width, left = 30, 40
    parts = [
        text(left, 20, "raw_data", size=13, anchor="start", code=True),
        group(
            "raw_data",
            cells(left, 46, rows[0], width, colours="blue-box"),
            cells(left + 13 * width, 46, rows[1], width, colours="purple-box"),
        ),
        arrow([(left + 13 * width, 66), (left + 13 * width, 122)]),
        text(445, 92, "reshape([batch_size, batch_len])", size=12, anchor="start", code=True),
    ]
    # The rows, x marked above and y below
    left = 225
    parts += [
        text(left - 15, 148, "x", size=15, anchor="end"),
        text(left - 15, 232, "y", size=15, anchor="end"),
        group("row0", cells(left, 177, rows[0], width, colours="blue-box")),
        group("row1", cells(left, 203, rows[1], width, colours="purple-box")),
    ]
    for k in range(epoch_size):
        x = left + NUM_STEPS * width * k
        middle = x + NUM_STEPS * width / 2
        parts += [
            bracket(x + 3, x + NUM_STEPS * width - 3, 160, -8),
            text(middle, 141, str(k), "soft", 13),
            bracket(x + width + 3, x + (NUM_STEPS + 1) * width - 3, 220),
            text(middle + width, 239, str(k), "soft", 13),
        ]
    # The last word of a row is nobody's x
    end = left + len(rows[0]) * width
    numbers = (len(rows[0]), NUM_STEPS, epoch_size)
    parts += [
        bracket(end - width + 3, end - 3, 160, -8, "red"),
        text(end - width / 2, 141, "\N{MINUS SIGN}1", "red", 13),
        text(end + 12, 141, "epoch_size = (%d - 1) // %d = %d" % numbers, "red", 12, "start", True),
    ]

    # The batches
    for k in range(epoch_size):
        x = 48 + 203 * k
        parts.append(text(x + 90, 282, "batch %d" % k, "soft", 13))
        for name, shift in (("x", 0), ("y", 1)):
            at = x + 100 * shift
            parts.append(text(at + 39, 304, name, size=15))
            for b, colours in enumerate(("blue-box", "purple-box")):
                numbers = rows[b][NUM_STEPS * k + shift : NUM_STEPS * (k + 1) + shift]
                drawn = cells(at, 330 + 26 * b, numbers, 26, colours=colours)
                parts.append(group("batch%d-%s-row%d" % (k, name, b), drawn))

    # Other lengths
    columns = (150, 330, 555, 770)
    heads = (
        "len(raw_data)",
        "batch_len",
        "epoch_size",
        "left over",
    )
    rules = ("", "len // 2", "(batch_len - 1) // 3", "")
    for x, head, rule in zip(columns, heads, rules):
        parts.append(text(x, 404, head, size=13, code=head != "left over"))
        parts.append(text(x, 424, rule, "soft", 12, code=True))
    parts.append(wire([(60, 438), (830, 438)]))
    for line, words in enumerate((25, 26, 27, 28)):
        rows, epoch_size = cut(words)
        used = BATCH_SIZE * (epoch_size * NUM_STEPS + 1)
        numbers = (words, len(rows[0]), epoch_size, words - used)
        parts.append(
            group(
                "words%d" % words,
                *[
                    text(x, 456 + 22 * line, str(number), "ink" if words == WORDS else "soft")
                    for x, number in zip(columns, numbers)
                ],
            )
        )
    return svg(
        860,
        544,
        "How a corpus becomes batches",
        "26 word ids, batch_size 2, num_steps 3. The corpus is cut into 2 rows of 13 words. Batch k"
        " takes words 3k to 3k + 2 of each row as x, and the words one later as y, so that the last"
        " word of a row is a target only: (13 - 1) // 3 = 4 batches.",
        parts,
    )


def state():
    """The state's way through run_epoch, with the words of batches.svg."""
    rows, epoch_size = cut()
    pitch, width = 190, 142
    lefts = [100 + pitch * k for k in range(epoch_size)]
    chain, back = 150, 192  # the state's height, and the gradients'
    parts = [
        text(24, chain, "0", size=17),
        text(10, chain - 36, "zero_state", size=12, anchor="start", code=True),
        arrow([(36, chain), (lefts[0] + 12, chain)], "ink", 2.5),
        text(lefts[0] - 12, 256, "x", size=15, anchor="end"),
    ]
    parts[0:0] = [box(left + width / 2, 168, width, 92, radius=10) for left in lefts]
    for k, left in enumerate(lefts):
        parts.append(text(left + width / 2, 106, "step %d" % k, size=13, code=True))
        for n in range(NUM_STEPS):
            x = left + 25 + 46 * n
            parts.append(box(x, chain, 26, 34, "green-box"))
            if n:
                parts.append(arrow([(x - 33, chain), (x - 13, chain)], "ink", 2.5))
        parts += [
            arrow([(left + 130, back), (left + 14, back)], "red", dashed=True),
            wire([(left + 12, back - 12), (left + 12, back + 12)], "red", 3),
        ]
        for b, colours in enumerate(("blue-box", "purple-box")):
            numbers = rows[b][NUM_STEPS * k : NUM_STEPS * (k + 1)]
            drawn = cells(left + 2, 243 + 26 * b, numbers, 46, colours=colours)
            parts.append(group("batch%d-row%d" % (k, b), drawn))
        if k:
            gap = left - (pitch - width) / 2
            parts += [
                arrow([(left - pitch + 130, chain), (left + 12, chain)], "ink", 2.5),
                text(gap, 22, "final_state", size=12, code=True),
                arrow([(gap, 31), (gap, 49)]),
                text(gap + 10, 40, "feed_dict", "soft", 11, "start", True),
                text(gap, 58, "initial_state", size=12, code=True),
                wire([(gap, 68), (gap, chain - 6)], dashed=True),
            ]
    end = lefts[-1] + width
    parts += [
        arrow([(end - 12, chain), (end + 24, chain)], "ink", 2.5),
        wire([(end + 36, 100), (end + 36, 330)], dashed=True),
        text(end + 54, chain, "0", size=17),
        arrow([(end + 66, chain), (end + 104, chain)], "ink", 2.5),
        text(end + 120, chain, "…", "soft", 20),
        bracket(16, end + 24, 300),
        text((end + 40) / 2, 324, "run_epoch", size=13, code=True),
        bracket(end + 48, end + 130, 300),
        text(end + 89, 324, "run_epoch", size=13, code=True),
        arrow([(120, 366), (170, 366)], "ink", 2.5),
        text(184, 366, "c, h", size=13, anchor="start", code=True),
        arrow([(300, 366), (250, 366)], "red", dashed=True),
        wire([(248, 354), (248, 378)], "red", 3),
        text(314, 366, "tf.gradients: num_steps", "red", 13, "start", True),
    ]
    return svg(
        end + 140,
        390,
        "How the state travels from batch to batch",
        "run_epoch begins with a state of zeros. The final_state of each batch is fed as the"
        " initial_state of the next, whose rows go on where the rows of the last one stopped. The"
        " gradients go back to the beginning of their own batch, num_steps words, and no further."
        " The next run_epoch begins with zeros again.",
        parts,
    )


FIGURES = {
    "unrolled": unrolled,
    "lstm_cell": lstm_cell,
    "memory": memory,
    "dropout": dropout,
    "batches": batches,
    "state": state,
}


def main():
    parser = command_line.Parser("Draws the figures of the walkthrough.")
    parser.add_argument(
        "--to",
        type=command_line.path,
        default=FOLDER,
        help="the folder to write to, if not docs/figures",
    )
    to = parser.parse_args().to
    os.makedirs(to, exist_ok=True)
    for name, figure in FIGURES.items():
        with open(os.path.join(to, name + ".svg"), "w", encoding="utf-8", newline="\n") as file:
            file.write(figure())


if __name__ == "__main__":
    main()
