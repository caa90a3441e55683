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
