/* The visitor's conversation on this channel: kept across pages, read through one Reader, written through an outbox.

   A message leaves the outbox only when the server has taken it, and carries the same client_message_id on every try,
   so that neither a reload nor a lost answer loses or doubles it. */

import { Problem } from "./http.js";
import { Reader, backOff, pause } from "./reader.js";
import { Visitor } from "./visitor.js";

const QUIET = 500; // ms without an event after which what is read is news, not history
const TRIES = 6;
const TYPING = 3000;
const PROOF = 3000; // how long the first message waits for the visitor's proof

function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID(); // only on https and localhost
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Conversation {
  #api;
  #on;
  #reader;
  #key;
  #saved = { session: null, outbox: [], votes: {} };
  #starting = null;
  #sending = false;
  #retry = 0;
  #news = true;
  #newsTimer = 0;
  #answering = false; // a turn runs: keep reading even in a hidden tab, for an unread turn is ended by the server
  #toldWriting = 0;
  #listeners = null;
  #shown = Promise.resolve(); // once it is known whether what was left here is this visitor's
  #hidden = false;
  visitor;
  mode = "bot";

  /* `on`: event(kind, data, isNews), outgoing(entry), sent(entry), unsent(entry, problem, seconds|null),
     restarted(said), connection(ok), refused(problem), identity("identified" or "refused", detail). */
  constructor(api, on) {
    this.#api = api;
    this.#on = on;
    this.visitor = new Visitor(api, { told: on.identity, other: () => this.reset() });
    this.#key = `support-bot:${api.base}:${api.channel}`;
    this.#reader = new Reader(api, {
      event: (kind, data) => this.#event(kind, data),
      connection: (ok) => on.connection(ok),
      refused: (problem) => this.#lost(problem).catch((cause) => on.refused(cause)),
    });
  }

  get started() {
    return this.#api.session !== null;
  }

  /* Take up what an earlier page, or another tab, has left. */
  resume() {
    if (this.#listeners) return;
    this.#listeners = new AbortController();
    const { signal } = this.#listeners;
    this.#on.restarted(false);
    this.#restore();
    addEventListener("offline", () => this.#on.connection(false), { signal });
    addEventListener("online", () => {
      this.#on.connection(true);
      this.#reader.restart();
      this.#flush();
    }, { signal });
    addEventListener("pageshow", () => this.#tune(), { signal });
    document.addEventListener("visibilitychange", () => this.#tune(), { signal });
    addEventListener("storage", (event) => {
      const other = event.key === this.#key && this.#read().session?.id;
      if (other && other !== this.#api.session?.id) {
        this.#on.restarted(false);
        this.#restore();
      }
    }, { signal });
  }

  stop() {
    this.#listeners?.abort();
    this.#listeners = null;
    this.#reader.stop();
    clearTimeout(this.#retry);
  }

  #restore() {
    this.#saved = this.#read();
    this.#api.session = this.#saved.session;
    this.#reader.forget();
    this.#answering = false;
    this.mode = "bot";
    this.#news = !this.started;
    this.#shown = this.#show();
  }

  /* Another customer may have used this browser before: nothing is shown, or sent, before the proof was tried. */
  async #show() {
    const { session } = this.#api;
    this.#hidden = this.started;
    if (this.started) {
      this.visitor.introduce();
      await this.visitor.settled();
    }
    if (this.#api.session !== session || !this.#listeners) return;
    this.#hidden = false;
    if (this.started) this.#reader.start();
    for (const entry of this.#saved.outbox) this.#on.outgoing(entry);
    this.#flush();
  }

  #read() {
    try {
      return { session: null, outbox: [], votes: {}, ...JSON.parse(localStorage.getItem(this.#key)) };
    } catch {
      return { ...this.#saved }; // storage is switched off: this page's memory has to do
    }
  }

  #save() {
    try {
      localStorage.setItem(this.#key, JSON.stringify(this.#saved));
    } catch { /* as above */ }
  }

  /* A hidden tab gives its connection back (browsers allow six to a host) unless an answer is being written. */
  #tune() {
    if (!this.started || this.#hidden) return;
    if (document.visibilityState === "visible" || this.#answering) this.#reader.start();
    else this.#reader.stop();
  }

  #event(kind, data) {
    if (!this.#news) {
      clearTimeout(this.#newsTimer);
      this.#newsTimer = setTimeout(() => { this.#news = true; }, QUIET);
    }
    if (kind === "state") this.mode = data.mode;
    if (kind === "message" && data.author === "customer") this.#answering = this.mode === "bot" || this.mode === "closed";
    if (kind === "done" || kind === "error" || (kind === "state" && data.mode !== "bot")) this.#answering = false;
    this.#on.event(kind, data, this.#news);
    if (this.#news && !this.#answering && document.visibilityState === "hidden") this.#reader.stop();
  }

  async #begin() {
    if (this.started) return;
    this.#starting ??= this.#api.start().finally(() => { this.#starting = null; });
    const { id, token } = await this.#starting;
    if (this.started) return;
    this.#saved.session = this.#api.session = { id, token };
    this.#save();
    this.#news = true;
    this.#reader.start();
    await Promise.race([this.visitor.introduce(), pause(PROOF)]); // no proof, or a late one, keeps nobody from asking
  }

  /* The token is refused: it has expired, or the conversation was erased. Begin a new one, keep what waits to be sent. */
  async #lost(problem) {
    if (problem.status !== 401 && problem.status !== 404) throw problem;
    this.#forget();
    this.#on.restarted(true);
    for (const entry of this.#saved.outbox) this.#on.outgoing(entry);
  }

  #forget() {
    this.#reader.forget();
    this.#hidden = false;
    this.#api.session = null;
    this.#saved = { session: null, outbox: this.#saved.outbox, votes: {} };
    this.#answering = false;
    this.mode = "bot";
    this.#save();
  }

  reset() {
    clearTimeout(this.#retry);
    this.#saved.outbox = [];
    this.#forget();
    this.#on.restarted(false);
  }

  /* Run something inside the conversation; once more in a new one when the old one's token is refused. */
  async #within(action) {
    await this.#shown;
    await this.#begin();
    try {
      return await action();
    } catch (problem) {
      await this.#lost(problem);
      await this.#begin();
      return action();
    }
  }

  async say(text) {
    await this.#shown;
    const entry = { key: newKey(), text };
    this.#saved.outbox.push(entry);
    this.#save();
    this.#on.outgoing(entry);
    return this.#flush();
  }

  retry() {
    return this.#flush();
  }

  async #flush(tries = 0) {
    clearTimeout(this.#retry);
    if (this.#sending || this.#hidden) return;
    this.#sending = true;
    try {
      while (this.#saved.outbox.length) await this.#post(this.#saved.outbox[0]);
    } catch (problem) {
      this.#failed(problem, tries);
    } finally {
      this.#sending = false;
    }
  }

  async #post(entry) {
    const { heard } = this.#reader;
    await this.#within(() => this.#api.say(entry.text, entry.key));
    this.#saved.outbox = this.#saved.outbox.filter((other) => other.key !== entry.key);
    this.#save();
    this.#on.sent(entry);
    this.#reader.expect(heard);
  }

  #failed(problem, tries) {
    const entry = this.#saved.outbox[0];
    if (!(problem instanceof Problem) || !entry) throw problem;
    if (problem.mayPass) {
      const seconds = problem.retryAfter ?? backOff(tries + 1) / 1000;
      const again = tries < TRIES || problem.offline;
      this.#on.unsent(entry, problem, again ? seconds : null);
      if (again) this.#retry = setTimeout(() => this.#flush(tries + 1), seconds * 1000);
      return;
    }
    this.#saved.outbox.shift(); // not acceptable as it is: trying again would not help
    this.#save();
    this.#on.unsent(entry, problem, null);
    if (problem.status === 403) this.#on.refused(problem);
  }

  async askForPerson() {
    await this.#within(() => this.#api.handoff());
    if (this.mode === "bot" || this.mode === "closed") this.#event("state", { mode: "waiting" });
  }

  leaveEmail(address) {
    return this.#api.email(address);
  }

  /* Whoever answers as a person sees that the visitor is writing. */
  writing() {
    if (!this.started || this.mode !== "human" || Date.now() - this.#toldWriting < TYPING) return;
    this.#toldWriting = Date.now();
    this.#api.typing().catch(() => {}); // a nicety: nothing is lost without it
  }

  voteOn(message) {
    return this.#saved.votes[message];
  }

  async vote(message, helpful) {
    await this.#api.vote(message, helpful);
    this.#saved.votes[message] = helpful;
    this.#save();
  }

  rate(score) {
    return this.#api.rate(score);
  }

  async close() {
    await this.#api.close();
    this.#event("state", { mode: "closed" });
  }

  source(document, chunk) {
    return this.#api.source(document, chunk);
  }

  transcript() {
    return this.#api.transcript();
  }
}
