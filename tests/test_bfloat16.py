"""Tests --use_bf16: where it is refused, and what it changes."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import build, feeds, make_lm_config, train_run

from lm import bfloat16, configs


def supported():
    try:
        bfloat16.session_config()
    except bfloat16.NoBfloat16Error:
        return False
    return True


needs_bfloat16 = pytest.mark.skipif(not supported(), reason="needs instructions for bfloat16")


@pytest.fixture
def refusal():
    def run():
        with pytest.raises(bfloat16.NoBfloat16Error) as error:
            bfloat16.session_config()
        return str(error.value)

    return run


@pytest.fixture
def able(monkeypatch):
    """Pretends that nothing on this machine prevents bfloat16."""
    if not hasattr(tf.ConfigProto().graph_options.rewrite_options, bfloat16.REWRITE):
        pytest.skip("this TensorFlow has no such rewrite")
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS", raising=False)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    monkeypatch.setattr(bfloat16, "_processor_flags", lambda: {"avx512f", "avx512_bf16"})


def test_it_asks_for_the_rewrite(able):
    options = bfloat16.session_config().graph_options.rewrite_options
    assert getattr(options, bfloat16.REWRITE) == 1  # ON


def test_a_processor_without_the_instructions(able, refusal, monkeypatch):
    monkeypatch.setattr(bfloat16, "_processor_flags", lambda: {"avx512f"})
    message = "the processor reports none of avx512_bf16, amx_bf16, bf16; leave it out"
    assert refusal() == message


@pytest.mark.parametrize("setting", ["0", "False"])
def test_a_tensorflow_without_onednn(able, refusal, monkeypatch, setting):
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", setting)
    message = "bfloat16 needs oneDNN; unset TF_ENABLE_ONEDNN_OPTS (now %s)" % setting
    assert refusal() == message


def test_a_machine_with_a_gpu(able, refusal, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["GPU:0"])
    assert refusal() == "there is a GPU, and this bfloat16 is for processors; leave it out"


def test_a_tensorflow_without_the_rewrite(refusal, monkeypatch):
    monkeypatch.setattr(bfloat16, "REWRITE", "none_such")
    message = "TensorFlow %s has no bfloat16 for processors; leave it out" % tf.__version__
    assert refusal() == message


def test_the_error_is_blamed_on_the_flag(monkeypatch, corpus, tmp_path):
    """The training ends before it takes a folder."""
    monkeypatch.setattr(bfloat16, "REWRITE", "none_such")
    with pytest.raises(bfloat16.NoBfloat16Error) as error:
        train_run(corpus, str(tmp_path / "out"), use_bf16=True)
    assert error.value.flag == "use_bf16"
    assert not (tmp_path / "out").exists()


def test_16_bit_variables_leave_nothing_to_do():
    with pytest.raises(configs.ConfigError, match="does not go together with --use_fp16") as error:
        configs.Config(use_bf16=True, use_fp16=True)
    assert error.value.flag == "use_bf16"


@needs_bfloat16
@pytest.mark.parametrize("mode", ["basic", "block"])
def test_costs_are_those_of_float32_to_a_few_bits_and_variables_stay_float32(mode):
    config = make_lm_config(rnn_mode=mode, hidden_size=64, init_scale=0.5)
    data = np.random.RandomState(7).randint(0, 50, 400).tolist()
    model = build(config, data)
    assert {v.dtype.base_dtype for v in tf.trainable_variables()} == {tf.float32}
    costs = []
    for session_config in (None, bfloat16.session_config()):
        with tf.Session(config=session_config) as session:
            session.run(tf.global_variables_initializer())
            costs.append(session.run(model.cost, next(feeds(model))))
    assert costs[0] != costs[1]
    np.testing.assert_allclose(costs[1], costs[0], rtol=1e-2)


@needs_bfloat16
@pytest.mark.parametrize("mode", ["basic", "block"])
def test_a_run_in_bfloat16_learns_and_saves_32_bits(corpus, tmp_path, mode):
    out = str(tmp_path / "out")
    result = train_run(corpus, out, seed=1, use_bf16=True, rnn_mode=mode)
    assert result.epochs[-1].valid_perplexity < result.epochs[0].valid_perplexity < 8
    types = tf.train.load_checkpoint(out).get_variable_to_dtype_map()
    assert types.pop("Model/global_step") == tf.int64
    assert set(types.values()) == {tf.float32}


@needs_bfloat16
@pytest.mark.parametrize("mode", ["basic", "block"])
def test_softmax_norm_and_updates_stay_in_float32(mode):
    data = np.random.RandomState(7).randint(0, 50, 400).tolist()
    model = build(make_lm_config(rnn_mode=mode, hidden_size=64, init_scale=0.5), data)
    metadata = tf.RunMetadata()
    with tf.Session(config=bfloat16.session_config()) as session:
        session.run(tf.global_variables_initializer())
        options = tf.RunOptions(output_partition_graphs=True)
        fetches = [model.cost, model.train_op]
        session.run(fetches, next(feeds(model)), options=options, run_metadata=metadata)
    dtypes = {}
    for graph in metadata.partition_graphs:
        for node in graph.node:
            dtypes.setdefault(node.op.replace("_Mkl", ""), set()).add(node.attr["T"].type)
    softmax = "Softmax" if mode == "block" else "SparseSoftmaxCrossEntropyWithLogits"
    for op in (softmax, "L2Loss", "ApplyGradientDescent"):
        assert dtypes[op] == {tf.float32.as_datatype_enum}, op
    assert tf.bfloat16.as_datatype_enum in dtypes["MatMul"]
