"""Section 6 of the blog with real numbers: one batch, from its words to the update of the weights.

    python -m study.one_batch

The script's own `PTBInput` and `PTBModel` read two rows of three words. The model has one layer of
two units. Its weights stand in study/one_batch.py, with one decimal each, and nothing is random.
Every step is computed twice: by the script, and in NumPy with the equations of the walkthrough, so
that you can follow it with a calculator. The parts have the walkthrough's headings. If the two
computations differ by more than 1e-5, the program stops with an error.

A number is printed with four decimals and used with all of them, so your calculator may differ in
the last decimal. The names i, j, f and o are what goes into the sigmoid or the tanh; i_t, C~_t, f_t
and o_t are what comes out.

What to notice (study/expected/one_batch.txt has the output):

- Both rows read "the" first and compute the same numbers. After "cat" and "dog" they differ, and
  they still differ at "sat", which is the same word again: C and h hold what was read before.
- The gradient of a logit is its probability, less 1 at the target, over batch_size. Clipping
  multiplies every gradient by one factor, and the update lowers the cost of this batch.
- Both rows go on with "<eos>". With the state carried, each has a prediction of its own; from a
  state of zeros the two predictions are the same.
"""

import collections

import console

if __name__ == "__main__":
    console.hush_tensorflow()

import numpy as np
import tensorflow.compat.v1 as tf

from configs import get_config
from lm import command_line
from ptb_word_lm import FLAGS, PTBInput, PTBModel
from study.gradient_clipping import clip_by_the_formula

tf.disable_v2_behavior()

TEXT = "the cat sat <eos> the dog sat <eos> the dog sat <eos> the cat sat <eos>".split()
BATCH_SIZE, NUM_STEPS, HIDDEN_SIZE = 2, 3, 2  # B, T, H

# The variables of the model by the last part of their names, in the order of tf.trainable_variables
# (V = 5, the different words of the text). The columns of kernel and bias are i i j j f f o o.
WEIGHTS = {
    "embedding": [  # [V, H]
        [-0.7, 1.2],
        [-0.6, 1.0],
        [0.7, 0.3],
        [0.9, -1.0],
        [-0.7, 0.2],
    ],
    "kernel": [  # [2 * H, 4 * H]
        [1.7, -0.6, 0.9, 1.4, -0.4, -0.5, -0.6, 0.6],
        [0.3, 1.3, -1.5, 1.3, 0.5, 0.2, 0.9, 0.6],
        [0.5, -1.1, -1.6, 1.4, -0.2, 1.4, 0.5, -0.8],
        [0.2, -0.5, 0.3, 1.4, 1.3, 0.9, -0.6, -0.6],
    ],
    "bias": [0.4, -0.3, 0.2, -0.2, 0.6, 0.5, 0.5, 0.1],  # [4 * H]
    "softmax_w": [  # [H, V]
        [1.6, -0.6, 1.7, -1.3, -1.0],
        [-1.3, 0.8, 1.5, -0.3, 1.8],
    ],
    "softmax_b": [0.1, 0.4, -0.1, -0.4, 0.1],  # [V]
}

TOLERANCE = 1e-5  # between TensorFlow, which computes in 32 bits, and NumPy, which does in 64
STEP = 0.01  # of the finite difference


# --------------------------------------------------------------------------------------------------
# In NumPy
# --------------------------------------------------------------------------------------------------
def build_vocab(words):
    """Returns the different words in the order of their ids: by falling frequency, then sorted."""
    counter = collections.Counter(words)
    return sorted(counter, key=lambda word: (-counter[word], word))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_step(x, c, h, kernel, bias):
    """Computes one step of the LSTM (the blog's 2.2; contrib/rnn/lstm.py).

        [i, j, f, o] = [x_t, h_(t-1)] W + b
        C_t = sigmoid(f) * C_(t-1) + sigmoid(i) * tanh(j)
        h_t = sigmoid(o) * tanh(C_t)

    x, c and h are `[B, H]`, kernel (W) is `[2 * H, 4 * H]`, bias (b) `[4 * H]`. Returns all of it
    by name, `[B, H]` each.
    """
    gates = np.concatenate([x, h], 1) @ kernel + bias  # [B, 4 * H]
    i, j, f, o = np.split(gates, 4, axis=1)  # [B, H] each
    i_t, new, f_t, o_t = sigmoid(i), np.tanh(j), sigmoid(f), sigmoid(o)
    c = f_t * c + i_t * new
    h = o_t * np.tanh(c)
    step = dict(i=i, j=j, f=f, o=o, i_t=i_t, f_t=f_t, o_t=o_t, C=c, h=h)
    step["C~_t"] = new
    return step


