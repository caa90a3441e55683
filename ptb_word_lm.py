"""A word-level LSTM language model on the Penn Treebank, in TensorFlow 1.x style.

This is the official TensorFlow example of the model in

    Zaremba, Sutskever and Vinyals, "Recurrent Neural Network Regularization",
    https://arxiv.org/abs/1409.2329

The blog post 循环神经网络 (Recurrent Neural Network, RNN), 2018, annotates the example. Read the
script beside section 6 of the blog: it has the blog's statements, in the blog's order and with the
blog's section numbers, and runs on today's TensorFlow. NOTICE names the example that it follows.

    python ptb_word_lm.py                                  # the corpus that ships
    python ptb_word_lm.py --data_path=PTB --model=small    # the Penn Treebank, in the folder PTB

docs/results.md lists the perplexities that the script reaches, beside those that others published.
To train models of your own, use `python -m lm.train`. It trains the same model, faster, and offers
you more to choose from.

Seven substitutions were made. Every other difference from the original has a comment "Departure:".
The original has the fourth to the sixth as well; the blog leaves them out.
    1. tensorflow.compat.v1 with v2 behaviour off, in place of tensorflow
    2. contrib.X in place of tf.contrib.X
    3. no inspect.getargspec: BasicLSTMCell takes reuse=
    4. assign_lr and what it needs, without which the learning rate stays 0
    5. `if not is_training: return` before the gradients
    6. the reshape of the logits that sequence_loss asks for
    7. the default of --data_path: the corpus that ships

Letters in the shape comments: B batch_size, T num_steps, H hidden_size, V vocab_size.
"""

import os
import time

import console

if __name__ == "__main__":
    # Departure: TensorFlow now prints a page of notices before the first line of output.
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import contrib
import reader
from configs import get_config

tf.disable_v2_behavior()

# Parameters. configs.py holds the configurations, init_scale to vocab_size.
flags = tf.flags
logging = tf.logging  # The blog does not use this name either.

flags.DEFINE_string(
    "model", "small", "A type of model. Possible options are: small, medium, large, test."
)
flags.DEFINE_string(
    "data_path",
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "sample"),
    "The folder with ptb.train.txt, ptb.valid.txt and ptb.test.txt.",
)
flags.DEFINE_string(
    "save_path", None, "The folder for checkpoints; the last one is saved beside it. Default: none."
)
flags.DEFINE_bool("use_fp16", False, "Train using 16-bit floats instead of 32-bit floats.")
# Departure: the original cannot be seeded.
flags.DEFINE_integer(
    "seed", None, "Makes a run repeatable on the same machine. Default: each run differs."
)

FLAGS = flags.FLAGS


def data_type():
    """Returns the dtype of the variables, the state and the loss."""
    return tf.float16 if FLAGS.use_fp16 else tf.float32


