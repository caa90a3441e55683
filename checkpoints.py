"""Saving a run of `ptb_word_lm.py` and going on with it.

What a folder given as --save_path holds:

    model.ckpt-STEP.*   checkpoints, one for each of the last five epochs; STEP counts batches
    checkpoint          their list, as TensorFlow keeps it
    vocabulary.txt      the words, one a line, in the order of their ids
    config.json         the model and the corpus that the folder belongs to
    events.out.*        summaries for TensorBoard

The variables of a checkpoint are those of the original script, so the epoch it ends is not among
them. It follows from the global step: an epoch is `epoch_size` steps. The original also saved in
the middle of an epoch; a run that goes on from there repeats that epoch.
"""

import contextlib
import glob
import hashlib
import json
import os
import re
import sys

import numpy as np
import tensorflow.compat.v1 as tf

import reader

KEPT = 5  # checkpoints
# What a run must keep to go on: the shapes of the variables, what makes epochs of steps, and the
# corpus. The rest of the configuration may change in between.
_FIXED = ("num_layers", "hidden_size", "vocab_size", "dtype", "batch_size", "num_steps")
_FIXED += ("model", "train_words", "corpus_sha256")


class SavePathError(ValueError):
    """A --save_path that cannot be used; the message says why and what would do."""


def vocabulary_sha256(words):
    """Tells vocabularies apart, and their orders."""
    return hashlib.sha256("\n".join(words).encode("utf-8")).hexdigest()


def _describe(model, config, dtype, words, train_data):
    """The configuration, and what else a folder belongs to, as a dict that JSON can hold."""
    corpus = "\n".join(words).encode("utf-8") + np.asarray(train_data, np.int32).tobytes()
    names = [name for name in dir(config) if not name.startswith("_")]
    description = {name: getattr(config, name) for name in names}
    description.update(
        model=model,
        dtype=dtype.name,
        train_words=len(train_data),
        corpus_sha256=hashlib.sha256(corpus).hexdigest(),
        vocabulary_sha256=vocabulary_sha256(words),
    )
    return description


def _in_words(d):
    return (
        "model %(model)s (%(num_layers)d layers of %(hidden_size)d, batches of %(batch_size)d x"
        " %(num_steps)d, %(dtype)s) on a text of %(train_words)d words, %(vocab_size)d different,"
        " SHA-256 " % d + d["corpus_sha256"][:8]
    )


