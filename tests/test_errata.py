"""docs/errata.md: what the blog prints is run as it stands, and what is right is shown.

On TensorFlow 1.15 the cells and the loss of TensorFlow itself are held to the same.
"""

import inspect
import re
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from documents import read, rows
from models import build, make_config, running_session

import contrib
import ptb_word_lm
import reader

CONTRIBS = [contrib]
if tf.__version__.startswith("1."):
    import tensorflow

    CONTRIBS.append(tensorflow.contrib)

each_contrib = pytest.mark.parametrize("library", CONTRIBS, ids=lambda library: library.__name__)
tensorflow_1 = pytest.mark.skipif(len(CONTRIBS) < 2, reason="needs TensorFlow 1.15")

DATA = np.random.RandomState(7).randint(0, 50, 400).tolist()


def run(fetches):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# --------------------------------------------------------------------------------------------------
# docs/errata.md
# --------------------------------------------------------------------------------------------------
PAGES = ["errata.md", "errata.zh-CN.md"]
ROWS = rows(read("docs", "errata.md"))


def named_tests(text):
    """Returns `(path, name, line)` of each test that a text links to."""
    links = re.findall(r"\[([\w ]+)\]\(\.\./(tests/test_\w+\.py)#L(\d+)\)", text)
    return [(path, "test_" + words.replace(" ", "_"), int(line)) for words, path, line in links]


def line_of(path, name):
    """Returns the number of the line that defines a test, or None."""
    lines = read(path).splitlines()
    numbers = [n for n, line in enumerate(lines, 1) if line.startswith("def %s(" % name)]
    return numbers[0] if numbers else None


@pytest.mark.docs
def test_every_row_names_a_test_or_says_that_nothing_was_run():
    assert len(ROWS) > 40
    for row in ROWS:
        assert named_tests(row[-1]) or "not run" in row[-1], row


@pytest.mark.docs
@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_the_line_of_its_test(page):
    text = read("docs", page)
    links = named_tests(text)
    assert len(links) == text.count("](../tests/") > 40
    wrong = [link for link in links if link[2] != line_of(*link[:2])]
    right = [(path, name, line_of(path, name)) for path, name, _ in wrong]
    assert wrong == right


@pytest.mark.docs
def test_both_pages_link_the_same_tests():
    english, chinese = [named_tests(read("docs", page)) for page in PAGES]
    assert english == chinese


@pytest.mark.docs
def test_every_test_of_this_file_is_named_there():
    here = {name for name in globals() if name.startswith("test_")}
    about_the_table = {n for n in here if n.startswith(("test_every_", "test_both_pages"))}
    named = {name for row in ROWS for _, name, _ in named_tests(row[-1])}
    assert here - about_the_table <= named


# --------------------------------------------------------------------------------------------------
# Will not run, or will not learn, as printed
# --------------------------------------------------------------------------------------------------
def test_the_line_numbers_in_the_code():
    printed = "tf.float16 if FLAGS_use_fp16 else tf.float321234567891011121314151617"
    with pytest.raises(AttributeError, match="float321234567891011121314151617"):
        eval(printed, {"tf": tf, "FLAGS_use_fp16": False})
    names = {}
    exec("vocab_size = 10000      # 词典规模，总共10K个词123456789101112", names)
    assert names["vocab_size"] == 10000  # the other ones are part of a comment


# Tabs are written as \t, to be seen.
SECTION_1_2 = """
attn_cell = lstm_cell
if is_training and config.keep_prob < 1:\t# 在外面包裹 dropout
\tdef attn_cell():
        return tf.contrib.rnn.DropoutWrapper(lstm_cell(), output_keep_prob=config.keep_prob)
"""

SECTION_8 = """
initializer = tf.random_uniform_initializer(-config.init_scale, config.init_scale)

with tf.name_scope("Train"):
\ttrain_input = PTBInput(config=config, data=train_data, name="TrainInput")
\twith tf.variable_scope("Model", reuse=None, initializer=initializer):
    \tm = PTBModel(is_training=True, config=config, input_=train_input)
\ttf.summary.scalar("Training Loss", m.cost)
\ttf.summary.scalar("Learning Rate", m.lr)
"""


@pytest.mark.parametrize("printed", [SECTION_1_2, SECTION_8], ids=["1.2", "8"])
def test_mixed_tabs(printed):
    with pytest.raises(TabError):
        compile(printed, "blog", "exec")
    # Nothing else is wrong with them: with the spaces that were meant, both are Python.
    meant = printed.replace("    \t", "\t\t").replace("        return", "\t\treturn")
    compile(meant, "blog", "exec")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python had it up to 3.10")
