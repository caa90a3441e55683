"""Builds the network of the PTB model, for any cell, batch and length, and the ops that train it.

`Network` is the one place that builds the graph. Training, validation and test call it through
`Model`; `lm.language_model` calls it to generate, to score and to export. The variables have the
names and shapes of the reference (`ptb_word_lm.PTBModel`), so that checkpoints fit both.

Letters in the shape comments: B batch_size, T num_steps, H hidden_size, V vocab_size.
"""

import os

import numpy as np
import tensorflow.compat.v1 as tf

import configs
import contrib
import reader
from lm.cells import CELLS
from lm.configs import ConfigError
from lm.word_ids import release

tf.disable_v2_behavior()


def data_type(config):
    """Returns the dtype of the variables, the state and the loss."""
    return tf.float16 if config.use_fp16 else tf.float32


# Roughly how many bytes the graph of a training takes: for each layer in block mode, and for each
# layer and time step in basic mode.
_GRAPH_OF_LAYER = 4e6
_GRAPH_OF_STEP = 5e5


def _layer_weights(config):
    """Estimates how many weights a layer has; the number grows with the square of its size."""
    size = 64
    with tf.Graph().as_default():
        cell = CELLS[config.cell](size)
        cell(tf.zeros([1, size]), cell.zero_state(1, tf.float32))
        weights = sum(variable.shape.num_elements() for variable in tf.global_variables())
    return weights * (config.hidden_size / size) ** 2


def _memory():
    """Returns the most bytes of memory that this process can have; inf if that is not known."""
    sizes = [float("inf")]
    try:
        page = os.sysconf("SC_PAGE_SIZE")
        sizes.append(page * os.sysconf("SC_PHYS_PAGES"))
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        if limit != resource.RLIM_INFINITY:
            with open("/proc/self/statm") as file:
                used = page * int(file.read().split()[0])
            sizes.append(max(limit - used, 0))
    except (AttributeError, ImportError, OSError, ValueError):
        pass  # not Linux
    return min(sizes)


def graph_size(config):
    """Estimates how many bytes the graph of a training takes; 100 MB take seconds to build."""
    if config.rnn_mode == "basic":
        return config.num_layers * config.num_steps * _GRAPH_OF_STEP
    return config.num_layers * _GRAPH_OF_LAYER


def check_memory(config, logits=True):
    """Refuses a training that needs more memory than this machine has, before building its graph.

    The check counts the least that a training needs: the weights, the logits of a batch, the
    gradients of both, and an estimate for the graph. A training that passes may need several times
    as much. The check ignores swap, the memory of GPUs, and the limits of containers.

    Args:
        config: an `lm.configs.Config` with the `vocab_size` of the corpus.
        logits: whether this machine computes the logits; if there are workers, they do.

    Raises:
        ConfigError: if the memory is too small. `flag` names the size that is largest in comparison
            with the small configuration.
    """
    size = data_type(config).size  # bytes
    embedding = config.hidden_size * config.vocab_size  # The gradient has only a few rows of it.
    weights = config.hidden_size * config.vocab_size + config.num_layers * _layer_weights(config)
    numbers = weights + logits * config.batch_size * config.num_steps * config.vocab_size
    needed = size * (embedding + 2 * numbers) + graph_size(config)
    if needed > _memory():
        names = ("num_layers", "hidden_size", "vocab_size", "batch_size", "num_steps")
        flag = max(names, key=lambda n: getattr(config, n) / getattr(configs.SmallConfig, n))
        message = (
            "a model of {c.num_layers} x {c.hidden_size} units and {c.vocab_size} words, in batches"
            " of {c.batch_size} x {c.num_steps}, takes more than {needed:,.1f} GB of memory; there"
            " are {there:,.1f} GB; give a lower one"
        )
        gigabytes = dict(needed=needed / 1e9, there=_memory() / 1e9)
        raise ConfigError(flag, message.format(c=config, **gigabytes))


