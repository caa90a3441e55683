"""Runs small models of layers, decoders and losses, and records the results of TensorFlow 1.15.

    python tests/layer_cases.py        # with TensorFlow 1.15: writes tests/golden/layers.json

`library` is `tf.contrib` for that command, with `tf.layers.dense` as one of its layers. In the
tests it is `contrib`.
"""

import json
import os

import numpy as np
import tensorflow.compat.v1 as tf

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "layers.json")

_random = np.random.RandomState(3)
X = _random.uniform(-1, 1, (4, 3)).astype(np.float32)  # [B, D]
STEPS = _random.uniform(-1, 1, (5, 4, 3)).astype(np.float32)  # [T, B, D]
LOGITS = _random.uniform(-2, 2, (5, 4, 3)).astype(np.float32)  # [T, B, V]
TARGETS = _random.randint(0, 3, (5, 4))  # [T, B]
WEIGHTS = _random.uniform(0, 1, (5, 4)).astype(np.float32)  # [T, B]
WEIGHTS[:, 1] = 0


def two_dense_layers(library):
    hidden = library.layers.dense(X, 5, activation=tf.tanh)
    return library.layers.dense(hidden, 2, use_bias=False)


def dense_layers_of_a_scope_that_is_entered_twice(library):
    with tf.variable_scope("Model"):
        first = two_dense_layers(library)
    with tf.variable_scope("Model", reuse=True):
        return [first, two_dense_layers(library)]


def a_dense_layer_by_name_and_again(library):
    first = library.layers.dense(X, 2, name="out")
    return [first, library.layers.dense(2 * X, 2, name="out", reuse=True)]


def a_dense_layer_over_time_in_a_scope_with_an_initializer(library):
    with tf.variable_scope("Model", initializer=tf.constant_initializer(0.5)):
        return library.layers.dense(STEPS, 2, tf.nn.relu)


def fully_connected_layers(library):
    hidden = library.layers.fully_connected(X, 5)
    return library.layers.fully_connected(hidden, 2, activation_fn=None)


def fully_connected_layers_of_a_scope_with_an_initializer(library):
    with tf.variable_scope("Model", initializer=tf.constant_initializer(0.5)):
        first = fully_connected_layers(library)
    with tf.variable_scope("Model", reuse=True):
        return [first, fully_connected_layers(library)]


def fully_connected_without_biases(library):
    outputs = [
        library.layers.fully_connected(X, 2, tf.tanh, biases_initializer=None, scope="fc"),
        library.layers.fully_connected(X, 2, normalizer_fn=tf.nn.l2_normalize,
                                       normalizer_params={"dim": 1}),
        library.layers.fully_connected(X, 2, tf.tanh, biases_initializer=None, scope="fc",
                                       reuse=True),
    ]  # fmt: skip
    return outputs


def linear_over_time(library):
    return library.layers.linear(STEPS, 2, weights_initializer=tf.ones_initializer())


def _sum_of(factor):
    return lambda variable: factor * tf.reduce_sum(variable)


def a_dense_layer_with_every_argument_in_its_place(library):
    twos, ones = tf.constant_initializer(2.0), tf.ones_initializer()
    return library.layers.dense(
        X, 2, tf.tanh, True, twos, ones, _sum_of(3.0), _sum_of(5.0), None, None, None, False, "own"
    )


def a_fully_connected_layer_with_every_argument_in_its_place(library):
    twos, ones = tf.constant_initializer(2.0), tf.ones_initializer()
    more = [twos, _sum_of(3.0), ones, _sum_of(5.0), None, None, None, False, "own"]
    return library.layers.fully_connected(X, 2, tf.tanh, None, None, *more)


def an_embedding_with_every_argument_in_its_place(library):
    ids, twos = tf.constant([[0, 2, 2], [1, 0, 4]]), tf.constant_initializer(2.0)
    return library.layers.embed_sequence(ids, 6, 3, False, twos, _sum_of(3.0), False, "own")


def embedded_sequences(library):
    ids = tf.constant([[0, 2, 2], [1, 0, 4]])
    with tf.variable_scope("Model", initializer=tf.constant_initializer(0.5)):
        first = library.layers.embed_sequence(ids, 6, 3)
        second = library.layers.embed_sequence(ids, vocab_size=6, embed_dim=2, scope="words")
    again = library.layers.embed_sequence(ids, 6, 2, True, scope="Model/words", reuse=True)
    return [first, second, again]


def a_decoder(library):
    cell = library.rnn.GRUCell(4)
    state = cell.zero_state(4, tf.float32)
    outputs, state = library.legacy_seq2seq.rnn_decoder(tf.unstack(STEPS), state, cell)
    return outputs + [state]


def a_decoder_that_reads_itself(library):
    cell = library.rnn.BasicLSTMCell(4)
    with tf.variable_scope("Model"):
        with tf.variable_scope("loop_function"):
            tf.get_variable("w", [4, 3])

        def loop_function(output, time_step):
            return float(time_step) * tf.matmul(output, tf.get_variable("w", [4, 3]))

        outputs, state = library.legacy_seq2seq.rnn_decoder(
            tf.unstack(STEPS),
            cell.zero_state(4, tf.float32),
            cell,
            loop_function,
            scope=tf.get_variable_scope(),
        )
    return outputs + list(state)


