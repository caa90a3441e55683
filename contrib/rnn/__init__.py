"""`tf.contrib.rnn`: the recurrent cells, with the signatures and variable names of TensorFlow 1.4.

A cell maps the input and the state of one time step to the output and the state of the next:
`output, state = cell(inputs, state)`. A cell calls `tf.get_variable` for its weights every time it
runs, so the variable scope decides whether weights are made or shared. The first call makes them. A
later call in the same scope fails unless `tf.get_variable_scope().reuse_variables()` came in
between (section 3 of the blog). TensorFlow 1.0 and 1.1 worked that way; from 1.2 on, a cell object
kept its variables.

    cell.py      what all cells share: RNNCell, LSTMStateTuple and the checks
    basic.py     the plain recurrent cell and the GRU (the blog's sections 1 and 3)
    lstm.py      the LSTM cells (the blog's section 2)
    fused.py     an LSTM layer that runs all time steps in one call
    wrappers.py  layers of cells, and dropout around a cell

Each class stands right after the function that holds its equations.
"""

from .basic import BasicRNNCell, GRUCell, gru_step, rnn_step
from .cell import LSTMStateTuple, RNNCell
from .fused import LSTMBlockFusedCell, lstm_layer
from .lstm import (
    BasicLSTMCell,
    CoupledInputForgetGateLSTMCell,
    LSTMCell,
    lstm_coupled_step,
    lstm_peephole_step,
    lstm_step,
)
from .wrappers import DropoutWrapper, MultiRNNCell

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "CoupledInputForgetGateLSTMCell",
    "DropoutWrapper",
    "GRUCell",
    "LSTMBlockFusedCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "gru_step",
    "lstm_coupled_step",
    "lstm_layer",
    "lstm_peephole_step",
    "lstm_step",
    "rnn_step",
]
