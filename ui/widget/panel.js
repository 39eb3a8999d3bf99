/* The chat itself: header, conversation, ways out, composer. Loaded when the visitor first opens it, or has a conversation. */

import { Api } from "./api.js";
import { Passage } from "./article.js";
import { Conversation } from "./conversation.js";
import { button, h, icon } from "./dom.js";
import rules from "./panel.css";
import { sheetOf } from "./sheet.js";
import { TEXT } from "./texts.js";
import { Transcript } from "./transcript.js";

const LINES = 5;
const LINE_HEIGHT = 24;
const LONGEST = 4000;
const CONFIRM = 5000;

/* Load the texts of a language before a Panel is made; without them it speaks English. */
export async function speak(code, version) {
  if (code === "en") return;
  const file = `./texts-${code}.js?v=${version}`;
  const { texts } = await import(file).catch(() => ({}));
  Object.assign(TEXT, texts);
}

export class Panel {
  #host;
  #conversation;
  #transcript;
  #passage = new Passage(() => this.#openedFrom?.focus());
  #openedFrom = null;
  #noticeTimer = 0;
  #asking = false;
  #emailWanted = false;

  #avatar = h("span", { class: "avatar", "aria-hidden": "true" }, icon("chat"));
  #title = h("h2", { id: "title" }, TEXT.title);
  #now = h("p", { class: "who-now" }, TEXT.assistant);
  #download = button("round", TEXT.download, () => this.#saveTranscript(), icon("download"));
  #notice = h("p", { class: "notice", role: "status", hidden: true });
  #end = button("end", TEXT.end, () => this.#endChat());
  #person = button("person", TEXT.person, () => this.#askForPerson());
  #asked = h("span", { class: "asked", hidden: true }, TEXT.personAsked);
  #email = h("form", { class: "email", hidden: true, onsubmit: (event) => this.#leaveEmail(event) },
    h("label", { for: "email" }, TEXT.email),
    h("input", { id: "email", type: "email", required: true, maxlength: 254, autocomplete: "email" }),
    h("button", { class: "chip" }, TEXT.leaveEmail));
  #input = h("textarea", { id: "message", rows: "1", maxlength: LONGEST, placeholder: TEXT.placeholder, enterkeyhint: "send", dir: "auto" });
  #send = h("button", { class: "send", "aria-label": TEXT.send, disabled: true }, icon("send"));

  /* `place`: base and channel. `host`: adopt(sheet), close(), announce(text), news(text), emit(event, detail),
     `embedded`, and what the page has told so far: `who`, `details`. */
  constructor({ base, channel }, host) {
    this.#host = host;
    host.adopt(sheetOf(rules));
    this.#conversation = new Conversation(new Api(base, channel), {
      event: (kind, data, isNews) => this.#event(kind, data, isNews),
      outgoing: (entry) => this.#transcript.outgoing(entry),
      sent: (entry) => this.#transcript.sent(entry),
      unsent: (...problem) => this.#transcript.unsent(...problem),
      restarted: (said) => this.#restarted(said),
      connection: (ok) => this.#connection(ok),
      refused: () => this.refuse("unavailable"),
      identity: (event, detail) => host.emit(event, detail),
    });
    this.#conversation.visitor.know(host.who, host.details);
    this.#transcript = new Transcript(this.#actions());
    this.#build();
  }

  #actions() {
    const conversation = this.#conversation;
    return {
      openSource: (source, from) => this.#openSource(source, from),
      choose: (text) => { this.say(text); this.focus(); },
      askForPerson: () => this.#askForPerson(),
      vote: (message, helpful) => this.#try(() => conversation.vote(message, helpful)),
      voteOn: (message) => conversation.voteOn(message),
      rate: (score) => this.#try(() => conversation.rate(score)),
      retry: () => conversation.retry(),
      startNew: () => { conversation.reset(); this.focus(); },
      announce: (text) => this.#host.announce(text),
    };
  }

  #build() {
    const close = this.#host.embedded ? null : button("round", TEXT.close, () => this.#host.close(), icon("close"));
    const form = h("form", { onsubmit: (event) => this.#submit(event) },
      h("label", { for: "message", class: "hidden" }, TEXT.input), this.#input, this.#send);
    this.element = h("section", { class: "panel", id: "panel", role: "dialog", "aria-labelledby": "title", tabindex: "-1", hidden: true },
      h("div", { class: "head" }, this.#avatar, h("div", {}, this.#title, this.#now), this.#download, close),
      this.#notice,
      h("div", { class: "talk" }, this.#transcript.element, this.#transcript.jump),
      h("div", { class: "foot" }, h("div", { class: "ways" }, this.#end, this.#asked, this.#person), this.#email, form),
      this.#passage.element);
    this.#input.addEventListener("input", () => {
      this.#grow();
      this.#conversation.writing();
    });
    for (const kind of ["keydown", "keyup", "keypress"]) {
      // The page's own shortcuts must not fire while somebody types here.
      this.element.addEventListener(kind, (event) => event.stopPropagation());
    }
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.#showMode();
  }

  greet(settings) {
    this.#title.textContent = settings.name;
    this.#avatar.replaceChildren(settings.name ? [...settings.name][0].toUpperCase() : icon("chat"));
    this.#transcript.greet(settings);
    this.#connection(true);
  }

  resume() {
    this.#conversation.resume();
  }

  stop() {
    this.#conversation.stop();
  }

  /* The server does not take this page: say so, and let nobody write into the void. */
  refuse(why) {
    this.notice(TEXT[why], true);
    for (const control of [this.#input, this.#send, this.#person]) control.disabled = true;
  }

  /* The server does not answer at the moment. */
  warn() {
    this.notice(navigator.onLine ? TEXT.unreachable : TEXT.offline);
  }

  notice(text, bad = false, seconds = 0) {
    clearTimeout(this.#noticeTimer);
    if (this.#input.disabled && !bad) return;
    this.#notice.textContent = text ?? "";
    this.#notice.hidden = !text;
    this.#notice.classList.toggle("bad", bad);
    if (seconds) this.#noticeTimer = setTimeout(() => this.notice(null), seconds * 1000);
  }

  shown() {
    const covers = matchMedia("(max-width: 480px), (max-height: 480px)").matches && !this.#host.embedded;
    this.element.setAttribute("aria-modal", String(covers));
    this.#transcript.show();
  }

  focus() {
    // On a touch screen the keyboard would cover the greeting.
    const target = matchMedia("(pointer: coarse)").matches || this.#input.disabled ? this.element : this.#input;
    target.focus({ preventScroll: true });
  }

  say(text) {
    const trimmed = text.trim();
    return trimmed ? this.#conversation.say(trimmed) : Promise.resolve();
  }

  identify(who) {
    return this.#conversation.visitor.identify(who);
  }

  tell(details) {
    return this.#conversation.visitor.tell(details);
  }

  reset() {
    this.#conversation.reset();
    this.#conversation.visitor.know(null, {});
    this.focus();
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#input.value;
    if (!text.trim() || this.#input.disabled) return;
    this.#input.value = "";
    this.#grow();
    this.say(text);
  }

  #key(event) {
    if (event.key === "Enter" && event.target === this.#input && !event.shiftKey && !event.isComposing && event.keyCode !== 229) {
      this.#submit(event);
    } else if (event.key === "Escape" && !event.isComposing) {
      if (this.#passage.isOpen) this.#passage.close();
      else if (!this.#host.embedded) this.#host.close();
    } else if (event.key === "Tab" && this.#passage.isOpen) this.#keepIn(this.#passage.element, event);
    else if (event.key === "Tab" && this.element.ariaModal === "true") this.#keepIn(this.element, event);
  }

  /* While something covers the rest (the article the chat, the chat a phone's page), Tab stays on what can be seen. */
  #keepIn(cover, event) {
    const stops = [...cover.querySelectorAll("button, a[href], input, textarea, [tabindex='0']")]
      .filter((one) => one.checkVisibility() && !one.disabled);
    const [first, last] = [stops[0], stops.at(-1)];
    const leaving = event.shiftKey ? first : last;
    if (event.target !== leaving && event.target !== cover) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  }

  #grow() {
    this.#send.disabled = !this.#input.value.trim() || this.#input.disabled;
    this.#input.rows = 1;
    const padding = 14;
    this.#input.rows = Math.min(LINES, Math.max(1, Math.floor((this.#input.scrollHeight - padding) / LINE_HEIGHT)));
  }

  #event(kind, data, isNews) {
    const news = this.#transcript.apply(kind, data, isNews);
    if (kind === "email") this.#emailWanted = data.wanted;
    this.#showMode();
    if (!isNews) return;
    if (kind === "message") this.#host.emit("message", { author: data.author, text: data.text });
    else if (kind === "done" && news) this.#host.emit("message", { author: "bot", text: this.#transcript.lastAnswer });
    else if (kind === "handoff") this.#host.emit("handoff", { reason: data.reason });
    if (news) this.#host.news(news);
  }

  #showMode() {
    const { mode } = this.#conversation;
    const says = { waiting: TEXT.waiting, human: TEXT.human(this.#transcript.name), closed: TEXT.closed }[mode];
    const focused = this.element.getRootNode().activeElement;
    this.#now.textContent = says ?? TEXT.assistant;
    this.element.classList.toggle("waiting", mode === "waiting");
    this.element.classList.toggle("human", mode === "human");
    this.#asked.hidden = mode !== "waiting";
    this.#email.hidden = mode !== "waiting" || !this.#emailWanted;
    this.#person.hidden = mode === "waiting" || mode === "human";
    this.#end.hidden = this.#transcript.empty || mode === "closed";
    this.#download.hidden = !this.#conversation.started || this.#transcript.empty;
    if (focused?.closest?.("[hidden]") || focused?.hidden) this.focus();
  }

  #connection(ok) {
    if (!ok) this.notice(navigator.onLine ? TEXT.lost : TEXT.offline);
    else if ([TEXT.lost, TEXT.offline, TEXT.unreachable].includes(this.#notice.textContent)) this.notice(null);
  }

  #restarted(said) {
    this.#emailWanted = false;
    this.#transcript.clear();
    this.#passage.close();
    this.#showMode();
    this.notice(said ? TEXT.restarted : null, false, 10);
  }

  #openSource(source, from) {
    this.#openedFrom = from;
    this.#passage.open(source, (document, chunk) => this.#conversation.source(document, chunk));
  }

  /* Runs an action that the visitor started; what goes wrong is said above the conversation. True when it worked. */
  async #try(action) {
    try {
      await action();
      return true;
    } catch (problem) {
      const text = `${TEXT.failed} ${TEXT.later(problem.retryAfter)}`;
      if (problem.status === 403) this.refuse("unavailable");
      else this.notice(problem.offline && !navigator.onLine ? TEXT.offline : text, true, 10);
      return false;
    }
  }

  async #askForPerson() {
    if (this.#asking || this.#person.disabled) return;
    this.#asking = true; // not `disabled`: that would drop the keyboard's place
    await this.#try(() => this.#conversation.askForPerson());
    this.#asking = false;
  }

  async #leaveEmail(event) {
    event.preventDefault();
    const field = this.#email.querySelector("input");
    if (await this.#try(() => this.#conversation.leaveEmail(field.value))) field.value = "";
  }

  async #endChat() {
    if (this.#end.textContent === TEXT.end) {
      this.#end.textContent = TEXT.endSure;
      setTimeout(() => { this.#end.textContent = TEXT.end; }, CONFIRM);
      return;
    }
    this.#end.textContent = TEXT.end;
    await this.#try(() => this.#conversation.close());
  }

  #saveTranscript() {
    return this.#try(async () => {
      const address = URL.createObjectURL(await this.#conversation.transcript());
      h("a", { href: address, download: "conversation.txt" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    });
  }
}