def _write_whole(path, text):
    """Writes a file that appears whole or not at all."""
    with open(path + ".new", "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(path + ".new", path)


def reason(error):
    """A few words for an error of the system's or of TensorFlow's, whose message is a page."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # The line with the file ends in "; the reason".
    return (re.findall(r"; (.+)$", str(error), re.MULTILINE) or [type(error).__name__])[0]


def check_name(folder):
    """Raises SavePathError for a name that TensorFlow takes for a pattern of names."""
    if any(letter in folder for letter in "*?[]"):
        raise SavePathError("TensorFlow takes * ? [ ] for a pattern; give another folder")


def _prefixes(folder):
    """The checkpoints of a folder, the oldest first, by the number that ends their names."""
    files = glob.glob(os.path.join(folder, "*.index"))
    prefixes = [path[: -len(".index")] for path in files]
    return sorted(prefixes, key=lambda p: int((re.findall(r"-(\d+)$", p) or [-1])[0]))


def newest_checkpoint(folder):
    """`(prefix, global step)` of the newest checkpoint in a folder that can be read.

    Those that cannot be are warned of. None when the folder holds no checkpoint.

    Raises:
        SavePathError: a ValueError, when there are some and none can be read.
    """
    prefixes = _prefixes(folder)
    for prefix in reversed(prefixes):
        try:
            saved = tf.train.load_checkpoint(prefix)
            # Reading compares checksums, so that a file cut off or written over shows.
            for name in saved.get_variable_to_shape_map():
                saved.get_tensor(name)
            return prefix, int(saved.get_tensor("Model/global_step"))
        except (tf.errors.OpError, LookupError, ValueError, RuntimeError) as error:
            why = (str(error) or type(error).__name__).splitlines()[0]
            sys.stderr.write("Warning: cannot read the checkpoint %s (%s)\n" % (prefix, why))
    if prefixes:
        raise SavePathError(
            "none of its checkpoints can be read, %s the newest; give another folder" % prefixes[-1]
        )
    return None


def check_variables(prefix, variables, advice="give another folder"):
    """Compares the variables of a model with a checkpoint's, by name, shape and dtype.

    Args:
        prefix: the checkpoint.
        variables: the variables.
        advice: what the error says would do.

    Raises:
        SavePathError: a ValueError, for the first one that the checkpoint has otherwise.
    """
    found = tf.train.load_checkpoint(prefix)
    shapes = found.get_variable_to_shape_map()
    dtypes = found.get_variable_to_dtype_map()
    for variable in variables:
        name = variable.op.name
        wanted = "%s %s" % (variable.dtype.base_dtype.name, variable.shape.as_list())
        held = "%s %s" % (dtypes[name].name, shapes[name]) if name in shapes else "nothing"
        if held != wanted:
            raise SavePathError(
                "its checkpoint %s has %s as %s, this model %s; %s"
                % (os.path.basename(prefix), held, name, wanted, advice)
            )


class SavedRun(object):
    """The folder of a run; without a folder, nothing is saved and nothing goes on.

    Attributes:
        step: the global step of the checkpoint to go on from, 0 if there is none.
    """

    def __init__(self, folder, model, config, dtype, data_path, train_data):
        """Opens the folder, or makes it.

        Args:
            folder: the folder, or None.
            model: the name of the configuration.
            config: the configuration.
            dtype: the dtype of the variables.
            data_path: the folder of the corpus.
            train_data: the word ids of its training text.

        Raises:
            SavePathError: a ValueError, for a folder that cannot be written, that belongs to
                another model or corpus, or that holds checkpoints of which none can be read.
        """
        self._folder = folder
        self._checkpoint = None
        self._saved = None
        self._epochs = config.max_max_epoch
        self._has_dropout = config.keep_prob < 1
        self.step = 0
        if folder is None:
            return

        check_name(folder)
        probe = os.path.join(folder, "config.json.new")
        try:
            os.makedirs(folder, exist_ok=True)
            with open(probe, "w"):
                pass
            os.remove(probe)
            for leftover in glob.glob(os.path.join(folder, "model.ckpt-*.tempstate*")):
                os.remove(leftover)  # of a run that was killed while it saved
        except OSError as error:
            raise SavePathError("cannot write there (%s); give a folder" % error.strerror)
        self._words = reader.ptb_vocabulary(data_path)
        self._description = _describe(model, config, dtype, self._words, train_data)
        if _prefixes(folder):
            self._check_owner()
            self._checkpoint, self.step = newest_checkpoint(folder)

    def resume_after(self, epoch_size):
        """Returns the number of epochs behind the run, and says so if there is a checkpoint.

        Args:
            epoch_size: training batches in an epoch.
        """
        self._saved, batches = divmod(self.step, epoch_size)
        if self._checkpoint is None:
            return 0
        if self._saved >= self._epochs:
            print("Training was finished after epoch %d; evaluating." % self._epochs, flush=True)
            return self._saved
        where = "after epoch %d of %d" % (self._saved, self._epochs)
        if batches:
            where += ", with weights %d of %d batches further" % (batches, epoch_size)
        if self._has_dropout:
            where += ", with other dropout masks than without the stop"
        print("Resuming %s." % where, flush=True)
        return self._saved

    def _check_owner(self):
        path = os.path.join(self._folder, "config.json")
        if not os.path.exists(path):
            return
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            same = all(found[name] == self._description[name] for name in _FIXED)
            found = _in_words(found)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SavePathError(
                "cannot read its config.json (%s); delete it to go on unchecked" % error
            )
        if not same:
            given = _in_words(self._description)
            raise SavePathError("it holds %s; this is %s; give another folder" % (found, given))

    def restore(self, session, saver):
        """Gives the variables the values of the newest checkpoint, and takes the folder.

        Args:
            session: the session, with initialised variables.
            saver: a `tf.train.Saver` of all variables.

        Raises:
            SavePathError: for a checkpoint of a model with other variables, or a full disk.
        """
        if self._folder is None:
            return
        if self._checkpoint is not None:
            check_variables(self._checkpoint, tf.global_variables())
            saver.restore(session, self._checkpoint)
            own = [
                p for p in _prefixes(self._folder) if os.path.basename(p).startswith("model.ckpt-")
            ]
            saver.recover_last_checkpoints(own)
        text = json.dumps(self._description, indent=2, sort_keys=True) + "\n"
        try:
            vocabulary = "\n".join(self._words) + "\n"
            _write_whole(os.path.join(self._folder, "vocabulary.txt"), vocabulary)
            _write_whole(os.path.join(self._folder, "config.json"), text)
        except OSError as error:
            raise SavePathError("cannot write there (%s); make room" % error.strerror)

    def save(self, session, saver, epoch):
        """Saves the variables at the end of an epoch, counted from 1; KEPT checkpoints stay.

        Raises SavePathError when that fails; the checkpoints before are as they were.
        """
        if self._folder is None:
            return
        path = os.path.join(self._folder, "model.ckpt")
        step = session.run(tf.train.get_global_step())
        try:
            saver.save(session, path, global_step=step, write_meta_graph=False)
        except (tf.errors.OpError, OSError, ValueError) as error:
            with contextlib.suppress(OSError):
                for leftover in glob.glob("%s-%d.*" % (path, step)):
                    os.remove(leftover)
            why = reason(error)
            raise SavePathError("cannot save epoch %d (%s); %s" % (epoch, why, self._state()))
        self._saved = epoch

    def _state(self):
        if not self._folder or self._saved == 0:
            return "no epoch is saved"
        if self._saved is None:
            return "%s is as it was" % self._folder
        return "epoch %d is saved in %s" % (self._saved, self._folder)

    @contextlib.contextmanager
    def told_if_interrupted(self):
        """Ends the program on Ctrl-C with status 130 and a line that says what is saved."""
        try:
            yield
        except KeyboardInterrupt:
            sys.stderr.write("\nInterrupted; %s.\n" % self._state())
            sys.exit(130)
