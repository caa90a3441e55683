"""Tests the encoder and its three decoders: what each reads, and that it makes the difference."""

import re
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from documents import expected_output, skeleton

from study import encoder_decoder
from study.encoder_decoder import DECODERS, END, LETTERS, START, EncoderDecoder

H = 8
FULL_SIZE = encoder_decoder.HIDDEN_SIZE


@pytest.fixture
def sizes(monkeypatch):
    """Makes the networks small."""

    def set_sizes(digits=2, hidden_size=H, **others):
        values = dict(others, DIGITS=digits, LONGEST=6 * digits, HIDDEN_SIZE=hidden_size)
        for name, value in values.items():
            monkeypatch.setattr(encoder_decoder, name, value)

    set_sizes()
    return set_sizes


def with_random_weights(session):
    """Gives all variables other values, large enough to make the letters differ."""
    random = np.random.RandomState(2)
    weights = {}
    session.run(tf.global_variables_initializer())
    for variable in tf.trainable_variables():
        value = random.normal(0, 0.7, variable.shape.as_list()).astype(np.float32)
        variable.load(value, session)
        weights[variable.op.name] = value.astype(np.float64)
    return weights


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def gru(weights, scope, x, h):
    """Computes h = u h + (1 - u) tanh([x, r h] W + b); r and u are the halves of the gates."""
    kernel = weights[scope + "/gru_cell/gates/kernel"]
    gates = sigmoid(np.concatenate([x, h], 1) @ kernel + weights[scope + "/gru_cell/gates/bias"])
    r, u = gates[:, :H], gates[:, H:]
    kernel = weights[scope + "/gru_cell/candidate/kernel"]
    bias = weights[scope + "/gru_cell/candidate/bias"]
    return u * h + (1 - u) * np.tanh(np.concatenate([x, r * h], 1) @ kernel + bias)


def attention(weights, g, states, digits):
    """Computes the context and the weights, digit by digit; digits that are 0 are padding."""
    scores = np.full(digits.shape, -np.inf)
    for b, s in zip(*np.nonzero(digits)):
        from_g, from_h = weights["Decoder/attention_g"], weights["Decoder/attention_h"]
        squashed = np.tanh(g[b] @ from_g + states[s][b] @ from_h)
        scores[b, s] = squashed @ weights["Decoder/attention_v"]
    a = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return sum(a[:, s, None] * states[s] for s in range(digits.shape[1])), a


def in_numpy(weights, decoder, digits, letters=None):
    """Returns the logits, `[B, T, V]`, and the likeliest letters, `[B, T]`.

    The decoder reads `letters`; without them it reads its own likeliest letters.
    """
    state, states = np.zeros([len(digits), H]), []
    for ids in digits.T:
        state = gru(weights, "Encoder", weights["Encoder/embedding"][ids], state)
        states.append(state)
    g, y = state, np.full(len(digits), START)
    logits, said = [], []
    for t in range(6 * digits.shape[1]):
        x = weights["Decoder/embedding"][y]
        if decoder == "cho":
            x = np.concatenate([x, state], 1)
        elif decoder == "attention":
            x = np.concatenate([x, attention(weights, g, states, digits)[0]], 1)
        g = gru(weights, "Decoder", x, g)
        logits.append(g @ weights["Decoder/softmax_w"] + weights["Decoder/softmax_b"])
        said.append(logits[-1].argmax(1))
        y = said[-1] if letters is None else letters[:, t]
    return np.stack(logits, 1), np.stack(said, 1)


def test_numbers_in_letters():
    assert encoder_decoder.spell("7") == "seven"
    assert encoder_decoder.spell("0402") == "zero four zero two"
    words = encoder_decoder.spell("1356789").split()
    assert words == ["one", "three", "five", "six", "seven", "eight", "nine"]
    longest = max(len(encoder_decoder.spell(digit * 7)) for digit in "0123456789")
    assert encoder_decoder.LONGEST == longest + 1  # with END


def test_digits_and_letters_as_ids(sizes):
    sizes(3)
    digits, letters = encoder_decoder.encode(["07", "402"])
    np.testing.assert_array_equal(digits, [[0, 1, 8], [5, 1, 3]])
    assert letters.shape == (2, 18)
    ids = [LETTERS.index(letter) for letter in "zero seven"]
    np.testing.assert_array_equal(letters[0], ids + [END] + 7 * [0])
    assert [encoder_decoder.to_text(row) for row in letters] == ["zero seven", "four zero two"]
    assert encoder_decoder.to_text(letters[1][:4]) == "four"  # without END


