// The page around the views: language, colours, navigation, and small tools for all views.
"use strict";

const Page = {
  data: {}, // of each view, set by its NAME.data.js
  language: "en",
  dark: false,
  _mounted: {}, // {view: {root, update}}
  _views: {}, // {view: mount}
};

// Registers a view. `mount(root)` fills an element once, and returns a function that is called
// after each change of language or colours, and each time that the view is shown.
Page.view = (name, mount) => {
  Page._views[name] = mount;
};

// The words of a key, as HTML; {name} in them becomes values.name.
Page.t = (key, values = {}) => {
  const text = Page.words[Page.language][key];
  if (text === undefined) throw new Error("no words for " + key);
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? values[name] : all));
};

// The words of a key as plain text, for attributes.
Page.plain = (key, values) => {
  const box = document.createElement("template");
  box.innerHTML = Page.t(key, values);
  return box.content.textContent;
};

// Makes an element: Page.el("button", {class: "x", onclick: f}, "text", child, ...). The attribute
// `word` is a key whose words fill the element, in the language of the moment and of all later ones;
// `label` is a key for aria-label and for title.
Page.el = (tag, attributes = {}, ...children) => {
  const [name, space] = tag.split(":").reverse();
  const element = space
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "word" || key === "label") {
      element.dataset[key] = value;
      Page.translate(element, true);
    } else if (typeof value === "function") element[key] = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
};

// Fills the elements with data-word and data-label below an element; with `itself`, that one only.
Page.translate = (root, itself = false) => {
  const all = itself ? [root] : root.querySelectorAll("[data-word], [data-label]");
  for (const element of all) {
    if (element.dataset.word) element.innerHTML = Page.t(element.dataset.word);
    if (element.dataset.label) {
      const label = Page.plain(element.dataset.label);
      element.setAttribute("aria-label", label);
      element.title = label;
    }
  }
};

// Opens a dialog with a button that closes it. Escape and a click beside it close it too.
Page.dialog = (name, ...children) => {
  const close = Page.el("button", { label: "page.close" }, "×");
  const dialog = Page.el(
    "dialog",
    { class: name },
    Page.el("form", { method: "dialog" }, close),
    ...children,
  );
  dialog.onclick = (event) => event.target === dialog && dialog.close();
  dialog.onclose = () => dialog.remove();
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
};

// Whether the reader has asked the system for less motion.
Page.calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// A value of a colour or a length in page.css, such as Page.css("ink").
Page.css = (name) => getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();

