/* The panel: asks the bot about one ticket, shows what it says, and hands a draft to the page around it.

   That page is believed only where it is the parent frame and its origin is one that an admin wrote down; what it says
   is a greeting, never an id and never a secret. All text is set as text. */

const { connector, origins } = document.body.dataset;
const ALLOWED = origins.split(" ").filter(Boolean);
const part = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
const ticket = query.get("ticket") ?? "";
let host = ""; // the origin of the page around us, once it has greeted
let draft = null;

history.replaceState(null, "", location.pathname + location.search); // the token stays out of what can be copied

class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

async function ask(what) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  else headers["X-CSRF-Token"] = (await sent("api/v1/me", { headers })).csrf_token ?? "";
  const body = JSON.stringify(token ? {} : { ticket });
  return sent(`api/v1/connectors/${encodeURIComponent(connector)}/panel/${what}`, { method: "POST", headers, body });
}

async function sent(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, "The bot does not answer at the moment.");
  }
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, told.detail ?? `The bot answered ${answer.status}.`);
  return told;
}

function element(name, text, kind = "") {
  const made = document.createElement(name);
  made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function state(text, ...more) {
  part("state").className = more.length ? "bad" : "";
  part("state").replaceChildren(text, ...more);
}

function broken(problem, again) {
  const retry = element("button", "Try again");
  retry.type = "button";
  retry.addEventListener("click", again);
  const actions = document.createElement("div");
  if (problem.status === 401 && !token) {
    const door = element("a", "Sign in", "button");
    door.href = "login";
    door.target = "_blank";
    door.rel = "noopener";
    actions.append(door);
  }
  actions.append(retry);
  state(problem.status === 401 && !token ? "Sign in to see this ticket." : problem.message, actions);
}

async function open() {
  state("Reading the ticket …");
  try {
    const found = await ask("ticket");
    part("summary").textContent = found.summary || "Nothing was written yet.";
    part("ticket").hidden = part("suggest").hidden = false;
    state("");
  } catch (problem) {
    broken(problem, open);
  }
}

async function suggest() {
  part("suggest").disabled = true;
  state("Looking through the articles and writing a draft …");
  try {
    show(await ask("suggestion"));
    state("");
  } catch (problem) {
    broken(problem, suggest);
  } finally {
    part("suggest").disabled = false;
  }
}

function show(found) {
  draft = found;
  const internal = found.parts.some((each) => each.internal);
  part("question").textContent = found.question ? `For: “${found.question}”` : "";
  part("note").textContent = found.note;
  part("note").hidden = !found.note;
  part("parts").replaceChildren(...(found.parts.length ? found.parts.map(drawn) : found.nearest.map(near)));
  part("warning").textContent = internal ? "Internal parts rest on articles that customers must not read." : "";
  part("warning").hidden = !internal;
  part("draft").hidden = false;
  part("suggest").textContent = "Suggest again";
  part("suggest").className = "quiet";
  offer();
}

function drawn(each) {
  const line = document.createElement("li");
  const said = element("p", `${each.text} `);
  said.append(tag(each.internal ? "internal" : "public"));
  line.append(said, ...each.sources.map((used) => source(used.source, used.audience)));
  return line;
}

function near(passage) {
  const line = document.createElement("li");
  const cited = { title: passage.title, heading: "", quote: passage.text };
  line.append(source(cited, passage.audience));
  return line;
}

const tag = (audience) => element("span", audience, `tag ${audience}`);

function source(cited, audience) {
  const box = document.createElement("details");
  const name = element("summary", `${[cited.title, cited.heading].filter(Boolean).join(" › ")} `);
  name.append(tag(audience));
  box.append(name, element("blockquote", cited.quote));
  return box;
}

function offer() {
  const all = draft?.text ?? "";
  const open = draft?.public_text ?? "";
  part("insert").hidden = !(host && open);
  part("insert-all").hidden = !(host && all && all !== open);
}

const insert = (text) => parent.postMessage({ v: 1, type: "insert", text }, host);

addEventListener("message", (event) => {
  if (event.source !== parent || parent === window || !ALLOWED.includes(event.origin)) return;
  if (event.data?.v !== 1 || event.data.type !== "hello") return;
  host = event.origin;
  parent.postMessage({ v: 1, type: "ready" }, host);
  offer();
});

part("suggest").addEventListener("click", suggest);
part("insert").addEventListener("click", () => insert(draft.public_text));
part("insert-all").addEventListener("click", () => insert(draft.text));
if (!ALLOWED.length) state("This panel is not set up: an admin has to allow the help desk's origin for its connector.");
else if (!token && !ticket) state("This panel opens beside a ticket of your help desk.");
else open();
