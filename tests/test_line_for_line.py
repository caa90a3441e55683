"""Compares the reference with the original, statement by statement, and with the blog's section 6.

`tests/golden/original_statements.json` holds one hash for each statement of the original of May
2017: the script, and the configurations, which are in `configs.py` here. A statement is a line of
`ast.unparse`; of a compound statement its header counts. Docstrings, comments, the defaults and
help texts of flags, and `object` as a base class do not count. Substitutions 1 and 2 are undone.
"""

import ast
import difflib
import hashlib
import json
import os
import re
import sys

import pytest
from commands import ROOT
from documents import code, read, script_code

# The statements of the original that the reference lacks, in order: the number of each, from 1 on,
# and its beginning. Each has a row in docs/departures.md.
MISSING = [
    (101, "costs +"),
    (103, "if verbose and step %"),
    (110, "train_data, valid_data, test_data, _"),
    (111, "config"),
    (112, "eval_config"),
    (132, "sv"),
    (148, "tf.app.run"),
]

# The statements of the reference that the original lacks, in order.
ADDED = [
    "import os",
    "import console",
    "if __name__ == '__main__':",
    "console.hush_tensorflow()",
    "import contrib",
    "from configs import get_config",
    "tf.disable_v2_behavior()",
    "flags.DEFINE_integer('seed')",
    "costs += float(cost)",
    "if verbose and step % max(model.input.epoch_size // 10, 11) == 10:",
    "train_data, valid_data, test_data, vocabulary = raw_data",
    "config = get_config(FLAGS.model)",
    "eval_config = get_config(FLAGS.model)",
    "config.vocab_size = eval_config.vocab_size = vocabulary",
    "tf.set_random_seed(FLAGS.seed)",
    "sv = tf.train.Supervisor(logdir=FLAGS.save_path, summary_op=None)",
    "if (i + 1) * m.input.epoch_size <= session.run(sv.global_step):",
    "continue",
    "console.run(main)",
]
ADDED_TO_CONFIGS = [
    "CONFIGS = {'small': SmallConfig, 'medium': MediumConfig, 'large': LargeConfig,"
    " 'test': TestConfig}",
    "class UnknownModelError:",
    "flag = 'model'",
    "def get_config(name):",
    "if name not in CONFIGS:",
    "raise UnknownModelError('no such model; choose one of %s' % ', '.join(CONFIGS))",
    "return CONFIGS[name]()",
]


class Bare(ast.NodeTransformer):
    """Removes from a syntax tree what does not count as a statement."""

    def _without_docstring(self, node):
        self.generic_visit(node)
        if ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
        return node

    visit_Module = visit_FunctionDef = _without_docstring

    def visit_ClassDef(self, node):
        node.bases = []
        return self._without_docstring(node)

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr.startswith("DEFINE_"):
            node.args, node.keywords = node.args[:1], []
        return node


def statements(text):
    """Returns the statements of a source, one line each."""
    lines = ast.unparse(Bare().visit(ast.parse(text))).splitlines()
    return [line.strip() for line in lines if line.strip()]


def digest(statement):
    statement = statement.replace("tensorflow.compat.v1", "tensorflow")
    statement = statement.replace("tf.contrib.", "contrib.")
    return hashlib.sha1(statement.encode("utf-8")).hexdigest()[:12]


def differences(part, text):
    """Compares a source with "script" or "configs" of the original; returns `(missing, added)`."""
    with open(os.path.join(ROOT, "tests", "golden", "original_statements.json")) as file:
        original = [entry.split(" ", 1) for entry in json.load(file)[part]]
    ours = statements(text)
    matcher = difflib.SequenceMatcher(
        None, [entry[0] for entry in original], [digest(s) for s in ours], autojunk=False
    )
    missing, added = [], []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag != "equal":
            missing += [(number + 1, original[number][1].strip()) for number in range(i, i_end)]
            added += ours[j:j_end]
    return missing, added


# Before 3.11, ast.unparse puts brackets around some tuples.
needs_unparse = pytest.mark.skipif(sys.version_info < (3, 11), reason="another ast.unparse")


@needs_unparse
def test_the_script_is_the_originals_statements_and_the_departures():
    assert differences("script", read("ptb_word_lm.py")) == (MISSING, ADDED)


@needs_unparse
def test_the_configurations_are_the_originals_and_a_way_to_get_them():
    assert differences("configs", read("configs.py")) == ([], ADDED_TO_CONFIGS)


@needs_unparse
def test_an_omission_and_an_addition_are_noticed():
    text = read("ptb_word_lm.py")
    line = "        self._final_state = state\n"
    assert text.count(line) == 1
    missing, added = differences("script", text.replace(line, ""))
    assert len(missing) == len(MISSING) + 1 and added == ADDED
    missing, added = differences("script", text.replace(line, line + "        self._extra = 1\n"))
    assert missing == MISSING and sorted(added) == sorted(ADDED + ["self._extra = 1"])