def test_getargspec_is_gone():
    with pytest.raises(AttributeError, match="getargspec"):
        inspect.getargspec(contrib.rnn.BasicLSTMCell.__init__)


@each_contrib
def test_logits_of_rank_2(library):
    logits, targets, weights = tf.ones([6, 5]), tf.zeros([2, 3], tf.int32), tf.ones([2, 3])
    with pytest.raises(ValueError, match="[Ll]ogits must"):
        library.seq2seq.sequence_loss(logits, targets, weights)
    logits = tf.reshape(logits, [2, 3, 5])
    library.seq2seq.sequence_loss(logits, targets, weights)


def test_a_learning_rate_of_0_trains_nothing():
    model = build(make_config(), DATA)
    with running_session() as session:
        first = session.run(tf.trainable_variables())
        ptb_word_lm.run_epoch(session, model, eval_op=model.train_op)
        as_printed = session.run(tf.trainable_variables())
        model.assign_lr(session, 1.0)
        ptb_word_lm.run_epoch(session, model, eval_op=model.train_op)
        with_assign_lr = session.run(tf.trainable_variables())
    assert all((a == b).all() for a, b in zip(first, as_printed))
    assert all((a != b).any() for a, b in zip(first, with_assign_lr))


def names_of(kind):
    graph = tf.get_default_graph()
    return [op.name for op in graph.get_operations() if op.type.startswith(kind)]


def test_models_that_only_evaluate_have_no_gradients():
    build(make_config(), DATA)
    variables, updates = tf.global_variables(), names_of("ApplyGradientDescent")
    valid = build(make_config(), DATA, "Valid", is_training=False, reuse=True)
    assert (tf.global_variables(), names_of("ApplyGradientDescent")) == (variables, updates)
    assert not hasattr(valid, "_train_op")
    # Without dropout is_training changes nothing but what the blog's text leaves out. As it prints
    # it, the script runs, and every model trains, at a learning rate of its own.
    build(make_config(), DATA, "Valid", is_training=True, reuse=True)
    assert len(names_of("ApplyGradientDescent")) > len(updates)
    more = [v.op.name for v in tf.global_variables() if v not in variables]
    assert more == ["Valid_1/Model/Variable"]


# --------------------------------------------------------------------------------------------------
# Differs from TensorFlow 1.4 or from the official script
# --------------------------------------------------------------------------------------------------
def test_the_axis_of_concat_comes_last():
    c, h = tf.zeros([2, 3]), tf.ones([2, 3])
    with pytest.raises(ValueError):
        tf.concat(1, [c, h])
    assert tf.concat([c, h], 1).shape.as_list() == [2, 6]


@each_contrib
def test_zero_state_makes_the_state_and_no_variables(library):
    cell = library.rnn.BasicLSTMCell(4)
    assert not hasattr(cell, "zero_stat")
    state = cell.zero_state(2, tf.float32)
    assert not tf.global_variables()
    assert not any(part.any() for part in run(tf.nest.flatten(state)))


def test_the_targets_are_the_inputs():
    model = build(make_config(), DATA)
    assert not hasattr(model, "_targets")
    assert model.input.targets.shape.as_list() == [4, 5]


def test_functions_that_were_deprecated():
    assert "DEPRECATED" in tf.initialize_all_variables.__doc__
    for library in CONTRIBS[1:]:
        assert "DEPRECATED" in library.framework.get_or_create_global_step.__doc__


def test_gradients_takes_stop_gradients():
    assert "stop_gradients" in inspect.signature(tf.gradients).parameters
    x = tf.constant(3.0)
    y = x * x
    printed, stopped = tf.gradients(x * y, [x]), tf.gradients(x * y, [x], stop_gradients=[y])
    assert run([printed[0], stopped[0]]) == [27.0, 9.0]


