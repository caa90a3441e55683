"""`tf.contrib.layers`: the functions that RNN programs use, and `dense` of `tf.layers`.

Variable names, defaults and initial values are those of TensorFlow 1.15. As in TensorFlow, every
function makes its variables with `tf.get_variable`, in a scope under the surrounding one.
Letters in the shape comments: B batch_size, T sequence length, D input size, E embed_dim.
"""

import functools

import tensorflow.compat.v1 as tf

from .missing import reporter
from .optimizers import optimize_loss
from .rnn.cell import refuse

__all__ = [
    "dense",
    "embed_sequence",
    "fully_connected",
    "linear",
    "optimize_loss",
    "xavier_initializer",
]

# The standard deviation of a normal distribution that is cut off at two standard deviations.
_CUT_OFF = 0.87962566103423978


def xavier_initializer(uniform=True, seed=None, dtype=tf.float32):
    """Glorot and Bengio's initializer, "Understanding the difficulty of training deep feedforward
    neural networks" (2010).

    With n = (rows + columns) / 2, weights are uniform in +-sqrt(3 / n). With `uniform=False`, they
    come from a normal distribution of standard deviation sqrt(1.3 / n), cut off at two of these.
    """
    # TensorFlow warns if the dtype is given.
    options = {"seed": seed} if dtype == tf.float32 else {"seed": seed, "dtype": dtype}
    if uniform:
        return tf.glorot_uniform_initializer(**options)
    # This initializer divides the deviation by _CUT_OFF; tf.contrib's did not.
    scale = 1.3 * _CUT_OFF**2
    return tf.variance_scaling_initializer(scale, "fan_avg", "truncated_normal", **options)


# The collections of the variables of tf.contrib.layers; tf.model_variables() returns the second.
_COLLECTIONS = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.MODEL_VARIABLES]


def _affine(inputs, units, names, initializers, regularizers, trainable, collections=None):
    """Returns `inputs * kernel + bias`; both get their variables in the current scope.

    Args:
        inputs: `[..., D]`, float; D known when the graph is built.
        units: the size of the last axis of the result.
        names, initializers, regularizers: pairs, for kernel `[D, units]` and bias `[units]`. There
            is no bias if its name is None.
        trainable, collections: as for `tf.get_variable`.
    """
    if not inputs.dtype.is_floating:
        raise TypeError("a dense layer needs inputs of floats; given %s" % inputs.dtype.name)
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
            collections=collections,
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
    activity_regularizer=None,
    kernel_constraint=None,
    bias_constraint=None,
    trainable=True,
    name=None,
    reuse=None,
):
    """`tf.layers.dense`: activation(inputs * kernel + bias).

    The variables are `kernel` and `bias` in a scope `dense`; the next unnamed call under the same
    scope makes `dense_1`. A scope that is entered again counts from the start, so that `reuse=True`
    of that scope finds the variables of the first pass.

    Args:
        inputs: `[..., D]`, float; D known when the graph is built.
        units: the size of the last axis of the result.
        activation: a function of a tensor; None for none.
        use_bias: whether there is a bias.
        kernel_initializer: None is the scope's initializer, else Xavier's.
        bias_initializer, kernel_regularizer, bias_regularizer, trainable: as for
            `tf.get_variable`.
        activity_regularizer, kernel_constraint, bias_constraint: not supported.
        name: the variable scope; a name that is used twice needs `reuse`.
        reuse: True takes variables that exist.

    Returns:
        `[..., units]`, the dtype of the inputs.

    Raises:
        TypeError: for inputs that are not float.
        ValueError: for inputs of another rank, for what is not supported, and where
            `tf.get_variable` refuses.
    """
    refuse(
        "dense",
        activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint,
    )
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
    variables_collections=None,
    outputs_collections=None,
    trainable=True,
    scope=None,
):
    """`tf.contrib.layers.fully_connected`: activation_fn(inputs * weights + biases).

    The variables are `weights` and `biases` in a scope `fully_connected`; the next unnamed call
    under the same scope makes `fully_connected_1`. The activation is ReLU unless another is given,
    or None. The weights are Xavier's even if the scope has an initializer.

    Args:
        inputs: `[..., D]`, float; D known when the graph is built.
        num_outputs: the size of the last axis of the result.
        activation_fn: a function of a tensor; None for none.
        normalizer_fn: a function of `inputs * weights` and `normalizer_params`, in place of the
            biases.
        weights_initializer, weights_regularizer, biases_initializer, biases_regularizer: as for
            `tf.get_variable`. `biases_initializer=None` leaves the biases out.
        reuse: True takes variables that exist; it needs a scope.
        variables_collections, outputs_collections: not supported.
        trainable: whether optimizers change the variables.
        scope: the variable scope, a name or a scope.

    Returns:
        `[..., num_outputs]`, the dtype of the inputs.

    Raises:
        TypeError: for inputs that are not float.
        ValueError: for inputs of another rank, for what is not supported, and where
            `tf.get_variable` refuses.
    """
    refuse(
        "fully_connected",
        variables_collections=variables_collections,
        outputs_collections=outputs_collections,
    )
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
            _COLLECTIONS,
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
        unique: without effect. In TensorFlow it looks up a repeated row once, which gives the same
            values.
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
            collections=_COLLECTIONS,
        )
        return tf.nn.embedding_lookup(embeddings, ids)


__getattr__ = reporter(__name__, "contrib.layers")
