"""What to use for the parts of `tf.contrib` that this folder lacks, and for other names of old.

`reporter` makes a `__getattr__` for a module of this folder, whose AttributeError gives the advice.
`rename.py` gives the same advice about a program. Needs no TensorFlow.
"""

_GUIDE = "docs/from-tensorflow-1.md says how"
_DECODERS = "copy it from tensorflow/contrib/seq2seq/python/ops of TensorFlow 1.x; " + _GUIDE
_LINEAR = "use Linear of docs/from-tensorflow-1.md, or contrib.layers.dense of a tf.concat"
_OLD_DECODERS = (
    "it is older than TensorFlow 1.2, and TensorFlow 1.6's decoders do not have it either; rewrite "
    "that part for BasicDecoder and AttentionWrapper of TensorFlow 1.6; " + _GUIDE
)
_PRIVATE_LAYERS = (
    "use %s of tensorflow.python.layers.layers, or tf_keras with TF_USE_LEGACY_KERAS=1"
)

# The advice for a part, which holds for every name in it, and for names with better advice.
_ADVICE = {
    "contrib": "copy what you need of it from TensorFlow 1.x",
    "contrib.crf": "copy tensorflow/contrib/crf/python/ops/crf.py of TensorFlow 1.x; " + _GUIDE,
    "contrib.cudnn_rnn": "use a loop of tf.nn over cells, or contrib.rnn.LSTMBlockFusedCell",
    "contrib.data": "use tf.data",
    "contrib.framework": "copy what you need of it from TensorFlow 1.x",
    "contrib.framework.assert_global_step": "use tf.train.assert_global_step",
    "contrib.framework.create_global_step": "use tf.train.create_global_step",
    "contrib.framework.get_global_step": "use tf.train.get_global_step",
    "contrib.framework.get_local_variables": "use tf.local_variables(scope), scope a name",
    "contrib.framework.get_model_variables": "use tf.model_variables(scope), scope a name",
    "contrib.framework.get_trainable_variables": "use tf.trainable_variables(scope), scope a name",
    "contrib.framework.get_variables": "use tf.global_variables(scope), scope a name",
    "contrib.framework.list_variables": "use tf.train.list_variables",
    "contrib.framework.load_variable": "use tf.train.load_variable",
    "contrib.keras": "use tf_keras with TF_USE_LEGACY_KERAS=1",
    "contrib.layers": (
        "see tensorflow.python.layers.layers, which has the functions of tf.layers, "
        "or copy it from tensorflow/contrib/layers/python/layers of TensorFlow 1.x"
    ),
    "contrib.layers.dropout": _PRIVATE_LAYERS % "dropout(x, 1 - keep_prob, training=is_training)",
    "contrib.layers.flatten": _PRIVATE_LAYERS % "flatten",
    "contrib.layers.l2_regularizer": "use lambda w: scale * tf.nn.l2_loss(w)",
    "contrib.layers.one_hot_encoding": "use tf.one_hot",
    "contrib.layers.safe_embedding_lookup_sparse": "use tf.nn.safe_embedding_lookup_sparse",
    "contrib.layers.variance_scaling_initializer": "use tf.variance_scaling_initializer(2.0)",
    "contrib.layers.xavier_initializer_conv2d": "use contrib.layers.xavier_initializer",
    "contrib.learn": "write the loop over steps with a tf.Session; tf.estimator is gone, too",
    "contrib.learn.datasets": "TensorFlow 2 has no examples: read the data another way",
    "contrib.learn.preprocessing": (
        "copy text.py and categorical_vocabulary.py from "
        "tensorflow/contrib/learn/python/learn/preprocessing of TensorFlow 1.x"
    ),
    "contrib.legacy_seq2seq": (
        "copy tensorflow/contrib/legacy_seq2seq/python/ops/seq2seq.py of TensorFlow 1.x; " + _GUIDE
    ),
    "contrib.lookup": "use tf.lookup",
    "contrib.losses": "use tf.losses",
    "contrib.metrics": "use tf.metrics",
    "contrib.rnn": (
        "copy it from tensorflow/contrib/rnn/python/ops/rnn_cell.py of TensorFlow 1.x, with "
        "contrib.rnn.RNNCell as its base; tensorflow.python.ops.rnn_cell has the cells of "
        "tf.nn.rnn_cell"
    ),
    "contrib.rnn.GRUBlockCell": "use contrib.rnn.GRUCell",
    "contrib.rnn.GRUBlockCellV2": "use contrib.rnn.GRUCell",
    "contrib.rnn.LSTMBlockWrapper": "use contrib.rnn.LSTMBlockFusedCell",
    "contrib.rnn.LayerRNNCell": (
        "use contrib.rnn.RNNCell, and make the variables in `call` with tf.get_variable"
    ),
    "contrib.rnn._Linear": _LINEAR,
    "contrib.rnn._linear": _LINEAR,
    "contrib.rnn.transpose_batch_time": "use tf.transpose(x, [1, 0, 2])",
    "contrib.seq2seq": _DECODERS,
    "contrib.slim": "use the package tf_slim, or contrib.layers.fully_connected",
    "contrib.training": "copy what you need of it from TensorFlow 1.x",
    "contrib.training.HParams": "use argparse.Namespace(**values)",
}
_ADVICE.update(
    ("contrib.seq2seq." + name, _OLD_DECODERS)
    for name in (
        "DynamicAttentionWrapper",
        "DynamicAttentionWrapperState",
        "attention_decoder_fn_inference",
        "attention_decoder_fn_train",
        "dynamic_rnn_decoder",
        "prepare_attention",
        "python.ops.attention_decoder_fn",
        "python.ops.decoder_fn",
        "python.ops.seq2seq",
        "simple_decoder_fn_inference",
        "simple_decoder_fn_train",
    )
)
_NO_BATCH_NORMALIZATION = (
    "gone from TensorFlow 2.16: use tf.nn.batch_normalization, or tf_keras with "
    "TF_USE_LEGACY_KERAS=1"
)

