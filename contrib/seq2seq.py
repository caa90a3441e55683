"""`tf.contrib.seq2seq`: the weighted cross-entropy of a sequence of predictions.

Letters in the shape comments: B batch_size, T sequence_length, V number of classes (vocab_size).
"""

import tensorflow.compat.v1 as tf

from .missing import reporter

__all__ = ["sequence_loss"]

# Avoids a division by zero if all weights are zero, as in TensorFlow 1.4. In float16 it is 0, in
# TensorFlow too.
_TINY = 1e-12


def _check_rank(name, tensor, axes):
    shape = tensor.shape
    if shape.ndims != len(axes):
        raise ValueError(
            "%s must have rank %d, [%s]; given rank %s, shape %s"
            % (name, len(axes), ", ".join(axes), shape.ndims, shape)
        )


def sequence_loss(
    logits,
    targets,
    weights,
    average_across_timesteps=True,
    average_across_batch=True,
    softmax_loss_function=None,
    name=None,
):
    """Weighted cross-entropy of a batch of sequences, averaged over the axes asked for.

    With p = softmax(logits), the loss of one position is -log p[target] * weight. An average
    divides by the sum of the weights, not by their number. The PTB script averages across the batch
    only and sums what is left over time (section 4 of the blog), so its cost grows with
    `num_steps`: averaging over time as well would ask for another learning rate and another
    `max_grad_norm`.

    Args:
        logits: `[B, T, V]`, float; scores that need not be normalised.
        targets: `[B, T]`, int; the id of the right class.
        weights: `[B, T]`, the dtype of `logits`; 0 leaves a position out.
        average_across_timesteps: whether to average over T.
        average_across_batch: whether to average over B.
        softmax_loss_function: `f(labels=[B * T], logits=[B * T, V]) -> [B * T]`, used in place of
            the sparse softmax cross-entropy.
        name: the name scope of the ops, "sequence_loss" if not given.

    Returns:
        A float tensor: a scalar with both averages, `[B]` with only the average over time, `[T]`
        with only the one across the batch, `[B, T]` with neither.

    Raises:
        ValueError: when one of the three tensors has another rank than the one above, or targets or
            weights another shape than the first two axes of the logits.
    """
    with tf.name_scope(name, "sequence_loss", [logits, targets, weights]):
        logits = tf.convert_to_tensor(logits)
        targets = tf.convert_to_tensor(targets)
        weights = tf.convert_to_tensor(weights)
        _check_rank("logits", logits, ("batch_size", "sequence_length", "num_classes"))
        _check_rank("targets", targets, ("batch_size", "sequence_length"))
        _check_rank("weights", weights, ("batch_size", "sequence_length"))
        for label, tensor in (("targets", targets), ("weights", weights)):
            if not tensor.shape.is_compatible_with(logits.shape[:2]):
                raise ValueError(
                    "%s must have the logits' shape [batch_size, sequence_length], %s; given %s"
                    % (label, logits.shape[:2], tensor.shape)
                )

        loss_function = softmax_loss_function or tf.nn.sparse_softmax_cross_entropy_with_logits
        crossent = loss_function(
            labels=tf.reshape(targets, [-1]),  # [B * T]
            logits=tf.reshape(logits, [-1, tf.shape(logits)[2]]),  # [B * T, V]
        )
        crossent *= tf.reshape(weights, [-1])  # [B * T]
        crossent = tf.reshape(crossent, tf.shape(logits)[:2])  # [B, T]

        averages = ((0, average_across_batch), (1, average_across_timesteps))
        axes = [axis for axis, average in averages if average]
        if not axes:
            return crossent
        return tf.reduce_sum(crossent, axes) / (tf.reduce_sum(weights, axes) + _TINY)


def softmax_cross_entropy(labels, logits):
    """A fast sparse softmax cross-entropy, for `softmax_loss_function` above.

    With z the logits of a row and p = softmax(z), the loss is -log p[label] and its derivative by z
    is p, less 1 at the label. TensorFlow's own op makes several passes over `[N, V]` on a CPU. Its
    softmax is faster, a kernel of oneDNN's since TensorFlow 2, so the loss is read from the
    softmax. If p[label] is too small for its dtype, the loss is
    log(sum(exp(z))) - z[label]; the first term is max(z) - log(max(p)), since the largest logit has
    a p that is not too small.

    Args:
        labels: `[N]`, int; the id of the right class.
        logits: `[N, V]`, float.

    Returns:
        The losses, `[N]`, in nats.
    """

    @tf.custom_gradient
    def cross_entropy(logits):
        rows = tf.range(tf.shape(labels, out_type=labels.dtype)[0])
        at_label = tf.stack([rows, labels], 1)  # [N, 2]
        p = tf.nn.softmax(logits)  # [N, V]
        p_label = tf.gather_nd(p, at_label)  # [N]

        def from_largest():
            # The difference comes first: beside large logits, rounding would lose the logarithm.
            below_largest = tf.reduce_max(logits, 1) - tf.gather_nd(logits, at_label)
            return below_largest - tf.log(tf.reduce_max(p, 1))

        # The two maxima are passes over [N, V], so they are taken only if they are needed.
        # Below the bound, a float loses digits; float32 and bfloat16 have the same bound.
        bound = 6.2e-5 if p.dtype == tf.float16 else 1.2e-38
        in_range = tf.reduce_min(p_label) > bound
        loss = tf.cond(in_range, lambda: -tf.log(p_label), from_largest)  # [N]

        def gradient(d_loss):
            d_logits = p * tf.expand_dims(d_loss, 1)  # [N, V]
            return tf.tensor_scatter_nd_sub(d_logits, at_label, d_loss)

        return loss, gradient

    return cross_entropy(logits)


__getattr__ = reporter(__name__, "contrib.seq2seq")
