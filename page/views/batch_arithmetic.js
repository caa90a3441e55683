// The numbers of the view "One batch", and how each comes about.
"use strict";

// Takes the arrays of study.one_batch by name. A key is the name of an array and the indices, such
// as "p/0/2/4".
Page.arithmetic = (n) => {
  const ROWS = [0, 1],
    TIMES = [0, 1, 2],
    UNITS = [0, 1],
    WORDS = [0, 1, 2, 3, 4];
  const GATES = ["i_t", "C~_t", "f_t", "o_t"];
  const WEIGHTS = ["embedding", "kernel", "bias", "softmax_w", "softmax_b"];

  const at = (key) => {
    const [name, ...indices] = key.split("/");
    return indices.reduce((value, index) => value[index], n[name]);
  };
  const minus = (text) => text.replace("-", "−");
  const decimals = (key) => {
    const name = key.split("/")[0];
    if (/input_data$|targets$|^ids$/.test(name)) return 0;
    return WEIGHTS.includes(name) ||
      name === "inputs" ||
      /^(zero_)?initial/.test(name) ||
      /^(max_grad_norm|learning_rate)$/.test(name)
      ? 1
      : 4;
  };
  const show = (key) => minus(at(key).toFixed(decimals(key)));
  const four = (value) => minus(value.toFixed(4));
  const word = (id) => n.words[id];
  const escaped = (text) => text.replace("<", "&lt;");
  const bracket = (text) => (text.startsWith("−") ? `(${text})` : text);
  const join = (terms) => terms.join(" + ").replace(/\+ −/g, "− ");

  // Says how a number comes about: lines of arithmetic, and the keys of the numbers in it.
  const explain = (key) => {
    const [name, ...index] = key.split("/");
    const [b, t, u] = index.map(Number);
    const start = (/^(carried_|zero_)/.exec(name) || [""])[0];
    const base = name.slice(start.length);
    const w = start ? "updated_" : ""; // the weights that were used
    const k = (other, ...indices) => [other, ...indices].join("/");
    const result = (text) => text + " = " + show(key);
    const id = (row, time) => at(k(start ? "next_input_data" : "input_data", row, time));
    const target = () => at(k(start ? "next_targets" : "targets", b, t));
    const before = (quantity, unit) =>
      t > 0
        ? k(start + quantity, b, t - 1, unit)
        : k(start + (quantity === "C" ? "initial_c" : "initial_h"), b, unit);
    const everywhere = ROWS.flatMap((row) => TIMES.map((time) => [row, time]));

    if (/input_data$/.test(base)) return { lines: [word(at(key)) + " → " + at(key)], sources: [] };
    if (/^initial_/.test(base)) {
      if (start !== "carried_")
        return { lines: [result(base + "[" + b + ", " + t + "]")], sources: [] };
      const from = k(base === "initial_c" ? "C" : "h", b, 2, t);
      return {
        lines: [
          result(
            (base === "initial_c" ? "C_t" : "h_t") + " (" + word(at(k("input_data", b, 2))) + ")",
          ),
        ],
        sources: [from],
      };
    }
    if (base === "inputs") {
      return {
        lines: [result(`embedding[${id(b, t)}, ${u}]`)],
        sources: [k(w + "embedding", id(b, t), u)],
      };
    }
    if (GATES.includes(base)) {
      const letter = base === "C~_t" ? "j" : base[0];
      const column = "ijfo".indexOf(letter) * 2 + u;
      const pairs = [0, 1].map((unit) => [
        k(start + "inputs", b, t, unit),
        k(w + "kernel", unit, column),
      ]);
      pairs.push(...[0, 1].map((unit) => [before("h", unit), k(w + "kernel", unit + 2, column)]));
      const bias = k(w + "bias", column);
      const sum = join([...pairs.map((pair) => pair.map(show).join(" × ")), show(bias)]);
      const z = four(at(k(start + letter, b, t, u)));
      return {
        lines: [
          `${letter} = ${sum} = ${z}`,
          result(`${base.replace("C~", "C̃")} = ${letter === "j" ? "tanh" : "σ"}(${z})`),
        ],
        sources: [...pairs.flat(), bias],
      };
    }
    if (base === "C") {
      const keys = [
        k(start + "f_t", b, t, u),
        before("C", u),
        k(start + "i_t", b, t, u),
        k(start + "C~_t", b, t, u),
      ];
      const [f, c, i, j] = keys.map(show);
      return {
        lines: [
          "C_t = f_t × C_(t−1) + i_t × C̃_t",
          result(join([`${f} × ${c}`, `${i} × ${j}`]).replace(/^/, "= ")),
        ],
        sources: keys,
      };
    }
    if (base === "h") {
      const keys = [k(start + "o_t", b, t, u), k(start + "C", b, t, u)];
      return {
        lines: ["h_t = o_t × tanh(C_t)", result(`= ${show(keys[0])} × tanh(${show(keys[1])})`)],
        sources: keys,
      };
    }
    if (base === "logits") {
      const pairs = UNITS.map((unit) => [k(start + "h", b, t, unit), k(w + "softmax_w", unit, u)]);
      const bias = k(w + "softmax_b", u);
      return {
        lines: [result(join([...pairs.map((pair) => pair.map(show).join(" × ")), show(bias)]))],
        sources: [...pairs.flat(), bias],
      };
    }
    if (base === "p") {
      const sum = four(at(k(start + "sum_of_exp", b, t)));
      const terms = WORDS.map((other) => four(at(k(start + "exp_logits", b, t, other))));
      return {
        lines: [
          `${join(terms)} = ${sum}`,
          result(`p = exp(${four(at(k(start + "logits", b, t, u)))}) / ${sum}`),
        ],
        sources: [],
      };
    }
    if (base === "minus_log_p") {
      const from = k(start + "p", b, t, target());
      const sum = four(at(k(start + "sum_of_exp", b, t)));
      const logit = four(at(k(start + "logits", b, t, target())));
      return { lines: [result(`−log p = log(${sum}) − ${bracket(logit)}`)], sources: [from] };
    }
    if (base === "loss") {
      const keys = ROWS.map((row) => k(start + "minus_log_p", row, b));
      return { lines: [result(`(${keys.map(show).join(" + ")}) / 2`)], sources: keys };
    }
    if (base === "cost") {
      const keys = TIMES.map((time) => k(start + "loss", time));
      return { lines: [result("cost = " + keys.map(show).join(" + "))], sources: keys };
    }
    if (base === "perplexity")
      return {
        lines: [result(`perplexity = exp(${show(start + "cost")} / 3)`)],
        sources: [start + "cost"],
      };
    if (base === "gradient_logits") {
      const p = four(at(k("p", b, t, u)));
      return { lines: [result(target() === u ? `(${p} − 1) / 2` : `${p} / 2`)], sources: [] };
    }
    // The derivatives by what enters the gates of a word, each times a row of the kernel.
    const throughGates = (time, row) =>
      [..."ijfo"].flatMap((letter, gate) =>
        UNITS.map((unit) => [
          k("gradient_" + letter, b, time, unit),
          k("kernel", row, 2 * gate + unit),
        ]),
      );
    const products = (pairs) =>
      join(pairs.map(([g, weight]) => `${show(g)} × ${bracket(show(weight))}`));
    const sumOf = (pairs) => four(pairs.reduce((sum, [g, weight]) => sum + at(g) * at(weight), 0));
    if (base === "gradient_embedding") {
      const pairs = throughGates(t, u);
      return { lines: [result(`∂x = ${products(pairs)}`)], sources: pairs.flat() };
    }
    if (base === "gradient_h") {
      const own = WORDS.map((v) => [k("gradient_logits", b, t, v), k("softmax_w", u, v)]);
      if (t === 2)
        return {
          lines: [result(`∂h_t = ${products(own)}`)],
          word: "batch.last_word",
          sources: own.flat(),
        };
      const later = throughGates(t + 1, u + 2);
      const sums = [sumOf(own), sumOf(later)];
      return {
        lines: [
          `${products(own)} = ${sums[0]}`,
          `${products(later)} = ${sums[1]}`,
          result(`∂h_t = ${join(sums)}`),
        ],
        word: "batch.two_ways",
        sources: [...own, ...later].flat(),
      };
    }
    if (base === "gradient_C") {
      const keys = [k("gradient_h", b, t, u), k("o_t", b, t, u), k("C", b, t, u)];
      const [h, o, c] = keys.map(show);
      const terms = [`${h} × ${o} × (1 − tanh(${c})²)`];
      if (t < 2) {
        keys.push(k("gradient_C", b, t + 1, u), k("f_t", b, t + 1, u));
        terms.push(`${show(keys[3])} × ${show(keys[4])}`);
      }
      return {
        lines: [
          "∂C_t = ∂h_t × o_t × (1 − tanh(C_t)²)" + (t < 2 ? " + ∂C_(t+1) × f_(t+1)" : ""),
          result("= " + join(terms)),
        ],
        sources: keys,
      };
    }
    if (/^gradient_[ijfo]$/.test(base)) {
      const letter = base.slice(-1);
      const gate = k(letter === "j" ? "C~_t" : letter + "_t", b, t, u);
      const [from, factor, formula] = {
        i: ["gradient_C", k("C~_t", b, t, u), "∂i = ∂C_t × C̃_t × i_t × (1 − i_t)"],
        j: ["gradient_C", k("i_t", b, t, u), "∂j = ∂C_t × i_t × (1 − C̃_t²)"],
        f: ["gradient_C", before("C", u), "∂f = ∂C_t × C_(t−1) × f_t × (1 − f_t)"],
        o: ["gradient_h", k("C", b, t, u), "∂o = ∂h_t × tanh(C_t) × o_t × (1 − o_t)"],
      }[letter];
      const keys = [k(from, b, t, u), factor, gate];
      const [g, value, own] = keys.map(show);
      const times = letter === "o" ? `tanh(${value})` : bracket(value);
      const slope = letter === "j" ? `(1 − ${bracket(own)}²)` : `${own} × (1 − ${own})`;
      return { lines: [formula, result(`= ${g} × ${times} × ${slope}`)], sources: keys };
    }
    if (base === "gradient_softmax_b") {
      const keys = everywhere.map(([row, time]) => k("gradient_logits", row, time, b));
      return { lines: [result(join(keys.map(show)))], sources: keys };
    }
    if (base === "gradient_softmax_w") {
      const pairs = everywhere.map(([row, time]) => [
        k("h", row, time, b),
        k("gradient_logits", row, time, t),
      ]);
      return {
        lines: [result(join(pairs.map(([h, g]) => `${show(h)} × ${bracket(show(g))}`)))],
        sources: pairs.flat(),
      };
    }
    if (base === "gradient_kernel" || base === "gradient_bias") {
      const column = base === "gradient_kernel" ? t : b;
      const gates = everywhere.map(([row, time]) =>
        k("gradient_" + "ijfo"[Math.floor(column / 2)], row, time, column % 2),
      );
      if (base === "gradient_bias")
        return { lines: [result(join(gates.map(show)))], word: "batch.adds_up", sources: gates };
      const entering = everywhere.map(([row, time]) =>
        b < 2
          ? k("inputs", row, time, b)
          : time > 0
            ? k("h", row, time - 1, b - 2)
            : k("initial_h", row, b - 2),
      );
      return {
        lines: [result(products(entering.map((key, index) => [key, gates[index]])))],
        word: "batch.adds_up",
        sources: [...entering, ...gates],
      };
    }
    if (base.startsWith("clipped_")) {
      const from = base.replace("clipped_", "gradient_");
      return {
        lines: [result(`${show([from, ...index].join("/"))} × ${show("factor")}`)],
        sources: [],
      };
    }
    if (base.startsWith("updated_") && base !== "updated_cost") {
      const plain = base.slice(8);
      const old = show([plain, ...index].join("/"));
      const rate = show("learning_rate");
      if (plain !== "embedding") {
        const step = show(["clipped_" + plain, ...index].join("/"));
        return { lines: [result(`${old} − ${rate} × ${bracket(step)}`)], sources: [] };
      }
      const read = everywhere
        .filter(([row, time]) => at(k("input_data", row, time)) === b)
        .map(([row, time]) => k("clipped_embedding", row, time, t));
      return {
        lines: [read.length ? result(`${old} − ${rate} × (${join(read.map(show))})`) : result(old)],
        word: read.length ? null : "batch.not_read",
        sources: read,
      };
    }
    if (base === "squares") return { lines: [result("Σ (∂cost / ∂" + WEIGHTS[b] + ")²")], sources: [] };
    if (base === "global_norm") {
      const keys = WEIGHTS.map((_, index) => k("squares", index));
      return { lines: [result(`√(${keys.map(show).join(" + ")})`)], sources: keys };
    }
    if (base === "factor") {
      const most = show("max_grad_norm");
      return { lines: [result(`${most} / max(${most}, ${show("global_norm")})`)], sources: ["global_norm"] };
    }
    return { lines: [result(base)], sources: [] };
  };

  // Says which number a key is, for readers: "C_t, row 0, cat, unit 1".
  const nameOf = (key) => {
    const [name, ...index] = key.split("/");
    const start = (/^(carried_|zero_)/.exec(name) || [""])[0];
    const base = name.slice(start.length);
    const [row, t, last] = index;
    const label =
      {
        C: "C_t",
        h: "h_t",
        "C~_t": "C̃_t",
        inputs: "x",
        logits: "logit",
        minus_log_p: "−log p",
        gradient_embedding: "∂x",
        clipped_embedding: "∂x",
        gradient_logits: "∂logit",
        gradient_C: "∂C_t",
        gradient_h: "∂h_t",
        gradient_i: "∂i",
        gradient_j: "∂j",
        gradient_f: "∂f",
        gradient_o: "∂o",
      }[base] || base;
    if (/initial_[ch]$/.test(base))
      return Page.plain("batch.which.state", {
        name: base === "initial_c" ? "C" : "h",
        row,
        unit: t,
      });
    if (
      index.length > 1 &&
      /^(inputs|[ijfo]_t|C~_t|C|h|gradient_[Chijfo]|gradient_embedding|clipped_embedding|logits|p|gradient_logits|minus_log_p)$/.test(
        base,
      )
    ) {
      const at_word = word(at([start ? "next_input_data" : "input_data", row, t].join("/")));
      if (index.length === 2)
        return Page.plain("batch.which.word", { name: label, row, word: escaped(at_word) });
      const values = {
        name: label,
        row,
        word: escaped(at_word),
        unit: last,
        other: escaped(word(last) || ""),
      };
      return Page.plain(/logits|^p$/.test(base) ? "batch.which.score" : "batch.which.unit", values);
    }
    const plain = base.replace(/^(updated|clipped|gradient)_/, "");
    return index.length ? `${plain.replace(/^next_/, "")}[${index.join(", ")}]` : plain;
  };

  const axes = { ROWS, TIMES, UNITS, WORDS, GATES, WEIGHTS };
  return { at, show, four, word, explain, nameOf, ...axes };
};
