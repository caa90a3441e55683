"""Trains two hundred epochs in one process: nothing grows except the file of summaries."""

import collections
import gc
import os
import re

import pytest
import tensorflow.compat.v1 as tf
from models import TEXT, train_run, write_corpus

EPOCHS = 200
SETTLED = 50  # From here on buffers keep their size, and each new checkpoint replaces an old one.
# If each epoch kept a copy of the weights, these 150 epochs would take 50 megabytes. The system
# hands out memory by the megabyte.
MOST_MEGABYTES = 5

Use = collections.namedtuple("Use", ["megabytes", "handles", "threads", "files", "operations"])


def use(folder):
    """Returns what the process uses now; the megabytes are those of its data (VmData)."""
    gc.collect()
    with open("/proc/self/status") as file:
        kilobytes = int(re.search(r"VmData:\s+(\d+) kB", file.read()).group(1))
    return Use(
        megabytes=kilobytes / 1024.0,
        handles=len(os.listdir("/proc/self/fd")),
        threads=len(os.listdir("/proc/self/task")),
        files=len(os.listdir(folder)),
        operations=len(tf.get_default_graph().get_operations()),
    )


@pytest.mark.long
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs /proc")
def test_two_hundred_epochs_use_no_more_than_fifty(tmp_path):
    data_path = write_corpus(tmp_path, TEXT[:480], TEXT[:60], " a \n")
    folder = str(tmp_path / "run")
    uses = {}

    def look(epoch):
        if epoch.number in (1, SETTLED, EPOCHS):
            uses[epoch.number] = use(folder)
            print(epoch.number, uses[epoch.number])

    values = dict(num_layers=1, hidden_size=100, max_epoch=1, lr_decay=0.99, max_max_epoch=EPOCHS)
    train_run(data_path, folder, seed=1, on_epoch=look, replicas=1, **values)
    settled, last = uses[SETTLED], uses[EPOCHS]
    assert last[1:] == settled[1:]
    assert last.megabytes - settled.megabytes < MOST_MEGABYTES
