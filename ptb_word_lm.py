"""A word-level LSTM language model on the Penn Treebank, in TensorFlow 1.x style.

The official TensorFlow example of the model in

    Zaremba, Sutskever and Vinyals, "Recurrent Neural Network Regularization",
    https://arxiv.org/abs/1409.2329

as the blog post 循环神经网络 (Recurrent Neural Network, RNN), 2018, annotates it, running on
today's TensorFlow. Read it beside section 6 of the blog: the statements, their order and the
section numbers are the blog's. NOTICE says whose example it follows.

    python ptb_word_lm.py                                  # the corpus that ships
    python ptb_word_lm.py --data_path=PTB --model=small    # the Penn Treebank, in the folder PTB

    config   epochs   train   valid    test    (perplexity, as the original's table has it)
    small        13   37.99  121.39  115.91
    medium       39   48.45   86.16   82.07
    large        55   37.87   82.62   78.29

What this script reaches, and why the table has other numbers, is in docs/results.md.

Seven substitutions were made; whatever else differs from the original is marked "Departure:". The
fourth to the sixth are in the original, and missing from the blog.
    1. tensorflow.compat.v1 with v2 behaviour off, in place of tensorflow
    2. contrib.X in place of tf.contrib.X
    3. no inspect.getargspec: BasicLSTMCell takes reuse=
    4. assign_lr and what it needs, without which the learning rate stays 0
    5. `if not is_training: return` before the gradients
    6. the reshape of the logits that sequence_loss asks for
    7. the default of --data_path: the corpus that ships

Letters in the shape comments: B batch_size, T num_steps, H hidden_size, V vocab_size.
"""

import functools
import os
import time

import console

if __name__ == "__main__":
    # Departure: today's TensorFlow prints a page of notices before the first line of output.
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import bfloat16
import checkpoints
import contrib
import reader
from configs import UnknownModelError, get_config
from summaries import Summaries

tf.disable_v2_behavior()

# --------------------------------------------------------------------------------------------------
# Parameters
# --------------------------------------------------------------------------------------------------
flags = tf.flags
logging = tf.logging  # not used, in the blog either

flags.DEFINE_string(
    "model", "small", "A type of model. Possible options are: small, medium, large, test."
)
flags.DEFINE_string(
    "data_path",
    os.path.join(os.path.dirname(os.path.abspath(__file__)), "data", "sample"),
    "The folder with ptb.train.txt, ptb.valid.txt and ptb.test.txt.",
)
flags.DEFINE_string(
    "save_path", None, "The folder to save the run in, and to go on from. Default: not saved."
)
flags.DEFINE_bool("use_fp16", False, "Train using 16-bit floats instead of 32-bit floats.")
# Departure: new, for the other cells that the blog explains.
flags.DEFINE_enum(
    "cell",
    "basic_lstm",
    ["basic_lstm", "rnn", "lstm_peephole", "lstm_coupled", "gru"],
    "The recurrent cell of the layers.",
)
# Departure: new. 1.0, which all configurations have, is for an LSTM; rnn and gru want less.
flags.DEFINE_float(
    "learning_rate",
    None,
    "The learning rate of the first epochs. Default: the configuration's.",
)
flags.register_validator(
    "learning_rate",
    lambda rate: rate is None or 0 < rate < float("inf"),
    message="must be a number above 0",
)
# Departure: a flag of the original in a later version, which had BASIC, BLOCK and CUDNN.
flags.DEFINE_enum(
    "rnn_mode",
    "basic",
    ["basic", "block"],
    "basic: the loop of the blog. block: a layer at a time, the same model, faster.",
)
# Departure: new. Newer processors multiply 16-bit floats of this kind faster than 32-bit ones.
flags.DEFINE_bool("use_bf16", False, "Multiply matrices in bfloat16, for 32-bit variables.")
# Departure: the original cannot be seeded.
flags.DEFINE_integer(
    "seed",
    None,
    "Makes a run repeatable (on the same machine). Default: another one each time.",
    lower_bound=0,
)

FLAGS = flags.FLAGS


def data_type():
    """The dtype of the variables, the state and the loss."""
    return tf.float16 if FLAGS.use_fp16 else tf.float32


# What --cell names: the blog's 2.2, 1, 2.3 (two variants) and 3.
CELLS = {
    "basic_lstm": functools.partial(contrib.rnn.BasicLSTMCell, forget_bias=0.0),
    "rnn": contrib.rnn.BasicRNNCell,
    "lstm_peephole": functools.partial(contrib.rnn.LSTMCell, use_peepholes=True, forget_bias=0.0),
    "lstm_coupled": functools.partial(contrib.rnn.CoupledInputForgetGateLSTMCell, forget_bias=0.0),
    "gru": contrib.rnn.GRUCell,
}


