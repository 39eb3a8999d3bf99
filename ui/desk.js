/* What only the desk does: the palette of macros, and choosing several tickets. Stands on staff.js. */
(function () {
  "use strict";
  const bot = window.supportBot;
  const { drafts, keepDraft, setKind } = bot.compose;

  /* ---- The palette: filtered as one types, the chosen words go into the composer with what they do on sending. */
  bot.local["open-macros"] = () => {
    const dialog = document.getElementById("macros");
    if (!dialog || dialog.open) return;
    const find = dialog.querySelector("[data-macro-find]");
    find.value = "";
    narrow(find);
    dialog.showModal();
    find.focus();
  };

  function options() {
    return Array.from(document.querySelectorAll("#macro-options [role=option]:not([hidden])"));
  }

  function mark(option) {
    for (const each of document.querySelectorAll("#macro-options [role=option]")) {
      each.setAttribute("aria-selected", each === option);
    }
    const find = document.querySelector("[data-macro-find]");
    if (option) find.setAttribute("aria-activedescendant", option.id); else find.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  function narrow(find) {
    const asked = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const option of document.querySelectorAll("#macro-options [role=option]")) {
      const words = (option.dataset.name + " " + option.dataset.text + " " + option.dataset.does).toLowerCase();
      option.hidden = !asked.every((word) => words.includes(word));
    }
    const left = options();
    find.closest("dialog").querySelector("[data-none]").hidden = left.length > 0 || !asked.length;
    mark(left[0]);
  }

  document.addEventListener("input", (event) => {
    if (event.target.matches?.("[data-macro-find]")) narrow(event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "/" && event.target.matches?.(".desk-composer textarea") && !event.target.value) {
      event.preventDefault();
      bot.local["open-macros"]();
    }
    if (!event.target.matches?.("[data-macro-find]")) return;
    const left = options();
    const at = left.findIndex((option) => option.getAttribute("aria-selected") === "true");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(left[Math.max(0, Math.min(left.length - 1, at + (event.key === "ArrowDown" ? 1 : -1)))]);
    } else if (event.key === "Enter") {
      event.preventDefault();
      left[at]?.click();
    }
  });

  /* The words go behind what stands there. What is being noted stays a note: it may be for the team only. */
  bot.local.macro = (source) => {
    source.closest("dialog").close();
    const form = document.querySelector(".desk-composer");
    if (form?.dataset.ticket !== source.dataset.ticket) return;
    const field = form.elements.text;
    const { text, macro, version, name, does } = source.dataset;
    const before = field.value.trimEnd();
    if (text) {
      const noted = before && form.elements.kind.value === "note";
      setKind(form, "note" in source.dataset || noted ? "note" : "reply");
      field.value = before ? before + "\n\n" + text : text;
    }
    keepDraft(form);
    Object.assign(drafts[form.dataset.ticket], { macro: { macro, version, name, does } });
    showMacro(form);
    bot.grow(field);
    field.focus();
    const open = /⟦[^⟧]*⟧/.exec(field.value); // what is not known is chosen, so that typing takes its place
    if (open) field.setSelectionRange(open.index, open.index + open[0].length);
  };

  bot.local["drop-macro"] = (source) => {
    const form = source.closest("form");
    delete drafts[form.dataset.ticket]?.macro;
    showMacro(form);
    form.elements.text.focus();
  };

  function showMacro(form) {
    const chosen = drafts[form.dataset.ticket]?.macro;
    form.elements.macro.value = chosen?.macro ?? "";
    form.elements.version.value = chosen?.version ?? "";
    const line = form.querySelector("[data-macro-line]");
    line.hidden = !chosen;
    if (chosen) line.firstElementChild.textContent = `“${chosen.name}”, on sending: ${chosen.does || "only these words"}`;
  }

  /* ---- Several tickets: chosen by their boxes or with x; only what stands in the list is chosen. */
  const picked = new Set();
  let done;

  function showPicks() {
    for (const box of document.querySelectorAll("[data-pick]")) box.checked = picked.has(box.dataset.pick);
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    bar.hidden = picked.size === 0;
    bar.firstElementChild.textContent = picked.size + " chosen";
    bar.querySelector("[data-action=ask-bulk]").dataset.tickets = Array.from(picked).join(",");
  }

  function pick(box, on) {
    picked[on ? "add" : "delete"](box.dataset.pick);
    showPicks();
  }

  bot.local["clear-picks"] = () => { picked.clear(); showPicks(); };

  document.addEventListener("change", (event) => {
    if (event.target.matches?.("[data-pick]")) pick(event.target, event.target.checked);
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select, dialog[open], [contenteditable]")) return;
    const row = event.target.closest?.(".rows li") || document.querySelector("[data-selected]")?.closest("li");
    const box = row?.querySelector("[data-pick]");
    if (box) pick(box, !box.checked);
  });

  bot.hooks.refreshed.push((element) => {
    const bar = element.querySelector("[data-bulk]");
    if (!bar) return;
    if (done !== undefined && done !== bar.dataset.bulk) picked.clear();
    done = bar.dataset.bulk;
    const listed = new Set(Array.from(element.querySelectorAll("[data-pick]"), (box) => box.dataset.pick));
    for (const ticket of picked) if (!listed.has(ticket)) picked.delete(ticket);
    showPicks();
  });

  bot.hooks.refreshed.push((element) => {
    const form = element.querySelector(".desk-composer");
    if (!form) return;
    showMacro(form);
    // What was refused can be mended, or sent once more, from the keyboard.
    if (element.querySelector("[role=alert]") && document.activeElement === document.body) form.elements.text.focus();
  });
})();
