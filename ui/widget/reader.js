/* Reading: one long GET …/events is the only source of what is shown.

   Messages are posted apart and their response streams dropped, because a turn belongs to the server: the log holds
   every word of customer, bot and staff in order, so a reload, a sleep, a second tab or a lost connection resumes at
   the last position, and nothing is shown twice or in another order. Where a proxy holds streams back, GET …/messages
   is polled instead and told as the same events. */

import { Problem } from "./http.js";

const SILENCE = 45_000; // the server says something at least every 15 s
const EXPECTED = 6_000; // after a message was taken its own event follows at once
const POLL = 2_500;

export function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/* Growing waits, spread out, so that a restarted server is not met by every page at once. */
export const backOff = (failures) => Math.min(30_000, 1000 * 2 ** failures) * (0.5 + Math.random() / 2);

export class Reader {
  #api;
  #on;
  #stop = null;
  #polls = false;
  #expected = 0;
  position = 0;
  lastMessage = 0;
  heard = 0; // events so far

  /* `on`: event(kind, data), connection(ok), refused(problem). */
  constructor(api, on) {
    this.#api = api;
    this.#on = on;
  }

  get running() {
    return this.#stop !== null;
  }

  start() {
    this.stop();
    this.#stop = new AbortController();
    this.#run(this.#stop.signal);
  }

  stop() {
    this.#stop?.abort();
    this.#stop = null;
    clearTimeout(this.#expected);
  }

  restart() {
    if (this.running) this.start();
  }

  forget() {
    this.stop();
    this.position = this.lastMessage = 0;
  }

  /* A message was just taken: if no event has come since `heard` was that many, the stream is being held back. */
  expect(heard) {
    if (!this.running || this.#polls || this.heard !== heard) return;
    clearTimeout(this.#expected);
    this.#expected = setTimeout(() => { this.#polls = true; this.restart(); }, EXPECTED);
  }

  async #run(signal) {
    let failures = 0;
    while (!signal.aborted) {
      const told = () => { failures = 0; this.#on.connection(true); };
      let wait = null;
      try {
        await (this.#polls ? this.#poll(signal, told) : this.#stream(signal, told));
      } catch (error) {
        if (signal.aborted) return;
        const problem = error instanceof Problem ? error : new Problem(0, String(error));
        if (!problem.mayPass) return this.#on.refused(problem);
        wait = problem.retryAfter;
        if (++failures > 1 || problem.offline) this.#on.connection(false);
      }
      await pause(wait === null ? backOff(failures - 1) : wait * 1000, signal);
    }
  }

  #tell(kind, data) {
    this.heard += 1;
    clearTimeout(this.#expected);
    if ((kind === "message" || kind === "done") && data.message_id > this.lastMessage) this.lastMessage = data.message_id;
    this.#on.event(kind, data);
  }

  async #stream(signal, told) {
    const attempt = new AbortController();
    const stop = () => attempt.abort();
    signal.addEventListener("abort", stop, { once: true });
    let watchdog = setTimeout(stop, SILENCE);
    try {
      const response = await this.#api.events(this.position, attempt.signal);
      told();
      const chunks = response.body.getReader();
      const parser = new EventParser((id, kind, data) => {
        if (id > 0 && id <= this.position) return;
        if (id > 0) this.position = id;
        this.#tell(kind, data);
      });
      for (;;) {
        const { done, value } = await chunks.read();
        if (done || signal.aborted) return;
        clearTimeout(watchdog);
        watchdog = setTimeout(stop, SILENCE);
        parser.push(value);
      }
    } catch (error) {
      if (!attempt.signal.aborted || signal.aborted) throw error; // silence is no failure: just read again
    } finally {
      clearTimeout(watchdog);
      signal.removeEventListener("abort", stop);
    }
  }

  async #poll(signal, told) {
    while (!signal.aborted) {
      const answer = await this.#api.messages(this.lastMessage, signal);
      told();
      for (const message of answer.messages ?? answer) {
        if (message.status === "streaming") break;
        for (const [kind, data] of asEvents(message)) this.#tell(kind, data);
      }
      if (answer.mode) this.#tell("state", { mode: answer.mode });
      await pause(POLL * (0.8 + Math.random() * 0.4), signal);
    }
  }
}

/* A finished message, told as the events it came from. */
function asEvents(message) {
  const { id, author, text, name, answer_status: status } = message;
  if (message.status === "retracted") return [["retract", { message_id: id }]];
  if (author !== "bot") return [["message", { message_id: id, author, text, name }]];
  const done = ["done", { message_id: id, status }];
  if (["refused", "asked", "handoff"].includes(status)) return [[status, { text }], done];
  const citations = (message.citations ?? []).map((source) => ["citation", source]);
  return [["text", { sentence: text }], ...citations, done];
}

/* Server-sent events as the HTML standard parses them. */
class EventParser {
  #decoder = new TextDecoder();
  #rest = "";
  #fields = { id: 0, event: "", data: [] };
  #on;

  constructor(on) {
    this.#on = on;
  }

  push(bytes) {
    const lines = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") return this.#dispatch();
    const [, name, value] = line.match(/^([^:]*):? ?(.*)$/s);
    if (name === "data") this.#fields.data.push(value);
    else if (name === "event") this.#fields.event = value;
    else if (name === "id") this.#fields.id = Number(value) || 0;
  }

  #dispatch() {
    const { id, event, data } = this.#fields;
    this.#fields = { id: 0, event: "", data: [] };
    if (event && data.length) this.#on(id, event, JSON.parse(data.join("\n")));
  }
}
