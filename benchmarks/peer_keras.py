"""A contestant: the same model and training step in Keras 3, on TensorFlow."""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
from keras import layers

from benchmarks import worker


def training(sizes):
    """Returns the model and a function that takes a training step."""
    uniform = keras.initializers.RandomUniform(-sizes.init_scale, sizes.init_scale)
    shape = (sizes.batch_size, sizes.num_steps)
    model = keras.Sequential([keras.Input(batch_shape=shape, dtype="int32")])
    model.add(layers.Embedding(sizes.vocab_size, sizes.hidden_size, uniform))
    model.add(layers.Dropout(1 - sizes.keep_prob))
    for _ in range(sizes.num_layers):
        model.add(
            layers.LSTM(
                sizes.hidden_size,
                return_sequences=True,
                stateful=True,
                kernel_initializer=uniform,
                recurrent_initializer=uniform,
                unit_forget_bias=False,
            )
        )
        model.add(layers.Dropout(1 - sizes.keep_prob))
    model.add(layers.Dense(sizes.vocab_size, kernel_initializer=uniform))
    # Keras takes the mean over the time steps too. The loss of the others is num_steps times as
    # large.
    model.compile(
        optimizer=keras.optimizers.SGD(
            sizes.learning_rate * sizes.num_steps,
            global_clipnorm=sizes.max_grad_norm / sizes.num_steps,
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    batches = worker.batches(sizes)

    def step():
        x, y = next(batches)
        return float(model.train_on_batch(x, y)) * sizes.num_steps

    return model, step


if __name__ == "__main__":
    worker.serve(training(worker.arguments())[1])