def test_training_draws_none_of_the_tests_numbers(sizes, monkeypatch, capsys):
    sizes(1, TESTS=5, BATCH_SIZE=10)
    drawn = []

    def draw(random, length, for_tests):
        drawn.append(for_tests)
        return "7"

    monkeypatch.setattr(encoder_decoder, "draw", draw)
    encoder_decoder.run("sutskever", seed=1, steps=2)
    assert drawn == 20 * [False] + 5 * [True]


@pytest.mark.parametrize("length", [3, 5])
def test_no_number_of_the_tests_is_trained_on(length):
    random = np.random.RandomState(1)
    trained = [encoder_decoder.draw(random, length, for_tests=False) for _ in range(300)]
    tested = [encoder_decoder.draw(random, length, for_tests=True) for _ in range(300)]
    assert {len(number) for number in trained + tested} == {length}
    assert all(int(number) % 7 for number in trained)
    assert not any(int(number) % 7 for number in tested)


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_variables(sizes, decoder):
    EncoderDecoder(decoder)
    inputs = H if decoder == "sutskever" else 2 * H
    expected = {
        "Encoder/embedding": [11, H],
        "Encoder/gru_cell/gates/kernel": [2 * H, 2 * H],
        "Encoder/gru_cell/gates/bias": [2 * H],
        "Encoder/gru_cell/candidate/kernel": [2 * H, H],
        "Encoder/gru_cell/candidate/bias": [H],
        "Decoder/embedding": [19, H],
        "Decoder/gru_cell/gates/kernel": [inputs + H, 2 * H],
        "Decoder/gru_cell/gates/bias": [2 * H],
        "Decoder/gru_cell/candidate/kernel": [inputs + H, H],
        "Decoder/gru_cell/candidate/bias": [H],
        "Decoder/softmax_w": [H, 19],
        "Decoder/softmax_b": [19],
    }
    if decoder == "attention":
        expected["Decoder/attention_g"] = expected["Decoder/attention_h"] = [H, H]
        expected["Decoder/attention_v"] = [H]
    assert {v.op.name: v.shape.as_list() for v in tf.trainable_variables()} == expected


def test_the_expected_numbers_of_parameters(sizes):
    expected = re.findall(r"(\d+) parameters", expected_output("encoder_decoder"))
    sizes(1, hidden_size=FULL_SIZE)
    counts = []
    for decoder in DECODERS:
        with tf.Graph().as_default():
            EncoderDecoder(decoder)
            counts.append(sum(v.shape.num_elements() for v in tf.trainable_variables()))
    assert expected == ["%d" % count for count in counts]


@pytest.mark.parametrize("decoder", DECODERS)
def test_decoder_against_numpy(sizes, decoder):
    model = EncoderDecoder(decoder)
    digits, letters = encoder_decoder.encode(["3", "40", "27", "99"])
    with tf.Session() as session:
        weights = with_random_weights(session)
        feed_dict = {model.digits: digits, model.letters: letters}
        logits, loss = session.run([model.logits, model.loss], feed_dict)
        decoded = session.run(model.decoded, {model.digits: digits})  # without the letters
        own = {model.digits: digits, model.letters: decoded}
        forced_to_its_own = session.run(model.logits, own).argmax(2)

    expected, _ = in_numpy(weights, decoder, digits, letters)
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    log_probs = expected - np.log(np.exp(expected).sum(2, keepdims=True))
    chosen = np.take_along_axis(log_probs, letters[:, :, None], 2)[letters != 0]
    assert loss == pytest.approx(-chosen.mean(), rel=1e-5)

    np.testing.assert_array_equal(decoded, in_numpy(weights, decoder, digits)[1])
    assert len(np.unique(decoded)) > 3  # The decoder does not repeat a few letters only.
    np.testing.assert_array_equal(forced_to_its_own, decoded)


