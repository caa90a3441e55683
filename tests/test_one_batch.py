"""study/one_batch.py: its numbers are the script's, NumPy's, and those of the expected output."""

import functools
import json
import math
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from documents import expected_output, read
from models import build, sigmoid, write_corpus

import contrib
import reader
from contrib.rnn import lstm
from ptb_word_lm import run_epoch
from study import one_batch

WEIGHTS = {name: np.array(value) for name, value in one_batch.WEIGHTS.items()}


@functools.lru_cache(maxsize=None)
def ours():
    return one_batch.by_hand(WEIGHTS, one_batch.make_config())


@functools.lru_cache(maxsize=None)
def theirs():
    return one_batch.by_tensorflow(WEIGHTS, one_batch.make_config())


@functools.lru_cache(maxsize=None)
def everything():
    return one_batch.numbers()


def shown(n, capsys):
    capsys.readouterr()
    one_batch.show(n)
    return capsys.readouterr().out


# --------------------------------------------------------------------------------------------------
# TensorFlow and NumPy
# --------------------------------------------------------------------------------------------------
def test_tensorflow_computes_what_numpy_does():
    assert set(ours()) - set(theirs()) == {
        "words",
        "ids",
        "learning_rate",
        "max_grad_norm",
        "shifted_costs",
        "finite_difference",
        "factor",
        "factor_of_5",
    }
    assert set(theirs()) <= set(ours())
    for name, value in theirs().items():
        np.testing.assert_allclose(value, ours()[name], rtol=0, atol=3e-6, err_msg=name)


def test_the_script_itself_trains_with_these_costs():
    config = one_batch.make_config()
    m = build(config, ours()["ids"])
    with tf.train.SingularMonitoredSession() as session:
        for variable in tf.trainable_variables():
            variable.load(WEIGHTS[variable.op.name.split("/")[-1]].astype(np.float32), session)
        m.assign_lr(session, config.learning_rate)
        perplexity = run_epoch(session, m, eval_op=m.train_op)
        softmax_b = session.run(tf.trainable_variables()[-1])
    assert m.input.epoch_size == 2
    costs = ours()["cost"] + ours()["carried_cost"]
    assert perplexity == pytest.approx(np.exp(costs / 6), rel=1e-6)
    # The second batch trains as well.
    assert np.abs(softmax_b - ours()["updated_softmax_b"]).max() > 0.01


def test_the_reader_gives_these_ids(tmp_path):
    text = " ".join(one_batch.TEXT).replace(" <eos>", "\n")
    folder = write_corpus(tmp_path, text)
    assert reader.ptb_raw_data(folder)[0] == ours()["ids"].tolist()
    assert reader.ptb_vocabulary(folder) == ours()["words"].tolist()


def test_the_gradients_are_finite_differences():
    n = ours()
    zeros = np.zeros([2, 2])

    def cost(weights):
        return one_batch.forward(weights, n["input_data"], n["targets"], zeros, zeros)["cost"]

    for name, value in WEIGHTS.items():
        difference = np.zeros_like(value)
        for place in np.ndindex(*value.shape):
            step = np.zeros_like(value)
            step[place] = 1e-5
            above, below = (cost(dict(WEIGHTS, **{name: value + s})) for s in (step, -step))
            difference[place] = (above - below) / 2e-5
        gradient = n["gradient_" + name]
        if name == "embedding":
            rows, gradient = gradient, np.zeros_like(value)
            for word, row in zip(n["input_data"].ravel(), rows.reshape(-1, 2)):
                gradient[word] += row
        np.testing.assert_allclose(gradient, difference, rtol=0, atol=1e-8, err_msg=name)


def gates_in_another_order(x, c, h, kernel, bias, *more):
    kernel, bias = (tf.concat(tf.split(w, 4, -1)[::-1], -1) for w in (kernel, bias))
    return lstm.lstm_step(x, c, h, kernel, bias, *more)


def another_forget_bias(x, c, h, kernel, bias, forget_bias, activation):
    return lstm.lstm_step(x, c, h, kernel, bias, 1.0, activation)


def average_over_time(*args, **more):
    return contrib.seq2seq.sequence_loss(*args, **dict(more, average_across_timesteps=True))


def clip_less(gradients, clip_norm):
    return tf.clip_by_global_norm(gradients, 2 * clip_norm)


@pytest.mark.slow
@pytest.mark.parametrize(
    "where, name, wrong, array",
    [
        (lstm, "lstm_step", gates_in_another_order, "i_t"),
        (lstm, "lstm_step", another_forget_bias, "i_t"),
        (contrib.seq2seq, "sequence_loss", average_over_time, "loss"),
        (tf, "clip_by_global_norm", clip_less, "clipped"),
    ],
)
def test_a_wrong_script_stops_the_study(monkeypatch, call_main, where, name, wrong, array):
    right = getattr(where, name)

    def call_wrong(*args, **more):
        with monkeypatch.context() as inner:
            inner.setattr(where, name, right)
            return wrong(*args, **more)

    monkeypatch.setattr(where, name, call_wrong)
    status, out, err = call_main(one_batch)
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert err.startswith("study.one_batch: " + array)
    assert "TensorFlow" in err