class UniformInitializer(object):
    """Draws variables uniformly from [-scale, scale].

    The values depend only on the seed and on the order of the variables. So a seed gives the same
    initial weights in both modes, and for every batch size and length.
    """

    def __init__(self, scale, seed=None):
        """Takes the seed, an int. If it is None, the values differ each time."""
        self._scale = scale
        self._seed = seed
        self._drawn = 0

    def __call__(self, shape, dtype=tf.float32, partition_info=None):
        self._drawn += 1
        low, high = -self._scale, self._scale
        if self._seed is None:
            return tf.random_uniform(shape, low, high, dtype)
        seed = [self._seed % 2**31, self._drawn]
        return tf.random.stateless_uniform(shape, seed, low, high, dtype)


class Network(object):
    """An embedding, layers of a recurrent cell, and a softmax layer.

    Each call adds the network to the graph again. The first call makes the variables in the current
    variable scope. Later calls, in a scope with `reuse=True`, share these variables.

    Args:
        config: a configuration, of which `num_layers`, `hidden_size`, `vocab_size`, `keep_prob`,
            `cell` and `rnn_mode` are used.
        dtype: the dtype of variables, state and logits; also an attribute.
    """

    def __init__(self, config, dtype):
        self._config = config
        self.dtype = dtype

    def _cell(self, keep_prob):
        """Returns the layers as one cell, with dropout on the output of each layer."""
        make_cell = CELLS[self._config.cell]
        cells = [make_cell(self._config.hidden_size) for _ in range(self._config.num_layers)]
        if keep_prob < 1:
            cells = [contrib.rnn.DropoutWrapper(c, output_keep_prob=keep_prob) for c in cells]
        return contrib.rnn.MultiRNNCell(cells)

    @property
    def state_size(self):
        """The sizes of the state in its structure: for each layer those of `(c, h)`, or of h."""
        return self._cell(keep_prob=1).state_size

    def zero_state(self, batch_size):
        """Returns the state before any word: tensors `[B, H]` in the structure of `state_size`."""
        return self._cell(keep_prob=1).zero_state(batch_size, self.dtype)

    def __call__(self, ids, state, is_training=False):
        """Reads words.

        Args:
            ids: int32 `[B, T]`, word ids. B and T may be unknown when the graph is built.
            state: the state before these words; see `zero_state`.
            is_training: whether to apply dropout to the embedded words and to the output of each
                layer.

        Returns:
            `(logits, state)`: for each word the scores of all words that may come next,
            `[B, T, V]`, and the state after the last word.
        """
        config = self._config
        size, vocab_size = config.hidden_size, config.vocab_size
        keep_prob = config.keep_prob if is_training else 1.0
        with tf.device("/cpu:0"):
            embedding = tf.get_variable("embedding", [vocab_size, size], self.dtype)
            inputs = tf.nn.embedding_lookup(embedding, ids)  # [B, T, H]
        if keep_prob < 1:
            inputs = tf.nn.dropout(inputs, rate=1 - keep_prob)
        if ids.shape.as_list()[1] is None:
            outputs, state = tf.nn.dynamic_rnn(
                self._cell(keep_prob), inputs, initial_state=state, scope="RNN"
            )
        elif config.rnn_mode == "block":
            outputs, state = self._block_layers(inputs, state, keep_prob)
        else:
            outputs, state = self._loop(inputs, state, keep_prob)
        softmax_w = tf.get_variable("softmax_w", [size, vocab_size], self.dtype)
        softmax_b = tf.get_variable("softmax_b", [vocab_size], self.dtype)
        logits = tf.matmul(tf.reshape(outputs, [-1, size]), softmax_w) + softmax_b  # [B * T, V]
        shape = tf.concat([tf.shape(ids), [vocab_size]], 0)
        return tf.reshape(logits, shape), state

    def _loop(self, inputs, state, keep_prob):
        """Runs the blog's loop over the time steps; returns outputs `[B, T, H]`, new state."""
        cell = self._cell(keep_prob)
        outputs = []
        with tf.variable_scope("RNN"):
            for time_step, step_inputs in enumerate(tf.unstack(inputs, axis=1)):  # [B, H]
                if time_step > 0:
                    tf.get_variable_scope().reuse_variables()
                output, state = cell(step_inputs, state)
                outputs.append(output)
        return tf.stack(outputs, axis=1), state

    def _block_layers(self, inputs, state, keep_prob):
        """Runs one layer after the other, each over all time steps; returns as `_loop` does."""
        outputs = tf.transpose(inputs, [1, 0, 2])  # [T, B, H]
        new_state = []
        for layer, layer_state in enumerate(state):
            lstm = contrib.rnn.LSTMBlockFusedCell(self._config.hidden_size, forget_bias=0.0)
            with tf.variable_scope("RNN/multi_rnn_cell/cell_%d" % layer):
                outputs, layer_state = lstm(outputs, layer_state, scope="basic_lstm_cell")
            if keep_prob < 1:
                outputs = tf.nn.dropout(outputs, rate=1 - keep_prob)
            new_state.append(layer_state)
        return tf.transpose(outputs, [1, 0, 2]), tuple(new_state)


