"""Saves a training in the folder of a run, and resumes it from there.

The folder that --save_path names holds:

    model.ckpt-STEP.*   checkpoints, one for each of the last five epochs; STEP counts batches
    checkpoint          TensorFlow's list of the checkpoints
    vocabulary.txt      the words, one a line, in the order of their ids
    config.json         the configuration, the size and digest of the corpus, and the seed that the
                        run began with
    word_ids.bin        the texts as word ids, so that the next start need not read the texts again
    events.out.*        summaries for TensorBoard
    lock                the process that trains there; removed at the end of the training

A checkpoint holds the variables of the original script. The epoch is not one of them, but follows
from the global step: an epoch has `epoch_size` steps. The original also saved in the middle of an
epoch. A run that resumes from such a checkpoint repeats that epoch, and its global step counts on.

A run may resume with another seed, or without one; a line says so. config.json keeps the seed of
the beginning, and null if there was none. If the seed is not known, as in the folders of earlier
versions, config.json has no seed.

One process at a time trains in a folder. It holds a lock of the operating system, which frees the
lock however the process ends. So a `lock` that is left behind locks nothing. Reading needs no lock.
Windows and some file systems have no such locks; there nothing keeps a second process out.
"""

import contextlib
import glob
import json
import os

import tensorflow.compat.v1 as tf

from lm import checkpoints, claim, word_ids
from lm.checkpoints import SavePathError
from lm.model import epoch_size

KEPT = 5  # checkpoints
# A run can resume only with the same values of these: the sizes of the variables, the sizes of a
# batch, and the corpus. You may change the rest of the configuration in between.
_SIZES = ("num_layers", "hidden_size", "vocab_size")
_FIXED = _SIZES + ("dtype", "batch_size", "num_steps", "model", "train_words", "corpus_sha256")
_WRITTEN_WHOLE = ("config.json", "vocabulary.txt", word_ids.NAME)
_UNFINISHED = ".lm-train-unfinished"  # ends the name of a file until it is whole


def _describe(config, corpus, progress):
    """Describes the configuration and the corpus of a run, as a dict for JSON."""
    return dict(
        vars(config),
        dtype="float16" if config.use_fp16 else "float32",
        train_words=len(corpus.train),
        corpus_sha256=word_ids.corpus_sha256(corpus.words, corpus.train, progress),
        vocabulary_sha256=word_ids.vocabulary_sha256(corpus.words),
    )


def _in_words(d):
    return (
        "model %(model)s (%(num_layers)d layers of %(hidden_size)d, batches of %(batch_size)d x"
        " %(num_steps)d, %(dtype)s) on a text of %(train_words)d words with a vocabulary of"
        " %(vocab_size)d, SHA-256 " % d + d["corpus_sha256"][:8]
    )


def _is_of_a_run(folder):
    """Returns whether a run has written the config.json of a folder."""
    try:
        found = json.loads(word_ids.read_text(os.path.join(folder, "config.json"), megabytes=1))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "corpus_sha256" in found


def _check_foreign(folder):
    """Raises SavePathError if a training would overwrite a file that is not of a training."""
    for name in _WRITTEN_WHOLE:
        if os.path.lexists(os.path.join(folder, name)):
            raise SavePathError(
                "it holds a %s that is not of a training; give another folder" % name
            )


def _lists(folder):
    """Returns the lists of checkpoints that TensorFlow has not yet renamed to `checkpoint`."""
    return glob.glob(os.path.join(folder, "checkpoint.tmp" + 32 * "[0-9a-f]"))


def _remove_leftovers(folder, is_of_a_run):
    """Removes what a killed run has left. Call it with the lock held. Raises SavePathError."""
    leftovers = [os.path.join(folder, name + _UNFINISHED) for name in _WRITTEN_WHOLE]
    leftovers += glob.glob(os.path.join(folder, "model.ckpt-*.tempstate*")) + _lists(folder)
    if is_of_a_run:
        # Data of checkpoints without an index: it was removed first, or not written yet.
        data = glob.glob(os.path.join(folder, "model.ckpt-*.data-*"))
        leftovers += [p for p in data if not checkpoints.is_there(p[: p.rindex(".data-")])]
    try:
        for leftover in filter(os.path.lexists, leftovers):
            os.remove(leftover)
    except OSError as error:
        raise SavePathError("cannot write there (%s); give another folder" % error.strerror)


