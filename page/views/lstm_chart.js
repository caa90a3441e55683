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
