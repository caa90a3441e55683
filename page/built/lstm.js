// The view "Inside the LSTM": a sentence, the states and gates of two models, and clamps.
"use strict";

Page.lstm = {}; // for lstm_model.js and lstm_chart.js, which are joined to this file

Page.view("lstm", (root) => {
  const { el, t, plain } = Page;
  const { load, read, likeliest } = Page.lstm;
  const data = Page.data.lstm;
  const lstm = load(data.lstm, data.words);
  const rnn = load(data.rnn, data.words);
  const H = lstm.H;
  const { country: countryShare, verb: verbShare, kept, scale, holding: groups } = data.measured.lstm.units;
  const holding = groups.country;
  const QUANTITIES = ["C", "h", "f", "i", "o"];
  const EOS = "<eos>";

  // What the reader has chosen. Step 0 reads <eos>, step n the n-th word.
  const state = {
    sentence: 0, // the number of the sentence to begin with, or null
    words: [],
    step: 0,
    unit: holding[0] ?? 0,
    quantity: "C",
    order: "country",
    clamps: new Map(), // {step: {unit: value}}
    pretended: "", // the country that the units were given
    model: "lstm", // which of the two a narrow page shows
    strange: [], // the words that the reader gave and the models do not know
    typed: false, // whether the reader typed the sentence
  };
  let steps, unchanged, plainSteps; // of the LSTM, of the LSTM without clamps, of the plain RNN
  let places = []; // the units from left to right
  let edges = []; // of their columns
  let playing = null;

  // --- Small things -----------------------------------------------------------------------------
  const percent = (p) => {
    const value = 100 * p;
    if (value < 0.1) return "< 0.1 %";
    return value.toFixed(value < 10 || value > 99 ? 1 : 0).replace("100.0", "> 99.9") + " %";
  };
  const number = (value) => value.toFixed(2).replace("-", "−");
  const list = (numbers) => {
    const all = numbers.map(String);
    const last = all.pop();
    return all.length ? all.join(t("lstm.comma")) + t("lstm.and") + last : last;
  };
  const wordAt = (step) => (step === 0 ? EOS : state.words[step - 1]);
  const last = () => state.words.length;
  // The step that reads the last country of the sentence; 0 if there is none.
  const countryStep = () => 1 + state.words.findLastIndex((word) => word in data.countries);
  const html = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");

  // --- Colours ----------------------------------------------------------------------------------
  // C and h: orange below zero, blue above, the colour of the paper between. Gates: from the paper
  // to violet. Lightness falls (in the dark: rises) with the size, so that hue is not needed.
  const MAPS = {
    light: {
      signed: [[150, 66, 0], [240, 165, 95], [246, 246, 247], [120, 172, 222], [5, 70, 150]],
      gate: [[246, 246, 247], [176, 160, 216], [66, 30, 130]],
    },
    dark: {
      signed: [[255, 184, 112], [165, 92, 30], [30, 34, 40], [48, 105, 165], [130, 195, 255]],
      gate: [[30, 34, 40], [112, 88, 170], [226, 214, 255]],
    },
  };
  const colour = (value, quantity) => {
    const signed = quantity === "C" || quantity === "h";
    const map = MAPS[Page.dark ? "dark" : "light"][signed ? "signed" : "gate"];
    const most = quantity === "C" ? scale : 1;
    const share = signed ? (value / most + 1) / 2 : value;
    const at = Math.min(Math.max(share, 0), 1) * (map.length - 1);
    const low = Math.min(Math.floor(at), map.length - 2);
    const mixed = map[low].map((a, k) => Math.round(a + (at - low) * (map[low + 1][k] - a)));
    return `rgb(${mixed})`;
  };

  // Sets the size of a canvas in CSS pixels; returns its context, one unit of which is a pixel of
  // the screen, and how many such pixels a CSS pixel has.
  const canvasOf = (canvas, width, height) => {
    const ratio = window.devicePixelRatio || 1;
    canvas.style.width = width + "px";
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    return [canvas.getContext("2d"), ratio];
  };

  // The left and right edges of the columns of a map, in CSS pixels. The first `wide` columns have
  // the width `each`, and a gap after them.
  const edgesOf = (width, columns, wide = 0, each = 0) => {
    const start = wide ? wide * each + each / 3 : 0;
    const rest = (width - start) / (columns - wide);
    return Array.from({ length: columns }, (_, k) =>
      k < wide ? [k * each, (k + 1) * each] : [start + (k - wide) * rest, start + (k - wide + 1) * rest]);
  };

  // Draws a map, a row for each step and a column for each unit.
  const drawMap = (canvas, rows, order, quantity, edges, rowHeight, gap = 0) => {
    const [context, ratio] = canvasOf(canvas, edges[edges.length - 1][1], rows.length * rowHeight);
    rows.forEach((row, y) => {
      const top = Math.round(y * rowHeight * ratio);
      const bottom = Math.round((y + 1) * rowHeight * ratio) - Math.round(gap * ratio);
      order.forEach((unit, x) => {
        const [left, right] = edges[x].map((edge) => Math.round(edge * ratio));
        context.fillStyle = colour(row[quantity][unit], quantity);
        context.fillRect(left, top, right - left, bottom - top);
      });
    });
    return [context, ratio];
  };

  // --- The elements -----------------------------------------------------------------------------
  const input = el("input", { type: "text", id: "lstm-input", spellcheck: "false",
    autocomplete: "off", autocapitalize: "off" });
  const unknown = el("p", { class: "small unknown", role: "status" });
  // What the corpus knows, for those who type something else.
  const hint = el("p", { class: "small hint", hidden: true });
  const vocabulary = el("details", { class: "small", ontoggle: () => {
    vocabulary.lastChild.textContent = [...lstm.words].sort().join(" ");
  } }, el("summary"), el("p", { class: "vocabulary" }));
  const buttons = data.sentences.map((sentence, k) =>
    el("button", { type: "button", word: `lstm.s${k + 1}.title`, onclick: () => choose(k) })
  );
  const notice = el("div", { class: "notice" });
  const form = el("form", { class: "own", onsubmit: (event) => {
    event.preventDefault();
    readText(input.value, true);
  } },
    el("label", { for: "lstm-input", word: "lstm.own" }),
    el("span", { class: "line" }, input, el("button", { type: "submit", word: "lstm.read" })),
    unknown, hint, vocabulary
  );

  const cards = QUANTITIES.map((quantity) =>
    el("button", { type: "button", role: "radio", class: "card", "data-quantity": quantity,
      onclick: () => set({ quantity }) },
      el("span", { class: "card-head" },
        el("b", {}, quantity), el("span", { word: `lstm.${quantity}.name` })),
      el("canvas", { "aria-hidden": "true" }),
      el("span", { class: "card-text", word: `lstm.${quantity}.text` }))
  );
  const quantities = el("div", { class: "cards", role: "radiogroup", label: "lstm.quantity",
    onkeydown: (event) => {
      const move = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!move) return;
      event.preventDefault();
      const at = QUANTITIES.indexOf(state.quantity) + move + QUANTITIES.length;
      set({ quantity: QUANTITIES[at % QUANTITIES.length] });
      cards[QUANTITIES.indexOf(state.quantity)].focus();
    } }, ...cards);

  const orders = el("select", { id: "lstm-order", onchange: () => set({ order: orders.value }) },
    ...["country", "verb", "number"].map((o) => el("option", { value: o, word: `lstm.by.${o}` })));
  const play = el("button", { type: "button", class: "play", onclick: () => startOrStop() });
  const back = el("button", { type: "button", label: "lstm.back", onclick: () => move(-1, 0) }, "↑");
  const forth = el("button", { type: "button", label: "lstm.forth", onclick: () => move(1, 0) }, "↓");
  const legend = el("div", { class: "legend" });
  const switches = ["lstm", "rnn"].map((model) =>
    el("button", { type: "button", word: `lstm.model.${model}`, onclick: () => set({ model }) }));
  const equation = el("div", { class: "formula" });

  const words = el("div", { class: "words" });
  const says = el("div", { class: "says" });
  const rnnSays = el("div", { class: "says" });
  const map = el("canvas", { class: "map" });
  const rnnMap = el("canvas", { class: "map" });
  const strip = el("canvas", { class: "strip" });
  const band = el("div", { class: "band" });
  const column = el("div", { class: "column" });
  const tip = el("div", { class: "tip", hidden: true });
  const mapBox = el("div", { class: "map-box", tabindex: "0", role: "application",
    label: "lstm.keys" }, map, column, tip);
  const rnnBox = el("div", { class: "map-box" }, rnnMap);
  const head = (name, ...more) => el("div", { class: "head" }, el("span", { word: name }), ...more);
  const bracket = el("span", { class: "bracket" });
  const reading = el("div", { class: "reading" },
    head("lstm.head.word"),
    el("div", { class: "head of-lstm" }, strip, bracket),
    el("div", { class: "head of-lstm" }, el("b", { word: "lstm.model.lstm" }),
      el("span", { word: "lstm.head.next" })),
    el("div", { class: "head of-rnn" }, el("b", { word: "lstm.head.rnn" }),
      el("span", { word: "lstm.head.rnn_map" })),
    el("div", { class: "head of-rnn" }, el("b", { word: "lstm.model.rnn" }),
      el("span", { word: "lstm.head.next" })),
    words,
    el("div", { class: "of-lstm" }, mapBox), el("div", { class: "of-lstm" }, says),
    el("div", { class: "of-rnn" }, rnnBox), el("div", { class: "of-rnn" }, rnnSays),
    band);
  const live = el("p", { class: "hidden", role: "status" });

  const sharesText = el("p", { class: "small soft" });

  // The panels below the maps.
  const unitTitle = el("h3");
  const unitFacts = el("p", { class: "small soft" });
  const chart = el("div", { class: "chart" });
  const slider = el("input", { type: "range", id: "lstm-slider", min: -2 * scale, max: 2 * scale,
    step: 0.05, oninput: () => clamp(state.step, state.unit, Number(slider.value)) });
  const sliderLabel = el("label", { for: "lstm-slider" });
  const clear = el("button", { type: "button", word: "lstm.clear",
    onclick: () => clamp(state.step, state.unit, 0) });
  const undo = el("button", { type: "button", word: "lstm.undo", onclick: () => {
    state.clamps.delete(state.step);
    compute();
  } });
  const forgetText = el("p", { class: "small" });
  const forget = el("button", { type: "button", class: "main", onclick: () => clampHolding(0) });
  const pretend = el("select", { id: "lstm-pretend", onchange: () => {
    if (pretend.value) clampHolding(pretend.value);
  } });
  const undoAll = el("button", { type: "button", word: "lstm.undo_all", onclick: () => {
    state.clamps.clear();
    compute();
  } });
  const endTitle = el("h3");
  const endTable = el("div", { class: "end" });
  const nextTitle = el("h3");
  const nextList = el("ol", { class: "next" });

  const panel = (name, ...children) => el("div", { class: "panel " + name }, ...children);
  root.append(
    el("h1", { word: "lstm.title" }),
    el("p", { class: "text lead", word: "lstm.lead" }),
    el("div", { class: "chooser" },
      el("div", {}, el("h2", { class: "step", word: "lstm.choose" }),
        el("ol", { class: "sentences" }, ...buttons.map((button) => el("li", {}, button)))),
      el("div", {}, notice, form)),
    el("h2", { class: "step", word: "lstm.look" }),
    el("div", { class: "figure" },
      quantities, equation,
      el("div", { class: "tools" },
        el("span", { class: "tool" }, el("label", { for: "lstm-order", word: "lstm.order" }), orders),
        el("span", { class: "tool" }, play, back, forth),
        el("span", { class: "tool switch" }, ...switches), legend),
      reading, live),
    el("h2", { class: "step", word: "lstm.change" }),
    el("div", { class: "panels" },
      panel("unit",
        el("div", { class: "title" }, unitTitle, el("span", { class: "tool" },
          el("button", { type: "button", label: "lstm.left", onclick: () => move(0, -1) }, "←"),
          el("button", { type: "button", label: "lstm.right", onclick: () => move(0, 1) }, "→"))),
        unitFacts, chart,
        el("div", { class: "clamp" }, sliderLabel, slider, el("span", { class: "tool" }, clear, undo))),
      panel("forget",
        endTitle, forgetText,
        el("div", { class: "tools" }, forget,
          el("span", { class: "tool" }, el("label", { for: "lstm-pretend", word: "lstm.pretend" }), pretend),
          undoAll),
        endTable),
      panel("onward", nextTitle, el("p", { class: "small soft", word: "lstm.onward" }), nextList)),
    el("h2", { word: "lstm.models" }),
    models(),
    explanation());

  // A command, which breaks between its flags only.
  function command(text) {
    const parts = text.split(/ (?=--)/);
    return el("pre", {}, el("code", {},
      ...parts.flatMap((part, k) => [el("span", {}, part), k < parts.length - 1 ? " " : ""])));
  }

  // --- The models and their training --------------------------------------------------------------
  function models() {
    const rows = data.measured.lstm.languages.map(([low, high, count, right], k) => {
      const rnnRight = data.measured.rnn.languages[k][3];
      const cell = (n) => el("td", {}, el("span", { class: "share" },
        el("i", { style: `width:${(100 * n) / count}%` })), ` ${Math.round((100 * n) / count)} %`);
      return el("tr", {}, el("td", {}, `${low}–${high}`), el("td", {}, String(count)),
        cell(right), cell(rnnRight));
    });
    const heads = ["between", "asked", "lstm", "rnn"].map((name) =>
      el("th", { scope: "col", word: `lstm.table.${name}` }));
    return el("div", { class: "about" },
      el("div", { class: "text" },
        el("p", { word: "lstm.trained" }),
        ...["lstm", "rnn"].map((name) => command(data.commands[name])),
        el("p", { word: "lstm.try" }),
        command("python -m lm.generate --save_path=page/model/lstm --next=3" +
          ' --prompt="the miner who grew up in france and played piano speaks fluent"')),
      el("div", {}, el("p", { word: "lstm.table" }),
        el("div", { class: "table" }, el("table", {}, el("thead", {}, el("tr", {}, ...heads)),
          el("tbody", {}, ...rows))), el("p", { class: "small soft", word: "lstm.guessing" }), sharesText));
  }

  function explanation() {
    const body = el("div", { class: "text" });
    const box = el("details", { class: "explanation" },
      el("summary", { word: "lstm.explanation" }),
      el("p", { class: "text soft", word: "lstm.explanation_model" }), body);
    // It is long, so it is filled only when it is open, and once for each language.
    box.fill = () => {
      if (!box.open || body.lang === document.documentElement.lang) return;
      body.innerHTML = data.explanation[Page.language];
      body.lang = document.documentElement.lang;
    };
    box.ontoggle = box.fill;
    return box;
  }

  // --- Changing what is shown ---------------------------------------------------------------------
  function set(values) {
    Object.assign(state, values);
    draw();
  }

  function choose(k) {
    const { words, step, quantity, order } = data.sentences[k];
    Object.assign(state, { strange: [], typed: false });
    Object.assign(state, { sentence: k, words, step, quantity, order, clamps: new Map(), pretended: "" });
    state.unit = groupOf(order)[0] ?? byShare(order === "verb" ? verbShare : countryShare)[0];
    input.value = words.join(" ");
    stop();
    compute();
  }

  function readText(text, typed = false) {
    const given = text.toLowerCase().replace(/[.,!?;:"]+(\s|$)/g, " ").split(/\s+/).filter(Boolean);
    const words = given.slice(0, 60);
    if (!words.length) return;
    const strange = [...new Set(words.filter((word) => !lstm.ids.has(word)))];
    Object.assign(state, { strange, typed });
    const read = words.map((word) => (lstm.ids.has(word) ? word : "<unk>"));
    Object.assign(state,
      { sentence: null, words: read, step: read.length, clamps: new Map(), pretended: "" });
    stop();
    compute();
  }

  // Below a sentence with unknown words, or without "grew up in" and a country: one that is known.
  function drawHint() {
    const { strange } = state;
    unknown.innerHTML = strange.length ? t("lstm.unknown", { words: html(strange.join(", ")) }) : "";
    const country = state.words.find((word) => word in data.countries);
    const told = state.words.some((word, k) => word in data.countries &&
      state.words.slice(k - 3, k).join(" ") === "grew up in");
    hint.hidden = !state.typed || (told && !state.words.includes("<unk>"));
    const sentence = `the miner who grew up in ${country ?? "france"} speaks fluent`;
    hint.innerHTML = t("lstm.known", { sentence });
    hint.append(" ", el("button", { type: "button", word: "lstm.take", onclick: () => {
      input.value = sentence;
      readText(sentence);
    } }));
  }

  function clamp(step, unit, value) {
    if (!state.clamps.has(step)) state.clamps.set(step, new Map());
    state.clamps.get(step).set(unit, value);
    state.pretended = "";
    compute();
  }

  // Clears the units that hold the country, at the country, or gives them what they hold after
  // another country.
  function clampHolding(value) {
    const step = countryStep();
    if (!step) return;
    let values = () => 0;
    if (value !== 0) {
      const other = state.words.slice(0, step);
      other[step - 1] = value;
      const { C } = read(lstm, ids(other)).pop();
      values = (unit) => C[unit];
    }
    state.clamps = new Map([[step, new Map(holding.map((unit) => [unit, values(unit)]))]]);
    state.pretended = value || "";
    state.step = step;
    compute();
  }

  const ids = (words) => [EOS, ...words].map((word) => lstm.ids.get(word));
  // Both models at the end of the first sentence, which other sentences are compared with.
  const [firstEnd, firstPlainEnd] = [lstm, rnn].map((model) =>
    read(model, ids(data.sentences[0].words)).pop());

  function compute() {
    const read_ = ids(state.words);
    unchanged = read(lstm, read_);
    steps = state.clamps.size ? read(lstm, read_, state.clamps) : unchanged;
    plainSteps = read(rnn, read_);
    draw();
  }

  function move(rows, columns) {
    state.step = Math.min(Math.max(state.step + rows, 0), last());
    const at = Math.min(Math.max(places.indexOf(state.unit) + columns, 0), H - 1);
    set({ unit: places[at] });
    const { C, f, i, o } = steps[state.step];
    const unit = state.unit;
    live.textContent = plain("lstm.tip", { unit, word: wordAt(state.step), C: number(C[unit]),
      h: number(steps[state.step].h[unit]), f: number(f[unit]), i: number(i[unit]), o: number(o[unit]) });
  }

  function stop() {
    clearInterval(playing);
    playing = null;
  }

  function startOrStop() {
    if (playing) stop();
    else {
      state.step = 0;
      playing = setInterval(() => {
        if (state.step >= last()) stop();
        else state.step++;
        draw();
      }, 500);
    }
    draw();
  }

  mapBox.onkeydown = (event) => {
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    if (moves[event.key]) move(...moves[event.key]);
    else if (event.key === "Delete" || event.key === "Backspace") clamp(state.step, state.unit, 0);
    else if (event.key === "Escape" && state.clamps.size) undoAll.onclick();
    else return;
    event.preventDefault();
  };
  const cellAt = (event) => {
    const box = map.getBoundingClientRect();
    const x = edges.findIndex(([left, right]) =>
      event.clientX - box.left >= left && event.clientX - box.left < right);
    const y = Math.floor(((event.clientY - box.top) / box.height) * steps.length);
    const inside = x >= 0 && x < H && y >= 0 && y < steps.length;
    return inside ? { unit: places[x], step: y, x: event.clientX - box.left, y: event.clientY - box.top } : null;
  };
  mapBox.onclick = (event) => {
    const cell = cellAt(event);
    if (cell) set({ unit: cell.unit, step: cell.step });
  };
  mapBox.onpointermove = (event) => {
    const cell = event.pointerType === "touch" ? null : cellAt(event);
    tip.hidden = !cell;
    if (!cell) return;
    const { C, h, f, i, o } = steps[cell.step];
    const values = Object.entries({ C, h, f, i, o }).map(([k, v]) => [k, number(v[cell.unit])]);
    tip.innerHTML = t("lstm.tip",
      { unit: cell.unit, word: html(wordAt(cell.step)), ...Object.fromEntries(values) });
    tip.style.left = Math.min(cell.x + 14, map.clientWidth - 150) + "px";
    tip.style.top = cell.y + 18 + "px";
  };
  mapBox.onpointerleave = () => (tip.hidden = true);

  // --- Drawing ------------------------------------------------------------------------------------
  function byShare(shares) {
    return [...shares.keys()].sort((a, b) => shares[b] - shares[a]);
  }

  // The units that hold what the others are sorted by.
  function groupOf(order) {
    return groups[order] ?? [];
  }

  // These units stand first; the others follow by their share.
  function order() {
    if (state.order === "number") return [...Array(H).keys()];
    const group = groupOf(state.order);
    const rest = byShare(state.order === "verb" ? verbShare : countryShare);
    return [...group, ...rest.filter((unit) => !group.includes(unit))];
  }

  // Whether the sentence asks for a language; and the right one, if it has one country.
  const asks = () => wordAt(last()) === "fluent" && countryStep() > 0;
  // Whether C of the units that hold the country was cleared there, and nothing else was changed.
  const cleared = () => {
    const given = state.clamps.get(countryStep());
    return asks() && state.clamps.size === 1 && given?.size === holding.length &&
      holding.every((unit) => given.get(unit) === 0);
  };
  const target = () => {
    const named = new Set(state.words.filter((word) => word in data.countries));
    return asks() && named.size === 1 ? data.countries[wordAt(countryStep())] : null;
  };

  function drawNotice() {
    const k = state.sentence;
    notice.replaceChildren();
    if (k === null) {
      const text = t("lstm.own_notice", { known: lstm.words.length });
      notice.append(el("h3", { word: "lstm.own_title" }), Object.assign(el("p"), { innerHTML: text }));
      return;
    }
    const end = (all) => likeliest(all[last()], 1)[0];
    const [said, p] = end(unchanged);
    const [rnnSaid, q] = end(plainSteps);
    const right = target();
    const chance = (all, word) => percent(Math.exp(all[last()].logProbs[lstm.ids.get(word)]));
    const values = { said: lstm.words[said], p: percent(p), rnn: lstm.words[rnnSaid], q: percent(q),
      right: right ?? "", right_p: right ? chance(unchanged, right) : "",
      right_q: right ? chance(plainSteps, right) : "", units: list(holding), count: holding.length,
      verb_unit: groups.verb[0], low: t(Page.dark ? "lstm.dark" : "lstm.light"),
      high: t(Page.dark ? "lstm.light" : "lstm.dark"),
      first_q: percent(Math.exp(firstPlainEnd.logProbs[lstm.ids.get("french")])),
      word: html(wordAt(last())), speak: chance(unchanged, "speak"), speaks: chance(unchanged, "speaks") };
    notice.append(el("p", { class: "sentence" }, state.words.join(" ").replace("<eos>", "⏎") + " …"));
    // What there was to notice is no longer so after a change.
    if (!state.clamps.size)
      notice.append(Object.assign(el("p"), { innerHTML: t(`lstm.s${k + 1}.notice`, values) }));
    if (k === 2) notice.append(comparison());
    if (state.clamps.size) {
      const [now, r] = end(steps);
      const shown = k === 8 ? ["speak", "speaks"].map((word) => [word, chance(steps, word)])
        : [[lstm.words[now], percent(r)]];
      const text = shown.map(([word, p]) => `<em>${word}</em> ${p}`).join(t("lstm.comma"));
      notice.append(
        Object.assign(el("p", { class: "result" }), { innerHTML: t("lstm.result", { text }) }),
        cleared() ? el("p", { word: "lstm.zero" }) : "",
        el("button", { type: "button", word: "lstm.undo_all", onclick: () => undoAll.onclick() }));
    } else if (k === 0 || k === 1) {
      notice.append(el("button", { type: "button", class: "main", word: "lstm.try_clear",
        onclick: () => clampHolding(0) }));
    } else if (k === 8) {
      const unit = groups.verb[0];
      notice.append(el("button", { type: "button", class: "main", word: "lstm.try_turn",
        onclick: () => {
          const step = countryStep();
          set({ unit, step });
          clamp(step, unit, -unchanged[step].C[unit]);
        } }));
    } else if (k === 2) {
      notice.append(el("button", { type: "button", class: "main", word: "lstm.try_pretend",
        onclick: () => clampHolding("france") }));
    }
  }

  // The units that hold the country, at the end of the first sentence and of this one.
  function comparison() {
    const rows = [["france", firstEnd], [wordAt(countryStep()), steps[last()]]];
    return el("div", { class: "comparison" }, ...rows.flatMap(([country, { C }]) => [
      el("span", {}, country),
      ...holding.map((unit) => el("i", { role: "img", "aria-label": number(C[unit]),
        title: number(C[unit]), style: `background:${colour(C[unit], "C")}` }))]));
  }

  function sizes() {
    const width = reading.clientWidth;
    const narrow = width < 720;
    const wordWidth = narrow ? 82 : 104;
    const saysWidth = narrow ? 88 : 128;
    const gap = narrow ? 6 : 12;
    const left = width - wordWidth - gap;
    if (narrow) {
      const one = left - saysWidth - gap;
      return { narrow, wordWidth, saysWidth, gap, lstm: one, rnn: one, row: 24 };
    }
    const both = left - 2 * saysWidth - 4 * gap;
    const most = Math.floor(both * 0.66);
    return { narrow, wordWidth, saysWidth, gap, lstm: most, rnn: Math.floor(both - most), row: 22 };
  }

  function drawSays(box, all, rowHeight) {
    box.replaceChildren(...all.map((step, k) => {
      const [id, p] = likeliest(step, 1)[0];
      const word = lstm.words[id];
      let mark = k < last() && word === state.words[k] ? " hit" : "";
      if (k === last()) mark = target() ? (word === target() ? " right" : " wrong") : " final";
      return el("div", { class: "say" + mark, style: `height:${rowHeight}px`, title: `${word} ${percent(p)}` },
        el("i", { style: `width:${100 * p}%` }), el("span", {}, word), el("small", {}, percent(p)));
    }));
  }

  function draw() {
    if (!steps) return;
    tip.hidden = true;
    places = order();
    const size = sizes();
    const rows = playing ? state.step + 1 : steps.length;
    const wide = groupOf(state.order).length;
    edges = edgesOf(size.lstm, H, wide, size.narrow ? 16 : 26);

    buttons.forEach((button, k) => button.setAttribute("aria-pressed", k === state.sentence));
    drawNotice();
    drawHint();
    cards.forEach((card, k) => {
      const on = QUANTITIES[k] === state.quantity;
      card.setAttribute("aria-checked", on);
      card.tabIndex = on ? 0 : -1;
      const canvas = card.querySelector("canvas");
      drawMap(canvas, steps, places, QUANTITIES[k],
        edgesOf(card.clientWidth - (size.narrow ? 12 : 22) || 60, H, wide, size.narrow ? 4 : 8), 44 / steps.length);
    });
    equation.innerHTML = data.equations[state.quantity];
    orders.value = state.order;
    vocabulary.firstChild.innerHTML = t("lstm.vocabulary", { count: lstm.words.length });
    play.innerHTML = t(playing ? "lstm.stop" : "lstm.play");
    drawLegend(size.narrow && state.model === "rnn" ? "h" : state.quantity);
    switches.forEach((button, k) => button.setAttribute("aria-pressed", ["lstm", "rnn"][k] === state.model));

    reading.classList.toggle("narrow", size.narrow);
    reading.dataset.model = state.model;
    switches[0].parentNode.hidden = !size.narrow;
    const columns = [size.wordWidth, size.lstm, size.saysWidth, size.rnn, size.saysWidth];
    reading.style.gridTemplateColumns =
      (size.narrow ? columns.slice(0, 3) : columns).map((width) => width + "px").join(" ");
    reading.style.columnGap = size.gap + "px";

    words.replaceChildren(...steps.map((_, k) =>
      el("button", { type: "button", tabindex: "-1", style: `height:${size.row}px`,
        class: (k && k === countryStep() ? "cause" : "") + (k >= rows ? " later" : ""),
        title: wordAt(k), onclick: () => set({ step: k }) }, wordAt(k))));
    const [context, ratio] = drawMap(map, steps.slice(0, rows), places, state.quantity, edges, size.row, 1);
    map.style.marginBottom = (steps.length - rows) * size.row + "px";
    drawClamps(context, ratio, size);
    drawMap(rnnMap, plainSteps.slice(0, rows), [...Array(rnn.H).keys()], "h",
      edgesOf(size.rnn, rnn.H), size.row, 1);
    drawSays(says, steps.slice(0, rows), size.row);
    drawSays(rnnSays, plainSteps.slice(0, rows), size.row);
    drawStrip(size);

    band.style.top = words.offsetTop + state.step * size.row - 1 + "px";
    band.style.height = size.row + 1 + "px";
    const [left, right] = edges[places.indexOf(state.unit)];
    column.style.left = left - 1.5 + "px";
    column.style.width = right - left + 3 + "px";
    column.style.height = rows * size.row + "px";
    drawUnit();
    drawEnd();
    drawNext();
    root.querySelector(".explanation").fill();
  }

  function drawClamps(context, ratio, size) {
    context.strokeStyle = Page.css("ink");
    context.lineWidth = 2 * ratio;
    for (const [step, units] of state.clamps) {
      for (const unit of units.keys()) {
        const [left, right] = edges[places.indexOf(unit)];
        context.strokeRect((left + 1) * ratio, (step * size.row + 1) * ratio,
          (right - left - 2) * ratio, (size.row - 3) * ratio);
      }
    }
  }

  // The strip above the map: what each unit holds, as bars, and the numbers of the first units.
  function drawStrip(size) {
    const height = 52, foot = 14;
    const [context, ratio] = canvasOf(strip, size.lstm, height);
    const group = groupOf(state.order);
    const shares = state.order === "verb" ? verbShare : countryShare;
    context.scale(ratio, ratio);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    places.forEach((unit, x) => {
      const [left, right] = edges[x];
      context.fillStyle = Page.css(group.includes(unit) ? "warm" : "line");
      const bar = shares[unit] * (height - foot - 2);
      context.fillRect(left, height - foot - bar, Math.max(right - left - 1, 0.75), bar);
      if (group.includes(unit)) {
        context.fillStyle = Page.css("ink");
        context.fillText(String(unit), (left + right) / 2, height - 3);
      }
    });
    const others = edges[group.length][0];
    context.textAlign = "left";
    context.fillStyle = Page.css("soft");
    context.fillText(plain(group.length ? "lstm.others" : "lstm.all", { count: H - group.length }), others, height - 3);
    bracket.innerHTML = t(state.order === "verb" ? "lstm.strip.verb" : "lstm.strip.country");
  }

  function drawLegend(quantity) {
    const signed = quantity === "C" || quantity === "h";
    const most = quantity === "C" ? scale : 1;
    const stops = Array.from({ length: 9 }, (_, k) =>
      colour(signed ? (k / 4 - 1) * most : k / 8, quantity));
    legend.replaceChildren(
      el("span", {}, signed ? (quantity === "C" ? "≤ " : "") + number(-most) : "0"),
      el("i", { style: `background:linear-gradient(90deg,${stops})` }),
      el("span", {}, signed ? (quantity === "C" ? "≥ " : "") + number(most) : "1"));
  }

  // --- The panels ---------------------------------------------------------------------------------
  function drawUnit() {
    const { unit, step } = state;
    const count = data.measured.lstm.units.sentences;
    const chance = percent((data.languages.length - 1) / (count - 1)); // of so many groups
    sharesText.innerHTML = t("lstm.measured", { count, chance });
    const holds = Object.keys(groups).find((name) => groups[name].includes(unit));
    unitTitle.innerHTML = t(holds ? `lstm.unit_holds.${holds}` : "lstm.unit", { unit, count: holding.length });
    unitFacts.innerHTML = t("lstm.unit_facts", { country: percent(countryShare[unit]),
      verb: percent(verbShare[unit]), kept: number(kept[unit]) });
    const value = steps[step].C[unit];
    sliderLabel.innerHTML = t("lstm.slider", { word: html(wordAt(step)), unit, value: number(value) });
    slider.value = value;
    undo.disabled = !state.clamps.has(step);
    chart.replaceChildren(Page.lstm.chart(steps, unchanged, unit, step, countryStep(), scale, wordAt));
  }

  function drawEnd() {
    const step = countryStep();
    const at = last();
    const right = target();
    endTitle.innerHTML = t("lstm.end", { word: html(wordAt(at)) });
    const changed = state.clamps.size > 0;
    const can = step && holding.length;
    forgetText.innerHTML = can
      ? t("lstm.holding", { units: list(holding), count: holding.length, country: wordAt(step) })
      : t("lstm.no_country");
    forget.disabled = pretend.disabled = !can;
    forget.innerHTML = t("lstm.forget", { country: step ? wordAt(step) : "…" });
    undoAll.disabled = !changed;
    const options = Object.keys(data.countries).filter((name) => !step || name !== wordAt(step));
    pretend.replaceChildren(el("option", { value: "", word: "lstm.another" }),
      ...options.map((name) => el("option", { value: name }, name)));
    pretend.value = changed ? state.pretended : "";

    const top = (all) => likeliest(all[at], 4).map(([id]) => id);
    const shown = asks()
      ? data.languages.map((word) => lstm.ids.get(word))
      : [...new Set([...top(steps), ...top(unchanged), ...top(plainSteps)])].slice(0, 10);
    const p = (all, id) => Math.exp(all[at].logProbs[id]);
    const bar = (value, before) => el("span", { class: "bar-box" },
      el("i", { style: `width:${100 * value}%` }),
      before === null || before < 0.01 ? "" : el("u", { style: `left:${100 * before}%` }));
    endTable.replaceChildren(
      el("span"), el("b", { word: "lstm.model.lstm" }), el("b", { word: "lstm.model.rnn" }),
      ...shown.flatMap((id) => [
        el("span", { class: lstm.words[id] === right ? "name right" : "name" }, lstm.words[id]),
        bar(p(steps, id), changed ? p(unchanged, id) : null), el("small", {}, percent(p(steps, id))),
        bar(p(plainSteps, id), null), el("small", {}, percent(p(plainSteps, id)))]));
    endTable.classList.toggle("changed", changed);
  }

  function drawNext() {
    nextTitle.innerHTML = t("lstm.next", { word: html(wordAt(state.step)) });
    nextList.replaceChildren(...likeliest(steps[state.step], 10).map(([id, p]) => {
      const word = lstm.words[id];
      return el("li", {}, el("button", { type: "button", onclick: () => {
        const kept = state.words.slice(0, state.step);
        readText([...kept, word].join(" "));
        input.value = state.words.join(" ");
      } }, el("i", { style: `width:${100 * p}%` }), el("span", {}, word), el("small", {}, percent(p))));
    }));
  }

  new ResizeObserver(() => draw()).observe(reading);
  Page.lstm.models = { lstm, rnn }; // for the tests
  Page.lstm.state = state;
  choose(0);
  return draw;
});
// The chart of one unit over the words: its gates above, its C below.
"use strict";

Page.lstm.chart = (steps, unchanged, unit, step, countryStep, scale, wordAt) => {
  const { el } = Page;
  const W = 380, TOP = 18, GATES = 70, GAP = 22, STATES = 90, LEFT = 30, RIGHT = 12, FOOT = 24;
  const H = TOP + GATES + GAP + STATES + FOOT;
  const x = (k) => LEFT + ((W - LEFT - RIGHT) * k) / Math.max(steps.length - 1, 1);
  const gateY = (value) => TOP + GATES * (1 - value);
  const reach = Math.max(scale, ...steps.map((s) => Math.abs(s.C[unit])),
    ...unchanged.map((s) => Math.abs(s.C[unit])));
  const stateY = (value) => TOP + GATES + GAP + (STATES * (1 - value / reach)) / 2;
  const line = (values, y, name) => el("svg:polyline", { class: "line " + name,
    points: values.map((value, k) => `${x(k).toFixed(1)},${y(value).toFixed(1)}`).join(" ") });
  const text = (at, y, words, anchor = "middle", name = "") =>
    el("svg:text", { x: at, y, "text-anchor": anchor, class: name }, words);
  const rule = (y) => el("svg:line", { class: "rule", x1: LEFT, x2: W - RIGHT, y1: y, y2: y });

  const parts = [rule(gateY(0)), rule(gateY(1)), rule(stateY(0)),
    text(LEFT - 6, gateY(1) + 4, "1", "end"), text(LEFT - 6, gateY(0) + 4, "0", "end"),
    text(LEFT - 6, stateY(0) + 4, "0", "end"), text(LEFT - 6, stateY(reach) + 8, "+", "end"),
    text(LEFT - 6, stateY(-reach) + 2, "−", "end"),
    el("svg:line", { class: "now", x1: x(step), x2: x(step), y1: TOP - 4, y2: H - FOOT + 4 })];
  // The names of the gates, in the order of the legend.
  ["f", "i", "o"].forEach((gate, k) => {
    parts.push(line(steps.map((s) => s[gate][unit]), gateY, gate));
    const at = LEFT + 12 + 44 * k;
    parts.push(el("svg:line", { class: "line " + gate, x1: at, x2: at + 18, y1: 7, y2: 7 }),
      text(at + 23, 11, gate, "start", "bold"));
  });
  parts.push(text(LEFT + 2, stateY(reach) + 2, "C", "start", "bold"));
  if (unchanged !== steps) parts.push(line(unchanged.map((s) => s.C[unit]), stateY, "C before"));
  parts.push(line(steps.map((s) => s.C[unit]), stateY, "C"));
  parts.push(el("svg:circle", { class: "dot", cx: x(step), cy: stateY(steps[step].C[unit]), r: 4 }));
  // Names of words below, those that have room.
  const labels = [...new Set([step, countryStep || step, steps.length - 1])].sort((a, b) => a - b);
  const placed = [];
  for (const k of [step, ...labels.filter((k) => k !== step)]) {
    const word = wordAt(k), half = 3.6 * word.length + 4;
    const at = Math.min(Math.max(x(k), LEFT + half - 20), W - half);
    if (placed.some(([a, b]) => Math.abs(a - at) < b + half)) continue;
    placed.push([at, half]);
    parts.push(text(at, H - 6, word, "middle", k === step ? "bold" : ""));
  }
  return el("svg:svg", { viewBox: `0 0 ${W} ${H}`, role: "img",
    "aria-label": Page.plain("lstm.chart", { unit }) }, ...parts);
};
// The two models of the view: an LSTM and a plain RNN, one layer each, in plain arithmetic.
// The equations are those of study/gates.py; the page's tests compare every number with TensorFlow.
"use strict";



{
  // Turns base64 of little-endian float32 into numbers. Every processor that a browser runs on today
  // is little-endian.
  const decode = (text) => {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let k = 0; k < bytes.length; k++) bytes[k] = characters.charCodeAt(k);
    return new Float32Array(bytes.buffer);
  };

  const sigmoid = (x) => 1 / (1 + Math.exp(-x));

  // Makes a model of the data that page/views/lstm.py has written.
  Page.lstm.load = (data, words) => {
    const weights = {};
    for (const [name, text] of Object.entries(data.weights)) weights[name] = decode(text);
    const ids = new Map(words.map((word, id) => [word, id]));
    return Object.assign({ words, ids, H: data.hidden_size, isLSTM: data.cell === "basic_lstm" }, weights);
  };

  // [x, h] kernel + bias, the numbers before the sigmoids and tanhs.
  const product = (model, id, h) => {
    const { H, embedding, kernel } = model;
    const sums = Float64Array.from(model.bias);
    const width = sums.length;
    for (let k = 0; k < 2 * H; k++) {
      const value = k < H ? embedding[id * H + k] : h[k - H];
      for (let n = 0, at = k * width; n < width; n++) sums[n] += value * kernel[at + n];
    }
    return sums;
  };

  // The natural logarithm of the probability of each next word.
  const logProbs = (model, h) => {
    const V = model.words.length;
    const logits = Float64Array.from(model.softmax_b);
    for (let k = 0; k < model.H; k++) {
      for (let n = 0, at = k * V; n < V; n++) logits[n] += h[k] * model.softmax_w[at + n];
    }
    const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (let n = 0; n < V; n++) sum += Math.exp(logits[n] - most);
    const log = most + Math.log(sum);
    return logits.map((value) => value - log);
  };

  // Reads one word. `state` is {C, h} (C is not used in the plain RNN). `clamps` is a Map from units
  // to values: their C is set to these after the step, and their h follows.
  Page.lstm.step = (model, id, state, clamps = new Map()) => {
    const { H } = model;
    const sums = product(model, id, state.h);
    if (!model.isLSTM) {
      const h = sums.map(Math.tanh);
      return { h, logProbs: logProbs(model, h) };
    }
    const [i, f, o] = [0, 2, 3].map((gate) => sums.slice(gate * H, (gate + 1) * H).map(sigmoid));
    const C = new Float64Array(H);
    for (let n = 0; n < H; n++) C[n] = f[n] * state.C[n] + i[n] * Math.tanh(sums[H + n]);
    for (const [unit, value] of clamps) C[unit] = value;
    const h = C.map((value, n) => o[n] * Math.tanh(value));
    return { i, f, o, C, h, logProbs: logProbs(model, h) };
  };

  // Reads words from a state of zeros; returns the steps. `clamps` is a Map from numbers of steps to
  // the clamps of each.
  Page.lstm.read = (model, ids, clamps = new Map()) => {
    let state = { C: new Float64Array(model.H), h: new Float64Array(model.H) };
    return ids.map((id, number) => (state = Page.lstm.step(model, id, state, clamps.get(number))));
  };

  // The likeliest next words of a step: [[id, probability], ...].
  Page.lstm.likeliest = (step, count) =>
    Array.from(step.logProbs.keys())
      .sort((a, b) => step.logProbs[b] - step.logProbs[a])
      .slice(0, count)
      .map((id) => [id, Math.exp(step.logProbs[id])]);
}
