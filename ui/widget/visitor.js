/* Who the visitor is: told once for each page, and again to each new conversation. */

import { backOff, pause } from "./reader.js";

const TRIES = 6;

export class Visitor {
  #api;
  #on;
  #who = null;
  #details = {};
  #proving = null;

  /* `on`: told("identified" or "refused", detail), other(): the conversation here is another customer's. */
  constructor(api, on) {
    this.#api = api;
    this.#on = on;
  }

  know(who, details) {
    this.#who = who;
    this.#details = { ...details };
  }

  /* The id that is proved now; null where there is no conversation yet to prove it to. */
  identify(who) {
    if (who !== this.#who) this.#proving = null;
    this.#who = who;
    return this.#api.session ? this.#prove() : null;
  }

  async tell(details) {
    Object.assign(this.#details, details);
    if (this.#api.session) await this.#api.tell(details);
  }

  /* Once it is known whether the conversation here is this visitor's, or cannot be known. */
  async settled() {
    if (this.#who) await this.#prove().catch(() => {});
  }

  async introduce() {
    const { session } = this.#api;
    await this.settled();
    if (this.#api.session !== session || !Object.keys(this.#details).length) return;
    await this.#api.tell(this.#details).catch(() => {});
  }

  #prove() {
    return (this.#proving ??= this.#askProof().finally(() => { this.#proving = null; }));
  }

  async #askProof(tries = 0) {
    try {
      const { subject } = await this.#api.identify(this.#who);
      this.#on.told("identified", { subject });
      return subject;
    } catch (problem) {
      if (problem.mayPass && tries < TRIES) {
        await pause(problem.retryAfter ? problem.retryAfter * 1000 : backOff(tries));
        return this.#askProof(tries + 1);
      }
      if (problem.code === "other_customer") { // somebody else used this browser before
        this.#on.other();
        return null;
      }
      console.error(`support-bot: the visitor could not be identified. ${problem.detail}`);
      this.#on.told("refused", { detail: problem.detail });
      throw problem;
    }
  }
}
