/* What only staff's pages do: keys, drafts, a note or a reply, files that go up. Stands on page.js. */
(function () {
  "use strict";
  const bot = window.supportBot;
  const drafts = {}; // unsent words of the desk's composer, and whether they are a note, by ticket
  const asked = {}; // words that are to be said in another tone, by ticket
  const now = {};

  bot.local.kind = (source) => {
    const form = source.closest("form");
    setKind(form, source.dataset.kind);
    keepDraft(form);
    form.elements.text.focus();
  };

  /* On a narrow screen the last column lies over the others until it is closed. */
  bot.local.details = () => document.body.toggleAttribute("data-details");

  function setKind(form, kind) {
    if (!form) return;
    form.dataset.kind = kind;
    form.elements.kind.value = kind;
    for (const tab of form.querySelectorAll("[data-kind]")) tab.setAttribute("aria-pressed", tab.dataset.kind === kind);
    form.elements.text.placeholder = form.dataset[kind + "Hint"] || "";
  }

  function keepDraft(form) {
    const draft = drafts[form.dataset.ticket] ??= {};
    if (!draft.text) draft.seen = newest(); // what one had read when one began to write
    Object.assign(draft, { text: form.elements.text.value, kind: form.elements.kind.value });
    form.elements.seen.value = draft.seen;
  }

  function newest() {
    return Math.max(0, ...Array.from(document.querySelectorAll("#desk-talk [data-message]"), (m) => m.dataset.message));
  }

  /* The desk's composer keeps what was typed for each ticket until the server says it was sent. A note stays a note. */
  function restoreDraft(form) {
    const field = form.elements.text;
    const { ticket, sent } = form.dataset;
    if (now.ticket === ticket && now.sent !== sent) {
      delete drafts[ticket];
      field.value = "";
      field.blur(); // the keys walk on
    } else if (field.value !== (drafts[ticket]?.text ?? "")) {
      field.value = drafts[ticket]?.text ?? "";
    }
    form.elements.seen.value = drafts[ticket]?.seen ?? newest();
    Object.assign(now, { ticket, sent });
    setKind(form, drafts[ticket]?.kind ?? "reply");
    bot.grow(field);
  }
  document.addEventListener("input", (event) => {
    if (event.target.form?.dataset.ticket && event.target.name === "text") keepDraft(event.target.form);
  });

  /* A draft goes into the composer of its own ticket, behind what stands there. What is being noted stays a note. */
  bot.local.insert = (source) => {
    const form = document.querySelector(".desk-composer");
    source.closest("dialog")?.close();
    if (form?.dataset.ticket !== source.dataset.ticket) return;
    const field = form.elements.text;
    // Another tone takes the place of the words that it was asked for; of others, typed since, it loses none.
    const replaces = source.dataset.replace && field.value === asked[form.dataset.ticket];
    const before = replaces ? "" : field.value.trimEnd();
    if (!before && !source.dataset.replace) setKind(form, "reply");
    field.value = before ? before + "\n\n" + source.dataset.text : source.dataset.text;
    keepDraft(form);
    bot.grow(field);
    field.focus();
  };
  /* Whoever asks for another tone sends the words of the composer along, and may ask for the same again. */
  document.addEventListener("change", (event) => {
    const source = event.target;
    if (!source.matches?.("select[data-words]")) return;
    source.dataset.text = asked[source.form.dataset.ticket] = source.form.elements.text.value;
    setTimeout(() => { source.value = ""; });
  }, true);
  bot.local.working = (source) => { source.disabled = true; };

  bot.compose = { drafts, keepDraft, setKind };

  bot.hooks.refreshed.push((element) => {
    const form = element.querySelector(".desk-composer");
    if (form) restoreDraft(form);
    // What is typed in outlives a rendering, so a form whose words were taken has to be emptied.
    for (const taken of element.querySelectorAll("form[data-taken]")) {
      const key = "taken by " + taken.dataset.action;
      if (now[key] !== taken.dataset.taken) {
        if (now[key]) taken.reset();
        now[key] = taken.dataset.taken;
      }
    }
    const find = element.querySelector("input[data-scope]");
    if (find && find.dataset.scope !== now.scope) {
      now.scope = find.dataset.scope;
      find.value = "";
    }
  });

  /* Keys of the desk: an element with data-key is pressed by it; j and k walk through the rows. */
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open], [contenteditable]")) {
      if (event.key === "Escape") event.target.blur?.();
      if (event.key === "Enter" && event.target.matches("dialog select")) event.target.form?.requestSubmit();
      return;
    }
    if (event.key === "j" || event.key === "k") return walk(event.key === "j" ? 1 : -1, event);
    const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) target.focus(); else target.click();
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
  bot.signedOut = async () => {
    const answer = await fetch("gradio_api/login_check").catch(() => null);
    if (answer && answer.status === 401) location.assign("../login?next=" + encodeURIComponent(location.pathname));
  };

  bot.hooks.changed.push((input, send, upload) => {
    if (input.matches("[data-upload]")) uploadAll(input, send, upload);
  });

  /* Files go up one after the other; each has its own line until the server says what became of it. */
  async function uploadAll(input, send, upload) {
    const files = Array.from(input.files);
    input.value = "";
    const list = document.querySelector("[data-uploading]");
    const audience = document.querySelector("[data-drop] select")?.value;
    const most = Number(document.querySelector("[data-drop]")?.dataset.most) * 1e6;
    const waiting = files.map((file) => [file, line(list, file.name, "waits")]);
    for (const [file, row] of waiting) {
      row.lastChild.textContent = "is uploaded";
      try {
        if (file.size > most) {
          send("upload", { name: file.name, size: file.size });
          row.remove();
          continue;
        }
        const { path } = await upload(file);
        send("upload", { path, name: file.name, audience, document: input.dataset.document ?? "" });
        row.remove();
      } catch (error) {
        row.className = "bad";
        row.lastChild.textContent = "did not arrive: " + (error?.message || error);
      }
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("[data-action=clear]")) {
      for (const row of document.querySelectorAll("[data-uploading] .bad")) row.remove();
    }
  });

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
})();
