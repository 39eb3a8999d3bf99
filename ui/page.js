/* What every page does in the browser: hand actions to the server, keep what the reader opened, keys, dialogs. */
(function () {
  "use strict";
  const memory = new Set(); // <details> the reader has opened, by data-keep
  const hooks = { changed: [], refreshed: [] }; // what the staff's script adds
  const page = { theme: themeNow() };
  let lastTyping = 0;

  function themeNow() {
    try { return localStorage.getItem("support-bot-theme"); } catch { return null; }
  }

  function applyTheme() {
    if (page.theme) document.body.classList.toggle("dark", page.theme === "dark");
  }

  function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  }

  function fieldsOf(form) {
    return Object.fromEntries(Array.from(new FormData(form)).filter(([, value]) => typeof value === "string"));
  }

  const local = {
    theme() {
      page.theme = document.body.classList.contains("dark") ? "light" : "dark";
      try { localStorage.setItem("support-bot-theme", page.theme); } catch { /* the choice lasts for this page */ }
      applyTheme();
    },
    "close-dialog"(source) { source.closest("dialog")?.close(); },
    "open-dialog"(source) { document.getElementById(source.dataset.dialog)?.showModal(); },
  };

  /* One element of the page: `send` carries an action to the server, `watch` tells of new content. */
  function bind(element, send, watch, upload) {
    const act = (source, extra) => {
      const name = source.dataset.action;
      if (source.matches("button:focus-visible")) page.byKeyboard = Date.now();
      if (local[name]) return local[name](source);
      if (name === "ask" || name === "send") return say(source, extra, send);
      send("click", Object.assign({}, source.dataset, extra));
      if (source.dataset.then) local[source.dataset.then](source);
    };
    element.addEventListener("click", (event) => {
      const source = event.target.closest("[data-action]");
      if (!source || source.tagName === "FORM" || source.tagName === "SELECT" || source.tagName === "INPUT") return;
      act(source, {});
    });
    element.addEventListener("submit", (event) => {
      const form = event.target.closest("form[data-action]");
      if (!form) return;
      event.preventDefault();
      act(form, fieldsOf(form));
    });
    element.addEventListener("change", (event) => {
      const source = event.target.closest("select[data-action]");
      if (source) act(source, { value: source.value });
      for (const hear of hooks.changed) hear(event.target, send, upload);
    });
    let wait = 0;
    element.addEventListener("input", (event) => {
      const source = event.target;
      if (source.matches("textarea")) grow(source);
      if (source.matches("input[data-action]")) {
        clearTimeout(wait);
        wait = setTimeout(() => act(source, { value: source.value }), 250);
      }
      if (source.dataset.typing && Date.now() - lastTyping > 3000) {
        lastTyping = Date.now();
        send("input", Object.assign({}, source.dataset));
      }
    });
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches("textarea")) return;
      const form = event.target.closest("form");
      if (form.dataset.enter === "newline" && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      form.requestSubmit();
    });
    element.addEventListener("toggle", (event) => {
      const key = event.target.dataset?.keep;
      if (key) memory[event.target.open ? "add" : "delete"](key);
    }, true);
    element.addEventListener("close", (event) => {
      if (event.target.dataset?.serial) element.dataset.closed = event.target.dataset.serial;
    }, true);
    watch("value", () => refreshed(element));
    refreshed(element);
  }

  function say(source, extra, send) {
    const text = (extra.text || source.dataset.text || "").trim();
    if (!text) return;
    const field = source.tagName === "FORM" ? source.elements.text : null;
    if (field) { field.value = ""; grow(field); field.focus(); }
    const before = unsent();
    const key = source.dataset.messageKey || (before?.text === text ? before.key : newKey());
    keepUnsent({ text, key });
    echo(text);
    send("submit", Object.assign({}, extra, { text, key }));
  }

  /* Words are kept until the server shows them: a lost connection or a reload loses none, and sends none twice. */
  function unsent() {
    try { return JSON.parse(sessionStorage.getItem("support-bot-unsent")); } catch { return null; }
  }

  function keepUnsent(words) {
    try { sessionStorage.setItem("support-bot-unsent", JSON.stringify(words)); } catch { /* kept in the page only */ }
  }

  function settleUnsent(element) {
    const thread = element.querySelector(".thread");
    const words = thread && unsent();
    if (!words) return;
    const flat = (text) => text.replace(/\s+/g, " ").trim();
    const said = Array.from(thread.querySelectorAll("[data-author=customer] .bubble, .unsent .bubble"));
    if (said.some((bubble) => flat(bubble.textContent) === flat(words.text))) return keepUnsent(null);
    const field = document.querySelector("#message");
    if (!page.settled && field && !field.value) {
      field.value = words.text;
      grow(field);
    }
    page.settled = true;
  }

  /* The browser cannot reach the server, or can again. */
  function connection(lost) {
    const line = document.querySelector("[data-connection]");
    if (!line || lost === page.lost) return;
    page.lost = lost;
    line.textContent = lost ? "No connection. What you wrote is kept, and this page goes on by itself when it is back." : "";
  }

  const plainFetch = window.fetch.bind(window);
  window.fetch = async (...given) => {
    try {
      const answer = await plainFetch(...given);
      connection(false);
      return answer;
    } catch (error) {
      if (error.name !== "AbortError") connection(true);
      throw error;
    }
  };

  /* The customer's own words stand there at once; the server's next rendering takes their place. */
  function echo(text) {
    const thread = document.querySelector("#chat-thread .thread");
    if (!thread) return;
    const article = document.createElement("article");
    article.className = "message customer follows";
    const bubble = document.createElement("div");
    bubble.className = "bubble";
    bubble.appendChild(document.createElement("p")).textContent = text;
    article.appendChild(bubble);
    thread.querySelector(".greeting .chips")?.remove();
    thread.appendChild(article);
    scrollDown(true);
  }

  function grow(field) {
    field.style.height = "auto";
    field.style.height = Math.min(field.scrollHeight, 160) + "px";
  }

  function refreshed(element) {
    for (const kept of element.querySelectorAll("details[data-keep]")) kept.open = memory.has(kept.dataset.keep);
    const dialog = element.querySelector("dialog[data-serial]");
    // A late look at what was before may have painted over a dialog that nobody closed: it opens again.
    if (dialog && !dialog.open && dialog.dataset.serial !== element.dataset.closed) {
      dialog.showModal();
      (dialog.querySelector(".cited") || dialog).scrollIntoView({ block: "center" });
    }
    const file = element.querySelector("[data-download]");
    if (file && file.dataset.serial !== element.dataset.serial) {
      element.dataset.serial = file.dataset.serial;
      download(file.dataset.download, file.textContent);
    }
    // A select that was used once no longer follows its options' `selected`.
    for (const select of element.querySelectorAll("select[data-value]")) select.value = select.dataset.value;
    settleUnsent(element);
    for (const look of hooks.refreshed) look(element);
    // A button that has done its work may be gone: the keyboard goes on where the customer writes.
    if (document.activeElement === document.body && Date.now() - (page.byKeyboard || 0) < 3000) {
      document.querySelector("#message")?.focus();
    }
    element.querySelector("[data-selected]")?.scrollIntoView({ block: "nearest" });
    scrollDown(false);
  }

  function download(name, text) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  /* Follow the conversation unless the reader has scrolled up. */
  const pinned = new WeakMap();
  function scrollDown(force) {
    for (const box of document.querySelectorAll("#chat-thread, #desk-talk")) {
      if (force || pinned.get(box) !== false) box.scrollTop = box.scrollHeight;
    }
  }
  document.addEventListener("scroll", (event) => {
    const box = event.target;
    if (box.id === "chat-thread" || box.id === "desk-talk") {
      pinned.set(box, box.scrollHeight - box.scrollTop - box.clientHeight < 80);
    }
  }, true);

  /* "4 min" grows older by itself. */
  function age() {
    for (const time of document.querySelectorAll("time[datetime]")) {
      const minutes = Math.floor((Date.now() - Date.parse(time.dateTime)) / 60000);
      if (minutes >= 1 && minutes < 60) time.textContent = minutes + " min";
    }
  }
  setInterval(age, 30000);

  new MutationObserver(applyTheme).observe(document.body, { attributeFilter: ["class"] });
  applyTheme();
  window.supportBot = { bind, local, hooks, grow };
})();
