/* One method per endpoint of a conversation. */

import { Http } from "./http.js";

export class Api extends Http {
  /* A path below this visitor's conversation. */
  at(path) {
    return `/conversations/${this.session.id}${path}`;
  }

  start() {
    return this.json("POST", "/conversations", { body: { channel: this.channel }, anonymous: true });
  }

  /* The server answers in the event log whoever listens; this response's own stream is dropped once it has begun. */
  async say(text, key) {
    const response = await this.request("POST", this.at("/messages"), {
      body: { text, client_message_id: key }, headers: { Accept: "text/event-stream" },
    });
    await response.body?.cancel().catch(() => {});
  }

  events(position, signal) {
    const headers = { Accept: "text/event-stream", "Last-Event-ID": String(position) };
    return this.request("GET", this.at("/events"), { headers, signal });
  }

  messages(after, signal) {
    return this.json("GET", this.at(`/messages?after=${after}`), { signal });
  }

  /* `who`: a token, or user_id and user_hash with name and email. Answers whose conversation it is now. */
  identify(who) {
    return this.json("POST", this.at("/identity"), { body: who });
  }

  tell(details) {
    return this.request("POST", this.at("/metadata"), { body: { details } });
  }

  typing() {
    return this.request("POST", this.at("/typing"), { body: {} });
  }

  handoff() {
    return this.request("POST", this.at("/handoff"), { body: {} });
  }

  email(address) {
    return this.request("POST", this.at("/email"), { body: { email: address } });
  }

  vote(message, helpful) {
    return this.request("POST", this.at(`/messages/${message}/feedback`), { body: { helpful } });
  }

  rate(score) {
    return this.request("POST", this.at("/rating"), { body: { score } });
  }

  close() {
    return this.request("POST", this.at("/close"), { body: {} });
  }

  source(document, chunk) {
    return this.json("GET", this.at(`/sources/${document}/${chunk}`));
  }

  async transcript() {
    const headers = { Accept: "text/plain" };
    return (await this.request("GET", this.at("/transcript?format=txt"), { headers })).blob();
  }
}
