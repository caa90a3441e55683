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
