"""`tf.contrib.rnn`: the recurrent cells, with the signatures and variable names of TensorFlow 1.4.

A cell maps the input and the state of one time step to the output and the state of the next:
`output, state = cell(inputs, state)`. A cell calls `tf.get_variable` for its weights every time it
runs, so the variable scope decides whether weights are made or shared. The first call makes them. A
later call in the same scope fails unless `tf.get_variable_scope().reuse_variables()` came in
between (section 3 of the blog). TensorFlow 1.0 and 1.1 worked that way; from 1.2 on, a cell object
kept its variables.

    cell.py         what all cells share: RNNCell, LSTMStateTuple and the checks
    basic.py        the plain recurrent cell and the GRU (the blog's sections 1 and 3)
    lstm.py         the LSTM cells (the blog's section 2)
    nas.py          a cell that a search over architectures found
    fused.py        an LSTM layer that runs all time steps in one call
    wrappers.py     layers of cells; dropout, a shortcut or a device around a cell
    projections.py  a projection after a cell or before it, and an embedding
    loops.py        static loops, and layers of bidirectional ones

Each cell stands right after the function that holds its equations.
"""

from ..missing import reporter
from .basic import BasicRNNCell, GRUCell, gru_step, rnn_step
from .cell import LSTMStateTuple, RNNCell
from .fused import LSTMBlockFusedCell, lstm_layer
from .loops import stack_bidirectional_dynamic_rnn, static_bidirectional_rnn, static_rnn
from .lstm import (
    BasicLSTMCell,
    CoupledInputForgetGateLSTMCell,
    LSTMBlockCell,
    LSTMCell,
    lstm_coupled_step,
    lstm_peephole_step,
    lstm_step,
)
from .nas import NASCell, nas_step
from .projections import EmbeddingWrapper, InputProjectionWrapper, OutputProjectionWrapper
from .wrappers import DeviceWrapper, DropoutWrapper, MultiRNNCell, ResidualWrapper

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "CoupledInputForgetGateLSTMCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "EmbeddingWrapper",
    "GRUCell",
    "InputProjectionWrapper",
    "LSTMBlockCell",
    "LSTMBlockFusedCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "NASCell",
    "OutputProjectionWrapper",
    "RNNCell",
    "ResidualWrapper",
    "gru_step",
    "lstm_coupled_step",
    "lstm_layer",
    "lstm_peephole_step",
    "lstm_step",
    "nas_step",
    "rnn_step",
    "stack_bidirectional_dynamic_rnn",
    "static_bidirectional_rnn",
    "static_rnn",
]

__getattr__ = reporter(__name__, "contrib.rnn")