class RunFolder(object):
    """The folder that a training saves its epochs in, locked until `close`.

    If the folder is None, `restore` and `save` do nothing.

    Attributes:
        step: the global step of the checkpoint to resume from, 0 without one.
        epochs: how many whole epochs this checkpoint has seen.
        batches: how many batches of the next epoch it has seen.
        other_seed: a line that says that the run began with another seed; None if it did not.
        saved: a phrase that says what is saved now, for example "epoch 3 is saved in DIR".
    """

    def __init__(self, folder, config, corpus, log=None, seed=None):
        """Opens the folder, or makes it.

        Args:
            folder: the folder, or None.
            config: an `lm.configs.Config` with the `vocab_size` of the corpus.
            corpus: an `lm.corpus.Corpus`.
            log: a function to call with lines of progress if something takes long.
            seed: the seed of the run, an int or None.

        Raises:
            SavePathError: if the folder cannot be written, if another process trains there, if the
                folder is of another model or corpus, if it holds files that are not of a training,
                or if it holds checkpoints and none can be read.
        """
        self._folder = folder
        self._checkpoint = self.other_seed = None
        self._saves = []  # (prefix, epoch), in the order of the epochs
        self._corpus, self._log = corpus, log
        self.step = 0
        batches = max(epoch_size(corpus.train, config), 1)  # a corpus too short is refused later
        with contextlib.ExitStack() as held:
            if folder is not None:
                checkpoints.check_name(folder)
                held.enter_context(claim.made(folder))
                held.enter_context(claim.locked(folder))
                prefixes, is_of_a_run = checkpoints.prefixes_in(folder), _is_of_a_run(folder)
                if not prefixes and not is_of_a_run:
                    _check_foreign(folder)
                description = _describe(config, corpus, word_ids.Progress(log))
                self._description = dict(description, seed=seed)
                if prefixes:
                    self._checkpoint, self.step = checkpoints.newest_checkpoint(folder)
                    self._check_owner()
                    for prefix in prefixes:
                        epoch = checkpoints.step_of(prefix) // batches
                        if 0 < epoch <= self.step // batches:
                            self._saves.append((prefix, epoch))
                _remove_leftovers(folder, is_of_a_run)
            self.epochs, self.batches = divmod(self.step, batches)
            if self.epochs and not self._saves:
                self._saves.append((self._checkpoint, self.epochs))
            self._held = held.pop_all()

    def close(self):
        """Lets other trainings into the folder."""
        self._held.close()

    @property
    def saved(self):
        for prefix, epoch in reversed(self._saves):
            if checkpoints.is_there(prefix):
                return "epoch %d is saved in %s" % (epoch, self._folder)
        if self._saves:
            return "%s no longer holds what was saved" % self._folder
        return "no epoch is saved"

    def _check_owner(self):
        """Compares config.json with the training and its seed.

        Raises:
            SavePathError: if config.json is of another model or corpus, or cannot be read.
        """
        path = os.path.join(self._folder, "config.json")
        found = {}
        if os.path.exists(path):
            try:
                found = json.loads(word_ids.read_text(path, megabytes=1))
                for name in _FIXED:
                    is_alike = type(found[name]) is type(self._description[name])
                    if not is_alike and name not in _SIZES:
                        raise ValueError("%.40r as %s" % (found[name], name))
                if type(found.get("seed", 0)) not in (int, type(None)):
                    raise ValueError("%.40r as seed" % found["seed"])
            except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
                raise SavePathError(
                    "cannot read its config.json (%s); delete it to resume unchecked" % error
                )
            checkpoints.check_sizes(self._checkpoint, found, "its config.json", "write %d there")
            self._compare(found)
        if "seed" not in found:
            del self._description["seed"]
        elif found["seed"] != self._description["seed"]:
            began, goes_on = (
                "without --seed" if seed is None else "with --seed=%d" % seed
                for seed in (found["seed"], self._description["seed"])
            )
            self.other_seed = "The run began %s; it goes on %s." % (began, goes_on)
            self._description["seed"] = found["seed"]

    def _compare(self, found):
        """Raises SavePathError if config.json, a dict, is of another model or corpus."""
        if all(found[name] == self._description[name] for name in _FIXED):
            return
        advice = "give another folder"
        if found["vocab_size"] != self._description["vocab_size"]:
            advice += ", or the --data_path and --vocab_size of that run"
        held, given = _in_words(found), _in_words(self._description)
        raise SavePathError("it holds %s; this is %s; %s" % (held, given, advice))

    def restore(self, session, saver):
        """Restores the variables from the checkpoint, if there is one, and takes the folder.

        To take the folder means to write config.json, vocabulary.txt and word_ids.bin there. A
        training that is refused earlier leaves the folder to others.

        Args:
            session: the session, with initialised variables.
            saver: a `tf.train.Saver` of all variables.

        Raises:
            SavePathError: if the checkpoint has other variables, or if the disk is full.
        """
        if self._folder is None:
            return
        if self._checkpoint is not None:
            held = checkpoints.held_variables(self._checkpoint)
            checkpoints.check_variables(self._checkpoint, held, tf.global_variables())
            saver.restore(session, self._checkpoint)
            prefixes = checkpoints.prefixes_in(self._folder)
            own = [p for p in prefixes if os.path.basename(p).startswith("model.ckpt-")]
            saver.recover_last_checkpoints(own)
        words, ids = self._corpus.words, self._corpus.unsaved
        vocabulary = "\n".join(words) + "\n"
        config = json.dumps(self._description, indent=2, sort_keys=True) + "\n"
        try:
            # config.json goes first: it says that the other files are of a run.
            self._write_whole("config.json", [config.encode("ascii")])
            self._write_whole("vocabulary.txt", [vocabulary.encode("utf-8")])
            if ids is not None:
                progress = word_ids.Progress(self._log)  # The graph took long to build.
                self._write_whole(word_ids.NAME, ids.contents(words, progress))
        except OSError as error:
            raise SavePathError("cannot write there (%s); make room" % error.strerror)

    def _write_whole(self, name, pieces):
        """Writes a file from pieces, bytes or arrays; the file appears whole or not at all."""
        path = os.path.join(self._folder, name)
        try:
            with open(path + _UNFINISHED, "wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            os.replace(path + _UNFINISHED, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.remove(path + _UNFINISHED)
            raise

    def _synchronize(self, prefix):
        """Waits until a checkpoint is on the disk, since the power may fail.

        TensorFlow does not wait. The list `checkpoint` may reach the disk later, since restoring
        does not read it.
        """
        for path in checkpoints.files_of(prefix):
            with open(path, "r+b") as file:  # Windows synchronises only files open for writing.
                os.fsync(file.fileno())
        with contextlib.suppress(OSError):  # Not every system can synchronise the names.
            file = os.open(self._folder, os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def save(self, session, saver, epoch):
        """Saves the variables at the end of an epoch, counted from 1; keeps KEPT checkpoints.

        Raises:
            SavePathError: if that fails. The earlier checkpoints stay as they were.
        """
        if self._folder is None:
            return
        path = os.path.join(self._folder, "model.ckpt")
        step = session.run(tf.train.get_global_step())
        try:
            saver.save(session, path, global_step=step, write_meta_graph=False)
            self._synchronize("%s-%d" % (path, step))
        except (tf.errors.OpError, OSError, ValueError) as error:
            with contextlib.suppress(OSError):
                half = checkpoints.files_of("%s-%d" % (path, step))
                for leftover in half + _lists(self._folder):
                    os.remove(leftover)
            why = checkpoints.reason(error) if os.path.isdir(self._folder) else "the folder is gone"
            raise SavePathError("cannot save epoch %d (%s); %s" % (epoch, why, self.saved))
        self._saves.append(("%s-%d" % (path, step), epoch))
