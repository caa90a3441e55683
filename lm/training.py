"""Trains a model: takes a configuration and a corpus, gives perplexities and a saved model."""

import collections
import contextlib
import copy
import time

import numpy as np
import tensorflow.compat.v1 as tf

import console
from lm import bfloat16, run_folder
from lm.cluster import Cluster
from lm.model import Input, Model, UniformInitializer, check_memory, graph_size
from lm.replicas import Replicas
from lm.summaries import Summaries

LONGEST_TEST_STEPS = 50

# What `on_epoch` of `train` gets to know of an epoch. The number counts from 1.
Epoch = collections.namedtuple(
    "Epoch", ["number", "learning_rate", "train_perplexity", "valid_perplexity"]
)
# What `train` returns: a list with an `Epoch` for each epoch of this call, and a float.
Result = collections.namedtuple("Result", ["epochs", "test_perplexity"])


class DivergedError(ArithmeticError):
    """Raised if the cost of a training is no longer finite. `flag` names the flag to blame."""

    flag = "learning_rate"


def run_epoch(session, model, eval_op=None, log=None, report=None):
    """Runs a model over its whole input once and returns the perplexity, exp(loss per word).

    Args:
        session: a session with initialised variables.
        model: an `lm.model.Model`. Its state is zero before the first batch. Each batch hands its
            final state on to the next.
        eval_op: an op to run with each batch: `train_op` to train, None to evaluate.
        log: a function to call with each of about ten lines of progress.
        report: a function to call with the step and with numbers by name, as often as `log`.

    Raises:
        DivergedError: if the loss per word is not a number, or too large to take its exp.
    """
    start_time = time.time()
    costs = 0.0
    iters = 0
    epoch_size = model.input.epoch_size
    interval = max(epoch_size // 10, 1)
    first = min(10, interval - 1)
    initial_state = tf.nest.flatten(model.initial_state)
    state = session.run(model.initial_state)
    fetches = {"cost": model.cost, "final_state": model.final_state}
    if eval_op is not None:
        fetches["eval_op"] = eval_op

    for step, feed in enumerate(model.input.feeds()):
        feed.update(zip(initial_state, tf.nest.flatten(state)))
        values = session.run(fetches, feed)
        state = values["final_state"]
        costs += float(values["cost"])
        iters += model.input.num_steps  # cost is a sum over num_steps: costs / iters is per word
        # exp(700) is about as large as a float can be. A NaN is not less than 700 either.
        if not costs / iters < 700:
            where = "step %d of the evaluation" % step
            if eval_op is not None:
                where = "training step %d, with a learning rate of %s there" % (
                    step,
                    session.run(model.lr),
                )
            raise DivergedError(
                "the cost is %s at %s; give a lower one, or a lower --max_grad_norm"
                % (values["cost"], where)
            )
        if step % interval == first:
            speed = iters * model.input.batch_size / (time.time() - start_time)
            if log is not None:
                progress = (step * 1.0 / epoch_size, np.exp(costs / iters), speed)
                log("%.3f perplexity: %.3f speed: %.0f wps" % progress)
            if report is not None:
                report(step, Training_Loss=values["cost"], Words_per_Second=speed)

    return np.exp(costs / iters)


def _test_steps(test):
    """Returns how many words of the test text to read at a time, so that no word is left over.

    The model still reads all earlier words before it predicts a word. So the sum of the losses is
    that of reading word by word, but takes fewer calls of `session.run`.
    """
    rest = max(len(test) - 1, 1)
    return max(n for n in range(1, min(rest, LONGEST_TEST_STEPS) + 1) if rest % n == 0)


def build_models(config, corpus, seed=None, place=None):
    """Builds the training model, and the models for validation and test that share its variables.

    Args:
        config: an `lm.configs.Config` with the `vocab_size` of the corpus.
        corpus: an `lm.corpus.Corpus`.
        seed: the seed of the initial weights, an int or None.
        place: an `lm.replicas.Replicas` or an `lm.cluster.Cluster`; None for a single replica.

    Returns:
        Three `lm.model.Model`s, in the scopes that `ptb_word_lm.main` uses.
    """
    test_config = copy.copy(config)
    test_config.batch_size, test_config.num_steps = 1, _test_steps(corpus.test)
    place = place or Replicas(config, 1)
    initializer = UniformInitializer(config.init_scale, seed)
    models = []
    for name, data, text_config, devices in (
        ("Train", corpus.train, config, place.devices),
        ("Valid", corpus.valid, config, place.devices),
        ("Test", corpus.test, test_config, [place.device]),
    ):
        is_training = name == "Train"
        with tf.name_scope(name), tf.device(place.device):
            input_ = Input(config=text_config, data=data, name=name + "Input")
            with tf.variable_scope("Model", reuse=not is_training, initializer=initializer):
                models.append(Model(is_training, text_config, input_, devices))
    return models


def _resuming(run, config):
    """Returns the line that says where a run resumes; None for a new run."""
    if run.step == 0:
        return None
    if run.epochs >= config.max_max_epoch:
        return "Training was finished after epoch %d; evaluating." % run.epochs
    where = "after epoch %d of %d" % (run.epochs, config.max_max_epoch)
    if run.batches:
        where += ", with weights %d batches further" % run.batches
    if config.keep_prob < 1:
        where += ", with other dropout masks than without the stop"
    return "Resuming %s." % where


def train(
    config,
    corpus,
    folder=None,
    seed=None,
    on_epoch=None,
    log=None,
    replicas=None,
    workers=(),
):
    """Trains a model, epoch by epoch, and evaluates it.

    Args:
        config: an `lm.configs.Config`. The size of the corpus's vocabulary replaces `vocab_size`.
        corpus: an `lm.corpus.Corpus`.
        folder: the folder to save each epoch in, and to resume from; None saves nothing.
        seed: an int that makes the run repeatable on the same machine. With None each run differs.
        on_epoch: a function to call with an `Epoch` at the end of each epoch, after it is saved.
        log: a function to call with each line that `python -m lm.train` prints.
        replicas: how many replicas of the model split each batch; None for the fastest number on
            this machine (`lm.replicas.default`).
        workers: addresses "host:port" of `lm.worker`s. Each worker computes a replica, and
            `replicas` does not count.

    Returns:
        A `Result`.

    Raises:
        configs.ConfigError: if the model is too large for the memory of this machine.
        reader.CorpusError: if the corpus does not fill one batch.
        checkpoints.SavePathError: if the folder cannot be used.
        bfloat16.NoBfloat16Error: if `config.use_bf16` is set and the machine has no bfloat16.
        replicas.ReplicasError: if the batch cannot be split into so many parts.
        cluster.ClusterError: if a worker does not answer, or goes away. What is saved stays.
        DivergedError: if the cost is no longer finite. What is saved stays.
        MemoryError: if the memory runs out.
        KeyboardInterrupt: on Ctrl-C.

    Once the folder is open, the text of a KeyboardInterrupt, of a MemoryError and of a
    `console.OutputError` from `log` says what is saved.
    """
    log = log or (lambda line: None)
    config = copy.copy(config)
    config.vocab_size = len(corpus.words)
    session_config = bfloat16.session_config() if config.use_bf16 else tf.ConfigProto()
    check_memory(config, logits=not workers)
    with contextlib.closing(run_folder.RunFolder(folder, config, corpus, log, seed)) as run:
        place = None
        try:
            place = Cluster(config, workers, log) if workers else Replicas(config, replicas)
            return _train(config, corpus, folder, run, place, session_config, seed, on_epoch, log)
        except KeyboardInterrupt as interrupt:
            interrupt.args = (run.saved,)
            raise
        except console.OutputError as error:
            error.args = () if folder is None else (run.saved,)
            raise
        except (MemoryError, RuntimeError, tf.errors.OpError) as error:
            is_of_session = isinstance(error, tf.errors.OpError) and place is not None
            lost = place.lost(error, run.saved) if workers and is_of_session else None
            if lost is not None:
                raise lost
            if console.is_short_of_memory(error):
                raise MemoryError(run.saved)
            raise


def _train(config, corpus, folder, run, place, session_config, seed, on_epoch, log):
    """Does the work of `train` once the folder is open and the devices are known."""
    with tf.Graph().as_default() as graph:
        # A resumed run must not repeat the dropout masks of its first epochs.
        tf.set_random_seed(None if seed is None else seed + run.step)
        if graph_size(config) > 2e8:
            log("Building the graph of %d layers, which takes a while." % config.num_layers)
        m, mvalid, mtest = build_models(config, corpus, seed, place)
        with tf.device(place.device):
            saver = tf.train.Saver(max_to_keep=run_folder.KEPT, save_relative_paths=True)
            initialize = tf.global_variables_initializer()
        graph.finalize()
        summary = Summaries(folder)
        with place.session(session_config) as session:
            session.run(initialize)
            run.restore(session, saver)
            epoch_size = m.input.epoch_size
            epochs = []
            for line in (_resuming(run, config), run.other_seed):
                if line is not None:
                    log(line)
            for i in range(run.epochs, config.max_max_epoch):
                lr_decay = config.lr_decay ** max(i + 1 - config.max_epoch, 0.0)
                m.assign_lr(session, config.learning_rate * lr_decay)
                lr = session.run(m.lr)
                log("Epoch: %d Learning rate: %.3f" % (i + 1, lr))
                report = summary.starting_at(i * epoch_size, Learning_Rate=lr)
                train_perplexity = run_epoch(session, m, m.train_op, log, report)
                log("Epoch: %d Train Perplexity: %.3f" % (i + 1, train_perplexity))
                valid_perplexity = run_epoch(session, mvalid)
                log("Epoch: %d Valid Perplexity: %.3f" % (i + 1, valid_perplexity))
                report(
                    epoch_size,
                    Epoch=i + 1,
                    Train_Perplexity=train_perplexity,
                    Valid_Perplexity=valid_perplexity,
                )
                run.save(session, saver, i + 1)
                perplexities = (float(train_perplexity), float(valid_perplexity))
                epochs.append(Epoch(i + 1, float(lr), *perplexities))
                if on_epoch is not None:
                    on_epoch(epochs[-1])

            test_perplexity = run_epoch(session, mtest, log=log)
            log("Test Perplexity: %.3f" % test_perplexity)
            last = max(run.epochs, config.max_max_epoch)
            summary.add(last * epoch_size, Test_Perplexity=test_perplexity)
    return Result(epochs, float(test_perplexity))
