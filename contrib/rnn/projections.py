"""Wrappers with weights of their own: a projection after a cell, one before it, an embedding.

They work on one step at a time, as in TensorFlow 1.x. One product for all steps, outside of the
loop, is faster.

Letters in the shape comments: B batch_size, D input size, V embedding_classes, E embedding_size.
"""

import tensorflow.compat.v1 as tf

from .cell import check_input
from .wrappers import CellWrapper


def _project(cell, x, size, activation):
    """Computes activation(x W + b) with the variables `kernel` (W) and `bias` (b), made here."""
    kernel = tf.get_variable("kernel", [check_input(cell, x), size], x.dtype)
    bias = tf.get_variable("bias", [size], x.dtype, initializer=tf.zeros_initializer())
    projected = tf.nn.bias_add(tf.matmul(x, kernel), bias)
    return activation(projected) if activation else projected


class OutputProjectionWrapper(CellWrapper):
    """A dense layer after a cell.

        output = activation((output of the cell) W + b)

    The output is `[B, output_size]`. The variables stand under `output_projection_wrapper/`, after
    those of the cell: `kernel` (W) `[H, output_size]`, H the output size of the cell, filled by the
    initializer of the variable scope, and `bias` (b) `[output_size]`, zeros.
    """

    def __init__(self, cell, output_size, activation=None, reuse=None):
        """Wraps `cell`.

        Args:
            cell: the cell to wrap.
            output_size: the number of units of the output, an int above 0.
            activation: a function of the projected output; none if not given.
            reuse: see `_reuse` of `RNNCell`.
        """
        super(OutputProjectionWrapper, self).__init__(cell, _reuse=reuse)
        if output_size < 1:
            raise ValueError("output_size must be above 0; given %s" % output_size)
        self._output_size = output_size
        self._activation = activation

    @property
    def output_size(self):
        return self._output_size

    def call(self, inputs, state):
        output, new_state = self._cell(inputs, state)
        return _project(self, output, self._output_size, self._activation), new_state


class InputProjectionWrapper(CellWrapper):
    """A dense layer before a cell.

        output, new_state = cell(activation(inputs W + b), state)

    The variables stand under `input_projection_wrapper/`, before those of the cell: `kernel` (W)
    `[D, num_proj]`, filled by the initializer of the variable scope, and `bias` (b) `[num_proj]`,
    zeros.
    """

    def __init__(self, cell, num_proj, activation=None, input_size=None, reuse=None):
        """Wraps `cell`.

        Args:
            cell: the cell to wrap.
            num_proj: the number of units that the cell gets, an int.
            activation: a function of the projected input; none if not given.
            input_size: not used, as in TensorFlow 1.4: the input has it.
            reuse: see `_reuse` of `RNNCell`.
        """
        super(InputProjectionWrapper, self).__init__(cell, _reuse=reuse)
        self._num_proj = num_proj
        self._activation = activation

    def call(self, inputs, state):
        return self._cell(_project(self, inputs, self._num_proj, self._activation), state)


class EmbeddingWrapper(CellWrapper):
    """A cell that reads ids.

        output, new_state = cell(embedding[inputs], state)

    The inputs are int, `[B]` or `[B, 1]`. The variables stand under `embedding_wrapper/`: those of
    the cell, after `embedding` `[V, E]`, which has the dtype of the state.
    """

    def __init__(self, cell, embedding_classes, embedding_size, initializer=None, reuse=None):
        """Wraps `cell`.

        Args:
            cell: the cell to wrap.
            embedding_classes: V, the number of ids, an int above 0.
            embedding_size: E, the number of units that the cell gets, an int above 0.
            initializer: fills `embedding`; if not given, the initializer of the variable scope, and
                if there is none, uniform numbers up to the square root of 3, whose variance is 1.
            reuse: see `_reuse` of `RNNCell`.
        """
        super(EmbeddingWrapper, self).__init__(cell, _reuse=reuse)
        if embedding_classes < 1 or embedding_size < 1:
            raise ValueError(
                "embedding_classes and embedding_size must be above 0; given %s and %s"
                % (embedding_classes, embedding_size)
            )
        self._shape = [embedding_classes, embedding_size]
        self._initializer = initializer

    def call(self, inputs, state):
        initializer = self._initializer or tf.get_variable_scope().initializer
        if initializer is None:
            initializer = tf.random_uniform_initializer(-(3**0.5), 3**0.5)
        dtype = tf.nest.flatten(state)[0].dtype
        embedding = tf.get_variable("embedding", self._shape, dtype, initializer)
        ids = tf.reshape(inputs, [-1])  # [B]
        return self._cell(tf.nn.embedding_lookup(embedding, ids), state)  # [B, E]
