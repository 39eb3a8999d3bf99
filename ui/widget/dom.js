/* Elements without innerHTML: text always arrives as text, so nothing an article or a person writes can become markup. */

export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key === "class") element.className = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const PATHS = {
  chat: "M4 5.5h16v11h-9.5L6 20v-3.5H4z",
  down: "M6 9.5l6 6 6-6",
  close: "M6 6l12 12M18 6L6 18",
  back: "M14.5 5.5L8 12l6.5 6.5",
  next: "M9.5 6l6 6-6 6",
  send: "M12 19V5.5M6 11l6-6 6 6",
  download: "M12 4.5v10M7.5 10.5L12 15l4.5-4.5M5 19.5h14",
  out: "M10 5H5v14h14v-5M14 4.5h5.5V10M19 5l-8.5 8.5",
};

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const drawing = { viewBox: "0 0 24 24", width: 20, height: 20, fill: "none", stroke: "currentColor", "stroke-width": 2 };
  for (const [key, value] of Object.entries({ ...drawing, "aria-hidden": "true" })) svg.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  path.setAttribute("stroke-linecap", "round");
  path.setAttribute("stroke-linejoin", "round");
  svg.append(path);
  return svg;
}

export const button = (kind, label, onclick, ...children) =>
  h("button", { type: "button", class: kind, onclick, ...(children.length ? { "aria-label": label } : {}) },
    ...(children.length ? children : [label]));

export const dots = () => h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));

/* "Returns › How long do I have", what a citation is called. */
export const sourceName = (source) => [source.title || source.name, source.heading].filter(Boolean).join(" › ");

/* An article's own words without its marks: "**Sun button** | yes" is read as "Sun button · yes". */
export const bare = (text) => (text ?? "").replace(/\*\*|`|^#+ /gm, "").replace(/^\s*\||\|\s*$/gm, "").replace(/\s*\|\s*/g, " · ").trim();
