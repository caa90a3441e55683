"""The folder of a run: saving a training, resuming it, and finding its newest checkpoint.

What a folder given as --save_path holds:

    model.ckpt-STEP.*   checkpoints, one for each of the last five epochs; STEP counts batches
    checkpoint          their list, as TensorFlow keeps it
    vocabulary.txt      the words, one a line, in the order of their ids
    config.json         the configuration and the corpus that the folder belongs to
    word_ids.bin        the texts as word ids, so that the next start need not read them again
    events.out.*        summaries for TensorBoard

A checkpoint holds the variables of the original script, and the epoch is not among them. The epoch
follows from the global step: an epoch is `epoch_size` steps. The original also saved in the middle
of an epoch; a run that resumes from there repeats that epoch, and the batches that it had behind it
count on.
"""

import contextlib
import glob
import hashlib
import json
import os
import re
import sys

import tensorflow.compat.v1 as tf

from lm import word_ids
from lm.model import epoch_size
from lm.word_ids import vocabulary_sha256

KEPT = 5  # checkpoints
# A run must keep these to resume: the sizes of the variables, the sizes of a batch, and the corpus.
# The rest of the configuration may change in between.
_FIXED = ("num_layers", "hidden_size", "vocab_size", "dtype", "batch_size", "num_steps")
_FIXED += ("model", "train_words", "corpus_sha256")
_WRITTEN_WHOLE = (word_ids.NAME, "vocabulary.txt", "config.json")


class SavePathError(ValueError):
    """A --save_path that cannot be used; the message says why and what would do."""

    flag = "save_path"


def _corpus_sha256(corpus, progress):
    """Returns a digest of the vocabulary and of the ids of the training text."""
    sha256 = hashlib.sha256("\n".join(corpus.words).encode("utf-8"))
    for ids in word_ids.pieces(corpus.train, progress, "Comparing the word ids"):
        sha256.update(ids)
    return sha256.hexdigest()


def _describe(config, corpus, progress):
    """Returns what a folder belongs to, the configuration and the corpus, as a dict for JSON."""
    return dict(
        vars(config),
        dtype="float16" if config.use_fp16 else "float32",
        train_words=len(corpus.train),
        corpus_sha256=_corpus_sha256(corpus, progress),
        vocabulary_sha256=vocabulary_sha256(corpus.words),
    )


def _in_words(d):
    return (
        "model %(model)s (%(num_layers)d layers of %(hidden_size)d, batches of %(batch_size)d x"
        " %(num_steps)d, %(dtype)s) on a text of %(train_words)d words with a vocabulary of"
        " %(vocab_size)d, SHA-256 " % d + d["corpus_sha256"][:8]
    )


def reason(error):
    """Returns a few words for an error of the system or of TensorFlow, whose message is a page."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    # The line with the file ends in "; the reason".
    return (re.findall(r"; (.+)$", str(error), re.MULTILINE) or [type(error).__name__])[0]


def check_name(folder):
    """Raises SavePathError for a name that TensorFlow takes for a pattern of names."""
    if any(letter in folder for letter in "*?[]"):
        raise SavePathError("TensorFlow takes * ? [ ] for a pattern; give another folder")


def make_writable(folder):
    """Makes the folder, writes into it, and removes what a killed run left there.

    Raises:
        SavePathError: if the folder cannot be used.
    """
    check_name(folder)
    probe = os.path.join(folder, "config.json.new")
    try:
        os.makedirs(folder, exist_ok=True)
        with open(probe, "w"):
            pass
        leftovers = [os.path.join(folder, name + ".new") for name in _WRITTEN_WHOLE]
        leftovers += glob.glob(os.path.join(folder, "model.ckpt-*.tempstate*"))
        for leftover in filter(os.path.exists, leftovers):
            os.remove(leftover)
    except OSError as error:
        raise SavePathError("cannot write there (%s); give a folder" % error.strerror)


def _prefixes(folder):
    """Returns the checkpoints of a folder, sorted by the step that ends their names."""
    files = glob.glob(os.path.join(folder, "*.index"))
    prefixes = [path[: -len(".index")] for path in files]
    return sorted(prefixes, key=lambda p: int((re.findall(r"-(\d+)$", p) or [-1])[0]))


def newest_checkpoint(folder):
    """Returns `(prefix, global step)` of the newest checkpoint in a folder that can be read.

    Warns of each checkpoint that cannot be read. Returns None if the folder holds no checkpoint.

    Raises:
        SavePathError: if there are checkpoints and none can be read.
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
        SavePathError: for the first variable that the checkpoint lacks or holds otherwise.
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


