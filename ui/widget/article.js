/* The passage behind a citation: the article's cleaned Markdown drawn as plain elements, with the passage marked. */

import { button, h, icon } from "./dom.js";
import { TEXT } from "./texts.js";

const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+(.*)$/;
const ROW = /^\s*\|(.*)\|\s*$/;
const RULE = /^\s*\|?[\s:|-]*--[\s:|-]*$/;
const QUOTE = /^\s*>\s?(.*)$/;
const INLINE =
  /\*\*(.+?)\*\*|__(.+?)__|`([^`]+)`|!?\[([^\]]*)\]\(<?([^)\s>]*)>?[^)]*\)|\*([^*\s][^*]*)\*|<?((?:https?:\/\/|mailto:)[^\s<>)]*[^\s<>).,;:!?])>?/g;

const plain = (text) => text.replace(/\\([\\`*_{}[\]()#+\-.!|>~])/g, "$1");

export function safeLink(address, ...children) {
  let url = null;
  try {
    url = new URL(address);
  } catch { /* a relative link of the article leads nowhere from here */ }
  if (!url || !["http:", "https:", "mailto:", "tel:"].includes(url.protocol)) return h("span", {}, ...children);
  return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/* Bold, emphasis, code and links of one line. */
export function inline(text) {
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    const [whole, bold, strong, code, label, address, emphasis, bare] = match;
    parts.push(plain(text.slice(at, match.index)));
    if (bold ?? strong) parts.push(h("strong", {}, ...inline(bold ?? strong)));
    else if (code) parts.push(h("code", {}, code));
    else if (label !== undefined) parts.push(safeLink(address, plain(label || address)));
    else if (emphasis) parts.push(h("em", {}, ...inline(emphasis)));
    else parts.push(safeLink(bare, bare));
    at = match.index + whole.length;
  }
  parts.push(plain(text.slice(at)));
  return parts.filter((part) => part !== "");
}

export const isBlock = (text) => text.includes("\n") || [HEADING, ITEM, ROW, QUOTE].some((kind) => kind.test(text));

/* The text as elements; `met(element, start, end)` hears of each paragraph, item, row or heading with its offsets. */
export function blocks(text, met = () => {}) {
  const result = document.createDocumentFragment();
  let open = null; // the list, table, quote or paragraph that the next line may continue
  let from = 0;
  let at = 0;

  const inside = (kind, make) => {
    if (open?.kind !== kind) {
      open = { kind, element: make() };
      result.append(open.element);
    }
    return open.element;
  };

  for (const line of text.split("\n")) {
    const start = at;
    const end = (at += line.length + 1) - 1;
    let match;
    let unit = null;
    if (line.trim() === "") open = null;
    else if ((match = HEADING.exec(line))) {
      open = null;
      unit = h(`h${Math.min(6, match[1].length + 2)}`, {}, ...inline(match[2]));
      result.append(unit);
    } else if ((match = ITEM.exec(line))) {
      const ordered = match[1] !== undefined;
      unit = h("li", ordered ? { value: match[1] } : {}, ...inline(match[2]));
      inside(ordered ? "ol" : "ul", () => h(ordered ? "ol" : "ul")).append(unit);
    } else if (RULE.test(line)) { /* the line under a table's head */ }
    else if ((match = ROW.exec(line))) {
      const head = open?.kind !== "table";
      const cells = match[1].split(/(?<!\\)\|/).map((cell) => h(head ? "th" : "td", {}, ...inline(cell.trim())));
      unit = h("tr", {}, ...cells);
      // The table scrolls inside its own box: a keyboard must reach it.
      inside("table", () => h("div", { class: "table", tabindex: "0" }, h("table"))).firstChild.append(unit);
    } else {
      const quote = QUOTE.exec(line);
      const continues = open?.kind === "ol" || open?.kind === "ul" ? open.element.lastChild : null;
      const holder = continues ?? inside(quote ? "quote" : "text", () => { from = start; return h(quote ? "blockquote" : "p"); });
      if (holder.childNodes.length) holder.append(continues || !/ {2}$/.test(holder.lastChild.data ?? "") ? " " : h("br"));
      holder.append(...inline(quote ? quote[1] : line.trimStart()));
      met(holder, continues ? start : from, end);
    }
    if (unit) met(unit, start, end);
  }
  return result;
}

const words = (text) => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, " ").trim();

/* Offsets count characters as the server does (code points); a script's strings count UTF-16 units. */
const units = (text, offset) => Array.from(text).slice(0, offset).join("").length;

/* The article, and the element to scroll to: what the citation quotes, else the first block of its passage. */
function article({ title, text, start, end }, quote) {
  const passage = [];
  const [first, last] = [units(text, start), units(text, end)];
  const body = blocks(text, (element, from, to) => {
    if (from < last && to > first && !passage.includes(element)) passage.push(element);
  });
  if (words(body.firstElementChild?.textContent ?? "") === words(title)) body.firstElementChild.remove();
  const said = words(quote ?? "");
  const sentences = (quote ?? "").split(/(?<=[.!?])\s+|\n/).map(words).filter((sentence) => sentence.length > 15);
  const quoted = passage.filter((element) => {
    const own = words(element.textContent);
    const heading = /^H\d$/.test(element.tagName);
    return own && !heading && (` ${said} `.includes(` ${own} `) || sentences.some((sentence) => own.includes(sentence)));
  });
  const marked = (quoted.length ? quoted : passage).filter((element) => body.contains(element));
  for (const element of marked) element.classList.add("marked");
  for (const block of body.children) block.classList.toggle("passage", passage.some((element) => block.contains(element)));
  return { body, target: marked[0] };
}

/* The sheet over the conversation; `load` fetches the article, `left` is called when it is closed. */
export class Passage {
  #left;
  #heading = h("h2", { id: "article-title" });
  #body = h("div", { class: "article", tabindex: "0", role: "document", "aria-labelledby": "article-title" });
  #back = button("plain round", TEXT.back, () => this.close(), icon("back"));
  element = h("section", { class: "sheet", "aria-labelledby": "article-title", hidden: true },
    h("div", { class: "head" }, this.#back, this.#heading), this.#body);

  constructor(left) {
    this.#left = left;
  }

  get isOpen() {
    return !this.element.hidden;
  }

  async open(source, load) {
    this.#heading.textContent = source.title || TEXT.passage;
    this.#body.replaceChildren(h("p", { class: "muted" }, "…"));
    this.element.hidden = false;
    this.#back.focus();
    try {
      const found = await load(source.document_id, source.chunk_id);
      const { body, target } = article(found, source.quote);
      this.#heading.textContent = found.title;
      this.#body.replaceChildren(body);
      if (found.url) {
        const link = safeLink(found.url, TEXT.openArticle, icon("out"));
        link.classList.add("whole");
        this.#body.append(link);
      }
      if (target) this.#body.scrollTop = target.offsetTop - this.#body.clientHeight / 4;
    } catch (problem) {
      const gone = problem.status === 404 || problem.status === 403;
      const quote = source.quote ? h("blockquote", {}, source.quote) : null;
      this.#body.replaceChildren(...[h("p", {}, gone ? TEXT.passageGone : TEXT.passageFailed), quote].filter(Boolean));
    }
  }

  close() {
    if (!this.isOpen) return;
    this.element.hidden = true;
    this.#left();
  }
}