def epoch_size(data, config):
    """Returns the number of batches in one pass over a text; targets are shifted by one word."""
    return (len(data) // config.batch_size - 1) // config.num_steps


class Input(object):
    """A text in batches to feed. The batches are those of `reader.ptb_producer`.

    The text stays out of the graph. So it may be larger than a graph can be, and memory-mapped word
    ids are not copied.

    Args:
        config: a configuration, of which `batch_size` and `num_steps` are used.
        data: the word ids, an int32 array or a list.
        name: the name scope of the placeholders.

    Attributes:
        batch_size, num_steps: those of `config`.
        epoch_size: the number of batches in one pass over the text.
        input_data, targets: placeholders, int32 `[B, T]`; the targets are the words that follow.

    Raises:
        reader.CorpusError: if the text does not fill one batch.
    """

    def __init__(self, config, data, name=None):
        self.batch_size = batch_size = config.batch_size
        self.num_steps = num_steps = config.num_steps
        self.epoch_size = epoch_size(data, config)
        words_needed = batch_size * (num_steps + 1)
        if len(data) < words_needed:
            raise reader.CorpusError(
                "%s: %d known words are too few for batch_size %d x num_steps %d; give at least"
                " %d, or choose a smaller model"
                % (name or "Input", len(data), batch_size, num_steps, words_needed)
            )
        length = len(data) // batch_size
        rows = np.asarray(data[: batch_size * length], np.int32)  # no copy of an int32 array
        self._rows = rows.reshape([batch_size, length])
        with tf.name_scope(name, "Input"):
            self.input_data = tf.placeholder(tf.int32, [batch_size, num_steps], "input_data")
            self.targets = tf.placeholder(tf.int32, [batch_size, num_steps], "targets")

    def feeds(self):
        """Yields the feed dict of each batch in one pass over the text.

        The docstring of `reader.py` draws the batches.
        """
        for step in range(self.epoch_size):
            if step % 1000 == 0:
                release(self._rows)  # keeps the whole text from filling the memory
            start, stop = step * self.num_steps, (step + 1) * self.num_steps
            yield {
                self.input_data: self._rows[:, start:stop],
                self.targets: self._rows[:, start + 1 : stop + 1],
            }


class Model(object):
    """The network on the batches of a text, its loss, and the ops that train it.

    The attributes and their values are those of `ptb_word_lm.PTBModel`. Replicas of the network
    share the weights and split the rows of a batch. The number of replicas changes the results
    only through rounding and dropout masks.

    Args:
        is_training: whether to apply dropout and to make `lr` and `train_op`.
        config: an `lm.configs.Config`.
        input_: an `Input`.
        devices: the device of each replica, as `tf.device` takes it; None leaves the choice to
            TensorFlow. The batch size must be a multiple of the number of devices.

    Attributes:
        input: the `Input`.
        initial_state, final_state: for each layer an `LSTMStateTuple` of c and h, `[B, H]`, or h
            alone for cells without c. Feeding overrides `initial_state`, which is otherwise zero.
        cost: scalar; the loss in nats, a mean over the batch, summed over the time steps.
        lr: scalar float32 variable; the learning rate, 0 until `assign_lr` sets it.
        train_op: one step of gradient descent.
    """

    def __init__(self, is_training, config, input_, devices=(None,)):
        self.input = input_
        network = Network(config, data_type(config))
        self.initial_state = network.zero_state(input_.batch_size)
        ids, targets = (
            tf.split(words, len(devices)) for words in (input_.input_data, input_.targets)
        )  # [B / replicas, T] each
        states = [tf.split(part, len(devices)) for part in tf.nest.flatten(self.initial_state)]

        costs, final_states, gradients = [], [], []
        for replica, device in enumerate(devices):
            state = tf.nest.pack_sequence_as(self.initial_state, [part[replica] for part in states])
            # The first replica makes the variables, unless the caller's scope has reuse=True.
            reuse = True if replica > 0 else None
            with tf.device(device), tf.variable_scope(tf.get_variable_scope(), reuse=reuse):
                logits, state = network(ids[replica], state, is_training)
                # Each replica contributes its share of the mean over the batch.
                costs.append(_cost(config, logits, targets[replica]) / len(devices))
                final_states.append(state)
                if is_training:
                    weights = tf.trainable_variables()
                    gradients.append(tf.gradients(costs[-1], weights))
        self.cost = tf.add_n(costs)
        self.final_state = tf.nest.map_structure(lambda *parts: tf.concat(parts, 0), *final_states)
        if not is_training:
            return

        self.lr = tf.Variable(0.0, trainable=False)
        gradients = [_sum(parts) for parts in zip(*gradients)]
        rate = self.lr
        if config.use_fp16:
            gradients, _ = tf.clip_by_global_norm(gradients, config.max_grad_norm)
        else:
            # Clipping multiplies each gradient by a factor. Here the factor goes into the learning
            # rate, which saves a pass over all gradients. In float16 the product of factor and rate
            # would be too small.
            norm = tf.global_norm(gradients)
            (factor,), _ = tf.clip_by_global_norm([tf.ones([])], config.max_grad_norm, norm)
            rate *= factor
        optimizer = tf.train.GradientDescentOptimizer(rate)
        self.train_op = optimizer.apply_gradients(
            zip(gradients, weights), global_step=contrib.framework.get_or_create_global_step()
        )
        self._new_lr = tf.placeholder(tf.float32, shape=[], name="new_learning_rate")
        self._lr_update = tf.assign(self.lr, self._new_lr)

    def assign_lr(self, session, lr_value):
        """Sets the learning rate."""
        session.run(self._lr_update, feed_dict={self._new_lr: lr_value})


def _cost(config, logits, targets):
    """Returns the loss of logits `[B, T, V]`, in nats: a mean over B, summed over T."""
    is_block = config.rnn_mode == "block"
    loss = contrib.seq2seq.sequence_loss(
        logits,
        targets,
        tf.ones(targets.shape, logits.dtype),
        average_across_timesteps=False,
        average_across_batch=True,
        softmax_loss_function=contrib.seq2seq.softmax_cross_entropy if is_block else None,
    )  # [T]
    return tf.reduce_sum(loss)


def _sum(gradients):
    """Returns the sum of the gradients of one variable, tensors or `tf.IndexedSlices`."""
    if not isinstance(gradients[0], tf.IndexedSlices):
        return tf.add_n(gradients)
    return tf.IndexedSlices(
        tf.concat([part.values for part in gradients], 0),
        tf.concat([part.indices for part in gradients], 0),
        gradients[0].dense_shape,
    )
