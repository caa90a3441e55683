"""`optimize_loss` of `tf.contrib.layers`: an optimizer with its clipping, decay and summaries."""

import functools

import tensorflow.compat.v1 as tf

from .rnn.cell import refuse

OPTIMIZERS = {
    "Adagrad": tf.train.AdagradOptimizer,
    "Adam": tf.train.AdamOptimizer,
    "Ftrl": tf.train.FtrlOptimizer,
    "Momentum": functools.partial(tf.train.MomentumOptimizer, momentum=0.9),
    "RMSProp": tf.train.RMSPropOptimizer,
    "SGD": tf.train.GradientDescentOptimizer,
}
SUMMARIES = ("learning_rate", "loss", "gradients", "gradient_norm", "global_gradient_norm")


def _make_optimizer(optimizer, learning_rate):
    if isinstance(optimizer, tf.train.Optimizer):
        return optimizer
    if not callable(optimizer) and optimizer not in list(OPTIMIZERS):
        raise ValueError(
            "optimizer must be one of %s, an optimizer, or what makes one; given %r"
            % (", ".join(OPTIMIZERS), optimizer)
        )
    if learning_rate is None:
        if not callable(optimizer) or isinstance(optimizer, type):
            raise ValueError("optimizer %r needs a learning_rate" % (optimizer,))
        made = optimizer()
    else:
        made = OPTIMIZERS.get(optimizer, optimizer)(learning_rate)
    if not isinstance(made, tf.train.Optimizer):
        raise ValueError("optimizer must make a tf.train.Optimizer; it made %r" % (made,))
    return made


def optimize_loss(
    loss,
    global_step,
    learning_rate,
    optimizer,
    gradient_noise_scale=None,
    gradient_multipliers=None,
    clip_gradients=None,
    learning_rate_decay_fn=None,
    update_ops=None,
    variables=None,
    name=None,
    summaries=None,
    colocate_gradients_with_ops=False,
    increment_global_step=True,
):
    """Returns a tensor, the loss, whose evaluation takes a training step.

    Args:
        loss: a float scalar.
        global_step: the step counter; None is the graph's, if it has one.
        learning_rate: a float, which becomes a variable `OptimizeLoss/learning_rate`; a scalar
            tensor; or None for an optimizer that has its own.
        optimizer: a name (Adagrad, Adam, Ftrl, Momentum, RMSProp, SGD), an optimizer, or a class or
            function that makes one from the learning rate. A function gets no argument if the
            learning rate is None.
        gradient_noise_scale, gradient_multipliers: not supported.
        clip_gradients: the largest global norm, a float; or a function that maps pairs of gradients
            and variables to such pairs.
        learning_rate_decay_fn: `f(learning_rate, global_step)` returns the rate to use.
        update_ops: the ops that run before the loss; None is the collection `UPDATE_OPS`.
        variables: the variables to train; None is all trainable variables.
        name: the variable scope, `OptimizeLoss` if not given.
        summaries: a list of `loss`, `learning_rate` (made only if it decays),
            `global_gradient_norm`, `gradients` and `gradient_norm`; None is the first three.
        colocate_gradients_with_ops: as for `Optimizer.compute_gradients`.
        increment_global_step: whether a step increments the step counter.

    Raises:
        ValueError: for a loss that is no scalar, for another argument that is none of the above,
            and for a decay without a step counter.
    """
    refuse(
        "optimize_loss",
        gradient_noise_scale=gradient_noise_scale,
        gradient_multipliers=gradient_multipliers,
    )
    loss = tf.convert_to_tensor(loss)
    if loss.shape.ndims != 0:
        raise ValueError("loss must be a scalar; given shape %s" % loss.shape)
    if global_step is None:
        global_step = tf.train.get_global_step()
    if summaries is None:
        summaries = ("loss", "learning_rate", "global_gradient_norm")
    for summary in summaries:
        if summary not in SUMMARIES:
            raise ValueError("summaries must be of %s; given %r" % (", ".join(SUMMARIES), summary))
    with tf.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(list(update_ops)):
            loss = tf.identity(loss)

        if isinstance(learning_rate, float):
            if learning_rate < 0:
                raise ValueError("learning_rate must not be below 0; given %r" % learning_rate)
            initializer = tf.constant_initializer(learning_rate)
            learning_rate = tf.get_variable(
                "learning_rate", [], initializer=initializer, trainable=False
            )
        elif learning_rate is not None and not tf.is_tensor(learning_rate):
            raise ValueError("learning_rate must be a float or a tensor; given %r" % learning_rate)
        if learning_rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError("learning_rate_decay_fn needs a global_step")
            learning_rate = learning_rate_decay_fn(learning_rate, global_step)
            if "learning_rate" in summaries:
                tf.summary.scalar("learning_rate", learning_rate)
        optimizer = _make_optimizer(optimizer, learning_rate)

        pairs = optimizer.compute_gradients(
            loss, variables, colocate_gradients_with_ops=colocate_gradients_with_ops
        )
        norms = {"global_gradient_norm", "gradient_norm"}.intersection(summaries)
        if norms:
            tf.summary.scalar("global_norm/gradient_norm", tf.global_norm([g for g, _ in pairs]))
        if callable(clip_gradients):
            pairs = clip_gradients(pairs)
        elif isinstance(clip_gradients, float):
            gradients, trained = zip(*pairs)
            pairs = list(zip(tf.clip_by_global_norm(gradients, clip_gradients)[0], trained))
        elif clip_gradients is not None:
            raise ValueError("clip_gradients must be a float; given %r" % (clip_gradients,))

        if "loss" in summaries:
            tf.summary.scalar("loss", loss)
        for gradient, variable in pairs:
            if gradient is None:
                continue
            values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
            label = variable.name.replace(":", "_")
            if "gradients" in summaries:
                tf.summary.histogram("gradients/" + label, values)
            if "gradient_norm" in summaries:
                tf.summary.scalar("gradient_norm/" + label, tf.global_norm([values]))
        if norms and clip_gradients is not None:
            clipped = tf.global_norm([g for g, _ in pairs])
            tf.summary.scalar("global_norm/clipped_gradient_norm", clipped)

        step = global_step if increment_global_step else None
        with tf.control_dependencies([optimizer.apply_gradients(pairs, step, name="train")]):
            return tf.identity(loss)