def forward(weights, x, y, c, h):
    """Computes the cost of a batch as `PTBModel` does, the walkthrough's Code 2 to Code 4.

    Args:
        weights: the variables by name.
        x, y: input_data and targets, word ids `[B, T]`.
        c, h: the initial state, `[B, H]` each.

    Returns:
        By name: initial_c and initial_h; inputs and what `lstm_step` gives, `[B, T, H]`; logits,
        exp_logits and p, `[B, T, V]`; sum_of_exp and minus_log_p, `[B, T]`; loss, `[T]`; cost and
        perplexity, scalars.
    """
    batch = {"initial_c": c, "initial_h": h, "inputs": weights["embedding"][x]}
    steps = []
    for time_step in range(x.shape[1]):
        inputs = batch["inputs"][:, time_step, :]  # [B, H]
        steps.append(lstm_step(inputs, c, h, weights["kernel"], weights["bias"]))
        c, h = steps[-1]["C"], steps[-1]["h"]
    for name in steps[0]:
        batch[name] = np.stack([step[name] for step in steps], axis=1)  # [B, T, H]

    batch["logits"] = batch["h"] @ weights["softmax_w"] + weights["softmax_b"]  # [B, T, V]
    batch["exp_logits"] = np.exp(batch["logits"])
    batch["sum_of_exp"] = batch["exp_logits"].sum(axis=2)  # [B, T]
    batch["p"] = batch["exp_logits"] / batch["sum_of_exp"][:, :, None]  # the softmax, [B, T, V]
    p_target = np.take_along_axis(batch["p"], y[:, :, None], axis=2)[:, :, 0]
    batch["minus_log_p"] = -np.log(p_target)  # [B, T]
    batch["loss"] = batch["minus_log_p"].mean(axis=0)  # [T]
    batch["cost"] = batch["loss"].sum()
    batch["perplexity"] = np.exp(batch["cost"] / x.shape[1])
    return batch


def backward(weights, batch, y):
    """Computes the derivatives of the cost by going back through time, from what `forward` gave.

    Returns:
        The gradient of each variable by its name, and that of the logits, `[B, T, V]`. That of the
        embedding is the one of the inputs, `[B, T, H]`: a row for each word of the batch.
    """
    size, steps = weights["softmax_w"].shape[0], y.shape[1]
    target = np.eye(len(weights["softmax_b"]))[y]  # [B, T, V], 1 at the target
    logits = (batch["p"] - target) / len(y)
    outputs = logits @ weights["softmax_w"].T  # [B, T, H]
    inputs = np.zeros_like(outputs)
    kernel, bias = np.zeros_like(weights["kernel"]), np.zeros_like(weights["bias"])
    c = h = np.zeros_like(batch["initial_h"])  # what comes back from later steps
    for t in reversed(range(steps)):
        i_t, new, f_t, o_t = (batch[name][:, t] for name in ("i_t", "C~_t", "f_t", "o_t"))
        c_before = batch["C"][:, t - 1] if t > 0 else batch["initial_c"]
        h_before = batch["h"][:, t - 1] if t > 0 else batch["initial_h"]
        squashed = np.tanh(batch["C"][:, t])

        # From here on, a name is the derivative of the cost by what has the name.
        h = h + outputs[:, t]
        c = c + h * o_t * (1 - squashed**2)
        i = c * new * i_t * (1 - i_t)
        j = c * i_t * (1 - new**2)
        f = c * c_before * f_t * (1 - f_t)
        o = h * squashed * o_t * (1 - o_t)
        gates = np.concatenate([i, j, f, o], 1)  # [B, 4 * H]
        kernel += np.concatenate([batch["inputs"][:, t], h_before], 1).T @ gates
        bias += gates.sum(axis=0)
        back = gates @ weights["kernel"].T  # [B, 2 * H]
        inputs[:, t], h, c = back[:, :size], back[:, size:], c * f_t
    return {
        "logits": logits,
        "embedding": inputs,
        "kernel": kernel,
        "bias": bias,
        "softmax_w": np.einsum("bth,btv->hv", batch["h"], logits),
        "softmax_b": logits.sum(axis=(0, 1)),
    }


