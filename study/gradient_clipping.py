"""Section 6 of the blog: gradients that explode, and clipping them by their global norm.

    python -m study.gradient_clipping --plot=clipping.png

First the script compares the blog's formula with `tf.clip_by_global_norm`. Then it trains a
recurrent network of one linear unit, which multiplies its state by w at each of 20 steps:
h_T = w^20 h_0. The derivative by w is 20 w^19 h_0. For w above 1 it grows exponentially with the
steps: the gradient explodes. For w below 1 it vanishes. (The blog says that exploding gradients
decay exponentially; those are the vanishing ones.)

The network starts at w = 1.5 and must learn to hold a one: the loss is (h_T - h_0)^2.

What to notice (study/expected/gradient_clipping.txt has the output; nothing in it is random):

- A norm below clip_norm stays as it is. A larger norm becomes clip_norm.
- Without clipping, the first update throws w so far that the loss is no longer finite.
- With clipping, w walks down in steps of equal length while the norm is above 1. Near w = 1 the
  gradient is small and no longer clipped, and w settles.
"""

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

import contrib
from lm import command_line

tf.disable_v2_behavior()

STEPS = 20  # steps of the recurrence
START = 1.5  # the first w
LEARNING_RATE = 0.001
MAX_GRAD_NORM = 1.0
UPDATES = 600


def clip_by_the_formula(gradients, clip_norm):
    """Clips gradients by the blog's formula L_c = L_t N_c / max(N_c, N_g).

    N_g is the norm of all gradients as one vector. Returns the clipped gradients and N_g.
    """
    global_norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    scale = clip_norm / max(clip_norm, global_norm)
    return [gradient * scale for gradient in gradients], global_norm


def compare():
    """Prints the results of the formula and of TensorFlow; returns the largest difference."""
    random = np.random.RandomState(1)
    gradients = [random.uniform(-1, 1, shape) for shape in ((3, 4), (4,), (4, 2))]
    difference = 0.0
    for clip_norm in (5.0, 1.0):
        ours, norm = clip_by_the_formula(gradients, clip_norm)
        with tf.Graph().as_default(), tf.Session() as session:
            tensors = [tf.constant(gradient) for gradient in gradients]
            theirs, their_norm = session.run(tf.clip_by_global_norm(tensors, clip_norm))
        clipped = np.sqrt(sum(np.sum(gradient**2) for gradient in theirs))
        print(
            "clip_norm %.0f: global norm %.4f (tf: %.4f), clipped to %.4f"
            % (clip_norm, norm, their_norm, clipped)
        )
        difference = max(difference, *(np.abs(a - b).max() for a, b in zip(ours, theirs)))
    print("Largest difference between the formula and tf.clip_by_global_norm: %.1e" % difference)
    return difference


def train(max_grad_norm):
    """Trains the one unit; without clipping if `max_grad_norm` is None.

    Returns:
        A list of `(w, norm of the gradient, loss)`, one for each update, until the loss is not
        finite.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        cell = contrib.rnn.BasicRNNCell(1, activation=tf.identity)
        start = tf.constant([[1.0]])  # [1, 1]
        state = start
        # The inputs are empty, [1, 0], so that the kernel is [1, 1] and holds only w.
        with tf.variable_scope("RNN", initializer=tf.constant_initializer(START)):
            for step in range(STEPS):
                if step > 0:
                    tf.get_variable_scope().reuse_variables()
                (_, state) = cell(tf.zeros([1, 0]), state)
        loss = tf.reduce_sum(tf.square(state - start))
        (w,) = [v for v in tf.trainable_variables() if v.op.name.endswith("kernel")]
        grads = tf.gradients(loss, [w])
        norm = tf.global_norm(grads)
        if max_grad_norm is not None:
            grads, _ = tf.clip_by_global_norm(grads, max_grad_norm)
        optimizer = tf.train.GradientDescentOptimizer(LEARNING_RATE)
        train_op = optimizer.apply_gradients(zip(grads, [w]))
        session.run(tf.global_variables_initializer())
        history = []
        for _ in range(UPDATES + 1):
            values = [float(np.squeeze(value)) for value in session.run([w, norm, loss])]
            history.append(values)
            if not np.isfinite(values[2]):
                break
            session.run(train_op)
        return history


def show(title, history, every):
    print("%s\n%6s %14s %14s %14s" % (title, "update", "w", "gradient", "loss"))
    for number, values in enumerate(history):
        if number % every == 0 or number == len(history) - 1:
            print("%6d %14.6g %14.6g %14.6g" % ((number,) + tuple(values)))


def plot(with_clipping, without, path):
    """Draws how the derivative grows with the steps, and w and the loss over the updates."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    w = np.linspace(0.5, 1.5, 101)
    for steps in (5, 10, STEPS):
        left.plot(w, steps * w ** (steps - 1), label="%d steps" % steps)
    left.axvline(1, color="grey", linewidth=0.5)
    left.set(xlabel="w", ylabel="derivative of $h_T$ by w", yscale="log", title="Vanish, explode")
    left.legend()
    right.plot([values[0] for values in with_clipping], label="w, clipped")
    text = "not clipped: w = %.0f\nafter the first update" % without[1][0]
    right.annotate(text, (0, START), (120, START - 0.06), arrowprops={"arrowstyle": "->"})
    right.set(xlabel="update", ylabel="w", title="From %g to 1" % START)
    right.legend(loc="lower left")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    command_line.save_picture(figure, path)
    print("Wrote %s." % path)


def main():
    parser = command_line.Parser(__doc__)
    parser.add_plot("the two trainings")
    arguments = parser.parse_args()
    compare()
    without = train(None)
    show("\nWithout clipping:", without, 1)
    with_clipping = train(MAX_GRAD_NORM)
    show("\nClipped to %.0f:" % MAX_GRAD_NORM, with_clipping, 100)
    print(
        "\nConclusion: one step along the unclipped gradient of %.1e throws w out of all range."
        "\nClipped, the gradient keeps its direction, and no step is longer than %g."
        % (without[0][1], LEARNING_RATE * MAX_GRAD_NORM)
    )
    if arguments.plot:
        plot(with_clipping, without, arguments.plot)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