class RunFolder(object):
    """The folder that a training saves its epochs in.

    With the folder None nothing is saved: `restore` and `save` do nothing.

    Attributes:
        step: the global step of the checkpoint to resume from, 0 without one.
        epochs: the epochs that this checkpoint has behind it.
        batches: the batches that it has behind it in the epoch after those.
        saved: a phrase for what is saved at the moment, as "epoch 3 is saved in DIR".
    """

    def __init__(self, folder, config, corpus, log=None):
        """Opens the folder, or makes it.

        Args:
            folder: the folder, or None.
            config: an `lm.configs.Config`, its `vocab_size` that of the corpus.
            corpus: an `lm.corpus.Corpus`.
            log: a function to call with lines that tell how far something is that takes long.

        Raises:
            SavePathError: if the folder cannot be written, if it belongs to another model or
                corpus, or if it holds checkpoints and none can be read.
        """
        self._folder = folder
        self._checkpoint = None
        self.step = 0
        if folder is not None:
            make_writable(folder)
            self._corpus = corpus
            self._progress = word_ids.Progress(log)
            self._description = _describe(config, corpus, self._progress)
            if _prefixes(folder):
                self._check_owner()
                self._checkpoint, self.step = newest_checkpoint(folder)
        batches = epoch_size(corpus.train, config) or 1  # a corpus too short is refused later
        self.epochs, self.batches = divmod(self.step, batches)
        self.saved = "no epoch is saved"
        if self.epochs:
            self._say_saved(self.epochs)

    def _say_saved(self, epoch):
        self.saved = "epoch %d is saved in %s" % (epoch, self._folder)

    def _check_owner(self):
        """Raises SavePathError if config.json is of another model or corpus, or unreadable."""
        path = os.path.join(self._folder, "config.json")
        if not os.path.exists(path):
            return
        try:
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            is_same = all(found[name] == self._description[name] for name in _FIXED)
            size, found = found["vocab_size"], _in_words(found)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SavePathError(
                "cannot read its config.json (%s); delete it to resume unchecked" % error
            )
        if not is_same:
            given = _in_words(self._description)
            advice = "give another folder"
            if size != self._description["vocab_size"]:
                advice += ", or the --data_path and --vocab_size of that run"
            raise SavePathError("it holds %s; this is %s; %s" % (found, given, advice))

    def restore(self, session, saver):
        """Gives the variables the values of the checkpoint, if there is one, and takes the folder.

        To take it is to write word_ids.bin, vocabulary.txt and config.json: a training that is
        refused before leaves the folder to others.

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
            prefixes = _prefixes(self._folder)
            own = [p for p in prefixes if os.path.basename(p).startswith("model.ckpt-")]
            saver.recover_last_checkpoints(own)
        words, ids = self._corpus.words, self._corpus.unsaved
        vocabulary = "\n".join(words) + "\n"
        config = json.dumps(self._description, indent=2, sort_keys=True) + "\n"
        try:
            if ids is not None:
                self._write_whole(word_ids.NAME, ids.contents(words, self._progress))
            self._write_whole("vocabulary.txt", [vocabulary.encode("utf-8")])
            self._write_whole("config.json", [config.encode("ascii")])
        except BrokenPipeError:  # of the progress
            raise
        except OSError as error:
            raise SavePathError("cannot write there (%s); make room" % error.strerror)

    def _write_whole(self, name, pieces):
        """Writes a file, of pieces that are bytes or arrays, that appears whole or not at all."""
        path = os.path.join(self._folder, name)
        try:
            with open(path + ".new", "wb") as file:
                for piece in pieces:
                    file.write(piece)
            os.replace(path + ".new", path)
        except OSError:
            with contextlib.suppress(OSError):
                os.remove(path + ".new")
            raise

    def save(self, session, saver, epoch):
        """Saves the variables at the end of an epoch, counted from 1; keeps KEPT checkpoints.

        Raises:
            SavePathError: if that fails. The checkpoints before stay as they were.
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
            raise SavePathError(
                "cannot save epoch %d (%s); %s" % (epoch, reason(error), self.saved)
            )
        self._say_saved(epoch)
