"""study/break_it.py: what it shows is what runs, and what it says of each breakage is so."""

import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from documents import code, read
from models import make_config, perplexities, running_session, state_feed, write_corpus

from study import break_it
from study.break_it import BREAKAGES, SCRIPT
from study.sample import sentences

SEEDS = (1,)  # The margins below hold for 1, 2 and 3.
TINY = dict(
    num_layers=1, hidden_size=16, init_scale=0.3, learning_rate=0.2, max_epoch=3, max_max_epoch=3
)
ERRORS = ["no_reuse", "one_cell"]


def write_pairs(number, seed):
    """Sentences of pairs such as "c c a a d d", of which no pair is followed by its like.

    Given two words, the second word of a pair is certain, and a perplexity of 2 is possible. Given
    one word, it is even whether the pair is over, and the best is 4.
    """
    random = np.random.RandomState(seed)
    lines, last = [], ""
    for _ in range(number):
        pairs = []
        while True:
            last = random.choice([letter for letter in "abcd" if letter != last])
            pairs.append("%s %s" % (last, last))
            if random.uniform() < 0.25:
                break
        lines.append(" %s \n" % " ".join(pairs))
    return "".join(lines)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A corpus of pairs, whose validation and test texts are one."""
    text = write_pairs(60, seed=2)
    return write_corpus(tmp_path_factory.mktemp("corpus"), write_pairs(400, seed=1), text, text)


@pytest.fixture(scope="module")
def run(folder):
    """Runs the script, as it stands (None) or broken, on the pairs; the same run only once."""
    results = {}

    def run_once(name, seed=1, **values):
        key = (name, seed) + tuple(sorted(values.items()))
        if key not in results:
            config = make_config(**dict(TINY, **values))
            results[key] = break_it.run(BREAKAGES.get(name), config, folder, seed)
        return results[key]

    return run_once


def build(name, is_training=False, **values):
    """A model of the script, broken or not (None), on numbers below 50: `(script, model)`.

    The weights are the same every time.
    """
    config = make_config(**values)
    script = break_it.load(BREAKAGES.get(name), config)
    tf.set_random_seed(1)
    data = np.random.RandomState(5).randint(0, 50, 200).tolist()
    with tf.variable_scope("Model", initializer=tf.random_uniform_initializer(-1, 1, seed=1)):
        return script, script.PTBModel(is_training, config, script.PTBInput(config, data))


def costs_of(session, model, epochs):
    """The costs of some epochs, the state carried throughout: `[epochs, batches]`."""
    state, costs = session.run(model.initial_state), []
    for _ in range(epochs * model.input.epoch_size):
        fetches = [model.cost, model.final_state]
        cost, state = session.run(fetches, state_feed(model, state))
        costs.append(cost)
    return np.reshape(costs, [epochs, -1])


def words_of(folder, split):
    return read("%s/ptb.%s.txt" % (folder, split)).replace("\n", " <eos> ").split()


def frequencies_alone(folder, split):
    """The perplexity of a text if only the frequencies in the training text are known."""
    training = words_of(folder, "train")
    share = {word: training.count(word) / len(training) for word in set(training)}
    return np.exp(-np.mean([np.log(share[word]) for word in words_of(folder, split)]))


# --------------------------------------------------------------------------------------------------
# What is shown is what runs
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", BREAKAGES)
def test_the_line_stands_in_the_file_and_in_its_place_in_the_walkthrough(name):
    parts = re.split(r"^##+ (.*?)\. .*\n", read("docs", "walkthrough.md"), flags=re.MULTILINE)
    places = dict(zip(parts[1::2], parts[2::2]))
    assert BREAKAGES[name].changes
    for change in BREAKAGES[name].changes:
        lines = [line.strip() for line in read(change.file).splitlines()]
        assert any(line.startswith(change.old) for line in lines)
        assert "\n" not in change.old + change.new
        assert not any(line.startswith(change.new) and change.new != "pass" for line in lines)
        if change.file == SCRIPT or name == "targets_not_shifted":
            assert code(change.old).strip() in code(places[BREAKAGES[name].place])


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_broken_file_differs_from_the_file_in_the_lines_shown(name, monkeypatch):
    executed = []
    monkeypatch.setattr(break_it, "compile", lambda *a: executed.append(a) or "", raising=False)
    for file in {change.file for change in BREAKAGES[name].changes}:
        del executed[:]
        break_it.execute(file, BREAKAGES[name])
        ((text, _, _),) = executed
        old, new = read(file).splitlines(), text.splitlines()
        assert len(old) == len(new)
        pairs = {(a.strip(), b.strip()) for a, b in zip(old, new) if a != b}
        changes = [change for change in BREAKAGES[name].changes if change.file == file]
        assert len(pairs) == len(changes)
        for change in changes:
            assert any(a.replace(change.old, change.new) == b for a, b in pairs)


def test_unbroken_it_is_the_reference(run_main, corpus):
    values = dict(TINY, max_max_epoch=2)
    lines = run_main(values, seed=3)
    result = break_it.run(None, make_config(**values), corpus, seed=3)
    assert result.train == pytest.approx(perplexities(lines, "Train"), rel=1e-3)
    assert result.valid == pytest.approx(perplexities(lines, "Valid"), rel=1e-3)
    assert [result.test] == pytest.approx(perplexities(lines, "Test"), rel=1e-3)
    assert result.as_it_stands == pytest.approx(result.valid[-1], rel=1e-5)
    assert len(result.valid) == 2


# --------------------------------------------------------------------------------------------------
# What is said is so
# --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name, text, line",
    [
        (
            "no_reuse",
            "Variable Model/RNN/multi_rnn_cell/cell_0/basic_lstm_cell/kernel already exists",
            "(cell_output, state) = cell(inputs[:, time_step, :], state)",
        ),
        ("one_cell", "one cell object for several layers", "MultiRNNCell"),
    ],
)
def test_two_of_them_are_errors_while_the_graph_is_built(name, text, line, run):
    with pytest.raises(ValueError, match=re.escape(text)) as error:
        run(name, num_layers=2)
    number = break_it.place_of(error.value)
    assert line in "".join(read(SCRIPT).splitlines()[number - 2 : number + 1])
    assert "error" in BREAKAGES[name].answers[BREAKAGES[name].right - 1]


def test_at_the_second_time_step_the_variable_is_there():
    with pytest.raises(ValueError, match="already exists"):
        build("no_reuse", num_steps=2)
    with tf.Graph().as_default():
        build("no_reuse", num_steps=1)


def test_without_its_state_each_batch_is_read_from_zeros():
    script, model = build("state_not_carried")
    with running_session() as session:
        found = script.run_epoch(session, model)
        costs = [session.run(model.cost) for _ in range(model.input.epoch_size)]  # nothing is fed
        carried = costs_of(session, model, 1)
    steps = model.input.num_steps
    assert found == pytest.approx(np.exp(np.mean(costs) / steps), rel=1e-5)
    assert abs(np.exp(np.mean(carried) / steps) / found - 1) > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_without_its_state_the_test_is_read_as_single_words(seed, run):
    whole, broken = run(None, seed), run("state_not_carried", seed)
    assert whole.test < 2.4
    assert broken.test > 3.6
    for one, other in ((broken.train[-1], whole.train[-1]), (broken.valid[-1], whole.valid[-1])):
        assert one < 1.5 * other
    assert broken.as_it_stands < 1.15 * whole.valid[-1]


def test_the_state_that_is_never_reset_is_that_of_the_end_of_the_text():
    script, model = build("state_never_reset")
    with running_session() as session:
        found = [script.run_epoch(session, model) for _ in range(2)]
        costs = costs_of(session, model, 2)
    np.testing.assert_allclose(found, np.exp(costs.mean(1) / model.input.num_steps), rtol=1e-5)
    assert abs(found[1] / found[0] - 1) > 1e-3


@pytest.mark.slow
def test_the_state_that_is_never_reset_does_little(run):
    whole, broken = run(None), run("state_never_reset")
    assert broken.train[0] == pytest.approx(whole.train[0], rel=1e-4)
    assert broken.valid[0] == pytest.approx(whole.valid[0], rel=1e-4)
    assert broken.train[1] != pytest.approx(whole.train[1], rel=1e-6)
    assert broken.valid[-1] == pytest.approx(whole.valid[-1], rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_along_the_wrong_axis_only_frequencies_are_learnt(seed, run, folder):
    whole, broken = run(None, seed), run("wrong_axis", seed)
    frequencies = frequencies_alone(folder, "valid")
    assert whole.valid[-1] < 0.6 * frequencies
    for perplexity in (broken.valid[-1], broken.as_it_stands, broken.test):
        assert 0.85 * frequencies < perplexity < 1.25 * frequencies


def test_one_output_in_twenty_meets_its_own_target():
    size = 20  # both B and T of the small configuration
    outputs = [100 * np.arange(size) + t for t in range(size)]  # [B] each: stream, time step
    targets = np.stack(outputs, 1).reshape(-1)
    wrong = np.stack(outputs, 0).reshape(-1)
    assert (len(targets), np.sum(wrong == targets)) == (400, 20)
    assert "Of the 400 outputs of a batch 20 meet" in BREAKAGES["wrong_axis"].why
    assert np.all(wrong == np.concatenate(outputs, 0))  # what older versions of the script have


def test_the_frequencies_of_the_sample_corpus_give_124():
    assert round(frequencies_alone(break_it.SAMPLE, "valid")) == 124
    assert "perplexity of 124 " in BREAKAGES["wrong_axis"].why
    assert len(set(words_of(break_it.SAMPLE, "train"))) == 716


def test_the_mean_has_gradients_t_times_smaller():
    values = []
    for name in (None, "mean_over_time"):
        with tf.Graph().as_default():
            _, model = build(name, num_steps=7)
            gradients = tf.gradients(model.cost, tf.trainable_variables())
            with running_session() as session:
                fetches = [tf.convert_to_tensor(gradient) for gradient in gradients]
                values.append(session.run(fetches))
    for whole, broken in zip(*values):
        assert np.abs(whole).max() > 0
        np.testing.assert_allclose(broken * 7, whole, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_flatters_training_and_validation(seed, run):
    whole, broken = run(None, seed), run("mean_over_time", seed)
    steps = make_config().num_steps
    assert broken.valid[-1] == pytest.approx(broken.as_it_stands ** (1 / steps), rel=1e-5)
    assert broken.test == pytest.approx(broken.as_it_stands, rel=0.05)
    assert broken.test > 1.4 * whole.test
    assert broken.train[-1] < 0.8 * whole.train[-1]


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_without_clipping_guessing_at_random_is_better(seed, tmp_path):
    texts = ["".join(" %s \n" % " ".join(words) for words in sentences("train")[:600])]
    texts += ["".join(line + "\n" for line in texts[0].split("\n")[:n]) for n in (60, 10)]
    corpus = write_corpus(tmp_path, *texts)
    values = dict(break_it.SIZES, max_max_epoch=1)
    whole, broken = (
        break_it.run(breakage, break_it.make_config(values), corpus, seed)
        for breakage in (None, BREAKAGES["no_clipping"])
    )
    assert whole.train[-1] < 716
    assert not broken.train[-1] < 716  # nan would do, too


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_dropout_in_evaluation_spoils_what_is_printed_alone(seed, run):
    values = dict(keep_prob=0.5, hidden_size=32)
    whole, broken = (run(name, seed, **values) for name in (None, "dropout_in_evaluation"))
    assert broken.train == pytest.approx(whole.train, rel=1e-3)
    assert broken.as_it_stands == pytest.approx(whole.valid[-1], rel=1e-3)
    assert broken.valid[-1] > 1.04 * broken.as_it_stands
    assert broken.test > 1.04 * whole.test


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_targets_not_shifted_teach_to_repeat(seed, run, folder):
    broken = run("targets_not_shifted", seed)
    assert max(broken.train[-1], broken.valid[-1], broken.test) < 1.05
    assert broken.as_it_stands > len(set(words_of(folder, "train")))


def test_a_learning_rate_of_0_leaves_the_model_untrained(run, folder):
    broken = run("no_learning_rate", max_max_epoch=2)
    untrained = run(None, max_max_epoch=0)
    assert broken.valid[0] == pytest.approx(broken.valid[1], rel=1e-6)
    assert broken.train[0] == pytest.approx(broken.train[1], rel=1e-6)
    assert broken.test == pytest.approx(untrained.test, rel=1e-6)
    assert untrained.test == pytest.approx(len(set(words_of(folder, "train"))), rel=0.2)
    for name, values in untrained.weights.items():
        assert np.all(values == broken.weights[name])


# --------------------------------------------------------------------------------------------------
# The command
# --------------------------------------------------------------------------------------------------
@pytest.fixture
def no_runs(monkeypatch):
    """Lets the command run nothing: the broken run of `ERRORS` fails, the others have results."""

    def pretend(breakage, config, seed, on_epoch):
        if breakage in [BREAKAGES[name] for name in ERRORS]:
            build([name for name in ERRORS if BREAKAGES[name] is breakage][0])
        on_epoch(5.25)
        factor = 1 if breakage is None else 1e6
        return break_it.Result([9, 4 * factor], [8, 5.25], 6.0, float("nan"), {})

    monkeypatch.setattr(break_it, "run", pretend)


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard input a terminal in which someone types some lines."""

    def type_in(*lines):
        lines = list(lines)

        def answer(prompt):
            print(prompt)
            if not lines:
                raise EOFError
            return lines.pop(0)

        monkeypatch.setattr("builtins.input", answer)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)

    return type_in


