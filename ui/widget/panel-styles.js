/* The panel's look: header, conversation, composer, article. Colours are those of styles.js. */

const CSS = `
ol, ul { padding: 0; list-style: none; }
a { color: var(--link); }
.muted { color: var(--muted); font-size: 14px; }
.panel { position: fixed; z-index: 2147483000; right: 20px; bottom: 92px; width: 380px; height: min(600px, 100dvh - 112px);
  display: flex; flex-direction: column; overflow: hidden; background: var(--surface); border: 1px solid var(--line);
  border-radius: 8px; box-shadow: var(--shadow); animation: rise 150ms ease-out; }
@keyframes rise { from { opacity: 0; transform: translateY(8px); } }
:host([side="left"]) .panel { left: 20px; right: auto; }
.head { flex: none; display: flex; align-items: center; gap: 12px; min-height: 64px; padding: 8px 12px 8px 16px;
  border-bottom: 1px solid var(--line); }
.head > div { flex: 1; min-width: 0; }
h2 { font-size: 16px; line-height: 1.3; font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.avatar { flex: none; width: 36px; height: 36px; border-radius: 50%; display: grid; place-items: center; font-weight: 600;
  background: var(--accent); color: var(--on-accent); }
.who-now { display: flex; align-items: center; gap: 6px; font-size: 14px; line-height: 1.4; color: var(--muted); }
.who-now::before { content: ""; flex: none; width: 8px; height: 8px; border-radius: 50%; border: 2px solid var(--muted); }
.waiting .who-now { color: var(--amber); } .waiting .who-now::before { border-color: var(--amber); }
.human .who-now { color: var(--green); } .human .who-now::before { border-color: var(--green); background: var(--green); }
.round { width: 36px; height: 36px; display: grid; place-items: center; color: var(--muted); }
.round:hover, .chip:hover, .small:hover, .source:hover, .card:hover, .score:hover { background: var(--hover); }
.notice { flex: none; padding: 8px 16px; font-size: 14px; background: var(--bubble); border-bottom: 1px solid var(--line); }
.notice.bad { color: var(--danger); }

.talk { position: relative; flex: 1; min-height: 0; display: flex; }
.log { flex: 1; min-width: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px; }
.log:focus-visible, .article:focus-visible { outline-offset: -2px; }
.jump { position: absolute; bottom: 8px; left: 50%; transform: translateX(-50%); padding: 4px 12px; border-radius: 16px;
  font-size: 14px; background: var(--surface); border-color: var(--line); box-shadow: var(--shadow); white-space: nowrap; }
.list, .intro { display: flex; flex-direction: column; gap: 16px; }
.intro { padding-bottom: 16px; } .intro.used .suggestions { display: none; }
.turn { display: flex; flex-direction: column; align-items: flex-start; max-width: 100%; }
.who { display: flex; align-items: center; gap: 6px; margin-bottom: 4px; font-size: 12px; color: var(--muted); }
.initial { width: 20px; height: 20px; border-radius: 50%; display: grid; place-items: center; font-weight: 600;
  background: var(--green); color: var(--surface); }
.bubble { max-width: 92%; padding: 8px 12px; border-radius: 8px; border: 1px solid transparent; background: var(--bubble);
  overflow-wrap: anywhere; }
.bubble > * + * { margin-top: 8px; }
.bubble ol, .bubble ul, .article ol, .article ul { padding-left: 24px; }
.bubble ol, .article ol { list-style: decimal; } .bubble ul, .article ul { list-style: disc; }
.customer { align-items: flex-end; }
.customer .bubble { max-width: 84%; background: var(--accent); color: var(--on-accent); }
.pending .bubble { opacity: .7; }
.staff .bubble { background: none; border-color: var(--green); }
.unsent { margin-top: 4px; font-size: 14px; color: var(--danger); text-align: right; }
.extra { width: 100%; max-width: 92%; }
.extra > * { margin-top: 8px; }
.cite { min-width: 20px; height: 20px; margin: 0 1px 0 3px; padding: 0 5px; border-radius: 4px; vertical-align: 2px;
  font-size: 12px; font-weight: 600; line-height: 18px; color: var(--link); border-color: currentcolor; background: var(--surface); }
.cite:hover { background: var(--hover); }
.sources { display: flex; flex-direction: column; gap: 4px; }
.source { width: 100%; min-height: 36px; padding: 4px 8px; display: flex; align-items: center; gap: 8px; text-align: left;
  font-size: 14px; line-height: 1.35; border-color: var(--line); }
.source .name { flex: 1; min-width: 0; overflow-wrap: anywhere; } .source svg { width: 16px; height: 16px; color: var(--muted); }
.number { font-size: 12px; font-weight: 600; color: var(--link); min-width: 12px; text-align: center; }
.label, .progress { font-size: 14px; color: var(--muted); }
.evidence ul { display: flex; flex-direction: column; gap: 8px; margin: 4px 0 8px; }
.card { width: 100%; padding: 8px 12px; text-align: left; font-size: 14px; line-height: 1.4; border-color: var(--line); }
.card strong { display: block; font-weight: 600; } .quote { color: var(--muted); display: -webkit-box; overflow: hidden;
  -webkit-box-orient: vertical; -webkit-line-clamp: 3; }
.chips { display: flex; flex-wrap: wrap; gap: 8px; }
.chip { padding: 6px 12px; font-size: 14px; line-height: 1.4; text-align: left; border-color: var(--line); color: var(--link); }
.chip.strong { background: var(--accent); color: var(--on-accent); } .chip.strong:hover { filter: brightness(.92); }
.waiting .offer, .human .offer, .turn:not(:last-child) .options { display: none; }
.chip:disabled { background: none; color: var(--muted); border-color: var(--line); }
.vote { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; font-size: 14px; color: var(--muted); }
.small { padding: 2px 10px; border-color: var(--line); color: var(--text); }
.link { color: var(--link); text-decoration: underline; text-underline-offset: 2px; }
.note { padding: 4px 8px; text-align: center; font-size: 14px; color: var(--muted); }
.handoff, .trouble { padding: 12px; border: 1px solid var(--line); border-left: 3px solid var(--amber); border-radius: 8px; }
.trouble { border-left-color: var(--danger); } .trouble .chip { margin-top: 8px; }
.status { margin-top: 16px; font-size: 14px; color: var(--muted); }
.closing { margin-top: 16px; display: flex; flex-direction: column; gap: 12px; align-items: center; text-align: center; }
.rating div { display: flex; align-items: center; gap: 8px; margin-top: 8px; }
.score { width: 36px; height: 36px; border-color: var(--line); }
.dots { display: inline-flex; gap: 3px; margin-left: 6px; }
.dots i { width: 4px; height: 4px; border-radius: 50%; background: currentcolor; animation: beat 1.2s infinite; }
.dots i:nth-child(2) { animation-delay: .2s; } .dots i:nth-child(3) { animation-delay: .4s; }
@keyframes beat { 0%, 60%, 100% { opacity: .25; } 30% { opacity: 1; } }

.foot { flex: none; border-top: 1px solid var(--line); }
.ways { display: flex; align-items: center; justify-content: space-between; gap: 8px; min-height: 40px; padding: 4px 16px 0; font-size: 14px; }
.ways button { padding: 4px 8px; margin: 0 -8px; } .ways .end { color: var(--muted); } .ways .person { color: var(--link); font-weight: 600;
  margin-left: auto; } .ways button:hover { background: var(--hover); }
.asked { margin-left: auto; color: var(--amber); }
form { display: flex; align-items: flex-end; gap: 8px; padding: 4px 12px 12px; }
textarea { flex: 1; min-width: 0; padding: 7px 12px; line-height: 24px; resize: none; border-color: var(--muted); background: var(--surface); }
textarea:focus-visible { outline-offset: -1px; }
textarea:disabled { border-color: var(--line); background: var(--bubble); } .person:disabled { display: none; }
textarea::placeholder { color: var(--muted); opacity: 1; }
.email { flex-wrap: wrap; align-items: center; padding-bottom: 4px; font-size: 14px; } .email label { width: 100%; }
.email input { flex: 1; min-width: 0; padding: 6px 12px; font: inherit; color: inherit; border: 1px solid var(--muted); border-radius: 8px; background: var(--surface); }
.send { flex: none; width: 40px; height: 40px; display: grid; place-items: center; background: var(--accent); color: var(--on-accent); }
.send:disabled { background: var(--bubble); color: var(--muted); }

.sheet { position: absolute; inset: 0; z-index: 1; display: flex; flex-direction: column; background: var(--surface); animation: rise 150ms ease-out; }
.sheet .head { padding-left: 8px; gap: 4px; }
.article { position: relative; flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px; overflow-wrap: anywhere; }
.article > * { margin-top: 12px; } .article li + li { margin-top: 4px; }
h3, h4, h5, h6 { font-size: 16px; line-height: 1.35; font-weight: 600; } .article h3 { font-size: 20px; }
blockquote { padding-left: 12px; border-left: 3px solid var(--line); }
code { font: 14px ui-monospace, Menlo, Consolas, monospace; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: 14px; }
th, td { padding: 4px 8px; border: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: normal; }
.article > .passage { margin-left: -16px; padding-left: 13px; border-left: 3px solid var(--link); }
.article > ol.passage, .article > ul.passage { padding-left: 37px; }
.article > .passage { margin-top: 0; padding-top: 6px; padding-bottom: 6px; }
.marked { background: var(--mark); } li.marked { box-shadow: 0 0 0 3px var(--mark); }
.whole { display: inline-flex; align-items: center; gap: 6px; font-size: 14px; } .whole svg { width: 16px; height: 16px; }

.full .panel { inset: 0; width: auto; height: var(--viewport, 100dvh); border: 0; border-radius: 0; box-shadow: none; }
@media (max-width: 480px), (max-height: 480px) {
  .panel, :host([side="left"]) .panel { inset: 0; width: auto; height: var(--viewport, 100dvh); border: 0; border-radius: 0; }
}
.full .log > *, .full .notice, .full .foot > *, .full .article > * { width: 100%; max-width: 720px; margin-left: auto; margin-right: auto; }
@media (forced-colors: active) { .bubble, .chip, .small, .send, .avatar { border: 1px solid; } .marked { outline: 2px solid; } }
`;

export const sheet = new CSSStyleSheet();
sheet.replaceSync(CSS);