# --------------------------------------------------------------------------------------------------
# Wrong statements
# --------------------------------------------------------------------------------------------------
@each_contrib
def test_a_recurrent_cell_adds_a_bias(library):
    random = np.random.RandomState(2)
    x, h = random.uniform(-1, 1, (2, 3)), random.uniform(-1, 1, (2, 4))
    kernel, bias = random.uniform(-1, 1, (7, 4)), random.uniform(-1, 1, 4)
    with tf.variable_scope("root"):
        new_h, _ = library.rnn.BasicRNNCell(4)(tf.constant(x), tf.constant(h))
    values = {"root/basic_rnn_cell/kernel": kernel, "root/basic_rnn_cell/bias": bias}
    assert [variable.op.name for variable in tf.trainable_variables()] == list(values)
    with running_session() as session:
        assert not session.run(tf.trainable_variables()[1]).any()
        for variable in tf.trainable_variables():
            variable.load(values[variable.op.name], session)
        new_h = session.run(new_h)
    as_printed = x @ kernel[:3] + h @ kernel[3:]  # W_hx above W_hh, transposed
    np.testing.assert_allclose(new_h, np.tanh(as_printed + bias), rtol=1e-9)
    assert np.abs(new_h - np.tanh(as_printed)).max() > 0.01


@each_contrib
def test_x_has_a_length_of_its_own(library):
    cell = library.rnn.BasicLSTMCell(4)
    state = (tf.zeros([2, 4]), tf.zeros([2, 4]))
    h, (c, _) = cell(tf.ones([2, 7]), library.rnn.LSTMStateTuple(*state))
    assert (h.shape.as_list(), c.shape.as_list()) == ([2, 4], [2, 4])
    with tf.Graph().as_default(), pytest.raises(ValueError):
        cell = library.rnn.BasicLSTMCell(4)
        cell(tf.ones([2, 7]), library.rnn.LSTMStateTuple(tf.zeros([2, 7]), tf.zeros([2, 4])))


@each_contrib
def test_which_cell_state_the_peepholes_show(library):
    cell = library.rnn.LSTMCell(1, use_peepholes=True, forget_bias=0.0)
    # The kernel is 0, the bias the one below, and the peepholes are all 1.
    state = library.rnn.LSTMStateTuple(tf.constant([[2.0]]), tf.constant([[0.0]]))
    with tf.variable_scope("root"):
        output, new_state = cell(tf.zeros([1, 1]), state)
    values = {"kernel": np.zeros((2, 4)), "bias": np.array([0.3, 0.7, -0.4, 0.1])}
    with tf.Session() as session:
        for variable in tf.global_variables():
            name = variable.op.name.split("/")[-1]
            variable.load(values.get(name, np.ones(1)).astype("f"), session)
        c, h = session.run([new_state.c, output])
    i, j, f, o = values["bias"]
    before = 2.0
    now = sigmoid(f + before) * before + sigmoid(i + before) * np.tanh(j)
    np.testing.assert_allclose(c, [[now]], rtol=1e-6)
    np.testing.assert_allclose(h, [[sigmoid(o + now) * np.tanh(now)]], rtol=1e-6)


@each_contrib
@pytest.mark.parametrize("gate, kept", [(0.0, False), (1.0, True)])
def test_an_update_gate_near_0_takes_the_new_input(library, gate, kept):
    cell = library.rnn.GRUCell(1)
    with tf.variable_scope("root"):
        new_h, _ = cell(tf.zeros([1, 1]), tf.constant([[0.5]]))
    bias = np.array([0.0, 60 * gate - 30])  # of r, then of the update gate, before the sigmoid
    with tf.Session() as session:
        for variable in tf.global_variables():
            value = np.zeros(variable.shape.as_list())
            if variable.op.name.endswith("gates/bias"):
                value = bias
            elif variable.op.name.endswith("candidate/bias"):
                value += 3.0
            variable.load(value.astype("f"), session)
        np.testing.assert_allclose(session.run(new_h), [[0.5 if kept else np.tanh(3.0)]], rtol=1e-6)


def test_the_input_is_an_object_that_holds_two_tensors():
    model = build(make_config(), DATA)
    assert isinstance(model._input, ptb_word_lm.PTBInput)
    tensors = {k: v for k, v in vars(model._input).items() if isinstance(v, tf.Tensor)}
    assert set(tensors) == {"input_data", "targets"}
    # One batch, of the 400 words of the data.
    assert [tensor.shape.as_list() for tensor in tensors.values()] == [[4, 5], [4, 5]]


def test_ptb_producer_slices_a_list(monkeypatch):
    monkeypatch.setattr("builtins.open", None)  # whoever opens a file fails
    x, y = reader.ptb_producer([3, 1, 4, 1, 5, 9, 2, 6], batch_size=2, num_steps=3)
    monkeypatch.undo()
    with running_session() as session:
        x, y = session.run([x, y])
    assert (x.tolist(), y.tolist()) == ([[3, 1, 4], [5, 9, 2]], [[1, 4, 1], [9, 2, 6]])
    assert not names_of("ReadFile") + names_of("TextLine")


