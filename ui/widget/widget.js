/* The one script a page includes: <script src="https://bot.example.com/widget.js" data-channel="web" async></script>
   It adds <support-bot-chat> to the page and loads the element's modules from widget/ beside this file. */
(() => {
  "use strict";
  const NAME = "support-bot-chat";
  const script = document.currentScript ?? document.querySelector('script[src*="/widget.js"][data-channel]');
  if (!script) return;

  const home = new URL(".", script.src).href;
  const { channel = "web", origin = home, theme, side, embedded } = script.dataset;

  function place() {
    const chat = document.querySelector(NAME) ?? document.createElement(NAME);
    const wanted = { channel, base: origin, theme, side, embedded };
    for (const [name, value] of Object.entries(wanted)) {
      if (value !== undefined && !chat.hasAttribute(name)) chat.setAttribute(name, value);
    }
    if (!chat.isConnected) document.body.append(chat);
    // The element is defined only after it carries its attributes.
    import(`${home}widget/element.js`).catch((error) => {
      console.error(`support-bot: the chat could not be loaded from ${home}widget/. Does the page's CSP allow it?`, error);
    });
  }
  if (document.body) place();
  else document.addEventListener("DOMContentLoaded", place, { once: true });
})();
