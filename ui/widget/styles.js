/* Colours, launcher and what everything shares. A constructable sheet needs no style-src of the host page. */

import { HOVER } from "./colour.js";

const LIGHT = `
  --surface: #fff; --text: #1a1d21; --muted: #5a626c; --line: #dfe3e7; --bubble: #f1f3f5; --hover: ${HOVER.light};
  --danger: #b42318; --amber: #8a5300; --green: #17693f; --mark: #fff1b8; --passage: #f7f8f9;
  --link: var(--link-light, #1f6f5c); --shadow: 0 8px 32px rgb(16 24 32 / 20%); color-scheme: light;`;
const DARK = `
  --surface: #181b1f; --text: #eceef0; --muted: #a7afb8; --line: #363c43; --bubble: #272b30; --hover: ${HOVER.dark};
  --danger: #ff9b91; --amber: #f0bf5f; --green: #74d5a4; --mark: #54461a; --passage: #20242a;
  --link: var(--link-dark, #7cc4b2); --shadow: 0 8px 32px rgb(0 0 0 / 55%); color-scheme: dark;`;

const CSS = `
:host { ${LIGHT} }
/* The host page's rules reach the element itself, so what is inherited starts afresh one level below. */
.frame { all: initial; display: block; color: var(--text);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  -webkit-text-size-adjust: 100%; }
@media (prefers-color-scheme: dark) { :host(:not([theme="light"])) { ${DARK} } }
:host([theme="dark"]) { ${DARK} }
*, ::before, ::after { box-sizing: border-box; margin: 0; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; background: none; border: 1px solid transparent; border-radius: 8px; padding: 0; }
button { cursor: pointer; transition: background-color 150ms, border-color 150ms; }
button:disabled { cursor: default; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
svg { display: block; flex: none; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.launcher { position: fixed; z-index: 2147483000; right: 20px; bottom: 20px; width: 56px; height: 56px; border-radius: 50%;
  display: grid; place-items: center; background: var(--accent); color: var(--on-accent); box-shadow: var(--shadow); }
.launcher svg { width: 26px; height: 26px; }
.launcher:hover { filter: brightness(.92); }
.launcher:focus-visible { outline-offset: 3px; }
.badge { position: absolute; top: -4px; right: -4px; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px;
  background: #c9271b; color: #fff; border: 2px solid var(--surface); font-size: 12px; font-weight: 600; line-height: 18px; }
:host([side="left"]) .launcher { left: 20px; right: auto; }
@media (max-width: 480px), (max-height: 480px) { .open .launcher { display: none; } }
@media (prefers-reduced-motion: reduce) { *, ::before, ::after { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .launcher { border: 1px solid; } }
@media print { :host { display: none; } }
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