@pytest.mark.parametrize("arguments", [[], ["--what=all"]])
def test_without_a_name_there_is_the_list(arguments, call_main):
    status, out, err = call_main(break_it, *arguments)
    assert (status, err) == (0, "")
    for name, breakage in BREAKAGES.items():
        assert re.search(r"^%s +%s +" % (name, re.escape(breakage.place)), out, re.MULTILINE)
    assert len(BREAKAGES) == 10


def test_a_guess_is_taken_and_the_table_follows(no_runs, call_main):
    status, out, err = call_main(break_it, "--what=wrong_axis", "--guess=2")
    assert (status, err) == (0, "")
    assert "What do you expect?" in out and "Your guess, 1 to 3" not in out
    assert re.search(r"\nas it stands, +validation perplexity by epoch: 5\.250\n", out)
    assert re.search(r"\nas it stands +4\.000 +5\.250 +6\.000 +nan\n", out)
    assert re.search(r"\nbroken +4\.0e\+06 +5\.250 +6\.000 +nan\n", out)
    assert "Right is 3)" in out and "Your guess was 2." in out
    assert "Your guess was right." in call_main(break_it, "--what=wrong_axis", "--guess=3")[1]


def test_without_a_terminal_nothing_is_asked(no_runs, call_main, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    status, out, _ = call_main(break_it, "--what=mean_over_time")
    assert status == 0
    assert "Your guess" not in out and "Right is 3)" in out


@pytest.mark.parametrize(
    "lines, said",
    [
        (["1"], "Your guess was 1."),
        ([" 3 "], "Your guess was right."),
        (["4", "yes", "3"], "'yes' is none of 1, 2 and 3."),
        ([""], None),
        ([], None),
    ],
)
def test_in_a_terminal_the_guess_is_typed(lines, said, no_runs, call_main, terminal):
    terminal(*lines)
    status, out, _ = call_main(break_it, "--what=mean_over_time")
    assert status == 0
    assert out.count("Your guess, 1 to 3") == max(1, len(lines))
    assert said is None or said in out
    assert ("Your guess was" in out) == (said is not None)


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_stands_in_the_table(name, no_runs, call_main):
    status, out, err = call_main(break_it, "--what=" + name)
    assert (status, err) == (0, "")
    assert re.search(r"\nbroken +ptb_word_lm.py, line \d+: ValueError\n +\w", out)


@pytest.mark.parametrize(
    "arguments, line",
    [
        (["--what=clipping"], "argument --what: invalid choice: 'clipping' (choose from"),
        (["--what=wrong_axis", "--guess=4"], "argument --guess: must be at most 3; given 4"),
        (["--what=wrong_axis", "--guess=0"], "argument --guess: must be at least 1; given 0"),
        (["--what=wrong_axis", "--guess=yes"], "argument --guess: invalid int value: 'yes'"),
        (["--guess=2"], "--guess=2: "),
        (["--what=all", "--guess=2"], "--guess=2: "),
        (["--brek=all"], "unrecognized arguments: --brek=all"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(arguments, line, call_refused):
    assert call_refused(break_it, *arguments).startswith(line)


def test_help_shows_what_the_study_explains(call_main):
    status, out, _ = call_main(break_it, "--help")
    assert not status and break_it.__doc__.strip() in out
