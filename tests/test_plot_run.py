"""study/plot_run.py: a picture that can be read, whatever the perplexities."""

import itertools
import json

import pytest

from lm import word_ids
from lm.corpus import SAMPLE, read_corpus
from lm.summaries import Summaries
from study import plot_run

pyplot = pytest.importorskip("matplotlib.pyplot")


@pytest.fixture
def draw(tmp_path):
    """Draws a run of these validation perplexities; returns the axes."""

    def draw_run(perplexities):
        summaries = Summaries(str(tmp_path))
        for epoch, perplexity in enumerate(perplexities, 1):
            summaries.add(100 * epoch, Epoch=epoch, Valid_Perplexity=perplexity)
        (axes,) = plot_run.draw([str(tmp_path)]).axes
        return axes

    yield draw_run
    pyplot.close("all")


@pytest.mark.parametrize(
    "perplexities",
    [[9000, 400, 100, 30, 7, 4.2], [700, 180, 130, 119, 117.4], [35, 9, 5, 4.4], [4.41, 4.39], [5]],
)
def test_the_labels_of_the_perplexities_are_many_enough_and_apart(draw, perplexities):
    axes = draw(perplexities)
    axes.figure.canvas.draw()
    low, high = axes.get_ylim()
    labels = axes.yaxis.get_majorticklabels() + axes.yaxis.get_minorticklabels()
    shown = [
        label for label in labels if label.get_text() and low <= label.get_position()[1] <= high
    ]
    assert len(shown) >= 3
    assert len({label.get_text() for label in shown}) == len(shown)
    for one, other in itertools.combinations([label.get_window_extent() for label in shown], 2):
        assert not one.overlaps(other)


def test_a_run_of_one_epoch_is_a_mark(draw):
    axes = draw([5.0])
    (line,) = axes.lines
    low, high = axes.get_xlim()
    assert [tick for tick in axes.get_xticks() if low <= tick <= high] == [1]
    assert list(line.get_xdata()) == [1]
    assert line.get_marker() not in ("None", "", None)
    assert line.get_markersize() > 6


def test_the_legend_names_the_run_and_its_last_perplexity(draw, tmp_path):
    (text,) = draw([9.0, 4.125]).get_legend().get_texts()
    assert text.get_text() == "%s, valid (4.125)" % tmp_path.name


def test_a_run_of_the_corpus_that_ships_has_a_line_at_the_best_possible_perplexity(draw, tmp_path):
    corpus = read_corpus(SAMPLE)
    digest = word_ids.corpus_sha256(corpus.words, corpus.train, word_ids.Progress(None))
    (tmp_path / "config.json").write_text(json.dumps({"corpus_sha256": digest}))
    curve, best = draw([9.0, 4.125]).lines
    assert set(best.get_ydata()) == {corpus.best["test"]}
    assert best.get_label() == "best possible (3.593)"


@pytest.mark.parametrize("config", [{"corpus_sha256": "0" * 64}, {}, ["corpus_sha256"], "?"])
def test_a_run_of_another_corpus_has_no_such_line(draw, tmp_path, config):
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert len(draw([9.0, 4.125]).lines) == 1
