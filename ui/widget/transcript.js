/* What the conversation shows: one method per event of the log. Messages are told apart by author, never by colour alone. */

import { Answer } from "./answer.js";
import { inline } from "./article.js";
import { button, dots, h } from "./dom.js";
import { TEXT } from "./texts.js";

const TYPING = 6000;

export class Transcript {
  #actions;
  #list = h("div", { class: "list" });
  #intro = h("div", { class: "intro" });
  #status = h("div", { class: "status", hidden: true });
  #closing = h("div", { class: "closing", hidden: true });
  #typing = 0;
  #answer = null; // the one being written
  #byMessage = new Map();
  #pending = new Map(); // what the server has not logged yet, by client_message_id
  #mode = "bot";
  jump = button("jump", TEXT.newBelow, () => this.toEnd());
  name = null; // of the person who answers
  lastAnswer = ""; // of the bot
  element = h("div", { class: "log", role: "log", "aria-live": "off", "aria-label": TEXT.conversation, tabindex: "0" },
    this.#intro, this.#list, this.#closing, this.#status);

  /* `actions`: those of Answer, and announce(text), rate(score), retry(), startNew(). */
  constructor(actions) {
    this.#actions = actions;
    this.jump.hidden = true;
    this.element.addEventListener("scroll", () => { if (this.#atEnd) this.jump.hidden = true; }, { passive: true });
  }

  get #atEnd() {
    return this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 90;
  }

  get empty() {
    return !this.#list.childNodes.length;
  }

  greet({ greeting, suggested_questions: questions = [] }) {
    const chips = questions.map((question) => button("chip", question, () => this.#actions.choose(question)));
    const suggestions = h("div", { class: "chips suggestions", role: "group", "aria-label": TEXT.suggestions }, ...chips);
    const bubble = greeting ? h("div", { class: "bubble", dir: "auto" }, h("p", {}, greeting)) : null;
    this.#intro.replaceChildren(
      h("div", { class: "turn bot" }, h("p", { class: "who" }, TEXT.assistant), ...[bubble].filter(Boolean)),
      h("p", { class: "muted" }, TEXT.intro), suggestions);
  }

  clear() {
    this.#list.replaceChildren();
    this.#byMessage.clear();
    this.#pending.clear();
    this.#answer = null;
    this.#mode = "bot";
    this.name = null;
    this.#closing.hidden = true;
    this.#tell(null);
    this.#intro.classList.remove("used");
  }

  /* Returns what is worth an unread mark and an announcement, or nothing. */
  apply(kind, data, isNews) {
    const follow = this.#atEnd || !isNews;
    const news = this[`on_${kind}`]?.(data);
    if (follow) this.show();
    else if (news) this.jump.hidden = false;
    return news;
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  /* The newest, but never so far that the question of a long answer leaves the view. */
  show() {
    const answered = this.#list.lastElementChild?.matches(".bot");
    const question = answered ? [...this.#list.querySelectorAll(".customer")].at(-1) : null;
    this.element.scrollTop = Math.min(this.element.scrollHeight, question ? question.offsetTop - 8 : Infinity);
    this.jump.hidden = this.#atEnd;
  }

  #add(element, message) {
    this.#intro.classList.add("used");
    if (message) {
      this.#byMessage.get(message)?.remove();
      this.#byMessage.set(message, element);
    }
    const unsaid = [...this.#pending.values()].find((entry) => entry.element.matches(".pending") && entry.element !== element);
    if (unsaid?.element.isConnected && !element.matches(".pending")) unsaid.element.before(element);
    else this.#list.append(element);
    return element;
  }

  /* The line below the last message: who is busy with what. */
  #tell(text) {
    clearTimeout(this.#typing);
    this.#status.replaceChildren(...(text ? [text, dots()] : []));
    this.#status.hidden = !text;
  }

  #writing() {
    if (!this.#answer) {
      this.#answer = new Answer(this.#actions);
      this.#add(this.#answer.element);
    }
    this.#tell(null);
    return this.#answer;
  }

  // -- what the visitor writes

  outgoing({ key, text }) {
    const element = this.#said("customer", text);
    element.classList.add("pending");
    this.#pending.set(key, { element, text });
    this.#add(element);
    this.toEnd();
  }

  sent({ key }) {
    const entry = this.#pending.get(key);
    entry?.element.classList.remove("pending");
    entry?.element.querySelector(".unsent")?.remove();
  }

  unsent({ key, text }, problem, seconds) {
    const entry = this.#pending.get(key);
    if (!entry) return;
    const { element } = entry;
    element.querySelector(".unsent")?.remove();
    const line = h("p", { class: "unsent" });
    if (seconds === null) {
      line.append(problem.detail && !problem.mayPass ? `${TEXT.notSent} ${problem.detail} ` : `${TEXT.notSent} `);
      if (problem.mayPass) line.append(button("link", TEXT.tryAgain, () => this.#actions.retry()));
      else this.#pending.delete(key);
    } else {
      const says = { 0: () => TEXT.waitsOffline, 429: TEXT.waitsLimit, 503: TEXT.waitsBusy }[problem.status] ?? TEXT.waitsError;
      const until = Date.now() + seconds * 1000;
      const show = () => {
        line.textContent = says(Math.max(0, until - Date.now()) / 1000);
        if (line.isConnected && Date.now() < until && problem.status) setTimeout(show, 1000);
      };
      element.append(line);
      show();
    }
    element.append(line);
    this.toEnd();
    this.#actions.announce(line.textContent);
  }

  #said(author, text, name) {
    const who = author === "customer" ? h("p", { class: "who hidden" }, TEXT.you) : h("p", { class: "who" },
      h("span", { class: "initial", "aria-hidden": "true" }, (name || TEXT.team)[0].toUpperCase()), name || TEXT.team);
    const lines = text.split("\n").map((line) => h("p", {}, ...(author === "customer" ? [line] : inline(line))));
    return h("div", { class: `turn ${author}` }, who, h("div", { class: "bubble", dir: "auto" }, ...lines));
  }

  // -- events of the log, named as on the wire

  on_message({ message_id: id, author, text, name }) {
    if (this.#byMessage.has(id)) return undefined;
    if (author === "customer") return this.#customerSaid(id, text);
    this.name = name ?? this.name;
    this.#tell(null);
    if (author === "system") {
      this.#add(h("p", { class: "note", dir: "auto" }, text), id);
      return text;
    }
    this.#add(this.#said("staff", text, name), id);
    return `${name || TEXT.team}: ${text}`;
  }

  #customerSaid(id, text) {
    const mine = [...this.#pending].find(([, entry]) => entry.text.trim() === text.trim());
    if (mine) {
      const [key, { element }] = mine;
      this.sent({ key });
      this.#pending.delete(key);
      this.#byMessage.set(id, element);
      this.#list.append(element); // it was drawn before what was said earlier had been read
    } else this.#add(this.#said("customer", text), id);
    // What is written before the first sentence joins the running turn: its answer comes below.
    if (this.#answer && !this.#answer.hasText) this.#list.append(this.#answer.element);
    if (this.#mode === "closed") this.on_state({ mode: "bot" });
    if (this.#mode === "bot" && !this.#answer) this.#tell(TEXT.thinking);
  }

  on_queued({ place, wait_s: seconds }) {
    if (!this.#answer) this.#tell(TEXT.queued(place, seconds));
  }

  on_evidence({ citations }) {
    if (citations.length) this.#writing().showEvidence(citations);
  }

  on_text({ sentence }) {
    this.#writing().addSentence(sentence);
  }

  on_citation(source) {
    this.#writing().addCitation(source);
  }

  on_asked({ text, options }) {
    this.#writing().ask(text, options);
  }

  on_refused({ text, offer }) {
    this.#writing().refuse(text, offer);
  }

  on_handoff({ text }) {
    this.#dropEmpty();
    this.#tell(null);
    this.#add(h("div", { class: "handoff" }, h("p", { dir: "auto" }, text)));
    return text;
  }

  on_done({ message_id: id, status }) {
    const answer = this.#answer;
    this.#tell(null);
    this.#dropEmpty();
    this.#answer = null;
    if (!answer?.hasText) return undefined;
    answer.finish(id, status);
    this.lastAnswer = answer.text;
    if (this.#byMessage.get(id) !== answer.element) this.#byMessage.get(id)?.remove();
    this.#byMessage.set(id, answer.element);
    return answer.spoken;
  }

  #dropEmpty() {
    if (this.#answer && !this.#answer.hasText) {
      this.#answer.element.remove();
      this.#answer = null;
    }
  }

  on_retract({ message_id: id }) {
    this.#byMessage.get(id)?.remove();
    this.#byMessage.delete(id);
    this.#answer?.element.remove();
    this.#answer = null;
    this.#tell(null);
  }

  on_typing({ author }) {
    if (author !== "staff" || this.#mode === "closed") return;
    this.#tell(TEXT.typing(this.name));
    this.#typing = setTimeout(() => this.#tell(null), TYPING);
  }

  on_state({ mode }) {
    const before = this.#mode;
    this.#mode = mode;
    if (mode === before) return undefined;
    if (mode !== "bot") this.#tell(null);
    this.#closing.hidden = mode !== "closed";
    if (mode === "bot") this.name = null;
    if (mode !== "closed") return undefined;
    this.#offerRating();
    return TEXT.nowClosed;
  }

  on_error({ text, retry_after: seconds }) {
    this.#dropEmpty();
    this.#answer?.finish(null, "failed");
    this.#answer = null;
    this.#tell(null);
    const said = `${text || TEXT.failed} ${seconds ? TEXT.later(seconds) : ""}`.trim();
    this.#add(h("div", { class: "trouble" }, h("p", { dir: "auto" }, said), button("chip strong offer", TEXT.person, this.#actions.askForPerson)));
    return said;
  }

  #offerRating() {
    const row = h("div", { class: "rating", role: "group", "aria-label": TEXT.rate });
    const rate = async (score) => {
      if (await this.#actions.rate(score)) row.replaceChildren(h("p", { class: "muted" }, TEXT.thanks));
    };
    const scores = [1, 2, 3, 4, 5].map((score) => button("score", TEXT.rating(score), () => rate(score), String(score)));
    row.append(h("p", {}, TEXT.rate),
      h("div", {}, h("span", { class: "muted" }, TEXT.bad), ...scores, h("span", { class: "muted" }, TEXT.good)));
    this.#closing.replaceChildren(h("p", { class: "note" }, TEXT.nowClosed), row,
      button("chip", TEXT.startNew, () => this.#actions.startNew()));
  }
}
