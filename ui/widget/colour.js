/* The channel's accent colour, corrected so that everything drawn with it keeps a contrast of 4.5:1 (WCAG 2.2, 1.4.3). */

const WHITE = [255, 255, 255];
const INK = [22, 24, 28];
export const HOVER = { light: "#e6e9ec", dark: "#343a41" }; // the least favourable ground that links stand on
const ENOUGH = 4.6; // rounding to whole parts of a colour takes a little

const parse = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const format = (rgb) => "#" + rgb.map((part) => Math.round(part).toString(16).padStart(2, "0")).join("");

function luminance(rgb) {
  const [red, green, blue] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/* Move `colour` towards `target` until it can be read on `ground`. */
function readable(colour, ground, target) {
  let result = colour;
  for (let share = 0; share <= 1 && contrast(result, ground) < ENOUGH; share += 0.04) {
    result = colour.map((part, at) => part + (target[at] - part) * share);
  }
  return result;
}

export function palette(accent) {
  const colour = /^#[0-9a-f]{6}$/i.test(accent ?? "") ? parse(accent) : parse("#1f6f5c");
  // A middling colour is darkened under white words; a light one (yellow, mint) keeps its shade under dark words.
  const dark = contrast(colour, WHITE) >= 2.5;
  const fill = readable(colour, dark ? WHITE : INK, dark ? [0, 0, 0] : WHITE);
  return {
    "--accent": format(fill),
    "--on-accent": format(dark ? WHITE : INK),
    "--link-light": format(readable(colour, parse(HOVER.light), [0, 0, 0])),
    "--link-dark": format(readable(colour, parse(HOVER.dark), WHITE)),
  };
}
