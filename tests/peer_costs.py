"""Prints the costs of a peer's first three steps, starting from the weights of our model.

PYTHONPATH=. python tests/peer_costs.py peer_pytorch weights.npz '{"hidden_size": 8, ...}'
"""

import argparse
import importlib
import json
import sys

import numpy as np


def lstm_weights(weights, layer):
    """Returns a layer's kernels for inputs and for h, and its bias, in the peers' gate order."""
    scope = "Model/RNN/multi_rnn_cell/cell_%d/basic_lstm_cell/" % layer
    both = np.vstack([weights[scope + "kernel"], weights[scope + "bias"]])
    gates = dict(zip("ijfo", np.split(both, 4, axis=1)))
    joined = np.hstack([gates[gate] for gate in "ifjo"])
    size = joined.shape[1] // 4
    return joined[: -1 - size], joined[-1 - size : -1], joined[-1]


def put_into_torch(model, weights, num_layers):
    import torch

    values = {
        "embedding.weight": weights["Model/embedding"],
        "softmax.weight": weights["Model/softmax_w"].T,
        "softmax.bias": weights["Model/softmax_b"],
    }
    for layer in range(num_layers):
        w_x, w_h, bias = lstm_weights(weights, layer)
        values["lstm.weight_ih_l%d" % layer] = w_x.T
        values["lstm.weight_hh_l%d" % layer] = w_h.T
        values["lstm.bias_ih_l%d" % layer] = bias
        values["lstm.bias_hh_l%d" % layer] = 0 * bias
    model.load_state_dict({k: torch.tensor(np.ascontiguousarray(v)) for k, v in values.items()})


def put_into_keras(model, weights, num_layers):
    values = [weights["Model/embedding"]]
    for layer in range(num_layers):
        values += list(lstm_weights(weights, layer))
    model.set_weights(values + [weights["Model/softmax_w"], weights["Model/softmax_b"]])


if __name__ == "__main__":
    peer, path, sizes = sys.argv[1:]
    sizes = argparse.Namespace(**json.loads(sizes))
    model, step = importlib.import_module("benchmarks." + peer).training(sizes)
    put = put_into_torch if peer == "peer_pytorch" else put_into_keras
    put(model, np.load(path), sizes.num_layers)
    print(json.dumps([step() for _ in range(3)]))