def legacy_losses(library):
    scale = tf.get_variable("scale", [])
    legacy = library.legacy_seq2seq
    lists = tf.unstack(scale * LOGITS), tf.unstack(TARGETS), tf.unstack(WEIGHTS)

    def squares(labels, logits):
        return tf.reduce_sum(tf.square(logits), 1) + tf.cast(labels, tf.float32)

    # The way in which char-rnn calls it: one step holds all steps, and targets have two axes.
    flat = [tf.reshape(scale * LOGITS, [20, 3])], [tf.constant(TARGETS)], [tf.ones([20])]
    return [
        legacy.sequence_loss_by_example(*lists),
        legacy.sequence_loss_by_example(*flat),
        legacy.sequence_loss_by_example(*lists, average_across_timesteps=False),
        legacy.sequence_loss(*lists),
        legacy.sequence_loss(*lists, average_across_timesteps=False, average_across_batch=False),
        legacy.sequence_loss(*lists, softmax_loss_function=squares),
    ]


def _square_loss(library):
    return tf.reduce_sum(tf.square(library.layers.dense(X, 2) - 1.0))


def sgd_with_clipping(library):
    return library.layers.optimize_loss(
        _square_loss(library), tf.train.get_or_create_global_step(), 0.1, "SGD", clip_gradients=1.5
    )


def adam_of_a_class_without_a_step(library):
    return library.layers.optimize_loss(
        _square_loss(library), None, 0.1, tf.train.AdamOptimizer, name="train", summaries=[]
    )


def momentum_with_decay_and_every_summary(library):
    step = tf.train.get_or_create_global_step()
    return library.layers.optimize_loss(
        _square_loss(library),
        step,
        learning_rate=0.05,
        optimizer="Momentum",
        learning_rate_decay_fn=lambda rate, step: tf.train.exponential_decay(rate, step, 1, 0.5),
        clip_gradients=lambda pairs: [(2.0 * g, v) for g, v in pairs],
        summaries=["loss", "learning_rate", "gradients", "gradient_norm", "global_gradient_norm"],
    )


def an_optimizer_of_ones_own_for_one_variable_with_updates(library):
    loss = _square_loss(library)
    runs = tf.get_variable("runs", [], initializer=tf.zeros_initializer(), trainable=False)
    tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, runs.assign_add(1.0))
    return library.layers.optimize_loss(
        loss,
        tf.train.get_or_create_global_step(),
        None,
        lambda: tf.train.GradientDescentOptimizer(0.1),
        variables=tf.trainable_variables()[:1],
        increment_global_step=False,
    )


MODELS = [
    two_dense_layers,
    dense_layers_of_a_scope_that_is_entered_twice,
    a_dense_layer_by_name_and_again,
    a_dense_layer_over_time_in_a_scope_with_an_initializer,
    fully_connected_layers,
    fully_connected_layers_of_a_scope_with_an_initializer,
    fully_connected_without_biases,
    linear_over_time,
    a_dense_layer_with_every_argument_in_its_place,
    a_fully_connected_layer_with_every_argument_in_its_place,
    an_embedding_with_every_argument_in_its_place,
    embedded_sequences,
    a_decoder,
    a_decoder_that_reads_itself,
    legacy_losses,
]
TRAININGS = [
    sgd_with_clipping,
    adam_of_a_class_without_a_step,
    momentum_with_decay_and_every_summary,
    an_optimizer_of_ones_own_for_one_variable_with_updates,
]


def measure(library, case):
    """Builds a case in a graph of its own and runs it.

    Returns:
        A dictionary: the variables, each with its name, shape, whether it is trained, and its
        initial value if it has several elements, all equal; the values of the tensors, and the
        gradients of the sum of their squares (for a case that trains: its value at each of three
        steps, and the variables afterwards); the regularization losses; the names of the model
        variables and of the summaries.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        results = case(library)
        results = results if isinstance(results, list) else [results]
        variables, trained = tf.global_variables(), tf.trainable_variables()
        session.run(tf.global_variables_initializer())
        initial = session.run(variables)
        random = np.random.RandomState(7)
        for variable in trained:
            variable.load(random.uniform(-0.8, 0.8, variable.shape.as_list()), session)
        found = {
            "variables": [
                [
                    variable.op.name,
                    variable.shape.as_list(),
                    variable in trained,
                    float(np.min(value)) if value.size > 1 and np.ptp(value) == 0 else None,
                ]
                for variable, value in zip(variables, initial)
            ],
            "model_variables": [variable.op.name for variable in tf.model_variables()],
            "summaries": [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)],
        }
        found["regularization"] = session.run(tf.losses.get_regularization_losses())
        if case in TRAININGS:
            found["values"] = [session.run(results[0]) for _ in range(3)]
            found["after"] = session.run(variables)
        else:
            gradients = tf.gradients([tf.square(result) for result in results], trained)
            gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
            found["values"], found["gradients"] = session.run([results, gradients])
    for key in ("values", "gradients", "after", "regularization"):
        found[key] = [np.asarray(value).tolist() for value in found.get(key, [])]
    return found


def initial_values(library):
    """Returns what Xavier's initializer draws for some shapes, from a seed."""
    with tf.Graph().as_default(), tf.Session() as session:
        initializers = [
            library.layers.xavier_initializer(uniform, seed=5) for uniform in (True, False)
        ]
        values = [f(shape) for f in initializers for shape in ([3, 4], [5], [2, 3, 2])]
        return [value.tolist() for value in session.run(values)]


if __name__ == "__main__":
    import tensorflow

    tensorflow.contrib.layers.dense = tensorflow.layers.dense
    recorded = {case.__name__: measure(tensorflow.contrib, case) for case in MODELS + TRAININGS}
    recorded["xavier_initializer"] = initial_values(tensorflow.contrib)
    with open(PATH, "w") as file:
        json.dump(recorded, file, indent=None, separators=(",", ":"), sort_keys=True)
        file.write("\n")