class Passing(object):
    """A cell that hands on its input."""

    state_size = output_size = 1000

    def __call__(self, inputs, state, scope=None):
        return inputs, state

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, 1000], dtype)


def test_the_wrapper_is_tf_nn_dropout():
    results = []
    for keep in (0.25, 0.8):
        for wrapped in (True, False):
            with tf.Graph().as_default() as graph:
                ones = tf.ones([1, 1000])
                if wrapped:
                    wrapper = contrib.rnn.DropoutWrapper(Passing(), output_keep_prob=keep)
                    output, _ = wrapper(ones, ones)
                else:
                    output = tf.nn.dropout(ones, keep)
                kinds = {op.type for op in graph.get_operations()}
                results.append((kinds, sorted(np.unique(run(output)))))
    assert results[0] == results[1]
    assert results[2] == results[3]
    assert results[0][1] == [0, 4]  # 0, or 1 / keep_prob


def test_a_lookup_adds_an_axis_to_the_ids():
    embedding = tf.constant(np.arange(50 * 8).reshape(50, 8))  # [V, H]
    assert tf.nn.embedding_lookup(embedding, [1, 2, 3]).shape.as_list() == [3, 8]
    ids = build(make_config(), DATA).input.input_data
    assert tf.nn.embedding_lookup(embedding, ids).shape.as_list() == [4, 5, 8]


def test_the_loop_updates_nothing_and_every_step_uses_the_same_weights():
    model = build(make_config(num_steps=5, num_layers=2), DATA)
    weights = tf.trainable_variables()
    # Five time steps, and one kernel for each layer.
    assert len([variable for variable in weights if variable.op.name.endswith("kernel")]) == 2
    with running_session() as session:
        model.assign_lr(session, 1.0)
        first = session.run(weights)
        session.run(model.final_state)  # what the loop ends with
        after_the_loop = session.run(weights)
        session.run(model.train_op)
        after_train_op = session.run(weights)
    assert all((a == b).all() for a, b in zip(first, after_the_loop))
    assert all((a != b).any() for a, b in zip(first, after_train_op))


@tensorflow_1
@pytest.mark.parametrize("reuse", [True, False])
def test_reuse_variables_is_harmless_on_tensorflow_1_15(reuse):
    rnn = CONTRIBS[1].rnn
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(4, reuse=None) for _ in range(2)])
    state = cell.zero_state(2, tf.float32)
    with tf.variable_scope("RNN"):
        for time_step in range(3):
            if reuse and time_step > 0:
                tf.get_variable_scope().reuse_variables()
            _, state = cell(tf.ones([2, 5]), state)
    assert [variable.op.name for variable in tf.global_variables()] == [
        "RNN/multi_rnn_cell/cell_%d/basic_lstm_cell/%s" % (layer, name)
        for layer in (0, 1)
        for name in ("kernel", "bias")
    ]


@pytest.fixture
def model_and_loss(monkeypatch):
    """A model with the logits and the loss that its constructor leaves without a name."""
    seen = {}
    original = contrib.seq2seq.sequence_loss

    def watched(logits, *args, **kwargs):
        seen["logits"] = logits
        seen["loss"] = original(logits, *args, **kwargs)
        return seen["loss"]

    monkeypatch.setattr(contrib.seq2seq, "sequence_loss", watched)
    model = build(make_config(init_scale=1.0), DATA)
    return model, seen["logits"], seen["loss"]


def softmax(logits):
    p = np.exp(logits)
    return p / p.sum(axis=-1, keepdims=True)


def test_logits_are_scores(model_and_loss):
    with running_session() as session:
        logits = session.run(model_and_loss[1])  # [B, T, V]
    assert logits.min() < 0 < logits.max()
    assert np.abs(logits.sum(axis=-1) - 1).min() > 1e-3  # not one-hot, and no probabilities
    assert np.count_nonzero(logits) == logits.size