def test_a_difference_is_told_from_rounding():
    n = {"cost": np.array([1.0, 2.0])}
    one_batch.compare(n, {"cost": np.array([1.0, 2.000009], np.float32)})
    for wrong in (2.00002, np.nan):
        with pytest.raises(ArithmeticError, match="^cost: TensorFlow and NumPy differ by "):
            one_batch.compare(n, {"cost": np.array([1.0, wrong])})
    with pytest.raises(ArithmeticError, match=r"^cost: TensorFlow's is \[1\], NumPy's \[2\]$"):
        one_batch.compare(n, {"cost": np.array([1.0])})


# --------------------------------------------------------------------------------------------------
# What is printed
# --------------------------------------------------------------------------------------------------
def test_the_output_is_the_expected_one(capsys):
    assert shown(everything(), capsys) == expected_output("one_batch")


def test_the_output_would_be_the_same_from_tensorflows_numbers(capsys):
    # No printed number is so near the edge of rounding that 32 bits might round it otherwise.
    computed = {k: v for k, v in theirs().items() if k not in WEIGHTS and "initial" not in k}
    for error in (0, 5e-7, -5e-7):
        n = {k: v + error if v.dtype == np.float32 else v for k, v in computed.items()}
        n["tensorflow_gradient_softmax_b"] = n["gradient_softmax_b"]
        assert shown(dict(ours(), **n), capsys) == expected_output("one_batch")


def test_a_calculator_comes_to_the_same():
    functions = dict(sigmoid=sigmoid, tanh=np.tanh, exp=np.exp, log=np.log, sqrt=np.sqrt, max=max)
    output = expected_output("one_batch")
    lines = re.findall(r"([^=:;_\n]*\d[^=:;_\n]*) = (-?\d+\.\d{4})\b", output)
    assert len(lines) == 29
    for line, result in lines:
        value = eval(line.strip(), functions)
        assert value == pytest.approx(float(result), abs=1.5e-4), line


def test_the_parts_are_headed_as_in_the_walkthrough():
    headings = re.findall(r"^Code .*", expected_output("one_batch"), flags=re.MULTILINE)
    assert [
        heading.split()[1] for heading in headings
    ] == "0. 1.1. 1.3. 2. 3. 4. 5. 6. 7. 8. A.".split()
    for heading in headings:
        assert "\n### %s\n" % heading in read("docs", "walkthrough.md")


def test_the_shapes_are_those_of_the_arrays():
    shapes = re.findall(r"(\w+) +(\[\d(?:, \d)*\])", expected_output("one_batch"))
    arrays = dict(ours(), C=ours()["initial_c"], h=ours()["initial_h"])
    for name, key in (("output", "h"), ("logits", "logits"), ("p", "p")):
        arrays[name] = ours()[key].reshape(6, -1)  # B * T rows
    read_rows = ours()["inputs"].reshape(6, -1)  # whose gradient is printed
    checked = []
    for name, shape in shapes:
        if name in arrays:
            expected = [arrays[name].shape]
            if name == "embedding":
                expected.append(read_rows.shape)
            assert tuple(json.loads(shape)) in expected, name
            checked.append(name)
    assert set(checked) == set(WEIGHTS) | set(
        "input_data targets inputs C h output logits p loss".split()
    )


def test_the_output_fits_a_narrow_page():
    lines = expected_output("one_batch").splitlines()
    assert max(map(len, lines)) <= 92
    assert len(lines) <= 165


def test_a_page_can_take_the_numbers_as_json():
    n = everything()
    again = json.loads(json.dumps({name: array.tolist() for name, array in n.items()}))
    assert set(again) == set(n)
    for name, value in again.items():
        np.testing.assert_array_equal(value, n[name])


# --------------------------------------------------------------------------------------------------
# What there is to notice
# --------------------------------------------------------------------------------------------------
def test_the_weights_have_one_decimal():
    for value in WEIGHTS.values():
        np.testing.assert_array_equal(value, np.round(value, 1))
        assert np.all(value != 0)


def test_the_rows_differ_from_the_second_word_on():
    n = ours()
    assert n["input_data"][0, [0, 2]].tolist() == n["input_data"][1, [0, 2]].tolist()
    for name in ("C", "h", "p"):
        assert np.array_equal(n[name][0, 0], n[name][1, 0])
        assert np.abs(n[name][0, 1:] - n[name][1, 1:]).max(axis=-1).min() > 0.05


def test_the_clipping_bites_and_the_update_lowers_the_cost():
    n = ours()
    assert n["max_grad_norm"] < n["global_norm"] < 5
    assert n["factor"] == pytest.approx(n["max_grad_norm"] / n["global_norm"])
    assert n["factor_of_5"] == 1
    squares = [np.sum(n["clipped_" + name] ** 2) for name in WEIGHTS]
    assert math.sqrt(sum(squares)) == pytest.approx(1)
    assert n["updated_cost"] < n["cost"] - 0.1


def test_only_a_state_that_is_carried_tells_the_rows_apart():
    n = ours()
    assert n["next_input_data"][:, 0].tolist() == [0, 0]
    assert np.array_equal(n["zero_p"][0, 0], n["zero_p"][1, 0])
    assert np.abs(n["carried_p"][0, 0] - n["carried_p"][1, 0]).max() > 0.05
    assert n["carried_cost"] != pytest.approx(n["zero_cost"], abs=0.01)
