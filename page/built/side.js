// The view "Side by side": the script on the left, the walkthrough's notes level with its lines.
"use strict";

Page.view("side", (root) => {
  const el = Page.el;
  const data = Page.data.side;
  const SHAPE = /\[[BTHVN0-9 */,]*\]/g;
  let size = "letters"; // of the shapes: letters, small, medium or large
  let filled = null; // the language that the notes are in
  let pinned = null; // the tensor that was clicked or chosen
  let pointed = null; // the tensor under the pointer
  let place = null; // the address that was followed last

  // ------------------------------------------------------------------------------------------------
  // Shapes
  // ------------------------------------------------------------------------------------------------
  // Computes one number of a shape, such as "N // B", for a configuration.
  const compute = (text, name) => {
    const parts = text.trim().split(" ");
    const value = (part) => data.sizes[name][part] ?? Number(part);
    let result = value(parts[0]);
    for (let i = 1; i < parts.length; i += 2) {
      if (parts[i] === "*") result *= value(parts[i + 1]);
      else result = Math.floor(result / value(parts[i + 1]));
    }
    return result;
  };
  // Puts numbers into the shapes of a text.
  const inNumbers = (text, name) => {
    if (name === "letters") return text;
    const whole = text.replace(/^T × /, data.sizes[name].T + " × ");
    return whole.replace(SHAPE, (shape) =>
      shape === "[]"
        ? shape
        : "[" +
          shape
            .slice(1, -1)
            .split(",")
            .map((part) => compute(part, name))
            .join(", ") +
          "]",
    );
  };
  const named = () => (size === "letters" ? "small" : size);

  // Draws a tensor as a box; an edge is as long as the logarithm of its number.
  const drawBox = (letters) => {
    const numbers = letters
      .slice(1, -1)
      .split(",")
      .map((part) => compute(part, named()));
    const edges = numbers.map((number) => 4.5 * Math.log2(number));
    if (edges.length === 1) edges.unshift(5);
    const [height, width, depth = 0] = edges;
    const [x, y] = [0.5 + 0.62 * depth, 0.5 * depth];
    const points = (...pairs) => pairs.map((pair) => pair.join(",")).join(" ");
    const svg = el("svg:svg", {
      class: "box",
      width: width + x + 1,
      height: height + y + 1,
      "aria-hidden": "true",
    });
    const right = width + 0.5;
    if (depth) {
      svg.append(
        el("svg:polygon", {
          class: "top",
          points: points([0.5, y], [x, 0.5], [right + x, 0.5], [right, y]),
        }),
        el("svg:polygon", {
          class: "edge",
          points: points([right, y], [right + x, 0.5], [right + x, height], [right, height + y]),
        }),
      );
    }
    svg.append(el("svg:rect", { x: 0.5, y: y || 0.5, width, height }));
    return svg;
  };

  // ------------------------------------------------------------------------------------------------
  // The parts of the view
  // ------------------------------------------------------------------------------------------------
  const way = el("ol", { class: "way" });
  const switches = el("div", { class: "sizes", role: "radiogroup", label: "side.shapes" });
  for (const name of ["letters", "small", "medium", "large"]) {
    const button = el("button", {
      type: "button",
      role: "radio",
      "data-size": name,
      word: "side.size." + name,
      onclick: () => {
        size = name;
        showShapes();
        showTensor();
      },
    });
    switches.append(button);
  }
  const legend = el("span", { class: "legend" });
  const chooser = el("select", {
    label: "side.tensor",
    onchange: (event) => {
      pin(event.target.value || null);
      showFirst();
    },
  });
  const about = el("span", { class: "about", role: "status" });
  const fold = el("button", {
    type: "button",
    class: "fold",
    onclick: () => {
      root.classList.toggle("bare");
      showFold();
    },
  });
  const bar = el(
    "div",
    { class: "tools" },
    el("div", { class: "group" }, switches, legend),
    el("div", { class: "group tensor" }, chooser, about),
    fold,
  );
  const tip = el("div", { class: "tip", hidden: true });
  const rail = el("nav", { class: "rail", label: "side.parts" });
  const body = el("div", { class: "rows" });
  const wide = el("div", { class: "wide" }, bar, el("div", { class: "frame" }, rail, body), tip);
  root.append(
    el("h1", { word: "side.title" }),
    el("p", { class: "text lead", word: "side.lead" }),
    el("p", { class: "step-of-way", word: "side.way" }),
    way,
    wide,
  );

  const address = (file, line) =>
    (file === data.files[0].name ? "#side/L" : "#side/" + file + "/L") + line;
  const lineId = (file, line) => "side-" + file.replace(/\W/g, "-") + "-" + line;

  const codeLine = (file, index, quote) => {
    const number = index + 1;
    const text = el("code");
    text.innerHTML = data.files.find((other) => other.name === file).lines[index] || "";
    const spaces = /^ */.exec(text.textContent)[0].length;
    text.style.setProperty("--indent", spaces + 4 + "ch");
    const quoted = number >= quote[0] && number < quote[0] + quote[1];
    return el(
      "div",
      { class: quoted ? "line quoted" : "line", id: lineId(file, number) },
      el(
        "a",
        { class: "number", href: address(file, number), "aria-label": file + " " + number },
        String(number),
      ),
      text,
    );
  };

  const rows = []; // {part, note, head, element, last}
  for (const file of data.files) {
    const notes = data.notes.filter((note) => note.file === file.name);
    body.append(
      el(
        "h2",
        { class: "file", id: "side-" + file.name.replace(/\W/g, "-") },
        el("a", { href: "../../" + file.name }, el("code", {}, file.name)),
      ),
    );
    notes.forEach((note, index) => {
      const end = index + 1 < notes.length ? notes[index + 1].line - 1 : file.lines.length;
      const lines = [];
      for (let line = note.line; line <= end; line++)
        lines.push(codeLine(file.name, line - 1, note.quote));
      const first = note.part !== null && !rows.some((row) => row.part === note.part);
      const head = el("h3", { class: "head" });
      const texts = lines.map((line) => line.lastChild.textContent).filter((text) => text.trim());
      const spaces = texts.map((text) => /^ */.exec(text)[0].length);
      const element = el(
        "section",
        { class: "row", "data-part": note.part ?? "start" },
        head,
        el("div", { class: "code" }, ...lines),
        el("div", { class: "note" }),
      );
      element.style.setProperty("--base", Math.min(...spaces) + "ch");
      if (first) element.id = "side-part-" + note.part.replace(".", "-");
      body.append(element);
      rows.push({ ...note, first, head, element, box: element.lastChild });
    });
  }
  rows.forEach((row, index) => {
    row.last = row.part !== null && !rows.slice(index + 1).some((other) => other.part === row.part);
  });
  const parts = rows.filter((row) => row.first);
  // The rail is in the blog's order: 0 to 8, then A to C.
  for (const part of parts.map((row) => row.part).sort())
    rail.append(el("a", { href: "#side/" + part, "data-part": part }, part));

  // ------------------------------------------------------------------------------------------------
  // The notes
  // ------------------------------------------------------------------------------------------------
  const folded = (kind, word, ...children) =>
    el("details", { class: "part " + kind }, el("summary", {}, el("span", { word })), ...children);
  const html = (text) => {
    const box = el("div");
    box.innerHTML = text;
    return box;
  };

  // Shows a drawing as large as the window allows.
  const enlarge = (drawing) => {
    const large = drawing.cloneNode(true);
    large.removeAttribute("tabindex");
    large.lastChild.remove();
    Page.dialog("drawn", large);
  };

  const fill = () => {
    const language = Page.language;
    for (const row of rows) {
      const heading =
        row.part &&
        Page.t("side.part", { number: row.part, title: data.titles[language][row.part] });
      row.head.innerHTML = row.first ? heading : "";
      row.head.hidden = !row.first;
      row.box.replaceChildren();
      for (const part of row.note[language]) {
        if (part.kind === "numbers") {
          row.box.append(
            folded(
              "numbers",
              "side.numbers",
              html(part.html),
              el("p", {}, el("a", { href: "#batch/" + row.part, word: "side.watch" })),
            ),
          );
        } else {
          const box = html(part.html);
          box.className = "part " + part.kind;
          if (part.answer) box.append(folded("answer", "side.answer", html(part.answer)));
          row.box.append(box);
        }
      }
      if (row.element.querySelector(".code").textContent.includes("# Departure:")) {
        row.box.append(
          el(
            "p",
            { class: "departure" },
            el("a", { href: "../../docs/departures.md", word: "side.departure" }),
          ),
        );
      }
      if (row.last && data.errata[language][row.part]) {
        const list = html(data.errata[language][row.part]);
        const file = language === "en" ? "errata.md" : "errata.zh-CN.md";
        const box = folded(
          "errata",
          "side.errata",
          list,
          el("p", {}, el("a", { href: "../../docs/" + file, word: "side.all_errata" })),
        );
        box.firstChild.append(" (" + list.querySelectorAll("ul > li").length + ")");
        row.box.append(box);
      }
      for (const code of row.box.querySelectorAll(".guess p > code:last-child")) {
        if (!code.textContent.startsWith("python ")) continue;
        const [before, flag] = code.textContent.split(/ (?=--)/);
        code.classList.add("command");
        code.replaceChildren(before, " ", el("span", {}, flag || ""));
      }
      // A table of shapes has letters in its second column and numbers in its third.
      for (const table of row.box.querySelectorAll("table")) {
        const head = table.querySelector("th:nth-child(3)");
        if (head && head.textContent === "small") table.classList.add("of-shapes");
      }
      for (const pre of row.box.querySelectorAll("pre")) pre.tabIndex = 0;
      for (const drawing of row.box.querySelectorAll(".drawing")) {
        drawing.tabIndex = 0;
        drawing.append(el("span", { class: "enlarge", word: "side.enlarge" }));
        drawing.onclick = () => enlarge(drawing);
        drawing.onkeydown = (event) => event.key === "Enter" && enlarge(drawing);
      }
    }
    way.replaceChildren();
    for (const step of data.way[language]) {
      const item = el("a", { href: "#side/" + step.part });
      item.innerHTML = '<span class="drawn"></span><span>' + step.html + "</span>";
      for (const code of item.querySelectorAll("code")) code.classList.add("shape");
      way.append(el("li", {}, item));
    }
    filled = language;
  };

  const showShapes = () => {
    for (const button of switches.children) {
      const chosen = button.dataset.size === size;
      button.setAttribute("aria-checked", chosen);
      button.tabIndex = chosen ? 0 : -1;
    }
    for (const span of root.querySelectorAll(".shape")) {
      span.dataset.letters ??= span.textContent;
      span.textContent = inNumbers(span.dataset.letters, size);
    }
    for (const table of root.querySelectorAll("table.of-shapes")) {
      table.querySelector("th:nth-child(3)").textContent = named();
      for (const row of table.querySelectorAll("tbody tr")) {
        row.cells[2].firstChild.textContent = inNumbers(row.cells[1].textContent, named());
      }
    }
    for (const link of way.querySelectorAll("a")) {
      const shape = link.querySelector(".shape").dataset.letters;
      link.querySelector(".drawn").replaceChildren(drawBox(shape));
    }
    legend.textContent = Object.keys(data.letters)
      .map((letter) => letter + " " + data.sizes[named()][letter])
      .join(" · ");
    legend.title = Object.entries(data.letters)
      .map(([letter, name]) => letter + " " + name)
      .join(", ");
  };

  const showFold = () => {
    fold.innerHTML = Page.t(root.classList.contains("bare") ? "side.unfold" : "side.fold");
  };

  // ------------------------------------------------------------------------------------------------
  // Tensors
  // ------------------------------------------------------------------------------------------------
  const spans = [...body.querySelectorAll(".t")];
  const tensors = new Map(); // key: {name, spans}
  for (const span of spans) {
    const name = span.textContent.replace(/^_(?=.)/, "");
    const key = span.closest(".line").id.replace(/\d+$/, "") + span.dataset.t;
    span.dataset.key = key;
    if (!tensors.has(key)) tensors.set(key, { name, spans: [] });
    tensors.get(key).spans.push(span);
  }
  const where = (span) => span.closest(".line").querySelector(".number");

  const showTensor = () => {
    const key = pointed ? pointed.dataset.key : pinned;
    for (const span of root.querySelectorAll(".t.on")) span.classList.remove("on");
    for (const link of rail.children) link.classList.remove("on");
    chooser.value = pinned || "";
    about.replaceChildren();
    if (!key) {
      about.append(el("span", { class: "soft", word: "side.point" }));
      tip.hidden = true;
      return;
    }
    const tensor = tensors.get(key);
    const lines = new Map();
    for (const span of tensor.spans) {
      span.classList.add("on");
      lines.set(where(span).textContent, where(span));
      const part = span.closest(".row").dataset.part;
      const link = rail.querySelector('[data-part="' + part + '"]');
      if (link) link.classList.add("on");
    }
    const shape = (pointed || tensor.spans[tensor.spans.length - 1]).dataset.shape;
    about.append(
      el("code", { class: "name" }, tensor.name),
      " ",
      el("code", { class: "of" }, shape.includes("\n") ? "" : sized(shape)),
      " ",
    );
    const links = el("span", { class: "lines" }, el("span", { word: "side.lines" }), " ");
    for (const [number, link] of lines)
      links.append(el("a", { href: link.getAttribute("href") }, number), " ");
    about.append(links);
    tip.hidden = !pointed;
    if (pointed) {
      tip.replaceChildren(el("b", {}, tensor.name), " ");
      for (const line of shape.split("\n")) tip.append(el("div", {}, sized(line)));
      const box = pointed.getBoundingClientRect();
      const frame = wide.getBoundingClientRect();
      tip.style.left =
        Math.max(0, Math.min(box.left - frame.left, frame.width - tip.offsetWidth)) + "px";
      const above = box.top - tip.offsetHeight - 6 > bar.getBoundingClientRect().bottom;
      tip.style.top = (above ? box.top - tip.offsetHeight - 6 : box.bottom + 6) - frame.top + "px";
    }
  };
  const sized = (shape) =>
    /[A-Z]/.test(shape)
      ? shape +
        " = " +
        inNumbers(
          shape.replace(/^.*? (?=\[)/, (w) => (w === "T × " ? w : "")),
          named(),
        )
      : shape;

  const pin = (key) => {
    pinned = key;
    showTensor();
  };
  // Scrolls to the first place of the chosen tensor if none can be seen.
  const showFirst = () => {
    if (!pinned) return;
    const { spans } = tensors.get(pinned);
    const seen = spans.some((span) => {
      const box = span.getBoundingClientRect();
      return box.top >= bars() && box.bottom <= innerHeight;
    });
    if (!seen) jumpTo(spans[0].closest(".line"));
  };
  body.addEventListener("pointerover", (event) => {
    pointed = event.pointerType === "touch" ? null : event.target.closest(".t");
    showTensor();
  });
  body.addEventListener("pointerleave", () => {
    pointed = null;
    showTensor();
  });
  body.addEventListener("click", (event) => {
    const span = event.target.closest(".t");
    if (span) pin(pinned === span.dataset.key ? null : span.dataset.key);
  });
  const UNCHOSEN = ["_", "i", "c", "h"]; // no tensors that anyone looks for
  for (const [key, { name }] of tensors) {
    if (!UNCHOSEN.includes(name)) chooser.append(el("option", { value: key }, name));
  }
  chooser.prepend(el("option", { value: "", word: "side.tensor" }));

  // ------------------------------------------------------------------------------------------------
  // Moving about
  // ------------------------------------------------------------------------------------------------
  // The lower edge of the bars at the top. On a narrow page the parts are a bar, too.
  const bars = () => {
    const across = rail.offsetWidth > rail.offsetHeight;
    return (across ? rail : bar).getBoundingClientRect().bottom;
  };

  // Scrolls to a target, and again whenever the height of the bar or of the whole has changed, until
  // the reader moves.
  let target = null;
  const jumpTo = (element, behavior = Page.calm() ? "auto" : "smooth") => {
    target = element;
    target.scrollIntoView({ block: "start", behavior });
  };
  for (const event of ["wheel", "touchstart", "pointerdown", "keydown"])
    addEventListener(event, () => (target = null), { capture: true, passive: true });

  const follow = () => {
    if (place === location.hash || Page.shown !== "side") return;
    place = location.hash;
    const [, ...rest] = location.hash.split("/");
    const last = rest.pop();
    for (const line of root.querySelectorAll(".line.here")) line.classList.remove("here");
    if (!last) return;
    let found = null;
    if (/^L\d+$/.test(last)) {
      found = document.getElementById(lineId(rest[0] || data.files[0].name, last.slice(1)));
      if (found) found.classList.add("here");
    } else found = document.getElementById("side-part-" + last.replace(".", "-"));
    if (found) jumpTo(found);
  };

  let current = 0; // the part at the top of the window
  const onScroll = () => {
    if (root.hidden) return;
    const top = bars() + 60;
    let at = -1;
    parts.forEach((row, index) => {
      if (row.element.getBoundingClientRect().top <= top) at = index;
    });
    current = at;
    [...rail.children].forEach((link) => {
      if (at >= 0 && link.dataset.part === parts[at].part) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  addEventListener("scroll", onScroll, { passive: true });
  // A click on the address that stands there already goes there once more.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#side']");
    if (!link || link.hash !== location.hash) return;
    place = null;
    follow();
  });
  addEventListener("hashchange", (event) => {
    if (Page.shown !== "side") target = null;
    const came = Page.shown === "side" && !/#side|index.html$/.test(event.oldURL);
    if (came) scrollTo(0, 0);
    follow();
  });
  document.addEventListener("keydown", (event) => {
    if (Page.shown !== "side" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (/^(SELECT|INPUT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (document.querySelector("dialog")) return;
    const radio = event.target.getAttribute("role") === "radio";
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") pin(null);
    if (!step) return;
    event.preventDefault();
    if (radio) {
      const next = switches.children[([...switches.children].indexOf(event.target) + step + 4) % 4];
      next.click();
      next.focus();
      return;
    }
    const next = parts[Math.max(0, Math.min(parts.length - 1, current + step))];
    location.hash = "#side/" + next.part;
    place = null;
    follow();
  });
  const resized = new ResizeObserver(() => {
    if (root.hidden) return;
    root.style.setProperty("--bar", bar.offsetHeight + "px");
    if (target) jumpTo(target, "auto");
  });
  resized.observe(bar);
  resized.observe(wide);

  scrollTo(0, 0); // Another view may have been scrolled.
  return () => {
    // The notes of another language have other heights: hold on to the first row in the window.
    const seen = filled && rows.find((row) => row.element.getBoundingClientRect().bottom > 200);
    const top = seen && seen.element.getBoundingClientRect().top;
    if (filled !== Page.language) fill();
    if (seen && scrollY > 0) scrollBy(0, seen.element.getBoundingClientRect().top - top);
    showShapes();
    showFold();
    showTensor();
    onScroll();
    requestAnimationFrame(follow);
  };
});