def finite_difference(weights, x, y, word):
    """Computes the costs with softmax_b[word] larger and smaller by STEP.

    Their difference, over 2 STEP, is nearly the derivative of the cost by softmax_b[word].
    """
    costs = []
    for step in (STEP, -STEP):
        softmax_b = weights["softmax_b"].copy()
        softmax_b[word] += step
        zeros = np.zeros([len(x), HIDDEN_SIZE])
        costs.append(forward(dict(weights, softmax_b=softmax_b), x, y, zeros, zeros)["cost"])
    return costs


def apply_gradients(weights, gradients, learning_rate, x):
    """Returns the weights less learning_rate times their gradients; of the embedding, x's rows."""
    weights = {name: value.copy() for name, value in weights.items()}
    for name in weights:
        if name == "embedding":
            np.subtract.at(weights[name], x, learning_rate * gradients[name])
        else:
            weights[name] -= learning_rate * gradients[name]
    return weights


def by_hand(weights, config):
    """Computes everything that is printed, in 64 bits.

    Returns:
        Arrays by name. Those of the second batch begin with `carried_` or `zero_`, by its initial
        state.
    """
    words = build_vocab(TEXT)
    ids = np.array([words.index(word) for word in TEXT])
    rows = ids.reshape(BATCH_SIZE, -1)  # [B, len(TEXT) / B]
    zeros = np.zeros([BATCH_SIZE, HIDDEN_SIZE])
    x, y = rows[:, :NUM_STEPS], rows[:, 1 : NUM_STEPS + 1]
    next_x, next_y = rows[:, NUM_STEPS : 2 * NUM_STEPS], rows[:, NUM_STEPS + 1 : 2 * NUM_STEPS + 1]

    result = dict(words=np.array(words), ids=ids, input_data=x, targets=y)
    result.update(weights)
    result["learning_rate"] = config.learning_rate
    result["max_grad_norm"] = config.max_grad_norm
    batch = forward(weights, x, y, zeros, zeros)
    result.update(batch)
    gradients = backward(weights, batch, y)
    result.update({"gradient_" + name: value for name, value in gradients.items()})
    differences = [finite_difference(weights, x, y, word) for word in range(len(words))]
    result["shifted_costs"] = np.array(differences)  # [V, 2]
    result["finite_difference"] = np.array([(a - b) / (2 * STEP) for a, b in differences])

    by_variable = [gradients[name] for name in weights]
    clipped, norm = clip_by_the_formula(by_variable, config.max_grad_norm)
    clipped = dict(zip(weights, clipped))
    result["squares"] = np.array([np.sum(value**2) for value in by_variable])
    result["global_norm"] = norm
    result["factor"] = config.max_grad_norm / max(config.max_grad_norm, norm)
    result["factor_of_5"] = 5 / max(5, norm)
    result.update({"clipped_" + name: value for name, value in clipped.items()})
    updated = apply_gradients(weights, clipped, config.learning_rate, x)
    result.update({"updated_" + name: value for name, value in updated.items()})
    result["updated_cost"] = forward(updated, x, y, zeros, zeros)["cost"]

    result.update(next_input_data=next_x, next_targets=next_y)
    final_state = batch["C"][:, -1], batch["h"][:, -1]
    for prefix, (c, h) in (("carried_", final_state), ("zero_", (zeros, zeros))):
        batch = forward(updated, next_x, next_y, c, h)
        result.update({prefix + name: value for name, value in batch.items()})
    return {name: np.asarray(value) for name, value in result.items()}


