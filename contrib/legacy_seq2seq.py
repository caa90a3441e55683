"""`tf.contrib.legacy_seq2seq`: the decoder loop and the losses over lists of time steps.

Here a sequence is a list of T tensors, one a time step; `contrib.seq2seq` takes one tensor
`[B, T, V]`. Letters in the shape comments: B batch_size, V number of classes, D input size.
"""

import tensorflow.compat.v1 as tf

from .missing import reporter

__all__ = ["rnn_decoder", "sequence_loss", "sequence_loss_by_example"]


def rnn_decoder(decoder_inputs, initial_state, cell, loop_function=None, scope=None):
    """Runs a cell over a list of inputs, from a given state.

    Args:
        decoder_inputs: a list of tensors `[B, D]`.
        initial_state: the state before the first step, in the structure of `cell.state_size`.
        cell: an RNN cell.
        loop_function: `f(previous_output, time_step)` returns the next input `[B, D]`. With it, the
            decoder uses only the first of `decoder_inputs`; the function makes the others from the
            outputs. The function's variables must exist, in a scope `loop_function`.
        scope: the variable scope, `rnn_decoder` if not given.

    Returns:
        `(outputs, state)`: a list of tensors `[B, output_size]`, and the state after the last step.
    """
    with tf.variable_scope(scope or "rnn_decoder"):
        outputs, state = [], initial_state
        for time_step, inputs in enumerate(decoder_inputs):
            if time_step > 0:
                if loop_function is not None:
                    with tf.variable_scope("loop_function", reuse=True):
                        inputs = loop_function(outputs[-1], time_step)
                tf.get_variable_scope().reuse_variables()
            output, state = cell(inputs, state)
            outputs.append(output)
        return outputs, state


def sequence_loss_by_example(
    logits,
    targets,
    weights,
    average_across_timesteps=True,
    softmax_loss_function=None,
    name=None,
):
    """Weighted cross-entropy of each sequence of a batch.

    With p = softmax(logits), the loss of a sequence is the sum over time of
    -log p[target] * weight, divided by the sum of its weights if it is averaged.

    Args:
        logits: a list of T tensors `[B, V]`, float.
        targets: a list of T tensors `[B]`, int.
        weights: a list of T tensors `[B]`, the dtype of the logits; 0 leaves a position out.
        average_across_timesteps: whether to divide by the sum of the weights.
        softmax_loss_function: `f(labels=[B], logits=[B, V]) -> [B]`, used in place of the sparse
            softmax cross-entropy.
        name: the name scope of the ops.

    Returns:
        The losses, `[B]`.

    Raises:
        ValueError: when the three lists differ in length.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            "logits, targets and weights must be lists of one length; given %d, %d and %d"
            % (len(logits), len(targets), len(weights))
        )
    with tf.name_scope(name, "sequence_loss_by_example", logits + targets + weights):
        losses = []
        for logit, target, weight in zip(logits, targets, weights):
            if softmax_loss_function is None:
                target = tf.reshape(target, [-1])  # some give [B / n, n] with logits [B, V]
                loss = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=target, logits=logit)
            else:
                loss = softmax_loss_function(labels=target, logits=logit)
            losses.append(loss * weight)
        loss = tf.add_n(losses)  # [B]
        if average_across_timesteps:
            loss /= tf.add_n(weights) + 1e-12  # no division by 0 if all weights are 0
        return loss


def sequence_loss(
    logits,
    targets,
    weights,
    average_across_timesteps=True,
    average_across_batch=True,
    softmax_loss_function=None,
    name=None,
):
    """Averages `sequence_loss_by_example` over the batch, or sums it.

    Args:
        logits, targets, weights, average_across_timesteps, softmax_loss_function: see
            `sequence_loss_by_example`.
        average_across_batch: whether to divide by B.
        name: the name scope of the ops.

    Returns:
        A float scalar.

    Raises:
        ValueError: when the three lists differ in length.
    """
    with tf.name_scope(name, "sequence_loss", logits + targets + weights):
        losses = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function
        )
        loss = tf.reduce_sum(losses)
        if average_across_batch:
            loss /= tf.cast(tf.shape(targets[0])[0], loss.dtype)
        return loss


__getattr__ = reporter(__name__, "contrib.legacy_seq2seq")
