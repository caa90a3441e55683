"""Tests the configurations of the reference."""

import math

import pytest

import configs


def test_small_is_the_one_the_blog_prints():
    assert {k: v for k, v in vars(configs.SmallConfig).items() if not k.startswith("__")} == {
        "init_scale": 0.1,
        "learning_rate": 1.0,
        "max_grad_norm": 5,
        "num_layers": 2,
        "num_steps": 20,
        "hidden_size": 200,
        "max_epoch": 4,
        "max_max_epoch": 13,
        "keep_prob": 1.0,
        "lr_decay": 0.5,
        "batch_size": 20,
        "vocab_size": 10000,
    }


# Zaremba et al. 2014, section 4.1: hidden units, unrolled steps, initial range, dropout, epochs,
# epochs at the full learning rate, division of the learning rate afterwards, gradient norm.
@pytest.mark.parametrize(
    "name, published",
    [
        ("medium", (650, 35, 0.05, 0.5, 39, 6, 1.25, 5)),  # The paper has 1.2 in place of 1.25.
        ("large", (1500, 35, 0.04, 0.65, 55, 14, 1.15, 10)),
    ],
)
def test_medium_and_large_are_the_papers_but_for_mediums_decay(name, published):
    config = configs.get_config(name)
    values = (
        config.hidden_size,
        config.num_steps,
        config.init_scale,
        1 - config.keep_prob,
        config.max_max_epoch,
        config.max_epoch,
        1 / config.lr_decay,
        config.max_grad_norm,
    )
    assert all(math.isclose(a, b) for a, b in zip(values, published))


def test_the_glossary_explains_every_attribute_and_no_other():
    names = {k for k in vars(configs.SmallConfig) if not k.startswith("__")}
    explained = {line.split("`")[1] for line in configs.__doc__.splitlines() if "| `" in line}
    assert explained == names
    for config in configs.CONFIGS.values():
        assert {k for k in vars(config) if not k.startswith("__")} == names


def test_a_configuration_is_new_each_time():
    changed = configs.get_config("small")
    changed.batch_size = 1
    assert configs.get_config("small").batch_size == 20


def test_an_unknown_name_is_refused_with_the_ones_that_exist():
    with pytest.raises(ValueError, match="choose one of small, medium, large, test") as caught:
        configs.get_config("tiny")
    assert caught.value.flag == "model"