# --------------------------------------------------------------------------------------------------
# In TensorFlow
# --------------------------------------------------------------------------------------------------
def make_config():
    """Returns the configuration "test" of the script, with the sizes of this study."""
    config = get_config("test")
    config.batch_size, config.num_steps, config.hidden_size = BATCH_SIZE, NUM_STEPS, HIDDEN_SIZE
    config.vocab_size = len(set(TEXT))
    return config


def tensors_within(m, graph):
    """Returns what `PTBModel` computes on the way to its cost, by the names of `forward`.

    The model keeps no reference to it. The graph does, in the order in which the operations of one
    kind were made: first those of the time steps, then those of Code 4, then the gradients.
    """

    def made(kind):
        return [op for op in graph.get_operations() if op.type == kind]

    def each_step(tensors):
        return tf.stack(tensors[:NUM_STEPS], axis=1)  # [B, T, H]

    products = [op.inputs[0] for op in made("MatMul")]  # [x_t, h_(t-1)] of each step, then output
    gates = [tf.split(op.outputs[0], 4, axis=1) for op in made("BiasAdd")]  # i, j, f, o of a step
    sigmoids = [op.outputs[0] for op in made("Sigmoid")]  # f_t, i_t, o_t of a step, then the next's
    tanhs = made("Tanh")  # of j and of C_t of a step, then the next's
    (cross_entropy,) = made("SparseSoftmaxCrossEntropyWithLogits")
    by_position = [BATCH_SIZE, NUM_STEPS]
    logits = tf.reshape(cross_entropy.inputs[0], by_position + [-1])
    within = {
        "inputs": each_step([product[:, :HIDDEN_SIZE] for product in products]),
        "i_t": each_step(sigmoids[1::3]),
        "C~_t": each_step([op.outputs[0] for op in tanhs[0::2]]),
        "f_t": each_step(sigmoids[0::3]),
        "o_t": each_step(sigmoids[2::3]),
        "C": each_step([op.inputs[0] for op in tanhs[1::2]]),
        "h": tf.reshape(products[NUM_STEPS], by_position + [HIDDEN_SIZE]),
        "logits": logits,
        "exp_logits": tf.exp(logits),
        "sum_of_exp": tf.reduce_sum(tf.exp(logits), 2),
        "p": tf.nn.softmax(logits),
        "minus_log_p": tf.reshape(cross_entropy.outputs[0], by_position),
        "loss": m.cost.op.inputs[0],
        "cost": m.cost,
        "perplexity": tf.exp(m.cost / NUM_STEPS),
    }
    within.update({gate: each_step([step[n] for step in gates]) for n, gate in enumerate("ijfo")})
    within["initial_c"], within["initial_h"] = m.initial_state[0]
    return within


