"""The statements of the blog's section 6 stand in `ptb_word_lm.py`, all of them and in the same order."""

import io
import os
import re
import tokenize

from commands import ROOT

# The blog's code without its comments and help texts, one statement a line. Left out: the arms of
# the `inspect.getargspec` branch but the first (substitution 3), the default of data_path (7), and
# the blog's illustrations, which are no part of the script (the 5 x 5 embedding, signatures of
# functions).
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
    numbers = re.findall(r"^ *# (\d\.\d?)", read_script(), flags=re.MULTILINE)
    assert numbers == SECTIONS
