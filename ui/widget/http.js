/* HTTP: requests to the bot, one class for everything that can go wrong, and what the button alone has to ask. */

export class Problem extends Error {
  constructor(status, detail = "", retryAfter = null, code = "") {
    super(detail);
    this.detail = detail;
    this.status = status; // 0: no answer at all (offline, server down, or the browser blocked a foreign origin)
    this.retryAfter = retryAfter;
    this.code = code; // the `error` of the answer
  }

  get offline() {
    return this.status === 0;
  }

  get mayPass() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export class Http {
  constructor(base, channel) {
    this.base = new URL(base.endsWith("/") ? base : `${base}/`, document.baseURI).href;
    this.channel = channel;
    this.session = null; // {id, token} of the conversation; the id alone opens nothing
  }

  async request(method, path, { body, headers = {}, signal, anonymous = false } = {}) {
    const all = { Accept: "application/json", ...headers };
    if (body) all["Content-Type"] = "application/json";
    if (!anonymous) all.Authorization = `Bearer ${this.session.token}`;
    let response;
    try {
      response = await fetch(`${this.base}api/v1${path}`, {
        method, headers: all, body: body && JSON.stringify(body), signal,
        credentials: "omit", cache: "no-store", referrerPolicy: "origin",
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem(0, String(error));
    }
    if (response.ok) return response;
    const { error: code, detail, retry_after: inBody } = await response.json().catch(() => ({}));
    const wait = Number(response.headers.get("Retry-After") ?? inBody);
    throw new Problem(response.status, typeof detail === "string" ? detail : "", wait > 0 ? wait : null, code);
  }

  async json(method, path, options) {
    const response = await this.request(method, path, options);
    return response.status === 204 ? null : response.json();
  }

  settings() {
    return this.json("GET", `/channels/${encodeURIComponent(this.channel)}/public`, { anonymous: true });
  }

  /* Whether the server answers at all: an opaque request succeeds even where the origin is not allowed to read. */
  async reachable() {
    return fetch(`${this.base}widget.js`, { mode: "no-cors", cache: "no-store", credentials: "omit" })
      .then(() => true, () => false);
  }
}
