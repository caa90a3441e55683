"""Finds a trained model in the folder of a run, reads words with it, and exports it.

Letters in the shape comments: B batch_size, T time steps, H hidden_size, V vocab_size, S tensors of
the state. These are c and h of layer 0, c and h of layer 1, and so on (only h for cells without c).
"""

import copy
import json
import os
import shutil
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

import console
from lm import checkpoints, configs, word_ids
from lm.checkpoints import SavePathError
from lm.corpus import read_vocabulary
from lm.model import Network


class ExportError(ValueError):
    """Raised if a folder cannot be exported to. `flag` names the flag to blame."""

    flag = "export"


class Vocabulary(object):
    """The words of a model, in the order of their ids."""

    def __init__(self, words):
        self.words = words
        self._ids = {word: number for number, word in enumerate(words)}

    def __contains__(self, word):
        return word in self._ids

    def encode(self, words):
        """Returns the ids of words, and the words that are unknown: `(ids, unknown)`.

        Unknown words become `<unk>`, or are skipped if the vocabulary has none.
        """
        unknown = [word for word in words if word not in self._ids]
        read = [word if word in self._ids else "<unk>" for word in words]
        return [self._ids[word] for word in read if word in self._ids], unknown


def _read_file(folder, name, parse, flag, megabytes):
    """Parses a file of a run folder; returns None if it is missing."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    try:
        return parse(word_ids.read_text(path, megabytes))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise SavePathError(
            "cannot read its %s (%s); delete it, and give lm.train the flags of the run, which"
            " writes it anew, or give %s" % (name, error, flag)
        )


def _parse_config(text):
    """Parses and checks a config.json; returns its dict."""
    values = json.loads(text)
    for name in ("num_layers", "hidden_size", "model"):
        values[name]  # raises KeyError if it is missing
    try:
        configs.Config(cell=values.get("cell", "basic_lstm"))
    except configs.ConfigError as error:
        raise ValueError("%s: %s" % (error.flag, error))
    return values


def _config_of(values, prefix):
    """Returns the `lm.configs.Config` of a config.json after comparing it with a checkpoint."""
    checkpoints.check_sizes(prefix, values, "its config.json", "write %d there")
    config = configs.Config(cell=values.get("cell", "basic_lstm"))
    config.model = values["model"]
    config.num_layers, config.hidden_size = values["num_layers"], values["hidden_size"]
    return config


def _vocab_size(prefix):
    """Returns how many words a checkpoint knows; None if it is of another kind of model."""
    shapes = tf.train.load_checkpoint(prefix).get_variable_to_shape_map()
    return shapes.get("Model/embedding", [None])[0]


def _check_vocabulary(prefix, words, digest, advice):
    """Raises SavePathError if the training of a checkpoint had another vocabulary."""
    advice += ", the corpus of the training"
    known = _vocab_size(prefix)
    if known not in (None, len(words)):
        raise SavePathError(
            "its checkpoint %s knows %d words, the vocabulary %d; %s"
            % (os.path.basename(prefix), known, len(words), advice)
        )
    if digest not in (None, word_ids.vocabulary_sha256(words)):
        raise SavePathError("its vocabulary is not the one of the training; %s" % advice)


def _newest_checkpoint(folder):
    checkpoints.check_name(folder)
    if not os.path.isdir(folder):
        what = "not a folder" if os.path.exists(folder) else "no such folder"
        raise SavePathError("%s; give a --save_path of lm.train" % what)
    newest = checkpoints.newest_checkpoint(folder)
    if newest is None:
        raise SavePathError("no checkpoint there; lm.train --save_path saves one after each epoch")
    return newest


def find_run(folder, model=None, data_path=None):
    """Finds the checkpoint, the configuration and the vocabulary in the folder of a run.

    Args:
        folder: a --save_path of `lm.train`, or a folder with checkpoints of the reference or of the
            original script under TensorFlow 1.x. These leave no config.json and no vocabulary.txt.
        model: the name of the configuration; needed if there is no config.json.
        data_path: the folder of the corpus; needed if there is no vocabulary.txt.

    Returns:
        `(prefix, config, words)`: the newest checkpoint that can be read; an `lm.configs.Config`
        with the `model`, `cell`, `num_layers` and `hidden_size` of the run; and the words in the
        order of their ids.

    Raises:
        SavePathError: if something is missing or unreadable, or does not fit the rest.
        reader.CorpusError: if the corpus cannot be read.
        configs.ConfigError: if no configuration has the name `model`.
    """
    given_config = None if model is None else configs.Config(model)
    prefix, step = _newest_checkpoint(folder)
    values = _read_file(folder, "config.json", _parse_config, "--model", 1)
    config = digest = None
    if values is not None:
        config, digest = _config_of(values, prefix), values.get("vocabulary_sha256")
    words = _read_file(
        folder, "vocabulary.txt", str.split, "--data_path", word_ids.LARGEST_VOCABULARY
    )
    given_words = None
    if data_path is not None:
        size = _vocab_size(prefix)
        given_words = read_vocabulary(data_path, size, digest, console.say)
    missing = []
    if config is None and given_config is None:
        names = ", ".join(configs.CONFIGS)
        missing.append("no config.json there; give --model, one of %s" % names)
    if words is None and given_words is None:
        missing.append("no vocabulary.txt there; give --data_path, the corpus of the training")
    if missing:
        raise SavePathError("; ".join(missing))
    if config is not None and model not in (None, config.model):
        raise SavePathError("it holds model %s; leave out --model" % config.model)
    if words is not None and given_words not in (None, words):
        raise SavePathError(
            "its vocabulary.txt is not that of --data_path=%s; leave out --data_path" % data_path
        )
    if words is None:
        words, advice = given_words, "give another --data_path"
    else:
        advice = "delete vocabulary.txt and give --data_path"
    _check_vocabulary(prefix, words, digest, advice)
    if config is None:
        config = given_config
        sizes = dict(num_layers=config.num_layers, hidden_size=config.hidden_size)
        checkpoints.check_sizes(prefix, sizes, "--model=" + model, "give a --model that fits")
        # The original leaves checkpoints in two places, and saves the first before any training.
        name = os.path.basename(prefix)
        console.say("Using the checkpoint %s, after %d training steps." % (name, step))
    return prefix, config, words


class LanguageModel(object):
    """A trained model in a session of its own.

    Args:
        prefix: the checkpoint.
        config: an `lm.configs.Config`, of which `num_layers`, `hidden_size` and `cell` are used.
        words: the vocabulary, a list in the order of the ids.

    Attributes:
        vocabulary: a `Vocabulary`.
        weights: the variables, `{name: array}`.
        zero_state: the state before any word, float32 `[S, 1, H]`.

    Raises:
        SavePathError: if the checkpoint is of another model, or if its training has diverged.
    """

    def __init__(self, prefix, config, words):
        self.vocabulary = Vocabulary(words)
        config = copy.copy(config)
        config.vocab_size = len(words)
        # This reads everything now, since a training that goes on removes checkpoints.
        saved = tf.train.load_checkpoint(prefix)
        held = {name: saved.get_tensor(name) for name in saved.get_variable_to_shape_map()}
        dtypes = saved.get_variable_to_dtype_map()
        network = Network(config, dtypes.get("Model/embedding", tf.float32))
        with tf.Graph().as_default() as graph:
            self._build(network, config.hidden_size)
            variables = tf.global_variables()
            _check_model(prefix, held, variables)
        self.weights = {variable.op.name: held[variable.op.name] for variable in variables}
        _check_finite(prefix, self.weights)
        self._session = tf.Session(graph=graph)
        initial_values = {v.initializer.inputs[1]: self.weights[v.op.name] for v in variables}
        self._session.run([v.initializer for v in variables], initial_values)

    def _build(self, network, hidden_size):
        """Builds the network between placeholders and outputs, with its state as one tensor."""
        parts = len(tf.nest.flatten(network.state_size))
        self.zero_state = np.zeros([parts, 1, hidden_size], np.float32)
        self._ids = tf.placeholder(tf.int32, [None, None], name="ids")  # [B, T]
        self._state = tf.placeholder(tf.float32, [parts, None, hidden_size], "state")  # [S, B, H]
        state = tf.unstack(tf.cast(self._state, network.dtype))
        state = tf.nest.pack_sequence_as(network.state_size, state)
        # Loading a SavedModel prints a warning unless its variables are resource variables.
        with tf.variable_scope("Model", use_resource=True):
            logits, state = network(self._ids, state)  # [B, T, V]
        self._log_probs = tf.nn.log_softmax(tf.cast(logits, tf.float32), name="log_probs")
        state = tf.stack(tf.nest.flatten(state))
        self._new_state = tf.cast(state, tf.float32, name="new_state")  # [S, B, H]

    def run(self, ids, state):
        """Reads some words.

        Args:
            ids: a list of at least one word id.
            state: the state before these words, float32 `[S, 1, H]`.

        Returns:
            `(log_probs, state)`: after each word read, the natural logarithm of the probability of
            every next word, float32 `[T, V]`; and the state after the last word.
        """
        log_probs, state = self._session.run(
            [self._log_probs, self._new_state], {self._ids: [ids], self._state: state}
        )
        return log_probs[0], state

    def export(self, folder):
        """Writes a SavedModel, which works without this project.

        The signature "serving_default" takes `ids`, int32 `[B, T]`, and `state`, float32
        `[S, B, H]`; the first state is zero. It returns `log_probs`, float32 `[B, T, V]`, and the
        new `state`. The file assets.extra/vocabulary.txt holds the words in the order of their ids.

        Raises:
            ExportError: if the folder is not empty or cannot be written.
        """
        if not folder:
            raise ExportError("the name is empty; give a new folder")
        occupied = "something is there already; give a new folder"
        target = os.path.realpath(folder)  # keeps a link to an empty or missing folder
        if target == os.path.realpath(os.curdir):
            raise ExportError("that is the current folder; give a new folder")
        own = None
        try:
            if os.path.exists(target) and (not os.path.isdir(target) or os.listdir(target)):
                raise ExportError(occupied)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            own = tempfile.mkdtemp(prefix="lm-export-", dir=os.path.dirname(target))
            unfinished = os.path.join(own, "model")
            os.mkdir(unfinished)  # has the usual permissions, unlike `own`
            self._write(unfinished)
            if os.name == "nt" and os.path.isdir(target):
                os.rmdir(target)  # Only Windows does not rename onto an empty folder.
            os.rename(unfinished, target)
        except (OSError, UnicodeError, tf.errors.OpError) as error:
            if os.path.isdir(target) and os.listdir(target):  # Another process made it.
                raise ExportError(occupied)
            why = checkpoints.reason(error)
            raise ExportError("cannot write there (%s); give another folder" % why)
        finally:
            if own is not None:
                shutil.rmtree(own, ignore_errors=True)

    def _write(self, folder):
        """Writes the SavedModel and the words into an empty folder."""
        with self._session.graph.as_default():
            tf.saved_model.simple_save(
                self._session,
                folder,
                inputs={"ids": self._ids, "state": self._state},
                outputs={"log_probs": self._log_probs, "state": self._new_state},
            )
        os.mkdir(os.path.join(folder, "assets.extra"))
        path = os.path.join(folder, "assets.extra", "vocabulary.txt")
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.write("\n".join(self.vocabulary.words) + "\n")


def _check_model(prefix, held, variables):
    """Raises SavePathError unless a checkpoint has the variables of a model and no other cells.

    Args:
        prefix: the checkpoint.
        held: the variables of the checkpoint, `{name: array}`.
        variables: the variables of the model.
    """
    advice = "give a --model that fits"
    found = {name: "%s %s" % (value.dtype, list(value.shape)) for name, value in held.items()}
    checkpoints.check_variables(prefix, found, variables, advice)
    extra = {name for name in held if name.startswith("Model/RNN/")}
    extra -= {variable.op.name for variable in variables}
    if extra:
        raise SavePathError(
            "its checkpoint %s has more than this model, as %s; %s"
            % (os.path.basename(prefix), min(extra), advice)
        )


def _check_finite(prefix, weights):
    """Raises SavePathError if a weight is not a finite number."""
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise SavePathError(
                "its checkpoint %s has numbers in %s that are not finite: the training has"
                " diverged; give another folder" % (os.path.basename(prefix), name)
            )


def load(folder, model=None, data_path=None):
    """Loads the `LanguageModel` in a folder; arguments and errors are those of `find_run`.

    A training that goes on there may remove the checkpoint while it is read. Then this reads the
    newest one instead.
    """
    for _ in range(checkpoints.ATTEMPTS):
        try:
            return LanguageModel(*find_run(folder, model, data_path))
        except tf.errors.ResourceExhaustedError:
            raise MemoryError
        except (tf.errors.OpError, RuntimeError) as error:
            why = checkpoints.reason(error)
    raise SavePathError(
        "its checkpoint went away (%s); if a run is training there, try again" % why
    )
