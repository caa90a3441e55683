"""Compares the reference, on a real TensorFlow 1.x and its `tf.contrib`, with recorded numbers.

    python tests/on_tensorflow_1.py        # with a Python that has TensorFlow 1.2 to 1.15

Undoes substitutions 1 and 2 in `reader.py`, `configs.py` and `ptb_word_lm.py`, and nothing else.
Then `PTBInput`, `PTBModel` and `run_epoch` train the recorded runs of tests/golden/. For each run
the program prints the largest relative difference between a perplexity and the recorded one.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(TESTS)

# This program runs in the folder with the changed files. Its arguments are a recorded run and the
# file for its answer.
PROGRAM = """
import json
import sys
import numpy as np
import tensorflow as tf
import ptb_word_lm

recorded = json.load(open(sys.argv[1]))
answer = sys.argv[2]
sys.argv[1:] = []  # the flags of TensorFlow 1.4 read the command line
assert ptb_word_lm.tf is tf and "contrib" not in vars(ptb_word_lm)
config = ptb_word_lm.get_config("small")
eval_config = ptb_word_lm.get_config("small")
for name, value in recorded["config"].items():
    setattr(config, name, value)
    setattr(eval_config, name, value)
eval_config.batch_size = eval_config.num_steps = 1


def build(name, config, is_training):
    with tf.name_scope(name):
        input_ = ptb_word_lm.PTBInput(config, recorded[name.lower()], name=name + "Input")
        with tf.variable_scope("Model", reuse=None if is_training else True):
            return ptb_word_lm.PTBModel(is_training, config, input_)


m = build("Train", config, True)
mvalid, mtest = build("Valid", config, False), build("Test", eval_config, False)
assert [v.op.name for v in tf.global_variables()] == recorded["global_variables"]
perplexities = []
with tf.train.SingularMonitoredSession() as session:
    random = np.random.RandomState(recorded["init_seed"])
    scale = recorded["config"]["init_scale"]
    variables = {v.op.name: v for v in tf.global_variables()}
    for name, shape in recorded["variables"]:
        variables[name].load(random.uniform(-scale, scale, shape).astype(np.float32), session)
    for epoch in recorded["epochs"]:
        m.assign_lr(session, epoch["learning_rate"])
        perplexities.append(ptb_word_lm.run_epoch(session, m, eval_op=m.train_op))
        perplexities.append(ptb_word_lm.run_epoch(session, mvalid))
    perplexities.append(ptb_word_lm.run_epoch(session, mtest))
json.dump([float(p) for p in perplexities], open(answer, "w"))
"""


def undo_substitutions(text):
    """Undoes substitutions 1 and 2 in the text of a file."""
    text = text.replace("import tensorflow.compat.v1 as tf\n", "import tensorflow as tf\n")
    text = text.replace("tf.disable_v2_behavior()\n", "")
    text = text.replace("import contrib\n", "")
    return re.sub(r"(?<![\w.])contrib\.", "tf.contrib.", text)


def perplexities(name, folder):
    """Trains a recorded run in a process of its own, in an empty folder.

    Returns:
        `(actual, recorded)`: the perplexities of training and validation, epoch by epoch, and of
        the test, two lists.
    """
    for file_name in ("reader.py", "configs.py", "ptb_word_lm.py"):
        with open(os.path.join(ROOT, file_name), encoding="utf-8") as file:
            text = undo_substitutions(file.read())
        with open(os.path.join(folder, file_name), "w", encoding="utf-8") as file:
            file.write(text)
    shutil.copy(os.path.join(ROOT, "console.py"), folder)
    run, answer = os.path.join(TESTS, "golden", name), os.path.join(folder, "answer.json")
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, run, answer]
    with open(os.devnull, "w") as nothing:
        subprocess.check_call(command, cwd=folder, stderr=nothing)
    with open(answer) as file:
        actual = json.load(file)
    with open(run) as file:
        recorded = json.load(file)
    expected = [e[s + "_perplexity"] for e in recorded["epochs"] for s in ("train", "valid")]
    return actual, expected + [recorded["test_perplexity"]]


if __name__ == "__main__":
    import tensorflow

    if not tensorflow.__version__.startswith("1."):
        sys.exit("needs a Python with TensorFlow 1.x; this one has %s" % tensorflow.__version__)
    for run_name in ("run-two-layer.json", "run-clipped.json"):
        temporary = tempfile.mkdtemp()
        pairs = list(zip(*perplexities(run_name, temporary)))
        shutil.rmtree(temporary)
        difference = max(abs(a - b) / b for a, b in pairs)
        print("%s: %d perplexities, largest difference %.1e" % (run_name, len(pairs), difference))
