"""The data of the view "Inside the LSTM": two models, what was measured, and ten sentences."""

import base64
import json
import os

import numpy as np
import tensorflow.compat.v1 as tf

from data import make_sample
from lm import language_model
from page import documents, measure
from study import long_term_dependency

# The names in the page, and where a checkpoint has the weights; the cell's name goes into the last.
WEIGHTS = {
    "embedding": "Model/embedding",
    "softmax_w": "Model/softmax_w",
    "softmax_b": "Model/softmax_b",
    "kernel": "Model/RNN/multi_rnn_cell/cell_0/%s_cell/kernel",
    "bias": "Model/RNN/multi_rnn_cell/cell_0/%s_cell/bias",
}
CELLS = {"basic_lstm": "basic_lstm", "rnn": "basic_rnn"}

# The sentences to begin with: the words, the word at which the reader looks, what the map shows,
# and the order of the units. The words "lstm.s1" and so on say what to notice.
SENTENCES = (
    ("the miner who grew up in france and played piano speaks fluent", "france", "C", "country"),
    (
        "the proud boys who grew up in france and worked in cincinnati and wrote about the forest"
        " and played guitar in the laboratory and studied botany early speak fluent",
        "fluent",
        "C",
        "country",
    ),
    ("the miner who grew up in spain and played piano speaks fluent", "spain", "C", "country"),
    ("the miner who grew up in france and moved to boston speaks fluent", "france", "f", "country"),
    ("the miner who grew up in france and played piano speaks fluent", "fluent", "o", "country"),
    ("the boy who grew up in china speaks fluent", "fluent", "C", "country"),
    (
        "the miner who grew up in france and grew up in spain speaks fluent",
        "spain",
        "C",
        "country",
    ),
    ("the miner who played piano speaks fluent", "fluent", "C", "country"),
    ("the miners who grew up in france and played piano", "piano", "C", "verb"),
    (
        "the miner who grew up in france speaks fluent french <eos> the clouds are in the",
        "<eos>",
        "f",
        "country",
    ),
)


def weights(name):
    """Returns the weights of a model as base64 of little-endian float32, row by row."""
    folder = os.path.join(measure.FOLDER, name)
    prefix, config, _ = language_model.find_run(folder)
    saved = tf.train.load_checkpoint(prefix)
    table = {}
    for short, full in WEIGHTS.items():
        full = full.replace("%s", CELLS[config.cell])
        array = saved.get_tensor(full).astype("<f4")
        table[short] = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {"cell": config.cell, "hidden_size": config.hidden_size, "weights": table}


def command(name):
    """Returns the command that trained a model."""
    readme = documents.read("page/model/README.md")
    return next(line.strip() for line in readme.splitlines() if line.endswith("/model/" + name))


def sentences():
    """Returns SENTENCES for the page."""
    table = []
    for text, word, quantity, order in SENTENCES:
        words = text.split()
        step = 1 + len(words) - 1 - words[::-1].index(word)  # Step 0 reads <eos>.
        table.append({"words": words, "step": step, "quantity": quantity, "order": order})
    return table


def explanation(language):
    """Returns the walkthrough's sections 2.1 and 2.2 as HTML."""
    path = documents.WALKTHROUGH[language]
    text = documents.section("2.1", language) + "\n\n" + documents.section("2.2", language)
    return documents.render(text, path)


def data():
    """Returns what the page finds in `Page.data.lstm`."""
    with open(measure.MEASURED, encoding="utf-8") as file:
        measured = json.load(file)
    _, _, words = language_model.find_run(os.path.join(measure.FOLDER, "lstm"))
    forget, enter, merge, show = documents.equations(documents.section("2.2", "en"))[:4]
    enter, _ = enter.split(r"\qquad")
    opened, shown = show.split(r"\qquad")
    return {
        "words": words,
        "lstm": weights("lstm"),
        "rnn": weights("rnn"),
        "measured": measured,
        "commands": {name: command(name) for name in measure.MODELS},
        "languages": long_term_dependency.LANGUAGES,
        "countries": dict(zip(countries(), long_term_dependency.LANGUAGES)),
        "sentences": sentences(),
        "equations": {
            quantity: documents.mathml(latex, display=False)
            for quantity, latex in zip("Chfio", (merge, shown, forget, enter, opened))
        },
        "explanation": {language: explanation(language) for language in documents.LANGUAGES},
    }


def countries():
    """Returns the countries in the order of `long_term_dependency.LANGUAGES`."""
    country = {language: name for name, language in make_sample.LANGUAGES.items()}
    return [country[language] for language in long_term_dependency.LANGUAGES]