@pytest.mark.docs
@needs_unparse
def test_the_shares_that_the_walkthrough_states():
    with open(os.path.join(ROOT, "tests", "golden", "original_statements.json")) as file:
        original = len(json.load(file)["script"])
    ours = len(statements(read("ptb_word_lm.py")))
    shared = original - len(MISSING)
    assert shared == ours - len(ADDED)
    assert shared / original >= 0.94 and shared / ours >= 0.87
    for path in ("docs/walkthrough.md", "docs/walkthrough.zh-CN.md"):
        for figure in (original, ours, shared):
            assert str(figure) in read(path), (path, figure)


def test_the_reference_imports_what_it_may():
    imported = set()
    for path in ("ptb_word_lm.py", "reader.py", "configs.py"):
        for node in ast.walk(ast.parse(read(path))):
            if isinstance(node, ast.Import):
                imported.update(name.name for name in node.names)
            elif isinstance(node, ast.ImportFrom):
                imported.add(node.module)
    own = {"contrib", "reader", "configs", "console"}
    assert imported == own | {"collections", "os", "time", "numpy", "tensorflow.compat.v1"}


# The blog's code without its comments and help texts, one statement a line. Three things are left
# out: all arms of the `inspect.getargspec` branch but the first (substitution 3), the default of
# data_path (7), and the blog's illustrations, which are not part of the script (the 5 x 5
# embedding, signatures of functions).
BLOG = """
flags = tf.flags
logging = tf.logging
flags.DEFINE_string("model", "small",
flags.DEFINE_string("data_path",
flags.DEFINE_bool("use_fp16", False,
FLAGS = flags.FLAGS
def data_type():
return tf.float16 if FLAGS.use_fp16 else tf.float32

class PTBInput(object):
def __init__(self, config, data, name=None):
self.batch_size = batch_size = config.batch_size
self.num_steps = num_steps = config.num_steps
self.epoch_size = ((len(data) // batch_size) - 1) // num_steps
self.input_data, self.targets = reader.ptb_producer(data, batch_size, num_steps, name=name)

self._input = input_
batch_size = input_.batch_size
num_steps = input_.num_steps
size = config.hidden_size
vocab_size = config.vocab_size
def lstm_cell():
return tf.contrib.rnn.BasicLSTMCell(size, forget_bias=0.0, state_is_tuple=True, reuse=tf.get_variable_scope().reuse)

attn_cell = lstm_cell
if is_training and config.keep_prob < 1:
def attn_cell():
return tf.contrib.rnn.DropoutWrapper(lstm_cell(), output_keep_prob=config.keep_prob)

cell = tf.contrib.rnn.MultiRNNCell([attn_cell() for _ in range(config.num_layers)], state_is_tuple=True)
self._initial_state = cell.zero_state(batch_size, data_type())

with tf.device("/cpu:0"):
embedding = tf.get_variable("embedding", [vocab_size, size], dtype=data_type())
inputs = tf.nn.embedding_lookup(embedding, input_.input_data)
if is_training and config.keep_prob < 1:
inputs = tf.nn.dropout(inputs, config.keep_prob)

outputs = []
state = self._initial_state
with tf.variable_scope("RNN"):
for time_step in range(num_steps):
if time_step > 0: tf.get_variable_scope().reuse_variables()
(cell_output, state) = cell(inputs[:, time_step, :], state)
outputs.append(cell_output)
output = tf.reshape(tf.stack(axis=1, values=outputs), [-1, size])

softmax_w = tf.get_variable("softmax_w", [size, vocab_size], dtype=data_type())
softmax_b = tf.get_variable("softmax_b", [vocab_size], dtype=data_type())
logits = tf.matmul(output, softmax_w) + softmax_b
loss = tf.contrib.seq2seq.sequence_loss(
logits,
input_.targets,
tf.ones([batch_size, num_steps], dtype=data_type()),
average_across_timesteps=False,
average_across_batch=True
)
self._cost = cost = tf.reduce_sum(loss)
self._final_state = state

self._lr = tf.Variable(0.0, trainable=False)
tvars = tf.trainable_variables()
grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), config.max_grad_norm)

optimizer = tf.train.GradientDescentOptimizer(self._lr)
self._train_op = optimizer.apply_gradients(
zip(grads, tvars),
global_step=tf.contrib.framework.get_or_create_global_step())

initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)
with tf.name_scope("Train"):
train_input = PTBInput(config=config, data=train_data, name="TrainInput")
with tf.variable_scope("Model", reuse=None, initializer=initializer):
m = PTBModel(is_training=True, config=config, input_=train_input)
tf.summary.scalar("Training Loss", m.cost)
tf.summary.scalar("Learning Rate", m.lr)
"""

SECTIONS = ["1.1", "1.2", "1.3", "2.", "3.", "4.", "5.", "6.", "7.", "8."]


def test_every_statement_of_the_blog_is_there_in_its_order():
    script = script_code()
    position = 0
    for line in BLOG.strip().splitlines():
        statement = code(line.replace("tf.contrib.", "contrib.")).rstrip()
        found = script.find(statement, position)
        assert found >= 0, "not in ptb_word_lm.py, or not at its place: " + line
        position = found + len(statement)


def test_sections_are_numbered_as_in_the_blog():
    numbers = re.findall(r"^ *# (\d\.\d?)", read("ptb_word_lm.py"), flags=re.MULTILINE)
    assert numbers == SECTIONS