def by_tensorflow(weights, config):
    """Has the script's model compute what is printed, in 32 bits; returns arrays by name.

    The names are those of `by_hand`. It lacks the costs of the finite difference and what comes
    before the word ids.
    """
    FLAGS(["one_batch"])  # The script reads its flags; here they have their defaults.
    ids = [build_vocab(TEXT).index(word) for word in TEXT]
    with tf.Graph().as_default() as graph:
        with tf.name_scope("Train"):
            train_input = PTBInput(config=config, data=ids, name="TrainInput")
            with tf.variable_scope("Model"):
                m = PTBModel(is_training=True, config=config, input_=train_input)
        forward_only = tensors_within(m, graph)
        tvars = tf.trainable_variables()
        names = [variable.op.name.split("/")[-1] for variable in tvars]
        grads = tf.gradients(m.cost, tvars)
        clipped, norm = tf.clip_by_global_norm(grads, config.max_grad_norm)
        backward_too = dict(forward_only, global_norm=norm)
        backward_too["squares"] = tf.stack([tf.global_norm([gradient]) ** 2 for gradient in grads])
        logits = forward_only["logits"]  # a reshape of the script's own
        gradient = tf.gradients(m.cost, logits.op.inputs[0])[0]
        backward_too["gradient_logits"] = tf.reshape(gradient, logits.shape)
        for prefix, values in (("gradient_", grads), ("clipped_", clipped)):
            for name, value in zip(names, values):
                if name == "embedding":  # a row for each word of the batch
                    value = tf.reshape(value.values, [BATCH_SIZE, NUM_STEPS, HIDDEN_SIZE])
                backward_too[prefix + name] = value

        with tf.train.SingularMonitoredSession() as session:
            batch = [train_input.input_data, train_input.targets]
            first, second = session.run(batch), session.run(batch)  # each run takes the next batch
            for name, variable in zip(names, tvars):
                variable.load(np.array(weights[name], np.float32), session)
            result = dict(zip(["input_data", "targets"], first))
            result.update(zip(["next_input_data", "next_targets"], second))
            result.update(zip(names, session.run(tvars)))
            feed = dict(zip(batch, first))
            result.update(session.run(backward_too, feed))
            ((c, h),) = session.run(m.final_state, feed)

            m.assign_lr(session, config.learning_rate)
            session.run(m.train_op, feed)
            result.update(zip(["updated_" + name for name in names], session.run(tvars)))
            result["updated_cost"] = session.run(m.cost, feed)

            feed = dict(zip(batch, second))
            ((initial_c, initial_h),) = m.initial_state
            for prefix, state in (("carried_", {initial_c: c, initial_h: h}), ("zero_", {})):
                values = session.run(forward_only, {**feed, **state})
                result.update({prefix + name: value for name, value in values.items()})
    return result


def compare(ours, theirs):
    """Stops if an array of TensorFlow's differs from NumPy's of the same name.

    Raises:
        ArithmeticError: with the name of the array, and the difference.
    """
    for name, value in theirs.items():
        value = np.asarray(value)
        if value.shape != ours[name].shape:
            shapes = (name, list(value.shape), list(ours[name].shape))
            raise ArithmeticError("%s: TensorFlow's is %s, NumPy's %s" % shapes)
        difference = np.max(np.abs(value - ours[name]))
        if not difference <= TOLERANCE:
            raise ArithmeticError(
                "%s: TensorFlow and NumPy differ by %.1e; no more than %.0e is rounding"
                % (name, difference, TOLERANCE)
            )


def numbers():
    """Computes everything that is printed, twice, and compares.

    Returns:
        A dict of NumPy arrays by name: those of `by_hand`, and `tensorflow_gradient_softmax_b`.
        `array.tolist()` makes what JSON can hold.

    Raises:
        ArithmeticError: if TensorFlow and NumPy differ by more than `TOLERANCE`.
    """
    config = make_config()
    weights = {name: np.array(value) for name, value in WEIGHTS.items()}
    ours, theirs = by_hand(weights, config), by_tensorflow(weights, config)
    compare(ours, theirs)
    return dict(ours, tensorflow_gradient_softmax_b=theirs["gradient_softmax_b"])


# --------------------------------------------------------------------------------------------------
# Printing
# --------------------------------------------------------------------------------------------------
def table(names, rows, head=(), form="%8.4f"):
    """Prints rows of numbers behind their names, under a head of words."""
    column = max(len(name) for name in names)
    if len(head) > 0:
        print("  " + " " * column + "".join(word.rjust(len(form % 0)) for word in head))
    for name, row in zip(names, rows):
        print("  " + name.ljust(column) + "".join(form % value for value in row))


def plus(values, form="%.4f"):
    return " + ".join(form % value for value in values)


def labels(n, ids):
    """Returns `0 the` for each word of a batch: its row, and the word."""
    return ["%d %s" % (row, word) for row in range(BATCH_SIZE) for word in n["words"][ids[row]]]


def show_batch(n, input_data, targets):
    for name, ids in (("input_data", input_data), ("targets", targets)):
        rows = ["%s %s" % (" ".join(n["words"][row]), row.tolist()) for row in ids]
        print("  %-10s [2, 3]  %s" % (name, "   ".join(rows)))


