"""`tf.contrib.layers`: what RNN programs take of it, and `dense` of `tf.layers`.

Variable names, defaults and initial values are those of TensorFlow 1.15. Every function makes its
variables with `tf.get_variable`, in a scope that the surrounding scope decides, as there.
Letters in the shape comments: B batch_size, T sequence length, D input size, E embed_dim.
"""

import functools

import tensorflow.compat.v1 as tf

from .missing import reporter

# The standard deviation of a normal distribution that is cut off at two standard deviations.
_CUT_OFF = 0.87962566103423978


def xavier_initializer(uniform=True, seed=None, dtype=tf.float32):
    """Glorot and Bengio's initializer, "Understanding the difficulty of training deep feedforward
    neural networks" (2010).

    With n = (rows + columns) / 2, weights are uniform in +-sqrt(3 / n). With `uniform=False`, they
    come from a normal distribution of standard deviation sqrt(1.3 / n), cut off at two of these.
    """
    # TensorFlow warns where the dtype is given.
    options = {"seed": seed} if dtype == tf.float32 else {"seed": seed, "dtype": dtype}
    if uniform:
        return tf.glorot_uniform_initializer(**options)
    # This initializer divides the deviation by _CUT_OFF; tf.contrib's did not.
    scale = 1.3 * _CUT_OFF**2
    return tf.variance_scaling_initializer(scale, "fan_avg", "truncated_normal", **options)