# What is left to do by hand in a program, for a dotted name and what is under it. Empty for a
# private module of TensorFlow that still has what programs use of it.
BY_HAND = {
    "cPickle": "Python 3: pickle",
    "distutils": "gone from Python 3.12",
    "inspect.getargspec": "gone from Python 3.11: inspect.getfullargspec",
    "np.Inf": "gone from NumPy 2: np.inf",
    "np.NaN": "gone from NumPy 2: np.nan",
    "np.asscalar": "gone from NumPy: .item()",
    "np.bool": "gone from NumPy: bool",
    "np.float": "gone from NumPy: float",
    "np.int": "gone from NumPy: int",
    "np.object": "gone from NumPy: object",
    "np.str": "gone from NumPy: str",
    "raw_input": "Python 3: input",
    "tensorflow.examples": "not part of TensorFlow 2: read the data another way",
    "tensorflow.models": "never part of TensorFlow's package: copy the file",
    "tensorflow.python": "private names of TensorFlow, which may have moved",
    "tensorflow.python.ops.rnn": "",
    "tensorflow.python.ops.rnn.bidirectional_rnn": "TensorFlow 0.x: tf.nn.static_bidirectional_rnn",
    "tensorflow.python.ops.rnn.rnn": "TensorFlow 0.x: tf.nn.static_rnn",
    "tensorflow.python.ops.rnn_cell": "contrib.rnn has the same cells",
    "tf.batch_matmul": "TensorFlow 0.x: tf.matmul",
    "tf.estimator": "gone from TensorFlow 2.16: write the loop over steps with a tf.Session",
    "tf.examples": "not part of TensorFlow 2: read the data another way",
    "tf.histogram_summary": "TensorFlow 0.x: tf.summary.histogram(name, values)",
    "tf.keras": "Keras 3 from TensorFlow 2.16 on; tf_keras with TF_USE_LEGACY_KERAS=1 is Keras 2",
    "tf.layers": (
        "gone from TensorFlow 2.16: tensorflow.python.layers.layers has the same functions and "
        "classes; tf_keras with TF_USE_LEGACY_KERAS=1 has tf.layers"
    ),
    "tf.layers.BatchNormalization": _NO_BATCH_NORMALIZATION,
    "tf.layers.batch_normalization": _NO_BATCH_NORMALIZATION,
    "tf.merge_all_summaries": "TensorFlow 0.x: tf.summary.merge_all",
    "tf.models": "never part of TensorFlow's package: copy the file",
    "tf.mul": "TensorFlow 0.x: tf.multiply",
    "tf.neg": "TensorFlow 0.x: tf.negative",
    "tf.nn.rnn": "TensorFlow 0.x: tf.nn.static_rnn",
    "tf.nn.bidirectional_rnn": "TensorFlow 0.x: tf.nn.static_bidirectional_rnn",
    "tf.nn.seq2seq": "TensorFlow 0.x: contrib.legacy_seq2seq",
    "tf.pack": "TensorFlow 0.x: tf.stack",
    "tf.python": "private names of TensorFlow, which may have moved",
    "tf.scalar_summary": "TensorFlow 0.x: tf.summary.scalar(name, value)",
    "tf.sub": "TensorFlow 0.x: tf.subtract",
    "tf.train.SummaryWriter": "TensorFlow 0.x: tf.summary.FileWriter",
    "tf.unpack": "TensorFlow 0.x: tf.unstack",
    "unicode": "Python 3: str",
    "xrange": "Python 3: range",
}
# The same for an attribute, whatever has it.
ATTRIBUTES = {
    "__flags": "tf.flags.FLAGS.flag_values_dict(), which has the values",
    "_parse_flags": "tf.flags.FLAGS(sys.argv), or tf.app.run(), which does it",
    "has_key": "Python 3: key in dictionary",
    "is_sequence": "tf.nest.is_nested, if it is of nest",
    "iteritems": "Python 3: items",
    "itervalues": "Python 3: values",
}


def advice(path):
    """What to use for a dotted name such as `contrib.seq2seq.BasicDecoder`.

    Returns the advice for the name itself, or for the part that it is in.
    """
    while path and path not in _ADVICE:
        path = path.rpartition(".")[0]
    return _ADVICE[path or "contrib"]


def reporter(module, path):
    """Makes the `__getattr__` of a module, called for each name that the module does not have.

    Args:
        module: `__name__` of the module. The folder may have another name or be in a package.
        path: the name of the module in this folder, such as `contrib.rnn`.
    """

    def report(name):
        message = "module '%s' has no attribute '%s'" % (module, name)
        if not name.startswith("__"):
            message += "; %s" % advice("%s.%s" % (path, name))
        raise AttributeError(message)

    return report