class CellError(ValueError):
    """A cell that does not go with another flag."""


# --------------------------------------------------------------------------------------------------
# PTBModel, and its input, with which the blog's 1.1 begins
# --------------------------------------------------------------------------------------------------


# 1.1 The LSTM structure
class PTBInput(object):
    """The input data: a corpus in batches, as `reader.ptb_producer` draws them.

    Args:
        config: gives `batch_size` and `num_steps`.
        data: the corpus, a list of word ids.
        name: the name scope of the ops.

    Attributes:
        epoch_size: batches in one pass over the corpus. One word less counts, since the last target
            is one word further than the last input.
        input_data, targets: int32 `[B, T]`; the targets are the words one later.

    Raises:
        reader.CorpusError: when the corpus does not fill one batch.
    """

    def __init__(self, config, data, name=None):
        self.batch_size = batch_size = config.batch_size
        self.num_steps = num_steps = config.num_steps
        self.epoch_size = ((len(data) // batch_size) - 1) // num_steps
        self.input_data, self.targets = reader.ptb_producer(
            data, batch_size, num_steps, name=name
        )  # [B, T] both


class PTBModel(object):
    """The PTB model: embedding, layers of LSTM, softmax, and what trains them.

    Args:
        is_training: whether to apply dropout and to make `lr` and `train_op`.
        config: one of the configurations of `configs.py`.
        input_: a `PTBInput`.

    Attributes:
        input: the `PTBInput`.
        initial_state, final_state: for each layer an `LSTMStateTuple` of c and h, `[B, H]`; of h
            alone for the cells `rnn` and `gru`. `initial_state` is zero unless it is fed.
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

        if config.cell != "basic_lstm":
            # Departure: see --cell.
            def lstm_cell():
                return CELLS[config.cell](size, reuse=tf.get_variable_scope().reuse)

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

        # 2. Preparing the input. The embedding is a CPU's to look up and update: a few rows of a
        # large table.
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
                if time_step > 0:  # The cell asks for its variables again: the same ones.
                    tf.get_variable_scope().reuse_variables()
                (cell_output, state) = cell(inputs[:, time_step, :], state)
                outputs.append(cell_output)  # T times [B, H]

        output = tf.reshape(tf.stack(axis=1, values=outputs), [-1, size])  # [B * T, H]

        # 4. The loss: a mean over the batch, summed over time. A mean over time as well would make
        # the gradients smaller by T, and want another learning rate and max_grad_norm.
        softmax_w = tf.get_variable("softmax_w", [size, vocab_size], dtype=data_type())
        softmax_b = tf.get_variable("softmax_b", [vocab_size], dtype=data_type())
        cross_entropy = None  # sequence_loss has one
        if config.rnn_mode == "block":
            # Departure: rnn_mode is the original's in a later version. One layer after the other,
            # each over all time steps at once, gives the same numbers sooner (with dropout, those
            # of other masks). The loop above has then only made the variables, with the initial
            # values of basic; TensorFlow runs what is asked for, and nothing asks for its outputs.
            output, state = self._block_layers(inputs, config, is_training)
            cross_entropy = contrib.seq2seq.softmax_cross_entropy
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
            softmax_loss_function=cross_entropy,
        )  # [T]
        self._cost = cost = tf.reduce_sum(loss)
        self._final_state = state

        if not is_training:  # Substitution 5
            return

        # 5. The gradients
        self._lr = tf.Variable(0.0, trainable=False)
        tvars = tf.trainable_variables()
        # 6. Clipping them, between compute_gradients and apply_gradients, which minimize would join
        grads, _ = tf.clip_by_global_norm(tf.gradients(cost, tvars), config.max_grad_norm)

        # 7. Training the parameters
        optimizer = tf.train.GradientDescentOptimizer(self._lr)
        self._train_op = optimizer.apply_gradients(
            zip(grads, tvars), global_step=contrib.framework.get_or_create_global_step()
        )

        # Substitution 4
        self._new_lr = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
        self._lr_update = tf.assign(self._lr, self._new_lr)

    def _block_layers(self, inputs, config, is_training):
        """The LSTM of rnn_mode "block": the outputs `[B * T, H]` and the final state."""
        outputs = tf.transpose(inputs, [1, 0, 2])  # [T, B, H]
        final_state = []
        for layer, layer_state in enumerate(self._initial_state):
            lstm = contrib.rnn.LSTMBlockFusedCell(config.hidden_size, forget_bias=0.0)
            with tf.variable_scope("RNN/multi_rnn_cell/cell_%d" % layer, reuse=True):
                outputs, layer_state = lstm(outputs, layer_state, scope="basic_lstm_cell")
            if is_training and config.keep_prob < 1:
                outputs = tf.nn.dropout(outputs, config.keep_prob)
            final_state.append(layer_state)
        outputs = tf.transpose(outputs, [1, 0, 2])  # [B, T, H]
        return tf.reshape(outputs, [-1, config.hidden_size]), tuple(final_state)

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


# --------------------------------------------------------------------------------------------------
# run_epoch, which the blog speaks of and does not print
# --------------------------------------------------------------------------------------------------
class DivergedError(ArithmeticError):
    """Training that has left the finite numbers."""


def run_epoch(session, model, eval_op=None, verbose=False, report=None):
    """Runs the model over its whole input once and returns the perplexity, exp(loss per word).

    Args:
        session: a session with initialised variables and running queues.
        model: the PTBModel; the state is zero for its first batch and carried from then on.
        eval_op: what to run besides with each batch: `train_op` to train, None to evaluate.
        verbose: whether to print about ten lines of progress.
        report: a function to call at each of these lines, with the step and with numbers by name.

    Raises:
        DivergedError: when the loss per word is not a number, or too large to take its exp.
    """
    start_time = time.time()
    costs = 0.0
    iters = 0
    state = session.run(model.initial_state)
    # Departure: the original's `step % (epoch_size // 10) == 10` divides by zero below ten steps
    # and never holds below 110. From 110 on this is the same.
    interval = max(model.input.epoch_size // 10, 1)
    first = min(10, interval - 1)

    fetches = {"cost": model.cost, "final_state": model.final_state}
    if eval_op is not None:
        fetches["eval_op"] = eval_op

    for step in range(model.input.epoch_size):
        # Row b of this batch goes on where row b of the last one stopped, and so does its state.
        # Any tensor can be fed, and initial_state's zeros are what it is otherwise. What is fed is
        # a constant to the gradients: they reach back num_steps and no further.
        feed_dict = {}
        # Departure: the original names c and h. Not all cells have both.
        for tensor, value in zip(tf.nest.flatten(model.initial_state), tf.nest.flatten(state)):
            feed_dict[tensor] = value

        vals = session.run(fetches, feed_dict)
        state = vals["final_state"]

        # Departure: float(), since NumPy 2 would add up in the 32 or 16 bits of the cost. The sum
        # of a float and a NumPy scalar used to be a 64-bit float.
        costs += float(vals["cost"])
        iters += model.input.num_steps  # cost is a sum over them: costs / iters is per word
        # Departure: the original goes on, and ends with weights of NaN. The exp of 700 is about as
        # large as a float can be, and a NaN is not less than anything.
        if not costs / iters < 700:
            where = "step %d of the evaluation" % step
            if eval_op is not None:
                where = "training step %d, learning rate %s" % (step, session.run(model.lr))
            raise DivergedError(
                "the cost is %s at %s; lower --learning_rate, or max_grad_norm in configs.py"
                % (vals["cost"], where)
            )

        if verbose and step % interval == first:
            speed = iters * model.input.batch_size / (time.time() - start_time)
            # Departure: flush, here and in main, so that a log or a pipe shows each line at once.
            print(
                "%.3f perplexity: %.3f speed: %.0f wps"
                % (step * 1.0 / model.input.epoch_size, np.exp(costs / iters), speed),
                flush=True,
            )
            if report is not None:
                report(step, Training_Loss=vals["cost"], Words_per_Second=speed)

    return np.exp(costs / iters)


# --------------------------------------------------------------------------------------------------
# 8. The main function
# --------------------------------------------------------------------------------------------------
def main(_):
    raw_data = reader.ptb_raw_data(FLAGS.data_path)
    # Departure: the original drops the size and takes 10,000 for granted. A corpus with more words
    # then fails inside a kernel.
    train_data, valid_data, test_data, vocabulary = raw_data

    # Departure: the original has get_config and its classes here, and no message for another name.
    config = get_config(FLAGS.model)
    # The test text is read word by word in one stream, so that every word has all those before it.
    eval_config = get_config(FLAGS.model)
    eval_config.batch_size = 1
    eval_config.num_steps = 1
    config.vocab_size = eval_config.vocab_size = vocabulary
    config.cell = eval_config.cell = FLAGS.cell
    if FLAGS.learning_rate is not None:
        config.learning_rate = FLAGS.learning_rate
    config.rnn_mode = eval_config.rnn_mode = FLAGS.rnn_mode
    if config.rnn_mode == "block":
        if config.cell != "basic_lstm":
            raise CellError("--rnn_mode=block has basic_lstm only; leave one of them out")
        # Departure: as many words at a time as go into the text without remainder, up to 50. Each
        # still has all those before it; it is the same sum, without a session call for each word.
        rest = max(len(test_data) - 1, 1)
        eval_config.num_steps = max(n for n in range(1, min(rest, 50) + 1) if rest % n == 0)
    if FLAGS.use_bf16 and FLAGS.use_fp16:
        raise bfloat16.NoBfloat16Error("--use_fp16 leaves no 32-bit floats; give one of the two")
    session_config = bfloat16.session_config() if FLAGS.use_bf16 else None

    # Departure: the original, started again with its --save_path, restores the weights and begins
    # with epoch 1 and the full learning rate. This goes on where the run was; see checkpoints.py.
    run = checkpoints.SavedRun(
        FLAGS.save_path, FLAGS.model, config, data_type(), FLAGS.data_path, train_data
    )

    with run.told_if_interrupted(), tf.Graph().as_default():
        # Departure: see --seed. A run that goes on draws other dropout masks than its first epochs.
        tf.set_random_seed(None if FLAGS.seed is None else FLAGS.seed + run.step)
        initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)

        with tf.name_scope("Train"):
            train_input = PTBInput(config=config, data=train_data, name="TrainInput")
            with tf.variable_scope("Model", reuse=None, initializer=initializer):
                m = PTBModel(is_training=True, config=config, input_=train_input)
            # The blog's summaries; what is written, and without evaluating them, is further down.
            tf.summary.scalar("Training Loss", m.cost)
            tf.summary.scalar("Learning Rate", m.lr)

        with tf.name_scope("Valid"):
            valid_input = PTBInput(config=config, data=valid_data, name="ValidInput")
            # reuse=True: the variables of m, so that what it learns is what the other two have.
            with tf.variable_scope("Model", reuse=True, initializer=initializer):
                mvalid = PTBModel(is_training=False, config=config, input_=valid_input)
            tf.summary.scalar("Validation Loss", mvalid.cost)

        with tf.name_scope("Test"):
            test_input = PTBInput(config=eval_config, data=test_data, name="TestInput")
            with tf.variable_scope("Model", reuse=True, initializer=initializer):
                mtest = PTBModel(is_training=False, config=eval_config, input_=test_input)

        # Departure: no logdir. With --save_path, the original's Supervisor saves every ten minutes,
        # and every two minutes its summary thread evaluates the costs, each time with a batch that
        # the epochs then lack. Here a checkpoint belongs to the end of an epoch, and the summaries
        # to numbers that the loop has. What the Supervisor still does: it initialises the
        # variables, starts the queues, and stops them at the end.
        saver = tf.train.Saver(max_to_keep=checkpoints.KEPT, save_relative_paths=True)
        summary = Summaries(FLAGS.save_path)
        sv = tf.train.Supervisor(saver=None, init_fn=lambda session: run.restore(session, saver))
        with sv.managed_session(config=session_config) as session:
            epoch_size = train_input.epoch_size
            for i in range(run.resume_after(epoch_size), config.max_max_epoch):
                lr_decay = config.lr_decay ** max(i + 1 - config.max_epoch, 0.0)
                m.assign_lr(session, config.learning_rate * lr_decay)

                print("Epoch: %d Learning rate: %.3f" % (i + 1, session.run(m.lr)), flush=True)
                # Departure: report, and what is written with it.
                report = summary.starting_at(i * epoch_size, Learning_Rate=session.run(m.lr))
                train_perplexity = run_epoch(
                    session, m, eval_op=m.train_op, verbose=True, report=report
                )
                print("Epoch: %d Train Perplexity: %.3f" % (i + 1, train_perplexity), flush=True)
                valid_perplexity = run_epoch(session, mvalid)
                print("Epoch: %d Valid Perplexity: %.3f" % (i + 1, valid_perplexity), flush=True)

                report(
                    epoch_size,
                    Epoch=i + 1,
                    Train_Perplexity=train_perplexity,
                    Valid_Perplexity=valid_perplexity,
                )
                run.save(session, saver, i + 1)

            # Departure: verbose. Word by word, the Penn Treebank's test text takes about a minute.
            test_perplexity = run_epoch(session, mtest, verbose=True)
            print("Test Perplexity: %.3f" % test_perplexity, flush=True)
            summary.add(config.max_max_epoch * epoch_size, Test_Perplexity=test_perplexity)

    # Departure: the corpus that ships comes with the perplexity of the grammar that wrote it.
    best = reader.best_perplexity(FLAGS.data_path)
    if best:
        print(
            "Best possible Test Perplexity: %.3f, the grammar's own. This run has %.2f times that."
            % (best["test"], test_perplexity / best["test"]),
            flush=True,
        )


# The flag to name for an error.
BLAMES = {
    bfloat16.NoBfloat16Error: "use_bf16",
    reader.CorpusError: "data_path",
    checkpoints.SavePathError: "save_path",
    UnknownModelError: "model",
    CellError: "cell",
    DivergedError: "model",
}

if __name__ == "__main__":
    # Departure: tf.app.run passes over flags it does not know, and errors are tracebacks.
    console.run(main, BLAMES)