# 1.1 The LSTM structure. The blog's part on PTBModel begins with the input of the model.
class PTBInput(object):
    """A corpus in batches. The docstring of `reader` draws them.

    Args:
        config: a configuration, of which `batch_size` and `num_steps` are used.
        data: the corpus, a list of word ids.
        name: the name scope of the ops.

    Attributes:
        epoch_size: the number of batches in one pass over the corpus. The -1 leaves room for the
            targets, which are shifted by one word.
        input_data, targets: int32 `[B, T]`; the targets are the words after the inputs.

    Raises:
        reader.CorpusError: if the corpus does not fill one batch.
    """

    def __init__(self, config, data, name=None):
        self.batch_size = batch_size = config.batch_size
        self.num_steps = num_steps = config.num_steps
        self.epoch_size = ((len(data) // batch_size) - 1) // num_steps
        self.input_data, self.targets = reader.ptb_producer(
            data, batch_size, num_steps, name=name
        )  # [B, T] both


class PTBModel(object):
    """The PTB model: an embedding, layers of LSTM, a softmax, and the ops that train them.

    Args:
        is_training: whether to apply dropout and to make `lr` and `train_op`.
        config: one of the configurations of `configs.py`.
        input_: a `PTBInput`.

    Attributes:
        input: the `PTBInput`.
        initial_state, final_state: for each layer an `LSTMStateTuple` of c and h, `[B, H]`. Feeding
            overrides `initial_state`, which is otherwise zero.
        cost: scalar; the loss in nats, a mean over the batch, summed over the time steps.
        lr: scalar float32 variable; the learning rate, 0 until `assign_lr` sets it.
        train_op: one step of gradient descent.
    """

    def __init__(self, is_training, config, input_):
        self._input = input_

        batch_size = input_.batch_size
        num_steps = input_.num_steps
        size = config.hidden_size
        vocab_size = config.vocab_size

        def lstm_cell():
            return contrib.rnn.BasicLSTMCell(
                size, forget_bias=0.0, state_is_tuple=True, reuse=tf.get_variable_scope().reuse
            )

        # 1.2 DropoutWrapper
        attn_cell = lstm_cell
        if is_training and config.keep_prob < 1:

            def attn_cell():
                return contrib.rnn.DropoutWrapper(lstm_cell(), output_keep_prob=config.keep_prob)

        # 1.3 Layers of LSTM and the initial state. Every layer needs a cell of its own.
        cell = contrib.rnn.MultiRNNCell(
            [attn_cell() for _ in range(config.num_layers)], state_is_tuple=True
        )

        self._initial_state = cell.zero_state(batch_size, data_type())  # c, h of a layer: [B, H]

        # 2. Preparing the input. The embedding stays on the CPU: each batch reads and updates a few
        # rows of a large table.
        with tf.device("/cpu:0"):
            embedding = tf.get_variable("embedding", [vocab_size, size], dtype=data_type())
            inputs = tf.nn.embedding_lookup(embedding, input_.input_data)  # [B, T, H]

        if is_training and config.keep_prob < 1:
            inputs = tf.nn.dropout(inputs, config.keep_prob)

        # 3. The LSTM loop
        outputs = []
        state = self._initial_state
        with tf.variable_scope("RNN"):
            for time_step in range(num_steps):
                if time_step > 0:  # The cell asks for its variables again and gets the same ones.
                    tf.get_variable_scope().reuse_variables()
                (cell_output, state) = cell(inputs[:, time_step, :], state)
                outputs.append(cell_output)  # T times [B, H]

        output = tf.reshape(tf.stack(axis=1, values=outputs), [-1, size])  # [B * T, H]

        # 4. The loss: a mean over the batch, summed over time. With a mean over time as well, the
        # gradients would be T times smaller and need another learning rate and max_grad_norm.
        softmax_w = tf.get_variable("softmax_w", [size, vocab_size], dtype=data_type())
        softmax_b = tf.get_variable("softmax_b", [vocab_size], dtype=data_type())
        logits = tf.matmul(output, softmax_w) + softmax_b  # [B * T, V]
        logits = tf.reshape(
            logits, [batch_size, num_steps, vocab_size]
        )  # [B, T, V], substitution 6

        loss = contrib.seq2seq.sequence_loss(
            logits,
            input_.targets,
            tf.ones([batch_size, num_steps], dtype=data_type()),
            average_across_timesteps=False,
            average_across_batch=True,
        )  # [T]
        self._cost = cost = tf.reduce_sum(loss)
        self._final_state = state

        if not is_training:  # Substitution 5
            return

        # 5. The gradients
        self._lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        # 6. Clipping the gradients, between tf.gradients and apply_gradients. minimize does both at
        # once and leaves no place for it.
        grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), config.max_grad_norm)

        # 7. Training the parameters
        optimizer = tf.train.GradientDescentOptimizer(self._lr)
        self._train_op = optimizer.apply_gradients(
            zip(grads, tvars), global_step=contrib.framework.get_or_create_global_step()
        )

        # Substitution 4
        self._new_lr = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
        self._lr_update = tf.assign(self._lr, self._new_lr)

    def assign_lr(self, session, lr_value):
        """Sets the learning rate."""
        session.run(self._lr_update, feed_dict={self._new_lr: lr_value})

    @property
    def input(self):
        return self._input

    @property
    def initial_state(self):
        return self._initial_state

    @property
    def cost(self):
        return self._cost

    @property
    def final_state(self):
        return self._final_state

    @property
    def lr(self):
        return self._lr

    @property
    def train_op(self):
        return self._train_op


