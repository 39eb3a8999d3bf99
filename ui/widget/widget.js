/* The one script a page includes: <script src="https://bot.example.com/widget.js" data-channel="web" async></script>
   It adds <support-bot-chat> to the page, and `supportBot`, through which the page's own scripts speak to it. */

import { NAME, define } from "./element.js";

const METHODS = ["open", "close", "toggle", "identify", "setMetadata", "sendMessage", "on", "off", "reset", "destroy"];
const ATTRIBUTES = ["theme", "side", "embedded", "lang", "dir"];

const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"][data-channel]');
const waiting = window.supportBot;

/* What a page pushed before the script came, `["open"]`, is done first; later pushes are done at once. */
function speakFor(chat) {
  const push = ([name, ...rest]) => {
    if (METHODS.includes(name)) return chat[name](...rest);
    console.error(`support-bot: there is no “${name}”; there are ${METHODS.join(", ")}.`);
  };
  const methods = Object.fromEntries(METHODS.map((name) => [name, (...rest) => chat[name](...rest)]));
  window.supportBot = { ...methods, push, element: chat, get isOpen() { return chat.isOpen; } };
  for (const call of Array.isArray(waiting) ? waiting : []) {
    try {
      Promise.resolve(push(call)).catch((problem) => console.error("support-bot:", problem.message));
    } catch (problem) {
      console.error("support-bot:", problem);
    }
  }
}

function place() {
  const home = new URL(".", script.src).href;
  const { channel = "web", origin = home } = script.dataset;
  const chat = document.querySelector(NAME) ?? document.createElement(NAME);
  const wanted = { channel, base: origin };
  for (const name of ATTRIBUTES) wanted[name] = script.dataset[name];
  for (const [name, value] of Object.entries(wanted)) {
    if (value !== undefined && !chat.hasAttribute(name)) chat.setAttribute(name, value);
  }
  // The element is defined only after it carries its attributes.
  define(`${home}widget/`);
  if (!chat.isConnected) document.body.append(chat);
  speakFor(chat);
  keep(chat);
}

/* Pages that change their body without a reload (Turbo, Astro) drop what was added to it. */
function keep(chat) {
  const observer = new MutationObserver(() => {
    if (window.supportBot?.element !== chat) observer.disconnect();
    else if (!chat.isConnected && document.body) document.body.append(chat);
  });
  observer.observe(document.documentElement, { childList: true });
}

// A second tag on the same page adds no second chat.
if (script && (!waiting || Array.isArray(waiting))) {
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place, { once: true });
}
