"""What to use for the parts of `tf.contrib` that this folder lacks, and for other names of old.

A module of the folder that has a `__getattr__` of `reporter` says it when it is asked for such a
part. `rename.py` says it of a program that asks. Needs no TensorFlow.
"""

_GUIDE = "docs/from-tensorflow-1.md says how"
_DECODERS = "copy it from tensorflow/contrib/seq2seq/python/ops of TensorFlow 1.x; " + _GUIDE
_PRIVATE_LAYERS = (
    "use %s of tensorflow.python.layers.layers, or tf_keras with TF_USE_LEGACY_KERAS=1"
)

# What to do about any name of a part, and about those that have something better.
_ADVICE = {
    "contrib": "copy what you need of it from TensorFlow 1.x",
    "contrib.crf": "copy tensorflow/contrib/crf/python/ops/crf.py of TensorFlow 1.x; " + _GUIDE,
    "contrib.cudnn_rnn": "use a loop of tf.nn over cells, or contrib.rnn.LSTMBlockFusedCell",
    "contrib.data": "use tf.data",
    "contrib.framework": "copy what you need of it from TensorFlow 1.x",
    "contrib.framework.assert_global_step": "use tf.train.assert_global_step",
    "contrib.framework.create_global_step": "use tf.train.create_global_step",
    "contrib.framework.get_global_step": "use tf.train.get_global_step",
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
    "contrib.layers.variance_scaling_initializer": "use tf.variance_scaling_initializer(2.0)",
    "contrib.layers.xavier_initializer_conv2d": "use contrib.layers.xavier_initializer",
    "contrib.learn": "write the loop over steps with a tf.Session; tf.estimator is gone, too",
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
    "contrib.rnn.transpose_batch_time": "use tf.transpose(x, [1, 0, 2])",
    "contrib.seq2seq": _DECODERS,
    "contrib.slim": "use the package tf_slim, or contrib.layers.fully_connected",
    "contrib.training": "copy what you need of it from TensorFlow 1.x",
    "contrib.training.HParams": "use argparse.Namespace(**values)",
    "tf.layers": _PRIVATE_LAYERS % "that name",
    "tf.layers.batch_normalization": "use tf_keras with TF_USE_LEGACY_KERAS=1, or tf.nn",
    "tf.layers.BatchNormalization": "use tf_keras with TF_USE_LEGACY_KERAS=1, or tf.nn",
}


# What is left to do by hand in a program, for a dotted name and what is under it; None: `advice`.
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
    "tf.batch_matmul": "TensorFlow 0.x: tf.matmul",
    "tf.estimator": "gone from TensorFlow 2.16: write the loop over steps with a tf.Session",
    "tf.examples": "not part of TensorFlow 2: read the data another way",
    "tf.histogram_summary": "TensorFlow 0.x: tf.summary.histogram(name, values)",
    "tf.keras": "Keras 3 from TensorFlow 2.16 on; tf_keras with TF_USE_LEGACY_KERAS=1 is Keras 2",
    "tf.layers": None,
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
# The same for the last part of a dotted name, whatever it is under.
ENDINGS = {
    "_parse_flags": "tf.flags.FLAGS(sys.argv), or tf.app.run(), which does it",
    "has_key": "Python 3: key in dictionary",
    "is_sequence": "tf.nest.is_nested, if it is of nest",
    "iteritems": "Python 3: items",
    "itervalues": "Python 3: values",
}


def advice(path):
    """What to use for a dotted name such as `contrib.seq2seq.BasicDecoder`.

    Returns the words for the name itself, or for what it is a part of.
    """
    while path and path not in _ADVICE:
        path = path.rpartition(".")[0]
    return _ADVICE[path or "contrib"]


def reporter(module, path):
    """Makes the `__getattr__` of a module, called for each name that the module does not have.

    Args:
        module: `__name__` of the module. The folder may have another name, or be in a package.
        path: the name of the module in this folder, such as `contrib.rnn`.
    """

    def report(name):
        message = "module '%s' has no attribute '%s'" % (module, name)
        if not name.startswith("__"):
            message += "; %s" % advice("%s.%s" % (path, name))
        raise AttributeError(message)

    return report
