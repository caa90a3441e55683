"""A contestant: the same model and training step in PyTorch, written as PyTorch's own examples are.

The variants are float32 and bf16 (autocast). Two things differ in PyTorch. Its LSTM has two biases
for each gate, which add up. The gradient of its embedding is a dense matrix; TensorFlow's gradient
has only the rows of words that occur.
"""

import numpy as np
import torch
from torch import nn

from benchmarks import worker


class Model(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        dropout = 1 - sizes.keep_prob
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Embedding(sizes.vocab_size, sizes.hidden_size)
        self.lstm = nn.LSTM(sizes.hidden_size, sizes.hidden_size, sizes.num_layers, dropout=dropout)
        self.softmax = nn.Linear(sizes.hidden_size, sizes.vocab_size)
        for name, parameter in self.named_parameters():
            if "lstm.bias" in name:
                nn.init.zeros_(parameter)
            else:
                nn.init.uniform_(parameter, -sizes.init_scale, sizes.init_scale)

    def forward(self, words, state):
        outputs, state = self.lstm(self.dropout(self.embedding(words)), state)  # [T, B, H]
        return self.softmax(self.dropout(outputs)), state  # [T, B, V]


def training(sizes):
    """Returns the model and a function that takes a training step."""
    model = Model(sizes)
    loss_function = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=sizes.learning_rate)
    zeros = torch.zeros(sizes.num_layers, sizes.batch_size, sizes.hidden_size)
    state = (zeros, zeros)
    batches = worker.batches(sizes)

    def step():
        nonlocal state
        x, y = (torch.from_numpy(np.ascontiguousarray(a.T)).long() for a in next(batches))  # [T, B]
        state = tuple(part.detach() for part in state)
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=sizes.variant == "bf16"):
            logits, state = model(x, state)
            loss = loss_function(logits.view(-1, sizes.vocab_size), y.view(-1)) * sizes.num_steps
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), sizes.max_grad_norm)
        optimizer.step()
        return loss.item()

    return model, step


if __name__ == "__main__":
    worker.serve(training(worker.arguments())[1])