def show_input(n):
    """Prints Code 0 to Code 2."""
    print("Code 0. Parameters")
    sizes = (BATCH_SIZE, NUM_STEPS, HIDDEN_SIZE, len(n["words"]))
    print("  batch_size B = %d, num_steps T = %d, hidden_size H = %d, vocab_size V = %d" % sizes)
    rates = (n["learning_rate"], n["max_grad_norm"])
    print("  num_layers 1, learning_rate %.1f, max_grad_norm %.1f" % rates)

    print("\nCode 1.1. The LSTM structure")
    print("  The text in two rows, as words and as ids:")
    for row in n["ids"].reshape(BATCH_SIZE, -1):
        print("  %s   %s" % (" ".join(n["words"][row]), " ".join(map(str, row))))
    show_batch(n, n["input_data"], n["targets"])
    print("  kernel [4, 8] and bias [8]; i, j, f and o have a column for each unit")
    names = ["x, unit 0", "x, unit 1", "h, unit 0", "h, unit 1", "bias"]
    head = [gate for gate in "ijfo" for _ in range(HIDDEN_SIZE)]
    table(names, np.vstack([n["kernel"], n["bias"]]), head, "%5.1f")

    print("\nCode 1.3. Layers and the initial state")
    print("  C [2, 2] %s   h [2, 2] %s" % (n["initial_c"].tolist(), n["initial_h"].tolist()))

    print("\nCode 2. Preparing the input")
    print("  embedding [5, 2]")
    names = ["%d %s" % pair for pair in enumerate(n["words"])]
    table(names, n["embedding"], form="%5.1f")
    print("  inputs [2, 3, 2], a row of the embedding for each word")
    for row in range(BATCH_SIZE):
        pairs = zip(n["words"][n["input_data"][row]], n["inputs"][row])
        print("  row %d: %s" % (row, "   ".join("%s [%.1f, %.1f]" % (w, *x) for w, x in pairs)))


def show_gate(n, gate, step, xh, end):
    """Prints the arithmetic of a gate of row 0, unit 0, with the numbers in it."""
    column = "ijfo".index(gate) * HIDDEN_SIZE
    terms = ["%s * %.1f" % pair for pair in zip(xh, n["kernel"][:, column])]
    terms.append("%.1f" % n["bias"][column])
    z = n[gate][0, step, 0]
    print("  %s = %s = %.4f" % (gate, " + ".join(terms), z), end=end)
    function, name = ("tanh", "C~_t") if gate == "j" else ("sigmoid", gate + "_t")
    print("%s = %s(%.4f) = %.4f" % (name, function, z, n[name][0, step, 0]))


def show_state(n, step, c):
    """Prints the arithmetic of C_t and h_t of row 0, unit 0; c is C_(t-1)."""
    names = ("f_t", "i_t", "C~_t", "C", "o_t", "h")
    f_t, i_t, new, new_c, o_t, h = (n[name][0, step, 0] for name in names)
    products = "%.4f * %.4f + %.4f * %.4f" % (f_t, c, i_t, new)
    print("  C_t = f_t * C_(t-1) + i_t * C~_t = %s = %.4f" % (products, new_c))
    print("  h_t = o_t * tanh(C_t) = %.4f * tanh(%.4f) = %.4f" % (o_t, new_c, h))


def show_loop(n):
    """Prints Code 3."""
    first, second = n["words"][n["input_data"][0, :2]]
    x = ["%.1f" % value for value in n["inputs"][0, 0]]
    print("\nCode 3. The LSTM loop")
    print("  Row 0, %s, unit 0: x = [%s]; C and h are zero" % (first, ", ".join(x)))
    for gate in "ijfo":
        show_gate(n, gate, 0, x, "; ")
    show_state(n, 0, n["initial_c"][0, 0])
    xh = ["%.1f" % value for value in n["inputs"][0, 1]] + ["%.4f" % h for h in n["h"][0, 0]]
    print("  Row 0, %s, unit 0: [x, h] = [%s]; of the gates, i" % (second, ", ".join(xh)))
    show_gate(n, "i", 1, xh, "\n      ")
    show_state(n, 1, n["C"][0, 0, 0])
    print("  All of it, by row, word and unit:")
    names = ["%-5s  %d" % (name, unit) for name in labels(n, n["input_data"]) for unit in (0, 1)]
    keys = ("i_t", "C~_t", "f_t", "o_t", "C", "h")
    columns = np.stack([n[key].ravel() for key in keys], axis=1)
    table(names, columns, ("i_t", "C~_t", "f_t", "o_t", "C_t", "h_t"))
    print("  output [6, 2] has a row for each word: its h_t. Code 4 prints it beside the logits.")