def _affine(inputs, units, names, initializers, regularizers, trainable):
    """Returns `inputs * kernel + bias`; both get their variables in the current scope.

    Args:
        inputs: `[..., D]`, float; D known when the graph is built.
        units: the size of the last axis of the result.
        names, initializers, regularizers: pairs, for kernel `[D, units]` and bias `[units]`. There
            is no bias if its name is None.
        trainable: whether optimizers change the two.
    """
    if inputs.shape.ndims is None or inputs.shape.ndims < 2 or inputs.shape.as_list()[-1] is None:
        raise ValueError(
            "a dense layer needs inputs of rank 2 or more with a last axis that is known; "
            "given %s" % inputs.shape
        )
    shapes = [inputs.shape.as_list()[-1], units], [units]
    variables = [
        name
        and tf.get_variable(
            name,
            shape,
            inputs.dtype.base_dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        for name, shape, initializer, regularizer in zip(names, shapes, initializers, regularizers)
    ]
    if inputs.shape.ndims == 2:
        outputs = tf.matmul(inputs, variables[0])  # [B, units]
    else:
        outputs = tf.tensordot(inputs, variables[0], 1)  # [..., units]
    return outputs if variables[1] is None else tf.nn.bias_add(outputs, variables[1])


def dense(
    inputs,
    units,
    activation=None,
    use_bias=True,
    kernel_initializer=None,
    bias_initializer=tf.zeros_initializer(),  # noqa: B008
    kernel_regularizer=None,
    bias_regularizer=None,
    trainable=True,
    name=None,
    reuse=None,
):
    """`tf.layers.dense`: activation(inputs * kernel + bias).

    The variables are `kernel` and `bias` in a scope `dense`; the next unnamed call under the same
    scope makes `dense_1`. Under a scope that was entered anew, the names begin anew, so that
    `reuse=True` of that scope finds what the first pass has made.

    Args:
        inputs: `[..., D]`, float; D known when the graph is built.
        units: the size of the last axis of the result.
        activation: a function of a tensor; None for none.
        use_bias: whether there is a bias.
        kernel_initializer: None is the scope's initializer, else Xavier's.
        bias_initializer, kernel_regularizer, bias_regularizer, trainable: as for
            `tf.get_variable`.
        name: the variable scope; a name that is used twice needs `reuse`.
        reuse: True takes variables that exist.

    Returns:
        `[..., units]`, the dtype of the inputs.

    Raises:
        ValueError: for inputs of another rank, and where `tf.get_variable` refuses.
    """
    inputs = tf.convert_to_tensor(inputs)
    if reuse and name is None:
        name = "dense"
    with tf.variable_scope(name, "dense", reuse=reuse):
        outputs = _affine(
            inputs,
            units,
            ("kernel", "bias" if use_bias else None),
            (kernel_initializer, bias_initializer),
            (kernel_regularizer, bias_regularizer),
            trainable,
        )
        return outputs if activation is None else activation(outputs)


def fully_connected(
    inputs,
    num_outputs,
    activation_fn=tf.nn.relu,
    normalizer_fn=None,
    normalizer_params=None,
    weights_initializer=xavier_initializer(),  # noqa: B008
    weights_regularizer=None,
    biases_initializer=tf.zeros_initializer(),  # noqa: B008
    biases_regularizer=None,
    reuse=None,
    trainable=True,
    scope=None,
):
    """`tf.contrib.layers.fully_connected`: activation_fn(inputs * weights + biases).

    The variables are `weights` and `biases` in a scope `fully_connected`; the next unnamed call
    under the same scope makes `fully_connected_1`. The activation is ReLU unless another is given,
    or None. The weights are Xavier's whatever the scope's initializer is.

    Args:
        inputs: `[..., D]`, float; D known when the graph is built.
        num_outputs: the size of the last axis of the result.
        activation_fn: a function of a tensor; None for none.
        normalizer_fn: a function of `inputs * weights` and `normalizer_params`, in place of the
            biases.
        weights_initializer, weights_regularizer, biases_initializer, biases_regularizer: as for
            `tf.get_variable`. `biases_initializer=None` leaves the biases out.
        reuse: True takes variables that exist; it needs a scope.
        trainable: whether optimizers change the variables.
        scope: the variable scope, a name or a scope.

    Returns:
        `[..., num_outputs]`, the dtype of the inputs.

    Raises:
        ValueError: for inputs of another rank, and where `tf.get_variable` refuses.
    """
    inputs = tf.convert_to_tensor(inputs)
    has_biases = normalizer_fn is None and biases_initializer is not None
    with tf.variable_scope(scope, "fully_connected", [inputs], reuse=reuse):
        outputs = _affine(
            inputs,
            num_outputs,
            ("weights", "biases" if has_biases else None),
            (weights_initializer, biases_initializer),
            (weights_regularizer, biases_regularizer),
            trainable,
        )
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        return outputs if activation_fn is None else activation_fn(outputs)


linear = functools.partial(fully_connected, activation_fn=None)


def embed_sequence(
    ids,
    vocab_size=None,
    embed_dim=None,
    unique=False,
    initializer=None,
    regularizer=None,
    trainable=True,
    scope=None,
    reuse=None,
):
    """Looks up the rows of a variable `embeddings`, `[vocab_size, embed_dim]`.

    Args:
        ids: `[B, T]`, int.
        vocab_size: the number of rows.
        embed_dim: E, the number of columns; both may be missing where `reuse` is True.
        unique: whether a row that is used several times is looked up once. The values are the same
            either way; here each is looked up.
        initializer, regularizer, trainable: as for `tf.get_variable`.
        scope: the variable scope, `EmbedSequence` if not given.
        reuse: True takes the variable that exists.

    Returns:
        `[B, T, E]`, float32.

    Raises:
        ValueError: when a size is missing and nothing is reused.
    """
    if not reuse and not (vocab_size and embed_dim):
        raise ValueError(
            "embed_sequence needs vocab_size and embed_dim unless it reuses; given %r and %r"
            % (vocab_size, embed_dim)
        )
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        embeddings = tf.get_variable(
            "embeddings",
            [vocab_size, embed_dim] if vocab_size and embed_dim else None,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
        )
        return tf.nn.embedding_lookup(embeddings, ids)


OPTIMIZERS = {
    "Adagrad": tf.train.AdagradOptimizer,
    "Adam": tf.train.AdamOptimizer,
    "Ftrl": tf.train.FtrlOptimizer,
    "Momentum": functools.partial(tf.train.MomentumOptimizer, momentum=0.9),
    "RMSProp": tf.train.RMSPropOptimizer,
    "SGD": tf.train.GradientDescentOptimizer,
}


def _make_optimizer(optimizer, learning_rate):
    if isinstance(optimizer, tf.train.Optimizer):
        return optimizer
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise ValueError(
                "optimizer must be one of %s; given %r" % (", ".join(OPTIMIZERS), optimizer)
            )
        optimizer = OPTIMIZERS[optimizer]
    made = optimizer() if learning_rate is None else optimizer(learning_rate)
    if not isinstance(made, tf.train.Optimizer):
        raise ValueError("optimizer must make a tf.train.Optimizer; it made %r" % (made,))
    return made


def optimize_loss(
    loss,
    global_step,
    learning_rate,
    optimizer,
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

    TensorFlow's `gradient_noise_scale` and `gradient_multipliers` are not there. Give the arguments
    after `optimizer` by name: those two stood before the others.

    Args:
        loss: a float scalar.
        global_step: the step counter; None is the graph's, if it has one.
        learning_rate: a float, which becomes a variable `OptimizeLoss/learning_rate`; a scalar
            tensor; or None for an optimizer that has its own.
        optimizer: a name (Adagrad, Adam, Ftrl, Momentum, RMSProp, SGD), an optimizer, or a class or
            function that makes one of the learning rate, or of nothing where that is None.
        clip_gradients: the largest global norm, a float; or a function that maps pairs of gradients
            and variables to such pairs.
        learning_rate_decay_fn: `f(learning_rate, global_step)` returns the rate to use.
        update_ops: what runs before the loss; None is the collection `UPDATE_OPS`.
        variables: what to train; None is all trainable variables.
        name: the variable scope, `OptimizeLoss` if not given.
        summaries: what to summarise, of `loss`, `learning_rate` (where it decays),
            `global_gradient_norm`, which are the default, `gradients` and `gradient_norm`.
        colocate_gradients_with_ops: as for `Optimizer.compute_gradients`.
        increment_global_step: whether a step counts.

    Raises:
        ValueError: for a loss that is no scalar, a learning rate, an optimizer or a clipping that
            is none of the above, and a decay without a step counter.
    """
    loss = tf.convert_to_tensor(loss)
    if loss.shape.ndims != 0:
        raise ValueError("loss must be a scalar; given shape %s" % loss.shape)
    if global_step is None:
        global_step = tf.train.get_global_step()
    if summaries is None:
        summaries = ("loss", "learning_rate", "global_gradient_norm")
    with tf.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(list(update_ops)):
            loss = tf.identity(loss)

        if isinstance(learning_rate, float):
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


__getattr__ = reporter(__name__)
