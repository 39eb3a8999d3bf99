/* What every page does in the browser: hand actions to the server, keep what the reader opened, keys, dialogs. */
(function () {
  "use strict";
  const memory = new Set(); // <details> the reader has opened, by data-keep
  const drafts = {}; // unsent words of the desk's composer, by ticket
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
    pick(source) { document.querySelector(source.dataset.target)?.click(); },
    kind(source) { setKind(source.closest("form"), source.dataset.kind); source.closest("form").elements.text.focus(); },
  };

  function setKind(form, kind) {
    if (!form) return;
    form.dataset.kind = kind;
    form.elements.kind.value = kind;
    for (const tab of form.querySelectorAll("[data-kind]")) tab.setAttribute("aria-pressed", tab.dataset.kind === kind);
    form.elements.text.placeholder = form.dataset[kind + "Hint"] || "";
  }

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
      if (event.target.matches("[data-upload]")) uploadAll(event.target, send, upload);
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
    watch("value", () => refreshed(element));
    refreshed(element);
  }

  function say(source, extra, send) {
    const text = (extra.text || source.dataset.text || "").trim();
    if (!text) return;
    const field = source.tagName === "FORM" ? source.elements.text : null;
    if (field) { field.value = ""; grow(field); field.focus(); }
    echo(text);
    send("submit", Object.assign({}, extra, { text, key: source.dataset.messageKey || newKey() }));
  }

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
    if (dialog && dialog.dataset.serial !== element.dataset.serial) {
      element.dataset.serial = dialog.dataset.serial;
      if (!dialog.open) dialog.showModal();
      (dialog.querySelector(".cited") || dialog).scrollIntoView({ block: "center" });
    }
    const file = element.querySelector("[data-download]");
    if (file && file.dataset.serial !== element.dataset.serial) {
      element.dataset.serial = file.dataset.serial;
      download(file.dataset.download, file.textContent);
    }
    const find = element.querySelector("input[data-scope]");
    if (find && find.dataset.scope !== page.scope) {
      page.scope = find.dataset.scope;
      find.value = "";
    }
    const form = element.querySelector("form[data-ticket]");
    if (form) restoreDraft(form);
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

  /* The desk's composer keeps what was typed for each ticket until the server says it was sent. */
  function restoreDraft(form) {
    const field = form.elements.text;
    if (page.ticket !== form.dataset.ticket) {
      if (page.ticket) drafts[page.ticket] = field.value;
      page.ticket = form.dataset.ticket;
      field.value = drafts[page.ticket] || "";
      page.sent = form.dataset.sent;
    } else if (page.sent !== form.dataset.sent) {
      page.sent = form.dataset.sent;
      field.value = "";
      field.blur(); // the keys walk on
    }
    setKind(form, form.elements.kind.value || "reply");
    grow(field);
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

  /* Keys of the desk: an element with data-key is pressed by it; j and k walk through the rows. */
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog[open], [contenteditable]")) {
      if (event.key === "Escape") event.target.blur?.();
      return;
    }
    if (event.key === "j" || event.key === "k") return walk(event.key === "j" ? 1 : -1, event);
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea")) target.focus(); else target.click();
  });

  function walk(step, event) {
    const rows = Array.from(document.querySelectorAll("[data-row]"));
    if (!rows.length) return;
    event.preventDefault();
    const now = rows.findIndex((row) => row.hasAttribute("data-selected"));
    const next = rows[Math.max(0, Math.min(rows.length - 1, now < 0 ? 0 : now + step))];
    next.click();
    next.focus();
  }

  /* A session that has ended leads back to the sign-in page; anything else is left to the next try. */
  async function signedOut() {
    const answer = await fetch("gradio_api/login_check").catch(() => null);
    if (answer && answer.status === 401) location.assign("../login?next=" + encodeURIComponent(location.pathname));
  }

  /* Files go up one after the other; each has its own line until the server says what became of it. */
  async function uploadAll(input, send, upload) {
    const files = Array.from(input.files);
    input.value = "";
    const list = document.querySelector("[data-uploading]");
    const audience = document.querySelector("[data-drop] select")?.value;
    const waiting = files.map((file) => [file, line(list, file.name, "waits")]);
    for (const [file, row] of waiting) {
      row.lastChild.textContent = "is uploaded";
      try {
        const { path } = await upload(file);
        send("upload", { path, name: file.name, audience, document: input.dataset.document ?? "" });
        row.remove();
      } catch (error) {
        row.className = "bad";
        row.lastChild.textContent = "did not arrive: " + (error?.message || error);
      }
    }
  }

  function line(list, name, words) {
    const row = list.appendChild(document.createElement("li"));
    row.className = "busy";
    row.appendChild(document.createElement("b")).textContent = name;
    row.appendChild(document.createElement("span")).textContent = words;
    return row;
  }

  /* Files dropped anywhere on the page go where chosen files go. */
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      const box = document.querySelector("[data-drop]");
      if (!box || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      box.toggleAttribute("data-over", kind === "dragover");
      if (kind !== "drop") return;
      const input = box.querySelector("input[type=file]");
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  }

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
  window.supportBot = { bind, signedOut };
})();