def test_the_cost_is_summed_over_time_and_averaged_over_the_batch(model_and_loss):
    model, logits, loss = model_and_loss
    fetches = [model.cost, loss, logits, model.input.targets]
    with running_session() as session:
        cost, loss, logits, targets = session.run(fetches)
    assert loss.shape == (5,)  # [T]
    p = softmax(logits.astype(np.float64))
    nll = np.array([[-np.log(p[b, t, targets[b, t]]) for t in range(5)] for b in range(4)])
    np.testing.assert_allclose(loss, nll.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(cost, nll.sum() / 4, rtol=1e-5)
    assert cost > 4 * nll.mean()  # T times as large: not the mean error of the batch


@each_contrib
def test_a_cross_entropy_of_single_elements(library):
    random = np.random.RandomState(1)
    logits = tf.constant(random.uniform(-2, 2, (2, 3, 5)))
    targets = tf.constant(random.randint(0, 5, (2, 3)).astype(np.int32))
    # TensorFlow picks single elements of a tensor: p[b, t, targets[b, t]].
    b, t = np.meshgrid(range(2), range(3), indexing="ij")
    p_of_target = tf.gather_nd(tf.nn.softmax(logits), tf.stack([b, t, targets], axis=2))
    weights = tf.ones([2, 3], tf.float64)
    loss = library.seq2seq.sequence_loss(logits, targets, weights, False, False)
    np.testing.assert_allclose(*run([loss, -tf.log(p_of_target)]), rtol=1e-10)


@each_contrib
def test_the_average_divides_by_the_weights(library):
    logits, targets = tf.zeros([4, 1, 5]), tf.zeros([4, 1], tf.int32)
    weights = tf.constant([[1.0], [1.0], [0.0], [0.0]])
    # Each loss is log(5). Divided by batch_size 4, two of them would be half of that.
    loss = library.seq2seq.sequence_loss(logits, targets, weights, False, True)
    np.testing.assert_allclose(run(loss), [np.log(5)], rtol=1e-6)


def test_a_gradient_sums_over_the_ys():
    x = [tf.constant(2.0), tf.constant(3.0)]
    y = [x[0] * x[1], x[0] * x[0], 5.0 * x[1]]
    dy_dx = np.array([[3.0, 2.0], [4.0, 0.0], [0.0, 5.0]])  # [j, i]
    g = tf.gradients(y, x)
    assert len(g) == len(x)  # g_0 to g_(len(x) - 1)
    np.testing.assert_array_equal(run(g), dy_dx.sum(axis=0))


def test_the_gradient_of_the_embedding_is_slices():
    embedding = tf.get_variable("embedding", [5, 2])
    rows = tf.nn.embedding_lookup(embedding, [1, 1])
    (gradient,) = tf.gradients(tf.reduce_sum(rows), [embedding])
    assert isinstance(gradient, tf.IndexedSlices)
    # Word 1 twice: for the norm two vectors of ones, [1, 1] each, for the update their sum, [2, 2].
    norm, dense_norm = tf.global_norm([gradient]), tf.norm(tf.convert_to_tensor(gradient))
    np.testing.assert_allclose(run([norm, dense_norm]), np.sqrt([4, 8]), rtol=1e-6)


@pytest.mark.parametrize("w", [1.5, 0.5])
def test_exploding_gradients_grow(w):
    h = [tf.constant(1.0)]
    for _ in range(40):
        h.append(w * h[-1])  # h_t = w h_(t-1)
    steps = [10, 20, 40]
    gradients = run([tf.gradients(h[t], h[0])[0] for t in steps])
    np.testing.assert_allclose(gradients, [w**t for t in steps], rtol=1e-5)
    assert (gradients[-1] > 1e7) == (w > 1)  # exploded, or vanished


def test_clip_norm_is_the_largest_norm():
    t_list = [np.array([[3.0, 0.0], [0.0, 4.0]]), np.array([12.0])]  # the global norm is 13
    # The blog's formula, with the square of a tensor read as its squared length.
    norm = np.sqrt(sum(np.sum(t**2) for t in t_list))
    for clip_norm in (5.0, 20.0):
        clipped, global_norm = run(
            tf.clip_by_global_norm([tf.constant(t) for t in t_list], clip_norm)
        )
        assert global_norm == norm == 13.0
        for before, after in zip(t_list, clipped):
            np.testing.assert_allclose(after, before * clip_norm / max(clip_norm, norm), rtol=1e-12)
        np.testing.assert_allclose(
            np.sqrt(sum(np.sum(t**2) for t in clipped)), min(clip_norm, 13.0), rtol=1e-12
        )


def test_the_learning_rate_is_full_for_epochs_1_to_max_epoch(run_main):
    lines = run_main(dict(max_epoch=2, max_max_epoch=4, hidden_size=2, num_layers=1))
    rates = [line.split(" Learning rate: ") for line in lines if "Learning rate" in line]
    assert rates == [
        ["Epoch: 1", "1.000"],
        ["Epoch: 2", "1.000"],
        ["Epoch: 3", "0.500"],
        ["Epoch: 4", "0.250"],
    ]
