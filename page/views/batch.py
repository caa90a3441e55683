"""The data of the view "One batch": the numbers of study.one_batch, and the code of each step.

    python -m page.views.batch    # computes the numbers again; writes page/views/batch.json

The build reads the file, so that it needs no TensorFlow and gives the same bytes everywhere.
"""

import ast
import json
import os
import textwrap

import numpy as np

import console

if __name__ == "__main__":
    console.hush_tensorflow()

from page import documents

NUMBERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "batch.json")
DECIMALS = 9  # of the numbers in the file; other processors agree that far

# The steps of the view: a name, the part of the walkthrough, a file, and how the statements of the
# step begin there. The words "batch.NAME.title" and "batch.NAME.text" say what to notice.
STEPS = (
    ("words", "B", "reader.py", ("by_frequency = ", "data = tf.constant(")),
    ("batch", "1.1", "ptb_word_lm.py", ("self.input_data, self.targets = ",)),
    ("rows", "2", "ptb_word_lm.py", ("inputs = tf.nn.embedding_lookup(",)),
    ("gates", "3", "contrib/rnn/lstm.py", ("gates = ", "i, j, f, o = tf.split(")),
    ("state", "3", "contrib/rnn/lstm.py", ("c = c * ", "h = activation(c)")),
    ("second", "3", "ptb_word_lm.py", ("(cell_output, state) = ",)),
    ("third", "3", "ptb_word_lm.py", ("(cell_output, state) = ",)),
    ("logits", "4", "ptb_word_lm.py", ("output = ", "logits = tf.matmul(")),
    ("p", "4", "contrib/seq2seq.py", ("crossent = loss_function(",)),
    ("loss", "4", "ptb_word_lm.py", ("loss = ", "self._cost = ")),
    ("scores_back", "5", "ptb_word_lm.py", ("tvars = ", "grads, _ = ")),
    ("third_back", "5", "ptb_word_lm.py", ("grads, _ = ",)),
    ("second_back", "5", "ptb_word_lm.py", ("grads, _ = ",)),
    ("first_back", "5", "ptb_word_lm.py", ("grads, _ = ",)),
    ("weights_back", "5", "ptb_word_lm.py", ("grads, _ = ",)),
    ("clip", "6", "ptb_word_lm.py", ("grads, _ = ",)),
    ("update", "7", "ptb_word_lm.py", ("self._train_op = ",)),
    ("next", "A", "ptb_word_lm.py", ("feed_dict[c] = ", "feed_dict[h] = ", "state = vals[")),
    ("carried", "A", "ptb_word_lm.py", ("vals = session.run(",)),
)
# The function of a file to which the statements belong.
WITHIN = {"contrib/rnn/lstm.py": "lstm_step", "contrib/seq2seq.py": "sequence_loss"}


def gradients_within(n):
    """Computes the derivatives of the cost by C, h and what enters the gates, step by step.

    Args:
        n: the arrays of `study.one_batch.numbers` by name.

    Returns:
        By name, gradient_C, gradient_h and, by the study's letters, gradient_i, gradient_j,
        gradient_f and gradient_o, `[B, T, H]` each.
    """
    steps = []
    h_back = c_back = np.zeros_like(n["initial_h"])  # what comes back from the next word
    for t in reversed(range(n["h"].shape[1])):
        i_t, new, f_t, o_t = (n[name][:, t] for name in ("i_t", "C~_t", "f_t", "o_t"))
        squashed = np.tanh(n["C"][:, t])
        c_before = n["C"][:, t - 1] if t > 0 else n["initial_c"]
        h = n["gradient_logits"][:, t] @ n["softmax_w"].T + h_back
        c = h * o_t * (1 - squashed**2) + c_back
        gates = {
            "i": c * new * i_t * (1 - i_t),
            "j": c * i_t * (1 - new**2),
            "f": c * c_before * f_t * (1 - f_t),
            "o": h * squashed * o_t * (1 - o_t),
        }
        steps.insert(0, dict(gates, C=c, h=h))
        h_rows = n["kernel"][h.shape[1] :]
        h_back, c_back = np.concatenate(list(gates.values()), 1) @ h_rows.T, c * f_t
    return {"gradient_" + name: np.stack([s[name] for s in steps], axis=1) for name in steps[0]}


def compute():
    """Returns what `study.one_batch.numbers` does, and `gradients_within`, as rounded lists."""
    from study import one_batch  # needs TensorFlow

    def plain(value):
        if isinstance(value, list):
            return [plain(item) for item in value]
        return round(value, DECIMALS) + 0.0 if isinstance(value, float) else value

    numbers = one_batch.numbers()
    del numbers["tensorflow_gradient_softmax_b"]  # in 32 bits: it depends on the processor
    numbers.update(gradients_within(numbers))
    return {name: plain(array.tolist()) for name, array in numbers.items()}


def statements(path, beginnings):
    """Returns statements of a file by how they begin: `[{"line": ..., "html": ...}]`.

    Raises:
        ValueError: if not exactly one statement begins so.
    """
    source = documents.read(path)
    lines = source.splitlines()
    tree = ast.parse(source)
    if path in WITHIN:
        (tree,) = [node for node in tree.body if getattr(node, "name", None) == WITHIN[path]]
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    found = []
    for beginning in beginnings:
        matching = [n for n in nodes if lines[n.lineno - 1].strip().startswith(beginning)]
        if len(matching) != 1:
            raise ValueError("%s: %d statements begin with %r" % (path, len(matching), beginning))
        first, last = matching[0].lineno, matching[0].end_lineno
        text = textwrap.dedent("\n".join(lines[first - 1 : last]))
        found.append({"line": first, "html": documents.code(text, "python")})
    return found


def data():
    """Returns what the page finds in `Page.data.batch`."""
    with open(NUMBERS, encoding="utf-8") as file:
        numbers = json.load(file)
    steps = [
        {"name": name, "part": part, "file": path, "code": statements(path, beginnings)}
        for name, part, path, beginnings in STEPS
    ]
    return {"numbers": numbers, "steps": steps}


def main():
    with open(NUMBERS, "w", encoding="utf-8", newline="\n") as file:
        json.dump(compute(), file, indent=0, sort_keys=True)
        file.write("\n")


if __name__ == "__main__":
    main()
