"""Lists the recurrent cells that a layer can have (the blog's 2.2, 1, 2.3 twice, and 3)."""

import functools

import contrib

# A key is a value of --cell. Its function takes hidden_size and returns a new cell. A cell is a
# `contrib.rnn.RNNCell`, or anything else that `contrib.rnn.MultiRNNCell` can stack. Each tensor of
# its state has hidden_size units.
CELLS = {
    "basic_lstm": functools.partial(contrib.rnn.BasicLSTMCell, forget_bias=0.0),
    "rnn": contrib.rnn.BasicRNNCell,
    "lstm_peephole": functools.partial(contrib.rnn.LSTMCell, use_peepholes=True, forget_bias=0.0),
    "lstm_coupled": functools.partial(contrib.rnn.CoupledInputForgetGateLSTMCell, forget_bias=0.0),
    "gru": contrib.rnn.GRUCell,
}