@pytest.mark.slow
def test_the_weights_of_attention(sizes):
    sizes(3)
    model = EncoderDecoder("attention")
    digits, _ = encoder_decoder.encode(["3", "40", "279"])
    g = np.random.RandomState(3).normal(size=[3, H]).astype(np.float32)
    with tf.variable_scope("Decoder", reuse=True):
        attended = model._attend(tf.constant(g))
    with tf.Session() as session:
        weights = with_random_weights(session)
        feed_dict = {model.digits: digits}
        (context, a), states = session.run([attended, model.states], feed_dict)
        in_decoding = session.run(model.weights, feed_dict)  # [B, T, S]
        (v,) = [v for v in tf.trainable_variables() if v.op.name == "Decoder/attention_v"]
        v.load(np.zeros(H), session)
        mean, equal = session.run(attended, feed_dict)

    expected_context, expected = attention(weights, g, states.transpose(1, 0, 2), digits)
    np.testing.assert_allclose(a, expected, atol=1e-6)
    np.testing.assert_allclose(context, expected_context, atol=1e-5)
    np.testing.assert_allclose(in_decoding.sum(2), 1, atol=1e-6)
    assert not in_decoding[0, :, :2].any() and not in_decoding[1, :, :1].any()
    assert (in_decoding[2] > 0).all()

    np.testing.assert_allclose(equal, [[0, 0, 1], [0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]], atol=1e-6)
    for row, length in enumerate((1, 2, 3)):
        np.testing.assert_allclose(mean[row], states[row, 3 - length :].mean(0), atol=1e-6)


@pytest.mark.long
def test_attention_is_the_better_the_longer_the_number(sizes, capsys):
    sizes(4, hidden_size=32, STEPS=300, TESTS=50)
    exact = {}
    for decoder in ("sutskever", "attention"):
        exact[decoder], _ = encoder_decoder.run(decoder, seed=1)
    losses = [float(loss) for loss in re.findall(r"loss (\S+)", capsys.readouterr().out)]
    assert losses[2] < 0.7 * losses[0] and losses[5] < 0.3 * losses[3]
    assert exact["attention"][4] > exact["sutskever"][4] + 0.3
    assert exact["sutskever"][1] > exact["sutskever"][4] + 0.3


@pytest.mark.slow
def test_all_three_side_by_side(sizes, capsys, monkeypatch, tmp_path):
    pytest.importorskip("matplotlib")
    sizes(2, STEPS=100, TESTS=5, BATCH_SIZE=10)
    path = tmp_path / "attention.png"
    monkeypatch.setattr(sys, "argv", ["encoder_decoder.py", "--seed=3", "--plot=%s" % path])
    encoder_decoder.main()
    assert path.read_bytes().startswith(b"\x89PNG")
    lines = capsys.readouterr().out.splitlines()
    titles = [line for line in lines if re.fullmatch(r"\w+:", line)]
    assert titles == ["%s:" % decoder for decoder in DECODERS]
    table = lines.index("digits  sutskever        cho  attention")
    assert [line.split()[0] for line in lines[table + 1 : table + 3]] == ["1", "2"]
    assert all(len(line.split()) == 4 for line in lines[table : table + 3])
    assert lines[-1] == "Wrote %s." % path
    assert skeleton("\n".join(lines[:-1])) == skeleton(expected_output("encoder_decoder"))


@pytest.mark.docs
def test_the_figures_of_seed_1_are_the_expected_ones():
    prose = " ".join(encoder_decoder.__doc__.split())
    assert "Of 200 numbers of 7 digits, seeds 1, 2 and 3 spell" in prose
    said = re.findall(r"([\d.]+), [\d.]+ and [\d.]+ % (?:right )?with (\w+)", prose)
    row = re.search(r"^ +7 +(.*)$", expected_output("encoder_decoder"), re.MULTILINE).group(1)
    assert said == list(zip(row.split(), DECODERS))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run(sizes, capsys):
    sizes(1, STEPS=100, TESTS=5, BATCH_SIZE=10)
    outputs = []
    for seed in (1, 1, 2):
        encoder_decoder.run("cho", seed)
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1] != outputs[2]


@pytest.mark.parametrize(
    "flag, named",
    [
        ("--seed=-1", "--seed: must be at least 0; given -1"),
        ("--seed=4294967296", "--seed: must be at most"),
        ("--seed=one", "--seed"),
        ("--decoder=luong", "--decoder"),
        ("--plot=no/such/folder/x.png", "--plot: cannot write no/such/folder/x.png"),
        ("--plot=x.txt", "--plot: x.txt is not the name of a picture"),
        ("--steps=3", "--steps=3"),
    ],
)
def test_wrong_flags(monkeypatch, capsys, flag, named):
    def no_training(*_):
        raise AssertionError("it trains")

    monkeypatch.setattr(encoder_decoder, "run", no_training)
    monkeypatch.setattr(sys, "argv", ["encoder_decoder.py", flag])
    with pytest.raises(SystemExit) as end:
        encoder_decoder.main()
    assert end.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == "" and len(printed.err.splitlines()) == 1
    assert printed.err.startswith("encoder_decoder.py: ") and named in printed.err