def show_loss(n):
    """Prints Code 4."""
    words, names = list(n["words"]), labels(n, n["input_data"])
    targets = n["targets"].ravel()
    print("\nCode 4. The loss")
    print("  softmax_w [2, 5] and softmax_b [5]")
    parameters = np.vstack([n["softmax_w"], n["softmax_b"]])
    table(["unit 0", "unit 1", "softmax_b"], parameters, words, "%6.1f")
    print("  output [6, 2], and logits [6, 5] = tf.matmul(output, softmax_w) + softmax_b")
    columns = [n["h"].reshape(-1, HIDDEN_SIZE), n["logits"].reshape(-1, len(words))]
    table(names, np.hstack(columns), ["unit 0", "unit 1"] + words)
    print("  p [6, 5], the softmax of each row; -log p of its target")
    names = ["%-5s -> %s" % (name, words[target]) for name, target in zip(names, targets)]
    rows = np.column_stack([n["p"].reshape(-1, len(words)), n["minus_log_p"].ravel()])
    table(names, rows, words + ["-log p"])

    target, h, logits = targets[0], n["h"][0, 0], n["logits"][0, 0]
    print("  Row 0, %s: the target is %s" % (words[n["input_data"][0, 0]], words[target]))
    terms = ["%.4f * %.1f" % pair for pair in zip(h, n["softmax_w"][:, target])]
    values = (" + ".join(terms), n["softmax_b"][target], logits[target])
    print("  logit = %s + %.1f = %.4f" % values)
    total = n["sum_of_exp"][0, 0]
    print("  sum of exp(logit) = %s = %.4f" % (plus(n["exp_logits"][0, 0]), total))
    p, minus_log_p = n["p"][0, 0, target], n["minus_log_p"][0, 0]
    print("  p = exp(%.4f) / %.4f = %.4f" % (logits[target], total, p))
    print("  -log p = log(%.4f) - (%.4f) = %.4f" % (total, logits[target], minus_log_p))
    print("  loss [3], the mean of the two rows at each time step")
    for step, loss in enumerate(n["loss"]):
        print("  word %d: (%s) / 2 = %.4f" % (step, plus(n["minus_log_p"][:, step]), loss))
    print("  cost = %s = %.4f" % (plus(n["loss"]), n["cost"]))
    print("  perplexity = exp(%.4f / 3) = %.4f" % (n["cost"], n["perplexity"]))


def show_gradients(n):
    """Prints Code 5 and Code 6."""
    words = list(n["words"])
    target = n["targets"][0, 0]
    print("\nCode 5. The gradients")
    print("  The derivative of the cost by a logit is p, less 1 at the target, over B.")
    print("  softmax_b is added to all six rows of logits. Its gradient at %s:" % words[target])
    pairs = zip(n["p"].reshape(-1, len(words)), n["targets"].ravel())
    terms = ["%.4f%s" % (p[target], " - 1" if y == target else "") for p, y in pairs]
    print("  (%s) / 2 = %.4f" % (" + ".join(terms), n["gradient_softmax_b"][target]))
    given = (words[target], STEP, STEP)
    print("  The costs with softmax_b at %s %g larger and %g smaller give the same:" % given)
    values = tuple(n["shifted_costs"][target]) + (2 * STEP, n["finite_difference"][target])
    print("  (%.7f - %.7f) / %g = %.4f" % values)
    print("  gradient of softmax_b [5]")
    keys = ("gradient_softmax_b", "tensorflow_gradient_softmax_b", "finite_difference")
    table(["by hand", "TensorFlow", "numerical"], [n[key] for key in keys], words)

    print("\nCode 6. Clipping the gradients")
    print("  The sum of the squares of each gradient; the embedding's has a row for each word read")
    for name, squares in zip(WEIGHTS, n["squares"]):
        shape = [6, 2] if name == "embedding" else list(n[name].shape)
        print("  %-10s %-7s %.4f" % (name, shape, squares))
    norm, largest = n["global_norm"], n["max_grad_norm"]
    print("  global norm = sqrt(%s) = %.4f" % (plus(n["squares"]), norm))
    values = (largest, largest, norm, n["factor"])
    print("  factor = %.1f / max(%.1f, %.4f) = %.4f" % values)
    print("  factor = 5.0 / max(5.0, %.4f) = %.4f with the 5 of small" % (norm, n["factor_of_5"]))
    print("  gradient of the embedding, and clipped")
    rows = [n[name + "_embedding"].reshape(-1, HIDDEN_SIZE) for name in ("gradient", "clipped")]
    table(labels(n, n["input_data"]), np.hstack(rows))


