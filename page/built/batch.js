// The view "One batch": the numbers of study.one_batch, step by step.
"use strict";

Page.view("batch", (root) => {
  const el = Page.el;
  const data = Page.data.batch;
  const n = data.numbers;
  const steps = data.steps;
  const order = Object.fromEntries(steps.map((step, index) => [step.name, index]));
  const { ROWS, TIMES, UNITS, WORDS, GATES, WEIGHTS, ...arithmetic } = Page.arithmetic(n);
  // The steps in groups, and the number that is worked out when a step opens.
  const GROUPS = {
    input: "words batch rows",
    forward: "gates state second third",
    loss: "logits p loss",
    back: "scores_back third_back second_back first_back weights_back",
    update: "clip update",
    next: "next carried",
  };
  const FIRST = {
    batch: "input_data/0/0",
    rows: "inputs/0/0/0",
    gates: "i_t/0/0/0",
    state: "C/0/0/0",
    second: "C/0/1/0",
    third: "C/0/2/0",
    logits: "logits/0/0/3",
    p: "p/0/0/3",
    loss: "minus_log_p/0/0",
    scores_back: "gradient_logits/0/0/3",
    third_back: "gradient_embedding/0/2/0",
    second_back: "gradient_embedding/0/1/0",
    first_back: "gradient_embedding/0/0/0",
    weights_back: "gradient_softmax_b/3",
    clip: "clipped_softmax_b/3",
    update: "updated_softmax_b/3",
    next: "initial_c/0/0",
    carried: "p/0/0/2",
  };
  let now = 0; // the step
  let carry = true; // whether the next batch starts from the state of this one
  let selected = null; // the key of the number that is worked out
  let timer = null;
  let place = null;

  const { at, show, four, word, explain, nameOf } = arithmetic;
  const second = () => now >= order.next;
  const prefix = () => (second() ? (carry ? "carried_" : "zero_") : "");
  const inputs = () => (second() ? "next_input_data" : "input_data");
  const targets = () => (second() ? "next_targets" : "targets");

  // ------------------------------------------------------------------------------------------------
  // The picture
  // ------------------------------------------------------------------------------------------------
  // A slot shows a number, or nothing yet. `find` gives the key of the moment, or null.
  const slots = [];
  const slot = (find, attributes = {}) => {
    const button = el("button", {
      type: "button",
      ...attributes,
      class: "num " + (attributes.class || ""),
      onclick: () => select(button.dataset.key),
    });
    slots.push({ button, find });
    return button;
  };
  const sub = (letter) => el("span", { class: "name" }, letter, el("sub", {}, "t"));
  const LETTER = { i_t: "i", "C~_t": "C̃", f_t: "f", o_t: "o", C: "C", h: "h" };
  const upTo = (t, first) => now >= order[first[t]] && (now < order.next || now === order.carried);

  const stream = el("div", { class: "stream" });
  const windows = [];
  ROWS.forEach((row) => {
    const box = el("div", { class: "chips" });
    for (const kind of ["inputs", "targets"]) {
      const frame = el("i", { class: "window " + kind });
      windows.push({ frame, shift: kind === "targets" ? 1 : 0 });
      box.append(frame);
    }
    for (let index = 0; index < 8; index++) {
      const id = n.ids[row * 8 + index];
      box.append(
        el(
          "span",
          { class: "chip", "data-chip": row + "/" + index },
          word(id),
          el("b", {}, String(id)),
        ),
      );
    }
    stream.append(el("span", { class: "row-name" }), box);
  });

  const board = el("div", { class: "board" });
  const cells = [];
  const scoreRows = [];
  for (const b of ROWS) {
    const pair = (name, key, ofStep = true) =>
      el(
        "div",
        { class: "pair" },
        ofStep ? sub(name) : el("span", { class: "name" }, name),
        ...UNITS.map((u) => slot(() => key(u))),
      );
    const start = (quantity) => (u) =>
      now < order.batch ? null : `${prefix()}initial_${quantity}/${b}/${u}`;
    const band = el(
      "div",
      { class: "band" },
      el(
        "div",
        { class: "initial" },
        el("b", { class: "row-name" }),
        el("span", { class: "small soft", word: "batch.before" }),
        el(
          "div",
          { class: "initial-state" },
          pair("C", start("c"), false),
          pair("h", start("h"), false),
        ),
      ),
    );
    for (const t of TIMES) {
      const cell = el("div", { class: "cell" });
      const text = el("span", { class: "word" });
      const value = (name, first) => (u) =>
        upTo(t, first) ? `${prefix()}${name}/${b}/${t}/${u}` : null;
      const gates = ["gates", "second", "third"];
      const back = ["first_back", "second_back", "third_back"];
      // The derivatives by what lies within the cell, while the gradients go back.
      const within = (name) =>
        el(
          "div",
          { class: "pair within" },
          el("span", { class: "name" }, "∂" + name),
          ...UNITS.map((u) =>
            slot(() =>
              now < order[back[t]] || now > order.weights_back
                ? null
                : `gradient_${name}/${b}/${t}/${u}`,
            ),
          ),
        );
      const scores = el("div", { class: "scores" });
      for (const v of WORDS) {
        const bar = el("i");
        const line = el(
          "div",
          { class: "score" },
          el("span", { class: "name" }, word(v)),
          el("span", { class: "gauge" }, bar),
          slot(() => (upTo(0, ["logits"]) ? `${scoreName()}/${b}/${t}/${v}` : null)),
        );
        scoreRows.push({ line, bar, b, t, v });
        scores.append(line);
      }
      const target = el("span", { class: "target" });
      cell.append(
        el(
          "div",
          { class: "top" },
          text,
          slot(() => (now < order.batch ? null : `${inputs()}/${b}/${t}`), { class: "id" }),
        ),
        el(
          "div",
          { class: "pair x" },
          el("span", { class: "name" }, "x"),
          ...UNITS.map((u) =>
            slot(() => (now >= order.rows ? `${prefix()}inputs/${b}/${t}/${u}` : null)),
          ),
        ),
        el(
          "div",
          { class: "pair gradient" },
          el("span", { class: "name" }, "∂x"),
          ...UNITS.map((u) =>
            slot(() =>
              now < order[back[t]] || second()
                ? null
                : `${now >= order.clip ? "clipped" : "gradient"}_embedding/${b}/${t}/${u}`,
            ),
          ),
        ),
        el(
          "div",
          { class: "gates" },
          ...GATES.map((gate) => pair(LETTER[gate], value(gate, gates))),
          ...[..."ijfo"].map((letter) => within(letter)),
        ),
        el(
          "div",
          { class: "state" },
          pair("C", value("C", ["state", "second", "third"])),
          pair("h", value("h", ["state", "second", "third"])),
          within("C"),
          within("h"),
        ),
        scores,
        el(
          "div",
          { class: "end" },
          target,
          slot(() => (upTo(0, ["loss"]) ? `${prefix()}minus_log_p/${b}/${t}` : null)),
        ),
      );
      cells.push({ cell, text, target, b, t });
      band.append(cell);
    }
    board.append(band);
  }
  const total = el("div", { class: "total" });
  board.append(
    el(
      "div",
      { class: "losses" },
      el("span", { class: "small soft", word: "batch.mean" }),
      ...TIMES.map((t) =>
        el(
          "div",
          {},
          el("span", { class: "name" }, "loss"),
          slot(() => (upTo(0, ["loss"]) ? `${prefix()}loss/${t}` : null)),
        ),
      ),
    ),
    total,
  );
  const costs = [
    el(
      "span",
      { class: "sum" },
      el("span", { class: "name" }, "cost"),
      slot(() => (upTo(0, ["loss"]) ? prefix() + "cost" : null)),
    ),
    el(
      "span",
      { class: "sum" },
      el("span", { class: "name" }, "perplexity"),
      slot(() => (upTo(0, ["loss"]) ? prefix() + "perplexity" : null)),
    ),
    el(
      "span",
      { class: "sum after" },
      el("span", { class: "name", word: "batch.after" }),
      slot(() => (now === order.update ? "updated_cost" : null)),
    ),
  ];
  total.append(...costs);
  const scoreName = () => {
    if (now === order.carried) return prefix() + "p";
    return now === order.logits ? "logits" : now < order.scores_back ? "p" : "gradient_logits";
  };

  // ------------------------------------------------------------------------------------------------
  // Beside it: the step in words, the arithmetic, the weights
  // ------------------------------------------------------------------------------------------------
  const title = el("h2");
  const text = el("p", { class: "text-of-step", "aria-live": "polite" });
  const code = el("div", { class: "code" });
  const sum = el("div", { class: "arithmetic" });
  // On a narrow page the working of a number that was chosen lies over the lower edge of the window.
  const hide = el("button", { type: "button", label: "batch.close", onclick: () => close() }, "×");
  const working = el("div", { class: "working" }, sum, hide);
  const holder = el("div", { class: "holder" }, working);
  const weights = el("div", { class: "weights" });
  const extra = el("div", { class: "extra" });
  const choice = el("div", { class: "choice", role: "radiogroup", label: "batch.start_from" });
  for (const value of [true, false]) {
    choice.append(
      el("button", {
        type: "button",
        role: "radio",
        word: value ? "batch.carried_state" : "batch.zero_state",
        onclick: () => {
          carry = value;
          selected = null;
          render();
        },
      }),
    );
  }
  const told = el("div", { class: "told" }, title, text, choice);
  const panel = el("div", { class: "panel" }, extra, code, holder, weights);

  const weightName = (name) =>
    (now < order.weights_back
      ? ""
      : now === order.weights_back
        ? "gradient_"
        : now === order.clip
          ? "clipped_"
          : "updated_") + name;
  const table = (caption, head, rows, names, key) =>
    el(
      "table",
      { class: "w" },
      el("caption", {}, el("code", {}, caption)),
      el("thead", {}, el("tr", {}, el("th"), ...head.map((text) => el("th", {}, text)))),
      el(
        "tbody",
        {},
        ...names.map((name, row) =>
          el(
            "tr",
            {},
            el("th", {}, name),
            ...rows[row].map((column) => {
              const cell = el("button", {
                type: "button",
                class: "num",
                "data-key": key(row, column),
              });
              cell.onclick = () => select(cell.dataset.key);
              return el("td", {}, cell);
            }),
          ),
        ),
      ),
    );

  const drawWeights = () => {
    const perWord = now === order.weights_back || now === order.clip; // gradients of the embedding
    const words = ROWS.flatMap((b) => TIMES.map((t) => b + " " + word(n.input_data[b][t])));
    const names = ["x 0", "x 1", "h 0", "h 1"];
    const gates = ["i", "i", "C̃", "C̃", "f", "f", "o", "o"];
    const columns = [0, 1, 2, 3, 4, 5, 6, 7];
    const label =
      now < order.weights_back
        ? "values"
        : now === order.weights_back
          ? "gradients"
          : now === order.clip
            ? "clipped"
            : "updated";
    weights.replaceChildren(
      el("h3", { word: "batch.weights." + label }),
      el(
        "div",
        { class: "tables" },
        table(
          "embedding",
          ["0", "1"],
          Array(6).fill([0, 1]),
          perWord ? words : WORDS.map((id) => id + " " + word(id)),
          (row, u) =>
            perWord
              ? `${weightName("embedding")}/${Math.floor(row / 3)}/${row % 3}/${u}`
              : `${weightName("embedding")}/${row}/${u}`,
        ),
        table(
          "softmax_w, softmax_b",
          n.words,
          Array(3).fill(WORDS),
          ["h 0", "h 1", "b"],
          (row, v) =>
            row < 2 ? `${weightName("softmax_w")}/${row}/${v}` : `${weightName("softmax_b")}/${v}`,
        ),
        table("kernel, bias", gates, Array(5).fill(columns), [...names, "b"], (row, c) =>
          row < 4 ? `${weightName("kernel")}/${row}/${c}` : `${weightName("bias")}/${c}`,
        ),
      ),
    );
    for (const cell of weights.querySelectorAll(".num")) paint(cell);
  };

  // The length of all gradients, and what clipping does to it.
  const drawNorm = () => {
    extra.replaceChildren();
    if (now === order.clip) {
      const whole = n.squares.reduce((a, b) => a + b);
      const widest = Math.max(n.global_norm, 5);
      const squares = el("div", { class: "squares" });
      WEIGHTS.forEach((name, index) => {
        const key = "squares/" + index;
        const share = el("i", { style: `width:${(100 * n.squares[index]) / whole}%` });
        squares.append(
          el(
            "div",
            { class: "square" },
            el("code", {}, name),
            el("span", { class: "gauge" }, share),
            slotNow(key),
          ),
        );
      });
      const ruler = el("div", { class: "ruler" });
      const length = el("i", { class: "length" });
      const cut = el("i", { class: "cut" });
      length.style.width = (100 * n.global_norm) / widest + "%";
      cut.style.width = (100 * n.global_norm * n.factor) / widest + "%";
      ruler.append(length, cut);
      for (const [value, name] of [
        [n.max_grad_norm, "batch.largest"],
        [5, "batch.of_small"],
      ]) {
        const mark = el("span", { class: "mark", word: name });
        mark.style.left = (100 * value) / widest + "%";
        ruler.append(mark);
      }
      extra.append(
        el("p", { class: "small soft", word: "batch.squares" }),
        squares,
        el(
          "p",
          { class: "small" },
          el("span", { word: "batch.norm" }),
          " √(" + n.squares.map(four).join(" + ") + ") = ",
          slotNow("global_norm"),
        ),
        ruler,
        el(
          "p",
          { class: "small" },
          el("span", { word: "batch.factor" }),
          ` ${show("max_grad_norm")} / max(${show("max_grad_norm")}, ${show("global_norm")}) = `,
          slotNow("factor"),
        ),
        el(
          "p",
          { class: "small soft" },
          el("span", { word: "batch.factor_of_5" }),
          ` 5.0 / max(5.0, ${show("global_norm")}) = `,
          slotNow("factor_of_5"),
        ),
      );
    }
    if (now === order.carried || now === order.update) {
      const keys = now === order.update ? ["cost", "updated_cost"] : ["carried_cost", "zero_cost"];
      const names =
        now === order.update
          ? ["batch.cost_before", "batch.cost_after"]
          : ["batch.carried_state", "batch.zero_state"];
      const most = Math.max(...keys.map(at));
      keys.forEach((key, index) => {
        const bar = el("i", { style: `width:${(100 * at(key)) / most}%` });
        const chosen = now === order.update ? index === 1 : carry === (index === 0);
        extra.append(
          el(
            "div",
            { class: chosen ? "cost chosen" : "cost" },
            el("span", { word: names[index] }),
            el("span", { class: "gauge" }, bar),
            slotNow(key),
          ),
        );
      });
    }
  };
  const slotNow = (key) => {
    const cell = el("button", { type: "button", class: "num", "data-key": key });
    cell.onclick = () => select(key);
    paint(cell);
    return cell;
  };

  // ------------------------------------------------------------------------------------------------
  // Drawing
  // ------------------------------------------------------------------------------------------------
  const paint = (button) => {
    const key = button.dataset.key;
    button.disabled = !key;
    if (!key) {
      button.textContent = "·";
      button.style.background = "";
      return;
    }
    const value = at(key);
    button.textContent = show(key);
    if (/input_data|cost|perplexity|squares|norm|factor|loss|minus/.test(key)) return;
    const share = Math.min(
      1,
      Math.abs(value) /
        (/gradient|clipped/.test(key)
          ? 0.8
          : /logits|updated|^(embedding|kernel|bias|softmax)/.test(key)
            ? 2
            : 1),
    );
    button.style.background = `color-mix(in srgb, var(--${value < 0 ? "warm" : "accent"}) ${Math.round(42 * share)}%, transparent)`;
  };

  const work = () => {
    sum.replaceChildren();
    for (const other of root.querySelectorAll(".source, .chosen-number"))
      other.classList.remove("source", "chosen-number");
    if (!selected) {
      sum.append(el("p", { class: "small soft", word: "batch.choose" }));
      return;
    }
    const { lines, sources, word: why } = explain(selected);
    sum.append(el("div", { class: "which" }, nameOf(selected)));
    for (const line of lines) sum.append(el("div", { class: "line" }, line));
    if (why) sum.append(el("p", { class: "small", word: why }));
    const weighty = sources.some((key) => WEIGHTS.includes(key.split("/")[0]));
    if (weighty && now >= order.weights_back) {
      const words = Page.t("batch.elsewhere", { step: order.weights_back });
      sum.append(Object.assign(el("p", { class: "small soft" }), { innerHTML: words }));
    }
    const mark = (key, name) =>
      root.querySelectorAll(`[data-key="${key}"]`).forEach((other) => other.classList.add(name));
    for (const key of sources) mark(key, "source");
    mark(selected, "chosen-number");
  };
  const overlay = (on) => {
    // The place of the working keeps its height, so that nothing moves below it.
    const over = matchMedia("(max-width: 1080px)").matches;
    holder.style.minHeight = on && over ? holder.offsetHeight + "px" : "";
    root.classList.toggle("overlaid", on);
  };
  const close = () => {
    overlay(false);
    root.querySelector(".chosen-number")?.focus({ preventScroll: true });
  };
  const select = (key) => {
    if (!key) return;
    selected = key;
    work();
    overlay(true);
  };

  const render = () => {
    const step = steps[now];
    const places = new Map(); // where each number stood before
    for (const other of root.querySelectorAll("[data-key]")) {
      const box = other.getBoundingClientRect();
      if (other.dataset.key && !places.has(other.dataset.key)) places.set(other.dataset.key, box);
    }
    const chips = new Map(
      [...root.querySelectorAll("[data-chip]")].map((chip) => [
        chip.dataset.chip,
        chip.getBoundingClientRect(),
      ]),
    );

    root.dataset.step = step.name;
    const at0 = now < order.batch ? null : second() ? 3 : 0;
    for (const { frame, shift } of windows) {
      frame.style.opacity = at0 === null ? 0 : 1;
      frame.style.left = (100 * ((at0 || 0) + shift)) / 8 + "%";
    }
    for (const { button, find } of slots) {
      const key = find();
      if (key) button.dataset.key = key;
      else delete button.dataset.key;
      paint(button);
    }
    const active = {
      gates: 0,
      state: 0,
      second: 1,
      third: 2,
      third_back: 2,
      second_back: 1,
      first_back: 0,
    }[step.name];
    const backwards = now >= order.third_back && now <= order.first_back;
    board.classList.toggle("backwards", backwards);
    board.classList.toggle("going-back", now >= order.third_back && now <= order.weights_back);
    board.classList.toggle("gradients", now >= order.third_back && now <= order.update);
    for (const { cell, text, target, b, t } of cells) {
      text.textContent = now < order.batch ? "" : word(at(`${inputs()}/${b}/${t}`));
      // No gradient goes from the first word to the state before.
      const passed = backwards ? t >= active && t > 0 : upTo(t, ["state", "second", "third"]);
      cell.classList.toggle("border", backwards && t === 0);
      cell.classList.toggle("active", t === active);
      cell.classList.toggle("passed", passed);
      target.replaceChildren();
      if (upTo(0, ["p"])) target.append("→ ", el("b", {}, word(at(`${targets()}/${b}/${t}`))));
      if (upTo(0, ["loss"])) target.append(" ", el("span", { class: "name" }, "−log p"));
    }
    for (const { line, bar, b, t, v } of scoreRows) {
      const shown = upTo(0, ["logits"]);
      const key = `${scoreName()}/${b}/${t}/${v}`;
      line.classList.toggle("empty", !shown);
      line.classList.toggle(
        "is-target",
        shown && now > order.logits && at(`${targets()}/${b}/${t}`) === v,
      );
      if (!shown) {
        bar.style.width = 0;
        continue;
      }
      const name = scoreName();
      const value = at(key) / (name === "logits" ? 1.5 : name === "gradient_logits" ? 1 : 1);
      const signed = !name.endsWith("p");
      bar.style.left = signed ? (value < 0 ? 50 + 50 * value + "%" : "50%") : 0;
      bar.style.width = Math.abs(value) * (signed ? 50 : 100) + "%";
      bar.className = value < 0 ? "below" : "";
    }
    costs[2].hidden = now !== order.update;

    title.innerHTML = Page.t(`batch.${step.name}.title`);
    text.innerHTML = Page.t(`batch.${step.name}.text`, values());
    choice.hidden = !second();
    [...choice.children].forEach((button, index) => {
      button.setAttribute("aria-checked", carry === (index === 0));
      button.tabIndex = carry === (index === 0) ? 0 : -1;
    });
    code.replaceChildren(el("a", { class: "file", href: "../../" + step.file }, step.file));
    const listing = el("div", { class: "listing" });
    for (const { line, html } of step.code) {
      const inSide = { "ptb_word_lm.py": "#side/L", "reader.py": "#side/reader.py/L" }[step.file];
      const block = el("div");
      block.innerHTML = html;
      listing.append(
        el("a", { href: (inSide || "../../" + step.file + "#L") + line }, String(line)),
        block.firstChild,
      );
    }
    code.append(listing);
    for (const name of root.querySelectorAll(".row-name")) name.textContent = "";
    root.querySelectorAll(".stream .row-name, .band .row-name").forEach((name, index) => {
      name.innerHTML = Page.t("batch.row", { row: index % 2 });
    });
    drawWeights();
    drawNorm();
    for (const link of dots.querySelectorAll("a")) {
      if (link.dataset.step === step.name) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
      link.classList.toggle("done", order[link.dataset.step] < now);
    }
    count.textContent = `${now + 1} / ${steps.length}`;
    back.disabled = now === 0;
    forth.disabled = now === steps.length - 1;
    const first = FIRST[step.name];
    if (!selected) selected = first ? (second() ? prefix() : "") + first : null;
    work();
    if (!Page.calm()) fly(places, chips);
  };

  // Lets each new number come from a number that it was computed from.
  const fly = (places, chips) => {
    let delay = 0;
    for (const other of root.querySelectorAll(".board [data-key], .weights [data-key]")) {
      const key = other.dataset.key;
      if (!key || places.has(key)) continue;
      let from = explain(key)
        .sources.map((source) => places.get(source))
        .find((box) => box && box.width);
      const found = /^(next_)?input_data\/(\d)\/(\d)$/.exec(key);
      if (found) from = chips.get(found[2] + "/" + (Number(found[3]) + (found[1] ? 3 : 0)));
      const to = other.getBoundingClientRect();
      const start = from
        ? { transform: `translate(${from.left - to.left}px, ${from.top - to.top}px)`, opacity: 0.2 }
        : { opacity: 0 };
      other.animate([start, { transform: "none", opacity: 1 }], {
        duration: 650,
        delay: Math.min(delay, 500),
        easing: "cubic-bezier(.3, 0, .2, 1)",
        fill: "backwards",
      });
      delay += 12;
    }
  };

  // What the texts of the steps mention.
  const values = () => ({
    i: show("i_t/0/0/0"),
    cat: show("C/0/1/0"),
    dog: show("C/1/1/0"),
    sat0: show("C/0/2/0"),
    sat1: show("C/1/2/0"),
    p: show("p/0/0/3"),
    cost: show("cost"),
    perplexity: show("perplexity"),
    norm: show("global_norm"),
    max: show("max_grad_norm"),
    factor: show("factor"),
    rate: show("learning_rate"),
    before: show("cost"),
    after: show("updated_cost"),
    carried: show("carried_cost"),
    zero: show("zero_cost"),
  });

  // ------------------------------------------------------------------------------------------------
  // Stepping
  // ------------------------------------------------------------------------------------------------
  const go = (index) => {
    now = Math.max(0, Math.min(steps.length - 1, index));
    selected = null;
    overlay(false);
    place = "#batch/" + steps[now].name;
    history.replaceState(null, "", place);
    render();
  };
  const stop = () => {
    clearInterval(timer);
    timer = null;
    play.innerHTML = Page.t("batch.play");
  };
  const dots = el("ol", { class: "dots" });
  for (const [group, names] of Object.entries(GROUPS)) {
    const list = el("span", { class: "list" });
    for (const name of names.split(" ")) {
      list.append(
        el("a", { href: "#batch/" + name, "data-step": name, label: `batch.${name}.title` }),
      );
    }
    dots.append(el("li", {}, el("span", { class: "group", word: "batch.group." + group }), list));
  }
  const count = el("span", { class: "count" });
  const back = el(
    "button",
    {
      type: "button",
      label: "batch.back",
      onclick: () => {
        stop();
        go(now - 1);
      },
    },
    "←",
  );
  const forth = el(
    "button",
    {
      type: "button",
      class: "main",
      label: "batch.forth",
      onclick: () => {
        stop();
        go(now + 1);
      },
    },
    "→",
  );
  const play = el("button", {
    type: "button",
    class: "play",
    onclick: () => {
      if (timer) return stop();
      play.innerHTML = Page.t("batch.stop");
      if (now === steps.length - 1) go(0);
      timer = setInterval(() => {
        if (now === steps.length - 1 || Page.shown !== "batch") stop();
        else go(now + 1);
      }, 3200);
    },
  });
  root.append(
    el("h1", { word: "batch.title" }),
    el("p", { class: "text lead", word: "batch.lead" }),
    el(
      "div",
      { class: "controls" },
      el("div", { class: "buttons" }, back, count, forth, play),
      dots,
    ),
    el(
      "div",
      { class: "figure" },
      el("div", { class: "column" }, stream, board),
      el("div", { class: "column" }, told, panel),
    ),
  );

  document.addEventListener("keydown", (event) => {
    if (Page.shown !== "batch" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog")) return;
    if (event.key === "Escape") close();
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || /^(SELECT|INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
    event.preventDefault();
    if (event.target.getAttribute("role") === "radio") {
      const other = choice.children[carry ? 1 : 0];
      other.click();
      other.focus();
      return;
    }
    stop();
    go(now + step);
  });

  // The address may name a step, or a part of the walkthrough.
  const follow = () => {
    if (Page.shown !== "batch" || location.hash === place) return;
    place = location.hash;
    const wanted = location.hash.split("/")[1];
    if (!wanted) return;
    let index = order[wanted] ?? steps.findIndex((step) => step.part === wanted);
    if (wanted === "8" || wanted === "C") index = order.next;
    if (index >= 0) {
      now = index;
      selected = null;
      overlay(false);
      render();
    }
  };
  addEventListener("hashchange", (event) => {
    const came = Page.shown === "batch" && !new URL(event.oldURL).hash.startsWith("#batch");
    if (came) scrollTo(0, 0);
    follow();
  });

  scrollTo(0, 0); // Another view may have been scrolled.
  return () => {
    if (!timer) play.innerHTML = Page.t("batch.play");
    play.hidden = Page.calm();
    follow();
    render();
  };
});
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
