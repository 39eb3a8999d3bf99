/* A constructable sheet of minified rules: it needs no style-src of the host page. */

export function sheetOf(rules) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  return sheet;
}