def show_update(n):
    """Prints Code 7."""
    rate = n["learning_rate"]
    print("\nCode 7. Training the parameters")
    print("  softmax_b, its clipped gradient, and softmax_b - %.1f * gradient" % rate)
    rows = [n[key] for key in ("softmax_b", "clipped_softmax_b", "updated_softmax_b")]
    table(["before", "gradient", "after"], rows, n["words"])
    the = n["input_data"][0, 0]
    gradients = n["clipped_embedding"][:, 0, 0]
    values = (n["embedding"][the, 0], rate, plus(gradients), n["updated_embedding"][the, 0])
    print("  embedding of the, unit 0, read in both rows: %.1f - %.1f * (%s) = %.4f" % values)
    print(
        "  embedding of <eos>, not read: [%.1f, %.1f] as before" % tuple(n["updated_embedding"][0])
    )
    print("  cost of the same batch: %.4f before, %.4f after" % (n["cost"], n["updated_cost"]))


def show_next(n):
    """Prints Code 8 and Code A: the batch after."""
    words = list(n["words"])
    print("\nCode 8. The main function")
    print("  The next batch of train_input:")
    show_batch(n, n["next_input_data"], n["next_targets"])

    print("\nCode A. run_epoch")
    print("  initial_state, carried: the final_state of the batch before, C [2, 2] and h [2, 2]")
    state = np.hstack([n["carried_initial_c"], n["carried_initial_h"]])
    table(["row 0", "row 1"], state, ("C, 0", "C, 1", "h, 0", "h, 1"))
    names = ["carried, row 0", "carried, row 1", "zero, row 0", "zero, row 1"]

    def first_word(key):
        return np.concatenate([n["carried_" + key], n["zero_" + key]])[:, 0]

    print("  The first word is %s in both rows. Its logits:" % words[n["next_input_data"][0, 0]])
    table(names, first_word("logits"), words)
    print("  p, and -log p of the target, %s" % words[n["next_targets"][0, 0]])
    rows = np.column_stack([first_word("p"), first_word("minus_log_p")])
    table(names, rows, words + ["-log p"])
    print("  cost of this batch: %.4f carried, %.4f zero" % (n["carried_cost"], n["zero_cost"]))


def show(n):
    """Prints what `numbers` returns."""
    show_input(n)
    show_loop(n)
    show_loss(n)
    show_gradients(n)
    show_update(n)
    show_next(n)
    print("\nWhat to notice:")
    c = n["C"][:, 2, 0]
    print("- At sat, the same word, C of unit 0 is %.4f after cat and %.4f after dog." % tuple(c))
    print("- Clipping multiplies all gradients by one factor. The update lowers the batch's cost.")
    print(
        "- At <eos>, a carried state gives each row its own prediction; zeros give both the same."
    )


def main():
    command_line.Parser(__doc__).parse_args()
    try:
        n = numbers()
    except ArithmeticError as error:
        console.fail(str(error), 1)
    show(n)


if __name__ == "__main__":
    with console.errors_in_one_line({}):
        main()
