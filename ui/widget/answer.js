/* One answer of the bot as it grows: evidence while it is written, sentences with their citations, sources, feedback. */

import { blocks, inline, isBlock } from "./article.js";
import { bare, button, dots, h, icon, sourceName } from "./dom.js";
import { TEXT } from "./texts.js";

const CARDS = 2;

export class Answer {
  #actions;
  #bubble = h("div", { class: "bubble", hidden: true, dir: "auto" });
  #extra = h("div", { class: "extra" });
  #evidence = null;
  #paragraph = null;
  #sources = new Map();
  element = h("div", { class: "turn bot" }, h("p", { class: "who" }, TEXT.assistant), this.#bubble, this.#extra);

  /* `actions`: openSource(source, from), choose(text), askForPerson(), vote(message, helpful), voteOn(message). */
  constructor(actions) {
    this.#actions = actions;
  }

  get hasText() {
    return !this.#bubble.hidden;
  }

  /* What was said, without the numbers of its sources; the words of two blocks never run together. */
  get text() {
    const copy = this.#bubble.cloneNode(true);
    for (const cite of copy.querySelectorAll(".cite")) cite.remove();
    for (const block of copy.querySelectorAll("p, li, td, th, h3, h4, h5, h6, blockquote")) block.append(" ");
    return copy.textContent.replace(/\s+/g, " ").trim();
  }

  /* What a screen reader hears once the answer is complete. */
  get spoken() {
    const count = this.#sources.size;
    return `${TEXT.assistant}: ${this.text} ${count ? TEXT.announceSources(count) : ""}`;
  }

  showEvidence(citations) {
    this.#evidence?.remove();
    const seen = new Map(citations.map((source) => [`${source.document_id}/${source.chunk_id}`, source]));
    const cards = [...seen.values()].slice(0, CARDS).map((source) => h("li", {}, this.#card(source)));
    const progress = h("p", { class: "progress" }, TEXT.writing, dots());
    this.#evidence = h("div", { class: "evidence" }, h("p", { class: "label" }, TEXT.evidence), h("ul", {}, ...cards), progress);
    this.#extra.append(this.#evidence);
  }

  #card(source) {
    const open = (event) => this.#actions.openSource(source, event.currentTarget);
    return h("button", { type: "button", class: "card", onclick: open },
      h("strong", {}, sourceName(source)), h("span", { class: "quote", dir: "auto" }, bare(source.quote)));
  }

  addSentence(sentence) {
    this.#bubble.hidden = false;
    if (isBlock(sentence)) {
      this.#bubble.append(blocks(sentence));
      this.#paragraph = null;
      return;
    }
    if (!this.#paragraph) this.#bubble.append((this.#paragraph = h("p")));
    if (this.#paragraph.childNodes.length) this.#paragraph.append(" ");
    this.#paragraph.append(...inline(sentence));
  }

  addCitation(source) {
    const open = (event) => this.#actions.openSource(source, event.currentTarget);
    const label = TEXT.source(source.index, sourceName(source));
    const cite = h("button", { type: "button", class: "cite", "aria-label": label, onclick: open }, String(source.index));
    this.#tail().append(cite);
    this.#sources.set(source.index, source);
  }

  /* Where a number goes: behind the last words, inside the last item or row of a list or table. */
  #tail() {
    const holders = "p, li, td:last-child, th:last-child, h3, h4, h5, h6";
    return [...this.#bubble.querySelectorAll(holders)].at(-1) ?? this.#bubble;
  }

  ask(text, options = []) {
    this.addSentence(text);
    const chips = options.map((option) => button("chip", option, () => this.#actions.choose(option)));
    if (chips.length) this.#extra.append(h("div", { class: "chips options" }, ...chips));
  }

  refuse(text, offer) {
    this.addSentence(text);
    this.#extra.append(h("div", { class: "chips offer" }, button("chip strong", offer || TEXT.person, this.#actions.askForPerson)));
  }

  finish(message, status) {
    this.#evidence?.remove();
    if (this.#sources.size) this.#extra.prepend(this.#sourceList());
    if (status === "answered" && message) this.#extra.append(this.#feedback(message));
  }

  #sourceList() {
    const rows = [...this.#sources].sort(([one], [other]) => one - other).map(([index, source]) => {
      const open = (event) => this.#actions.openSource(source, event.currentTarget);
      return h("li", {}, h("button", { type: "button", class: "source", onclick: open },
        h("span", { class: "number", "aria-hidden": "true" }, String(index)),
        h("span", { class: "name" }, sourceName(source)), icon("next")));
    });
    return h("ol", { class: "sources", "aria-label": TEXT.sources }, ...rows);
  }

  #feedback(message) {
    const row = h("div", { class: "vote", role: "group", "aria-label": TEXT.helpful });
    const thank = (helpful) => {
      const offer = helpful ? null : button("link offer", TEXT.person, this.#actions.askForPerson);
      row.replaceChildren(...[h("span", {}, helpful ? TEXT.thanks : TEXT.thanksNo), offer].filter(Boolean));
    };
    const vote = async (helpful) => {
      const hadFocus = row.contains(row.getRootNode().activeElement);
      if (!(await this.#actions.vote(message, helpful))) return;
      thank(helpful);
      row.tabIndex = -1;
      if (hadFocus) row.focus();
    };
    const earlier = this.#actions.voteOn(message);
    if (earlier !== undefined) thank(earlier);
    else {
      row.append(h("span", {}, TEXT.helpful), button("small", TEXT.yes, () => vote(true)),
        button("small", TEXT.no, () => vote(false)));
    }
    return row;
  }
}