# The blog mentions run_epoch but does not print it.
def run_epoch(session, model, eval_op=None, verbose=False):
    """Runs the model over its whole input once and returns the perplexity, exp(loss per word).

    Args:
        session: a session with initialised variables and running queues.
        model: the `PTBModel`. Its state is zero before the first batch. Each batch hands its final
            state on to the next.
        eval_op: an op to run with each batch: `train_op` to train, None to evaluate.
        verbose: whether to print progress, about ten lines for an epoch of 110 batches or more.
    """
    start_time = time.time()
    costs = 0.0
    iters = 0
    state = session.run(model.initial_state)

    fetches = {"cost": model.cost, "final_state": model.final_state}
    if eval_op is not None:
        fetches["eval_op"] = eval_op

    for step in range(model.input.epoch_size):
        # Row b of this batch goes on where row b of the last one stopped, and so does its state.
        # What is fed is a constant to the gradients: they reach back num_steps and no further.
        feed_dict = {}
        for i, (c, h) in enumerate(model.initial_state):
            feed_dict[c] = state[i].c
            feed_dict[h] = state[i].h

        vals = session.run(fetches, feed_dict)
        cost = vals["cost"]
        state = vals["final_state"]

        # Departure: float(), since NumPy 2 would add up in the 32 or 16 bits of the cost.
        costs += float(cost)
        iters += model.input.num_steps  # cost is a sum over num_steps, so costs / iters is per word

        # Departure: max(..., 11), since the original divides by zero below 10 batches and prints
        # nothing from 10 to 109.
        if verbose and step % max(model.input.epoch_size // 10, 11) == 10:
            print(
                "%.3f perplexity: %.3f speed: %.0f wps"
                % (
                    step * 1.0 / model.input.epoch_size,
                    np.exp(costs / iters),
                    iters * model.input.batch_size / (time.time() - start_time),
                )
            )

    return np.exp(costs / iters)


# 8. The main function
def main(_):
    if not FLAGS.data_path:
        raise ValueError("Must set --data_path to PTB data directory")

    raw_data = reader.ptb_raw_data(FLAGS.data_path)
    # Departure: the original drops the vocabulary's size and takes 10,000 for granted.
    train_data, valid_data, test_data, vocabulary = raw_data

    # Departure: the original has get_config and the configurations in this file.
    config = get_config(FLAGS.model)
    # The test text is one stream, read word by word. Each prediction can draw on all words before.
    eval_config = get_config(FLAGS.model)
    eval_config.batch_size = 1
    eval_config.num_steps = 1
    config.vocab_size = eval_config.vocab_size = vocabulary

    with tf.Graph().as_default():
        tf.set_random_seed(FLAGS.seed)  # Departure: see --seed.
        initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)

        with tf.name_scope("Train"):
            train_input = PTBInput(config=config, data=train_data, name="TrainInput")
            with tf.variable_scope("Model", reuse=None, initializer=initializer):
                m = PTBModel(is_training=True, config=config, input_=train_input)
            tf.summary.scalar("Training Loss", m.cost)
            tf.summary.scalar("Learning Rate", m.lr)

        with tf.name_scope("Valid"):
            valid_input = PTBInput(config=config, data=valid_data, name="ValidInput")
            # reuse=True: this model and mtest share the variables of m, and so have what m learns.
            with tf.variable_scope("Model", reuse=True, initializer=initializer):
                mvalid = PTBModel(is_training=False, config=config, input_=valid_input)
            tf.summary.scalar("Validation Loss", mvalid.cost)

        with tf.name_scope("Test"):
            test_input = PTBInput(config=eval_config, data=test_data, name="TestInput")
            with tf.variable_scope("Model", reuse=True, initializer=initializer):
                mtest = PTBModel(is_training=False, config=eval_config, input_=test_input)

        # Departure: no summary_op. The Supervisor's summary thread would evaluate the costs every
        # two minutes. Each time it would take a batch that the epoch then lacks.
        sv = tf.train.Supervisor(logdir=FLAGS.save_path, summary_op=None)
        with sv.managed_session() as session:
            for i in range(config.max_max_epoch):
                # Departure: the original repeats the epochs that a restored checkpoint has behind
                # it, the first ones at the full learning rate.
                if (i + 1) * m.input.epoch_size <= session.run(sv.global_step):
                    continue
                lr_decay = config.lr_decay ** max(i + 1 - config.max_epoch, 0.0)
                m.assign_lr(session, config.learning_rate * lr_decay)

                print("Epoch: %d Learning rate: %.3f" % (i + 1, session.run(m.lr)))
                train_perplexity = run_epoch(session, m, eval_op=m.train_op, verbose=True)
                print("Epoch: %d Train Perplexity: %.3f" % (i + 1, train_perplexity))
                valid_perplexity = run_epoch(session, mvalid)
                print("Epoch: %d Valid Perplexity: %.3f" % (i + 1, valid_perplexity))

            test_perplexity = run_epoch(session, mtest)
            print("Test Perplexity: %.3f" % test_perplexity)

            if FLAGS.save_path:
                print("Saving model to %s." % FLAGS.save_path)
                sv.saver.save(session, FLAGS.save_path, global_step=sv.global_step)


if __name__ == "__main__":
    # Departure: tf.app.run ignores flags that it does not know, shows errors as tracebacks, and
    # keeps lines in a buffer if the output is not a terminal.
    console.run(main)
