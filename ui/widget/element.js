/* <support-bot-chat>: the launcher on the host page, what the page's own scripts may call, and the panel when needed. */

import { palette } from "./colour.js";
import { h, icon } from "./dom.js";
import { Http } from "./http.js";
import { languageOf } from "./language.js";
import rules from "./launcher.css";
import { sheetOf } from "./sheet.js";

export const NAME = "support-bot-chat";
const SPOKEN_FOR = 5000;
const VERSION = BUILT; // set when it is built: of the files that belong to this one
let home = ""; // where they lie

function remembered(storage, key) {
  try {
    return storage().getItem(key);
  } catch {
    return null; // storage is switched off
  }
}

class SupportBotChat extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #colours = sheetOf("");
  #viewport = sheetOf("");
  #language = null;
  #api = null;
  #settings = null;
  #refusal = null;
  #panel = null; // the promise of it
  #returnTo = null;
  #unread = 0;
  #listeners = null;
  #retries = 0;
  #who = null; // what the page says of its user
  #details = {};
  #heard = new Map(); // listeners of the page by event
  #badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
  #face = h("span", {}, icon("chat"));
  #launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", "aria-controls": "panel", hidden: true, onclick: () => this.toggle() },
    this.#face, this.#badge);
  #spoken = h("div", { class: "hidden", role: "status", "aria-live": "polite" });
  #frame = h("div", { class: "frame" }, this.#launcher, this.#spoken);

  get embedded() {
    return this.hasAttribute("embedded");
  }

  get #key() {
    return `support-bot:${this.#api.base}:${this.#api.channel}`;
  }

  connectedCallback() {
    this.#listen();
    if (this.#api) {
      this.#panel?.then((panel) => panel?.resume()); // moved, or taken out and put back
      return;
    }
    this.#api = new Http(this.getAttribute("base") || location.origin, this.getAttribute("channel") || "web");
    this.#language = languageOf(this.getAttribute("lang"));
    this.#frame.lang = this.#language.code;
    this.#frame.dir = this.getAttribute("dir") || this.#language.direction;
    this.#root.adoptedStyleSheets = [sheetOf(rules), this.#colours, this.#viewport];
    this.#root.append(this.#frame);
    this.#frame.classList.toggle("full", this.embedded);
    this.#launcher.addEventListener("pointerenter", () => this.#load(), { once: true });
    this.#showLauncher();
    this.#introduce();
    if (this.embedded || remembered(() => sessionStorage, this.#key) === "open") this.open({ focus: false });
    else if (remembered(() => localStorage, this.#key)?.includes('"token"')) this.#load();
  }

  disconnectedCallback() {
    this.#listeners.abort();
    this.#panel?.then((panel) => {
      if (!this.isConnected) panel?.stop();
    });
  }

  #listen() {
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    visualViewport?.addEventListener("resize", () => this.#fit(), { signal });
    addEventListener("online", () => this.#introduce(), { signal });
  }

  // -- for the page's own scripts

  async open({ focus = true } = {}) {
    if (this.isOpen) return;
    this.#frame.classList.add("open");
    this.#returnTo = this.#root.activeElement ?? document.activeElement;
    this.#remember();
    const panel = await this.#load();
    if (!panel || !this.isOpen) return;
    panel.element.hidden = false;
    this.#unread = 0;
    this.#showLauncher();
    panel.shown();
    if (focus) panel.focus();
    this.#emit("open");
  }

  async close() {
    if (!this.isOpen || this.embedded) return;
    this.#frame.classList.remove("open");
    this.#remember();
    this.#showLauncher();
    this.#emit("close");
    const panel = await this.#panel;
    const hadFocus = panel?.element.contains(this.#root.activeElement);
    if (panel) panel.element.hidden = true;
    if (!hadFocus) return;
    const back = this.#returnTo?.isConnected && this.#returnTo !== document.body ? this.#returnTo : this.#launcher;
    back.focus({ preventScroll: true });
  }

  toggle() {
    return this.isOpen ? this.close() : this.open();
  }

  async sendMessage(text) {
    await this.open();
    await (await this.#load())?.say(String(text));
  }

  /* `who`: {token}, or {userId, userHash, name, email}. Resolves to the id that is proved now, to null where it is
     proved with the first message; rejects where the bot refuses the proof. */
  async identify(who) {
    const { token, userId, userHash, name, email } = who ?? {};
    if (!token && !(userId && userHash)) throw new TypeError("identify needs a token, or userId and userHash.");
    this.#who = token ? { token } : { user_id: String(userId), user_hash: userHash, name, email };
    return (await this.#panel)?.identify(this.#who) ?? null;
  }

  /* Adds to what the team is told of the visitor; null takes an entry away. */
  async setMetadata(details) {
    Object.assign(this.#details, details);
    await (await this.#panel)?.tell(details);
  }

  on(event, listener) {
    if (!this.#heard.has(event)) this.#heard.set(event, new Set());
    this.#heard.get(event).add(listener);
  }

  off(event, listener) {
    this.#heard.get(event)?.delete(listener);
  }

  /* Forgets the conversation, and who the visitor is: for signing out. */
  async reset() {
    this.#who = null;
    this.#details = {};
    (await this.#load())?.reset();
  }

  /* Takes the chat off the page; the conversation is there again when the script is. */
  async destroy() {
    this.#heard.clear();
    this.remove();
    delete window.supportBot;
  }

  get isOpen() {
    return this.#frame.classList.contains("open");
  }

  // -- inside

  /* The panel's modules are fetched once, when first needed. */
  #load() {
    this.#panel ??= import(`${home}panel.js?v=${VERSION}`).then(async ({ Panel, speak }) => {
      await speak(this.#language.code, VERSION);
      const panel = new Panel(this.#api, {
        embedded: this.embedded,
        who: this.#who,
        details: this.#details,
        emit: (event, detail) => this.#emit(event, detail),
        adopt: (other) => this.#root.adoptedStyleSheets.push(other),
        close: () => this.close(),
        announce: (text) => this.#say(text),
        news: (text) => this.#news(text),
      });
      this.#frame.prepend(panel.element);
      if (this.#settings) panel.greet(this.#settings);
      if (this.#refusal) panel.refuse(this.#refusal);
      else panel.resume();
      if (this.#retries) panel.warn();
      return panel;
    }).catch((error) => {
      console.error(`support-bot: the chat could not be loaded from ${home}. Does the page's CSP allow it?`, error);
      this.#panel = null;
      this.#frame.classList.remove("open");
      return null;
    });
    return this.#panel;
  }

  /* Name, greeting and colour of the channel; the launcher appears with its right colour or not yet. */
  async #introduce() {
    if (this.#settings || this.#refusal) return;
    try {
      const settings = await this.#api.settings();
      this.#settings = settings;
      this.#retries = 0;
      this.#paint(settings.accent);
      (await this.#panel)?.greet(settings);
    } catch (problem) {
      await this.#explain(problem);
    }
    this.#launcher.hidden = this.embedded;
  }

  async #explain(problem) {
    this.#paint("");
    const blocked = problem.offline && (await this.#api.reachable());
    if (problem.mayPass && !blocked) {
      (await this.#panel)?.warn();
      setTimeout(() => this.#introduce(), Math.min(60_000, 2000 * 2 ** this.#retries++));
      return;
    }
    const off = problem.code === "channel_off";
    const remedy = { 404: "There is no such channel." }[problem.status] ?? "Add this origin to the channel's allowed origins.";
    console.error(
      `support-bot: ${this.#api.base} does not answer pages of ${location.origin} on channel "${this.#api.channel}" ` +
      `(${problem.status || "blocked by the browser"}). ${off ? problem.detail : remedy}`,
    );
    this.#refusal = off ? "off" : "unavailable";
    (await this.#panel)?.refuse(this.#refusal);
  }

  #paint(accent) {
    const colours = Object.entries(palette(accent)).map(([name, value]) => `${name}: ${value};`);
    this.#colours.replaceSync(`.frame { ${colours.join(" ")} }`);
  }

  #remember() {
    try {
      sessionStorage.setItem(this.#key, this.isOpen ? "open" : "closed");
    } catch { /* storage is switched off: the next page starts closed */ }
  }

  #news(text) {
    this.#say(text);
    if (this.isOpen) return;
    this.#unread += 1;
    this.#showLauncher();
    this.#emit("unread", { count: this.#unread });
  }

  #emit(event, detail = {}) {
    for (const listener of this.#heard.get(event) ?? []) {
      try {
        listener(detail);
      } catch (error) {
        console.error(`support-bot: a listener of "${event}" failed.`, error);
      }
    }
  }

  #showLauncher() {
    const { open, openUnread, close } = this.#language;
    const label = this.isOpen ? close : this.#unread ? openUnread(this.#unread) : open;
    this.#launcher.setAttribute("aria-label", label);
    this.#launcher.setAttribute("aria-expanded", String(this.isOpen));
    this.#face.replaceChildren(icon(this.isOpen ? "down" : "chat"));
    this.#badge.textContent = String(this.#unread);
    this.#badge.hidden = !this.#unread;
  }

  /* Each answer is announced once, whole: the visible log itself is silent. */
  #say(text) {
    const line = h("p", {}, text);
    this.#spoken.append(line);
    setTimeout(() => line.remove(), SPOKEN_FOR);
  }

  /* On a phone the keyboard covers the page without resizing it: keep the panel above. */
  #fit() {
    const zoomed = visualViewport.scale > 1.05;
    this.#viewport.replaceSync(zoomed ? "" : `.frame { --viewport: ${Math.round(visualViewport.height)}px; }`);
  }
}

/* Makes the tag known; `place` is where the panel is loaded from. */
export function define(place) {
  home = place;
  if (!customElements.get(NAME)) customElements.define(NAME, SupportBotChat);
}