{
  // Storage may be forbidden, as in private windows.
  const remember = (key, value) => {
    try {
      localStorage.setItem("ptb-" + key, value);
    } catch (error) {}
  };
  const recall = (key) => {
    try {
      return localStorage.getItem("ptb-" + key);
    } catch (error) {
      return null;
    }
  };

  const system = matchMedia("(prefers-color-scheme: dark)");
  let theme = recall("theme"); // light, dark, or null: as the system has it

  const update = () => {
    Page.dark = theme ? theme === "dark" : system.matches;
    const html = document.documentElement;
    html.lang = Page.language === "zh" ? "zh-CN" : "en";
    html.dataset.theme = Page.dark ? "dark" : "light";
    document.title = Page.plain("page.title");
    document.getElementById("language").textContent = Page.plain("page.other_language");
    document.getElementById("theme").textContent = Page.dark ? "☀" : "☾";
    Page.translate(document);
    const shown = Page._mounted[Page.shown];
    if (shown) shown.update();
  };

  Page.setLanguage = (language) => {
    Page.language = language;
    remember("language", language);
    update();
  };
  Page.setTheme = (value) => {
    theme = value;
    remember("theme", value);
    update();
  };

  // Loads a script. Scripts load from disk where modules and fetch do not.
  const load = (source) =>
    new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = source;
      element.onload = resolve;
      element.onerror = () => reject(new Error("cannot load " + source));
      document.head.append(element);
    });

  // A link into the walkthrough opens the section in a dialog. The sections are loaded with the first.
  let sections = null;
  const openSection = async (anchor) => {
    await (sections ??= load("sections.data.js"));
    if (document.querySelector("dialog.section")?.dataset.anchor === anchor) return;
    const { heading, html } = Page.data.sections[anchor];
    const [title, body] = [Page.el("h2"), Page.el("div")];
    title.innerHTML = heading;
    body.innerHTML = html;
    Page.dialog("section", title, body).dataset.anchor = anchor;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (link.dataset.section) {
      event.preventDefault();
      openSection(link.dataset.section).catch(() => {
        sections = null;
        location.href = link.href;
      });
    } else if (link.getAttribute("href")?.startsWith("#")) {
      for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    }
  });

  Page.show = async (name) => {
    Page.shown = name;
    for (const link of document.querySelectorAll("#views a")) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (!Page._mounted[name]) {
      const root = Page.el("section", { id: "view-" + name, class: "view" });
      Page._mounted[name] = { root, update: () => {} };
      document.getElementById("content").append(root);
      await load(name + ".data.js");
      await load(name + ".js");
      Page._mounted[name].update = Page._views[name](root);
    }
    for (const [other, view] of Object.entries(Page._mounted)) {
      view.root.hidden = other !== Page.shown;
    }
    if (Page.shown === name) Page._mounted[name].update();
    document.documentElement.dataset.ready = name; // The tests wait for it.
  };

  // The address is #VIEW or #VIEW/more; the view reads the rest itself.
  const follow = () => {
    const name = location.hash.slice(1).split("/")[0];
    if (Page.views.includes(name)) Page.show(name);
    else if (!Page.shown) Page.show(Page.views[0]);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const wanted = recall("language") || navigator.language || "en";
    Page.language = wanted.startsWith("zh") ? "zh" : "en";
    const nav = document.getElementById("views");
    for (const name of Page.views) {
      nav.append(Page.el("a", { href: "#" + name, "data-view": name, word: name + ".name" }));
    }
    document.getElementById("language").onclick = () =>
      Page.setLanguage(Page.language === "en" ? "zh" : "en");
    document.getElementById("theme").onclick = () => Page.setTheme(Page.dark ? "light" : "dark");
    system.addEventListener("change", update);
    addEventListener("hashchange", () => {
      for (const dialog of document.querySelectorAll("dialog")) dialog.close();
      follow();
    });
    update();
    follow();
  });
}
Page.views = ["side","batch","lstm"];
Page.words = {"en":{"batch.adds_up":"Six positions used this weight: what comes back from each of them is added up.","batch.after":"after the update","batch.back":"Step back","batch.batch.text":"A window of three words lies on both rows. The solid frame has the inputs, the dashed frame the targets: the same words, one later. The state before the text is zero.","batch.batch.title":"A batch is a window","batch.before":"state before","batch.carried.text":"Both rows begin with <code>&lt;eos&gt;<\/code>. Compare the first column. With the state carried, each row has a prediction of its own. Switch to zeros: the two are the same, and the cost rises from {carried} to {zero}.","batch.carried.title":"Carried, or not","batch.carried_state":"state carried","batch.choose":"Click a number to work it out.","batch.clip.text":"The gradients of all weights are one vector of length {norm}. No more than {max} is allowed, so each number of it is multiplied by {factor}: also ∂x, the rows of the embedding's gradient. The vector gets shorter and keeps its direction.","batch.clip.title":"Clipping","batch.close":"Close the working","batch.cost_after":"cost after","batch.cost_before":"cost before","batch.elsewhere":"The weights in this line stand in the tables of steps 1 to {step}.","batch.factor":"Factor:","batch.factor_of_5":"With the 5 of small:","batch.first_back.text":"The first word hears of all three losses. Both rows have read the same word here and computed the same numbers, but their ∂x differ: other words followed. The gradient ends at the border, since the state before is a constant.","batch.first_back.title":"Back through time: the first word","batch.forth":"Next step","batch.gates.text":"x and the old h go through one matrix, <code>kernel<\/code>. A sigmoid makes the gates i, f and o. A tanh makes the new input C̃. Unit 0 lets in {i} of it.","batch.gates.title":"The first word: the gates","batch.group.back":"Back","batch.group.forward":"LSTM","batch.group.input":"Input","batch.group.loss":"Loss","batch.group.next":"Next","batch.group.update":"Update","batch.largest":"max_grad_norm","batch.last_word":"No word follows in the batch, so it comes from the scores of this word alone.","batch.lead":"Two rows of three words go through the script's own model: one layer, two units, five words. Step with the arrows. Click a number, and you see how it comes about. The page shows four decimals and computes with all. <code>python -m study.one_batch<\/code> prints most of these numbers.","batch.logits.text":"Multiply h by <code>softmax_w<\/code> and add <code>softmax_b<\/code>: each of the five words gets a score. Blue is above zero, orange below.","batch.logits.title":"A score for each word","batch.loss.text":"The loss of a word is -log p of its target. Take the mean of the two rows in each column, and add up the columns: the cost is {cost}. A guess among five words has a perplexity of 5, this model has {perplexity}.","batch.loss.title":"One number: the cost","batch.mean":"mean of the rows","batch.name":"One batch","batch.next.text":"The window moves on by three words. Each row goes on where it stopped, so C and h of its last word become the state before. Without that, the state is zero again.","batch.next.title":"The next batch","batch.norm":"Global norm:","batch.not_read":"This batch has not read the word, so its row stays.","batch.of_small":"that of small","batch.p.text":"Take exp of each score, and divide it by the sum of all five. The frame marks the target. After <em>the<\/em> in row 0 comes <em>cat<\/em>, and the model gives it {p}.","batch.p.title":"Scores become probabilities","batch.play":"▶ Play","batch.row":"row {row}","batch.rows.text":"Each id picks its row of <code>embedding<\/code>. Both rows of the batch begin with <em>the<\/em>, so both get the same x there. Look at <em>sat<\/em>, too.","batch.rows.title":"Ids become vectors","batch.scores_back.text":"The derivative of the cost by a score is the probability, less 1 at the target, divided by the two rows. Only the target's bar is orange: a higher score there lowers the cost.","batch.scores_back.title":"Back: the scores","batch.second.text":"C and h come in from the left. Now the rows read different words, <em>cat<\/em> and <em>dog<\/em>, and C of unit 0 is {cat} above and {dog} below. The weights are the same in every column.","batch.second.title":"The second word","batch.second_back.text":"Two gradients meet here. One comes from the word's own scores, the other from the third word, through C and h, against the arrows.","batch.second_back.title":"Back through time: the second word","batch.squares":"The sum of the squares of each gradient","batch.start_from":"The state before the next batch","batch.state.text":"The forget gate keeps a part of the old C, the input gate lets in a part of the new. Both rows started from zero and have read the same word, so they hold the same numbers.","batch.state.title":"The first word: the state","batch.stop":"■ Stop","batch.third.text":"Both rows read <em>sat<\/em>, with the same x. Still C of unit 0 is {sat0} above and {sat1} below. The state holds what was read before.","batch.third.title":"The third word: what the state holds","batch.third_back.text":"The gradient goes from the scores to ∂h and ∂C, then to what enters the gates, then to ∂x. It starts at the last word. ∂x says how the cost changes with the word's vector.","batch.third_back.title":"Back through time: the third word","batch.title":"One batch, number by number","batch.two_ways":"The first sum comes from the scores of this word, the second from the gates of the next one.","batch.update.text":"Each weight moves by {rate} times its clipped gradient, downhill; <em>the<\/em> and <em>sat<\/em> by the sum of their two rows. The row of <code>&lt;eos&gt;<\/code> was not read and stays. The same batch now costs {after} instead of {before}.","batch.update.title":"The update","batch.weights.clipped":"The clipped gradients","batch.weights.gradients":"The gradients of the weights","batch.weights.updated":"The weights after the update","batch.weights.values":"The weights","batch.weights_back.text":"Every position used the same weights, so each weight adds up what comes back from all six. The gradient of <code>embedding<\/code> has a row for each word that was read: <em>the<\/em> and <em>sat<\/em> have two.","batch.weights_back.title":"The gradients of the weights","batch.which.score":"{name} of {other}, row {row}, after {word}","batch.which.state":"{name} before the batch, row {row}, unit {unit}","batch.which.unit":"{name}, row {row}, {word}, unit {unit}","batch.which.word":"{name}, row {row}, after {word}","batch.words.text":"The text has sixteen words. The reader cuts it into two rows and gives each word its id. Frequent words come first; among words of one frequency, the alphabet decides.","batch.words.title":"Words become ids","batch.zero_state":"state of zeros","lstm.C.name":"cell state","lstm.C.text":"what the unit holds","lstm.all":"all {count} units","lstm.and":" and ","lstm.another":"another country","lstm.back":"Previous word","lstm.by.country":"the country","lstm.by.number":"their numbers","lstm.by.verb":"the number of the verb","lstm.change":"Change what it holds","lstm.chart":"Gates and cell state of unit {unit}, word by word","lstm.choose":"Choose a sentence","lstm.clear":"Clear (C = 0)","lstm.comma":", ","lstm.dark":"dark","lstm.end":"The next word after the end, <em>{word}<\/em>","lstm.explanation":"The formulas and the code of one step (sections 2.1 and 2.2 of the walkthrough)","lstm.explanation_model":"These sections speak of another model, that of <code>python -m study.gates<\/code>: its unit 155 is not a unit of the LSTM above.","lstm.f.name":"forget gate","lstm.f.text":"how much of C stays","lstm.forget":"Clear them at {country}","lstm.forth":"Next word","lstm.guessing":"There are sixteen languages: guessing finds 6 %.","lstm.h.name":"output","lstm.h.text":"what the unit shows","lstm.head.next":"next word","lstm.head.rnn":"plain RNN","lstm.head.rnn_map":"its output h, −1 to 1","lstm.head.word":"read","lstm.holding":"Units {units} hold the country. Change their C at <em>{country}<\/em>, and watch the end of the sentence. A line marks what the LSTM said before.","lstm.i.name":"input gate","lstm.i.text":"how much is let in","lstm.keys":"Map of words and units. Arrow keys move, Delete clears C there, Escape undoes all changes.","lstm.known":"The corpus knows sentences such as: <em>{sentence}<\/em>","lstm.lead":"A country decides a language many words later. This page reads a sentence word by word and shows where an LSTM keeps the country in between. The plain RNN beside it reads the same words and forgets.","lstm.left":"Previous unit","lstm.light":"light","lstm.look":"Look inside","lstm.measured":"The variance of a unit says how much its C differs from sentence to sentence. The country decides the part of it that goes away among sentences with the same country. That part is measured in {count} sentences of these texts, which have nine words or more between country and language. By chance a country decides about {chance} of a unit.","lstm.model.lstm":"LSTM","lstm.model.rnn":"plain RNN","lstm.models":"The two models","lstm.name":"Inside the LSTM","lstm.next":"The next word after <em>{word}<\/em>","lstm.no_country":"This sentence has no country to forget.","lstm.o.name":"output gate","lstm.o.text":"how much is shown","lstm.onward":"Click a word to go on with it from here.","lstm.order":"Sort the units by","lstm.others":"the other {count} units","lstm.own":"Or type a sentence","lstm.own_notice":"The model knows the {known} words of the corpus. Follow a column downwards: does it keep its colour, and what changes it?","lstm.own_title":"Your sentence","lstm.play":"▶ Read word by word","lstm.pretend":"or let them hold","lstm.quantity":"What the map shows","lstm.read":"Read","lstm.result":"After the change the LSTM gives {text}.","lstm.right":"Next unit","lstm.s1.notice":"Look at the {count} wide columns, units {units}. At <em>france<\/em> most of them take new values. Below it all keep their colour, to the end: here the LSTM holds the country. It says <em>{said}<\/em> ({p}).","lstm.s1.title":"The country stays","lstm.s10.notice":"The map shows the forget gates. <code>&lt;eos&gt;<\/code> ends the first sentence. Nobody sets the state to zero there: the network forgets by itself. At the lower <code>&lt;eos&gt;<\/code> the wide columns are {low}, and the country is gone.","lstm.s10.title":"The sentence ends","lstm.s2.notice":"The wide columns keep their colour over more than twenty words, and the LSTM gives <em>{right}<\/em> {right_p}. No column of the plain RNN keeps its colour. It gives <em>{right}<\/em> {right_q}.","lstm.s2.title":"Over twenty words","lstm.s3.notice":"Below are the {count} units at the end of the first sentence, with <em>france<\/em>, and of this one. Three have the same colour, one has another: together they spell the country, as digits spell a number. Give them the values of <em>france<\/em>, and the language follows.","lstm.s3.title":"Another country","lstm.s4.notice":"The map shows the forget gates. Where it is {low}, a unit forgets. Some of the wide columns are {low} at <em>who<\/em> and <em>grew<\/em>: there the model writes the same start value, whatever the sentence. At <em>france<\/em> some take a new value, and the others add to theirs. Below it all are {high}, near 1: nothing is lost, not even at the town <em>boston<\/em>.","lstm.s4.title":"The forget gate","lstm.s5.notice":"The map shows the output gates. From <em>france<\/em> to <em>piano<\/em> the wide columns are mostly {low}: the units hold the country and hardly show it. At <em>speaks<\/em> all {count} gates open: the language is near.","lstm.s5.title":"The output gate","lstm.s6.notice":"Only <em>speaks fluent<\/em> stands between. The plain RNN gives <em>{right}<\/em> {right_q}, the LSTM {right_p}. A short memory goes far enough here. In the first sentence, with three words more between, the plain RNN gives <em>french<\/em> {first_q}.","lstm.s6.title":"A short memory will do","lstm.s7.notice":"No sentence of the corpus has two countries. Here <em>spain<\/em> comes on top of what is left of <em>france<\/em>, and the LSTM says <em>{said}<\/em> ({p}). That is no rule. With other pairs it often names a third language: type <em>china<\/em> for <em>france<\/em>, and <em>denmark<\/em> for <em>spain<\/em>.","lstm.s7.title":"Two countries","lstm.s8.notice":"This sentence has no country, and still the LSTM says <em>{said}<\/em> ({p}). It reads the wide columns as they happen to be. A high probability is no proof that the model knows.","lstm.s8.title":"No country","lstm.s9.notice":"The units are sorted by what they know of the verb. Unit {verb_unit}, the wide column, tells <em>miners<\/em> from <em>miner<\/em>, and from <em>up<\/em> on it keeps its value. The LSTM gives <em>speak<\/em> {speak} and <em>speaks<\/em> {speaks}. Turn the sign of that one number, and the verb changes.","lstm.s9.title":"One miner or more","lstm.slider":"C of unit {unit} at <em>{word}<\/em>: {value}","lstm.stop":"■ Stop","lstm.strip.country":"how far the country decides a unit's C, before the verb","lstm.strip.verb":"how far the subject's number decides a unit's C, before the verb","lstm.table":"How often each finds the language, in the validation and the test text:","lstm.table.asked":"sentences","lstm.table.between":"words between","lstm.table.lstm":"LSTM","lstm.table.rnn":"plain RNN","lstm.take":"Read it","lstm.tip":"unit {unit} at {word}: C {C}, h {h}, f {f}, i {i}, o {o}","lstm.title":"Inside the LSTM","lstm.trained":"Both models have one layer and were trained on the corpus that ships. The LSTM is one of seven trainings, chosen because it shows the most. In five of the seven all languages are right. These are the commands:","lstm.try":"The same LSTM answers on the command line:","lstm.try_clear":"Clear these units, and see","lstm.try_pretend":"Give them <em>france<\/em>","lstm.try_turn":"Turn its sign at <em>france<\/em>","lstm.undo":"Undo at this word","lstm.undo_all":"Undo all","lstm.unit":"Unit {unit}","lstm.unit_facts":"Before the verb, the country decides {country} of the variance of its C, and the subject's number {verb}. From the country to the language its forget gate is {kept} on average.","lstm.unit_holds.country":"Unit {unit}, one of the {count} that hold the country","lstm.unit_holds.verb":"Unit {unit} holds the number","lstm.unknown":"Not in the vocabulary, read as <code>&lt;unk&gt;<\/code>: {words}","lstm.vocabulary":"All {count} words that the models know","lstm.zero":"Zero is a value too. No country has it, and <em>finland<\/em> comes nearest. So the LSTM still names a language, after most countries <em>finnish<\/em>.","page.close":"Close","page.footer":"This page works offline and asks the network for nothing.","page.language":"中文 / English","page.other_language":"中文","page.skip":"Skip to the content","page.theme":"Light or dark","page.title":"The PTB language model","page.views":"Views","side.all_errata":"All errata, and how each was checked (a file of the project: <code>docs/errata.md<\/code>)","side.answer":"The answer","side.departure":"Why the lines marked <em>Departure<\/em> differ (a file of the project: <code>docs/departures.md<\/code>)","side.enlarge":"⤢ Enlarge","side.errata":"Errata of the blog here","side.fold":"Code only","side.lead":"Here is the script with the walkthrough's notes. A blue edge marks the lines that a note is about. Point at a tensor: all its places light up, and you see its shape there.","side.lines":"lines","side.name":"Side by side","side.numbers":"In numbers","side.part":"Code {number}. {title}","side.parts":"Parts of the script","side.point":"Point at a tensor or choose one.","side.shapes":"Shapes","side.size.large":"large","side.size.letters":"letters","side.size.medium":"medium","side.size.small":"small","side.tensor":"Choose a tensor","side.title":"The script and its notes, side by side","side.unfold":"With notes","side.watch":"Watch these numbers in <em>One batch<\/em>","side.way":"The way of a batch through the script"},"zh":{"batch.adds_up":"六个位置都用到这个权重，各处传回来的梯度加在一起。","batch.after":"更新之后","batch.back":"上一步","batch.batch.text":"窗口宽三个词，同时罩在两行上。实线框是输入；虚线框是目标，也就是往后挪一个词。文本开头的状态是零。","batch.batch.title":"一批就是一个窗口","batch.before":"之前的状态","batch.carried.text":"两行都以 <code>&lt;eos&gt;<\/code> 开头，请比较第一列。传状态，两行的预测各不相同；换成从零开始，两行的预测完全一样，cost 也从 {carried} 升到 {zero}。","batch.carried.title":"传，还是不传","batch.carried_state":"传状态","batch.choose":"点一个数，看它怎样算出来。","batch.clip.text":"所有权重的梯度合起来看成一个向量，长度是 {norm}；允许的最大长度是 {max}，于是其中每个数都乘以 {factor}，∂x（embedding 梯度的各行）也一样。向量变短，方向不变。","batch.clip.title":"裁剪","batch.close":"收起算式","batch.cost_after":"更新后的 cost","batch.cost_before":"更新前的 cost","batch.elsewhere":"式中的权重见第 1 到 {step} 步的表。","batch.factor":"系数：","batch.factor_of_5":"若像 small 那样取 5：","batch.first_back.text":"三个损失都传到了第一个词。两行在这里读的词相同，前向的数也相同，∂x 却不同，因为后面的词不同。梯度到批的边界为止：之前的状态只是常数。","batch.first_back.title":"沿时间往回：第一个词","batch.forth":"下一步","batch.gates.text":"x 和旧的 h 一起乘以同一个矩阵 <code>kernel<\/code>。sigmoid 得到门 i、f、o，tanh 得到新的输入 C̃。第 0 号隐藏单元放进其中的 {i}。","batch.gates.title":"第一个词：门","batch.group.back":"反向","batch.group.forward":"LSTM","batch.group.input":"输入","batch.group.loss":"损失","batch.group.next":"下一批","batch.group.update":"更新","batch.largest":"max_grad_norm","batch.last_word":"这一批里后面没有词了，所以它只来自这个词的得分。","batch.lead":"两行，每行三个词，走完脚本里的模型：一层，两个隐藏单元，词典里五个词。用箭头一步步地看；点一个数，就能看到它是怎么来的。这里显示四位小数，计算时用全部位数。<code>python -m study.one_batch<\/code> 会打印其中的大部分。","batch.logits.text":"h 乘以 <code>softmax_w<\/code>，再加上 <code>softmax_b<\/code>：每个位置给五个词各打一个分。蓝色为正，橙色为负。","batch.logits.title":"每个词一个得分","batch.loss.text":"先算每个目标的 -log p，各列取两行的平均，再把三列相加，就是总损失（cost）{cost}。在五个词里瞎猜，困惑度是 5；这个模型是 {perplexity}。","batch.loss.title":"合成一个数：总损失","batch.mean":"两行平均","batch.name":"一批数据","batch.next.text":"窗口往后移三个词。每一行都接着上次停下的地方读，所以最后一个词的 C 和 h 成为“之前的状态”。不这样传，状态就又是零。","batch.next.title":"下一批","batch.norm":"全局范数：","batch.not_read":"这一批没有读到这个词，它的那一行不变。","batch.of_small":"small 的","batch.p.text":"每个得分取 exp，再除以五个的和。框出的是目标。第 0 行 <em>the<\/em> 之后是 <em>cat<\/em>，模型给它的概率是 {p}。","batch.p.title":"得分变成概率","batch.play":"▶ 播放","batch.row":"第 {row} 行","batch.rows.text":"每个编号从 <code>embedding<\/code> 里取出自己的那一行。两行都以 <em>the<\/em> 开头，得到的 x 相同。<em>sat<\/em> 也一样。","batch.rows.title":"编号变成向量","batch.scores_back.text":"得分变一点，cost 变多少？等于概率（目标处再减 1）除以行数 2。只有目标那一条是橙色：提高它的得分，cost 就降低。","batch.scores_back.title":"反向：得分","batch.second.text":"C 和 h 从左边传来。这一次两行读的词不同，上面是 <em>cat<\/em>，下面是 <em>dog<\/em>：第 0 号隐藏单元的 C，上面是 {cat}，下面是 {dog}。每一列用的都是同样的权重。","batch.second.title":"第二个词","batch.second_back.text":"两路梯度在这里会合：一路来自这个词自己的得分，一路从第三个词经 C 和 h 逆着箭头传来。","batch.second_back.title":"沿时间往回：第二个词","batch.squares":"各个梯度的平方和","batch.start_from":"下一批之前的状态","batch.state.text":"遗忘门留下旧 C 的一部分，输入门放进新输入的一部分。两行都从零开始，读的又是同一个词，所以状态完全相同。","batch.state.title":"第一个词：状态","batch.stop":"■ 停","batch.third.text":"两行读的都是 <em>sat<\/em>，x 相同，第 0 号隐藏单元的 C 却不同：上面是 {sat0}，下面是 {sat1}。状态记着前面读过什么。","batch.third.title":"第三个词：状态记住了什么","batch.third_back.text":"梯度从得分传到 ∂h 和 ∂C，再传到各个门的输入，最后传到 ∂x。从最后一个词开始。∂x 表示词嵌入变一点，cost 变多少。","batch.third_back.title":"沿时间往回：第三个词","batch.title":"一批数据，一个数一个数地算","batch.two_ways":"第一个和来自这个词的得分，第二个和来自下一个词的门。","batch.update.text":"每个权重减去 {rate} 乘以裁剪后的梯度；<em>the<\/em> 和 <em>sat<\/em> 减去的是两行之和。<code>&lt;eos&gt;<\/code> 没有读到，它的那一行不变。同一批数据的 cost 从 {before} 降到 {after}。","batch.update.title":"更新","batch.weights.clipped":"裁剪后的梯度","batch.weights.gradients":"权重的梯度","batch.weights.updated":"更新之后的权重","batch.weights.values":"权重","batch.weights_back.text":"六个位置用的是同样的权重，各处传回来的梯度加在一起。<code>embedding<\/code> 的梯度是读到一个词就有一行：<em>the<\/em> 和 <em>sat<\/em> 各有两行。","batch.weights_back.title":"权重的梯度","batch.which.score":"{other} 的 {name}，第 {row} 行，{word} 之后","batch.which.state":"这一批之前的 {name}，第 {row} 行，第 {unit} 号单元","batch.which.unit":"{name}，第 {row} 行，{word}，第 {unit} 号单元","batch.which.word":"{name}，第 {row} 行，{word} 之后","batch.words.text":"文本共有十六个词。读取程序把它切成两行，并给每个词一个编号：出现次数多的排在前面，次数相同的按字母排。","batch.words.title":"词变成编号","batch.zero_state":"从零开始","lstm.C.name":"单元状态","lstm.C.text":"单元记着的值","lstm.all":"全部 {count} 个单元","lstm.and":" 和 ","lstm.another":"另一个国家","lstm.back":"上一个词","lstm.by.country":"国名","lstm.by.number":"编号","lstm.by.verb":"动词的单复数","lstm.change":"改动它记住的东西","lstm.chart":"单元 {unit} 逐词的门和单元状态","lstm.choose":"选一个句子","lstm.clear":"清零（C = 0）","lstm.comma":"、","lstm.dark":"深","lstm.end":"句末 <em>{word}<\/em> 之后的词","lstm.explanation":"一步计算的公式和代码（对照讲解第 2.1 节和第 2.2 节）","lstm.explanation_model":"这两节讲的是另一个模型，即 <code>python -m study.gates<\/code> 的模型；那里的 155 号单元不在上面的 LSTM 里。","lstm.f.name":"遗忘门","lstm.f.text":"C 保留多少","lstm.forget":"在 {country} 处清零","lstm.forth":"下一个词","lstm.guessing":"共有十六个语种，瞎猜能对 6 %。","lstm.h.name":"输出","lstm.h.text":"单元显露的值","lstm.head.next":"下一个词","lstm.head.rnn":"普通 RNN","lstm.head.rnn_map":"它的输出 h，−1 到 1","lstm.head.word":"读到","lstm.holding":"单元 {units} 记着国名。改动它们在 <em>{country}<\/em> 处的 C，看句末怎样变。竖线是改动之前 LSTM 的预测。","lstm.i.name":"输入门","lstm.i.text":"放进多少新内容","lstm.keys":"词与单元的图。方向键移动，Delete 把该处的 C 清零，Escape 撤销全部改动。","lstm.known":"语料里的句子是这样的：<em>{sentence}<\/em>","lstm.lead":"开头的国名决定句末的语种，中间隔着许多词。本页逐词读一个句子，看 LSTM 把国名记在哪里；旁边的普通 RNN 读同样的词，却忘了。","lstm.left":"前一个单元","lstm.light":"浅","lstm.look":"看内部","lstm.measured":"方差表示一个单元的 C 在各个句子之间相差多大。只看国名相同的句子，方差会变小，少掉的那一部分就是由国名决定的。这里用的是这些文本里的 {count} 个句子，国名与语种之间都隔着九个词以上。即使毫无关系，国名碰巧也会占到 {chance} 左右。","lstm.model.lstm":"LSTM","lstm.model.rnn":"普通 RNN","lstm.models":"两个模型","lstm.name":"走进 LSTM","lstm.next":"<em>{word}<\/em> 之后的词","lstm.no_country":"这个句子里没有国名可忘。","lstm.o.name":"输出门","lstm.o.text":"显露多少","lstm.onward":"点一个词，就从这里接着写下去。","lstm.order":"单元按此排列","lstm.others":"其余 {count} 个单元","lstm.own":"或者自己写一句","lstm.own_notice":"模型只认识语料里的 {known} 个词。顺着一列往下看：它的颜色保持不变吗？是什么让它改变？","lstm.own_title":"你的句子","lstm.play":"▶ 逐词读","lstm.pretend":"或改成","lstm.quantity":"图中显示什么","lstm.read":"读","lstm.result":"改动之后，LSTM 给出 {text}。","lstm.right":"后一个单元","lstm.s1.notice":"看左边 {count} 列宽的，即隐藏单元 {units}。读到 <em>france<\/em>，其中大多数换成新的值，此后各列颜色一直不变，直到句末：国名就记在这里。LSTM 预测 <em>{said}<\/em>（{p}）。","lstm.s1.title":"记住国名","lstm.s10.notice":"图中是遗忘门。下面那个 <code>&lt;eos&gt;<\/code> 表示第一句结束。这里没有人把状态清零，是网络自己忘掉的：几列宽的在那里都变{low}，国名就没了。","lstm.s10.title":"句子结束","lstm.s2.notice":"隔了二十多个词，几列宽的颜色仍然不变，LSTM 给 <em>{right}<\/em> 的概率是 {right_p}。普通 RNN 没有一列能保持颜色，它只给 <em>{right}<\/em> {right_q}。","lstm.s2.title":"相隔二十多个词","lstm.s3.notice":"下面是读完第一句（<em>france<\/em>）和读完这一句时的 {count} 个单元：三格颜色相同，一格不同。它们合起来表示一个国家，就像几位数字合成一个数。把它们改成 <em>france<\/em> 的值，预测的语种就跟着变。","lstm.s3.title":"换一个国家","lstm.s4.notice":"图中是遗忘门，{low}色表示忘掉。有几列在 <em>who<\/em> 和 <em>grew<\/em> 处变{low}：无论什么句子，模型都在这里写进同样的起始值。读到 <em>france<\/em>，有的列换成新值，有的在原值上累加。此后几列宽的全是{high}色，接近 1：什么也不丢，读到城市 <em>boston<\/em> 也一样。","lstm.s4.title":"遗忘门","lstm.s5.notice":"图中是输出门。从 <em>france<\/em> 到 <em>piano<\/em>，几列宽的大多是{low}色：单元记着国名，却几乎不显露。到了 <em>speaks<\/em>，{count} 个门全部打开：语种快到了。","lstm.s5.title":"输出门","lstm.s6.notice":"中间只隔着 <em>speaks fluent<\/em>。普通 RNN 给 <em>{right}<\/em> 的概率是 {right_q}，LSTM 是 {right_p}。记性短，这里也够用。第一句多隔三个词，普通 RNN 给 <em>french<\/em> 的概率就只有 {first_q}。","lstm.s6.title":"记性短也够用","lstm.s7.notice":"语料里没有一句话出现过两个国名。这里 <em>spain<\/em> 叠加在 <em>france<\/em> 的残余上，LSTM 预测 <em>{said}<\/em>（{p}）。这并不是规律：换成别的两个国名，它常常说出第三个语种。把 <em>france<\/em> 换成 <em>china<\/em>，<em>spain<\/em> 换成 <em>denmark<\/em>，试试看。","lstm.s7.title":"两个国名","lstm.s8.notice":"这个句子里没有国名，LSTM 却照样预测 <em>{said}<\/em>（{p}）：那几列碰巧是什么值，它就读出什么。答得肯定，不等于有根据。","lstm.s8.title":"没有国名","lstm.s9.notice":"这里按单元对动词单复数的了解来排列。宽的一列是单元 {verb_unit}，它区分 <em>miners<\/em> 和 <em>miner<\/em>，从 <em>up<\/em> 起一直保持同一个值。LSTM 给 <em>speak<\/em> {speak}，给 <em>speaks<\/em> {speaks}。把这一个数变号，动词就变了。","lstm.s9.title":"单数还是复数","lstm.slider":"单元 {unit} 在 <em>{word}<\/em> 处的 C：{value}","lstm.stop":"■ 停","lstm.strip.country":"动词之前，C 在多大程度上由国名决定","lstm.strip.verb":"动词之前，C 在多大程度上由主语的单复数决定","lstm.table":"在验证文本和测试文本中，各自预测对语种的比例：","lstm.table.asked":"句数","lstm.table.between":"相隔词数","lstm.table.lstm":"LSTM","lstm.table.rnn":"普通 RNN","lstm.take":"读这一句","lstm.tip":"单元 {unit}，{word} 处：C {C}，h {h}，f {f}，i {i}，o {o}","lstm.title":"走进 LSTM","lstm.trained":"两个模型都只有一层，用项目自带的语料训练。这个 LSTM 是从七次训练里挑出来的，因为它最便于观察；七次里有五次全部答对。命令如下：","lstm.try":"也可以在命令行里问同一个 LSTM：","lstm.try_clear":"把这些单元清零，看看会怎样","lstm.try_pretend":"改成 <em>france<\/em> 的值","lstm.try_turn":"在 <em>france<\/em> 处把它变号","lstm.undo":"撤销此处改动","lstm.undo_all":"全部撤销","lstm.unit":"单元 {unit}","lstm.unit_facts":"动词之前，它的 C 的方差有 {country} 由国名决定，{verb} 由主语的单复数决定。从国名到语种，它的遗忘门平均为 {kept}。","lstm.unit_holds.country":"单元 {unit}，合记国名的 {count} 个单元之一","lstm.unit_holds.verb":"单元 {unit} 记着单复数","lstm.unknown":"不在词典里，当作 <code>&lt;unk&gt;<\/code> 读：{words}","lstm.vocabulary":"两个模型认识的全部 {count} 个词","lstm.zero":"零也是一个值。没有哪个国家恰好是零，最接近的是 <em>finland<\/em>。所以 LSTM 还是会说出一个语种，对大多数国家，说的是 <em>finnish<\/em>。","page.close":"关闭","page.footer":"本页可离线使用，不访问网络。","page.language":"中文 / English","page.other_language":"English","page.skip":"跳到正文","page.theme":"浅色或深色","page.title":"PTB 语言模型","page.views":"页面","side.all_errata":"全部勘误，以及怎样查证（项目里的文件 <code>docs/errata.zh-CN.md<\/code>）","side.answer":"答案","side.departure":"标有 <em>Departure<\/em> 的几行为什么不同（项目里的文件 <code>docs/departures.md<\/code>，英文）","side.enlarge":"⤢ 放大","side.errata":"博客这一段的勘误","side.fold":"只看代码","side.lead":"这里是脚本和对照讲解，两者逐段对应。标着蓝线的几行，就是那段讲解所讲的代码。把鼠标移到一个张量上，用到它的地方会全部亮起，并显示它在该处的形状。","side.lines":"行","side.name":"对照阅读","side.numbers":"算一算","side.part":"代码 {number}：{title}","side.parts":"脚本的各部分","side.point":"指向一个张量，或在列表里选一个。","side.shapes":"形状","side.size.large":"large","side.size.letters":"字母","side.size.medium":"medium","side.size.small":"small","side.tensor":"选一个张量","side.title":"脚本与讲解，并排对照","side.unfold":"显示讲解","side.watch":"在“一批数据”里看这些数怎样算出来","side.way":"一批数据走过的路"}};
