/* <support-bot-chat>: the launcher on the host page, what the page's own scripts may call, and the panel when needed. */

import { Api } from "./api.js";
import { palette } from "./colour.js";
import { h, icon } from "./dom.js";
import { sheet } from "./styles.js";
import { TEXT } from "./texts.js";

const SPOKEN_FOR = 5000;

function remembered(storage, key) {
  try {
    return storage().getItem(key);
  } catch {
    return null; // storage is switched off
  }
}

class SupportBotChat extends HTMLElement {
  #root = this.attachShadow({ mode: "open" });
  #colours = new CSSStyleSheet();
  #viewport = new CSSStyleSheet();
  #api = null;
  #settings = null;
  #refusal = null;
  #panel = null; // the promise of it
  #returnTo = null;
  #unread = 0;
  #listeners = null;
  #retries = 0;
  #badge = h("span", { class: "badge", "aria-hidden": "true", hidden: true });
  #face = h("span", {}, icon("chat"));
  #launcher = h("button", { type: "button", class: "launcher", "aria-haspopup": "dialog", hidden: true, onclick: () => this.toggle() },
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
    this.#api = new Api(this.getAttribute("base") || location.origin, this.getAttribute("channel") || "web");
    this.#root.adoptedStyleSheets = [sheet, this.#colours, this.#viewport];
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
  }

  async close() {
    if (!this.isOpen || this.embedded) return;
    this.#frame.classList.remove("open");
    this.#remember();
    this.#showLauncher();
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

  async reset() {
    (await this.#load())?.reset();
  }

  get isOpen() {
    return this.#frame.classList.contains("open");
  }

  // -- inside

  /* The panel's modules are fetched once, when first needed. */
  #load() {
    this.#panel ??= import("./panel.js").then(({ Panel }) => {
      const panel = new Panel(this.#api, {
        embedded: this.embedded,
        adopt: (other) => this.#root.adoptedStyleSheets.push(other),
        close: () => this.close(),
        announce: (text) => this.#say(text),
        news: (text) => this.#news(text),
      });
      this.#frame.prepend(panel.element);
      if (this.#settings) panel.greet(this.#settings);
      if (this.#refusal) panel.refuse(this.#refusal);
      else panel.resume();
      if (this.#retries) panel.notice(TEXT.unreachable);
      return panel;
    }).catch((error) => {
      console.error("support-bot: the chat could not be loaded.", error);
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
      (await this.#panel)?.notice(navigator.onLine ? TEXT.unreachable : TEXT.offline);
      setTimeout(() => this.#introduce(), Math.min(60_000, 2000 * 2 ** this.#retries++));
      return;
    }
    const off = problem.code === "channel_off";
    const remedy = { 404: "There is no such channel." }[problem.status] ?? "Add this origin to the channel's allowed origins.";
    console.error(
      `support-bot: ${this.#api.base} does not answer pages of ${location.origin} on channel "${this.#api.channel}" ` +
      `(${problem.status || "blocked by the browser"}). ${off ? problem.detail : remedy}`,
    );
    this.#refusal = off ? TEXT.off : TEXT.unavailable;
    (await this.#panel)?.refuse(this.#refusal);
  }

  #paint(accent) {
    const colours = Object.entries(palette(accent)).map(([name, value]) => `${name}: ${value};`);
    this.#colours.replaceSync(`:host { ${colours.join(" ")} }`);
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
  }

  #showLauncher() {
    const label = this.isOpen ? TEXT.close : this.#unread ? TEXT.openUnread(this.#unread) : TEXT.open;
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
    this.#viewport.replaceSync(zoomed ? "" : `:host { --viewport: ${Math.round(visualViewport.height)}px; }`);
  }
}

customElements.define("support-bot-chat", SupportBotChat);
