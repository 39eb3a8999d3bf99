"""How the pages look: Gradio's theme made neutral, one style sheet, one script, one accent that stays readable."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

_HERE = Path(__file__).parent
_FONT = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "Helvetica Neue", "Arial", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "Liberation Mono", "monospace")
ACCENT = "#1f6f5c"
_WHITE, _BLACK = "#ffffff", "#08110e"
_DARK_SURFACE = "#17191c"
READABLE = 4.5  # least contrast of text (WCAG 2.2, 1.4.3)


def theme() -> gr.themes.Base:
    """Gradio's own components in neutral greys and the system's fonts; nothing is fetched for it."""
    neutral = gr.themes.colors.gray
    return gr.themes.Base(
        primary_hue=neutral,
        secondary_hue=neutral,
        neutral_hue=neutral,
        radius_size=gr.themes.sizes.radius_md,
        font=list(_FONT),
        font_mono=list(_MONO),
    ).set(
        body_background_fill="#f4f5f7",
        body_background_fill_dark="#0f1113",
        body_text_color="#1a1d21",
        body_text_color_dark="#e9ebee",
        block_border_width="0px",
        block_shadow="none",
    )


def css() -> str:
    """The one style sheet of all pages."""
    return (_HERE / "theme.css").read_text(encoding="utf-8")


def script() -> str:
    """The script of all pages, then what only staff's pages use of it."""
    scripts = ("page.js", "staff.js", "desk.js", "bell.js")
    return "".join((_HERE / name).read_text(encoding="utf-8") for name in scripts)


def head() -> str:
    """What each page carries in its head: style, script and colours, with no address to fetch."""
    icon = (
        "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'%3E%3Crect width='32' "
        "height='32' rx='8' fill='%231f6f5c'/%3E%3Cpath d='M9 11h14v9H15l-4 3v-3H9z' fill='%23fff'/%3E%3C/svg%3E"
    )
    return (
        f'<link rel="icon" href="{icon}"><meta name="referrer" content="same-origin">'
        f"<style>{css()}</style>{accent_style(ACCENT)}<script>{script()}</script>"
    )


def accent_style(accent: str, *, by_system: bool = False) -> str:
    """The accent colour as a style element, darkened or lightened until it can be read in light and dark.

    `by_system` is for pages without script: dark follows the system's wish instead of the page's switch."""
    light, dark = (_accent(accent, surface) for surface in (_WHITE, _DARK_SURFACE))
    at_night = f"@media (prefers-color-scheme: dark){{:root{{{dark}}}}}" if by_system else f"body.dark{{{dark}}}"
    return f"<style>:root{{{light}}}{at_night}</style>"


def _accent(accent: str, surface: str) -> str:
    colour = readable(accent, surface)
    return f"--accent:{colour};--accent-ink:{ink_on(colour)}"


def colours() -> str:
    """The style sheet's colours alone, dark by the system's wish: for pages that have no script."""
    light, dark = css().split("body.dark {", 1)
    return f"{light}@media (prefers-color-scheme: dark) {{ :root {{{dark.split('}', 1)[0]}}} }}"


def readable(colour: str, background: str) -> str:
    """`colour` moved towards black (or white, on dark) until its contrast to `background` is 4.5 to 1."""
    target = _BLACK if _luminance(background) > 0.5 else _WHITE
    try:
        best = _mixed(colour, target, 0.0)
    except ValueError:
        best = ACCENT
    start = best
    for step in range(1, 21):
        if contrast(best, background) >= READABLE:
            break
        best = _mixed(start, target, step / 20)
    return best


def ink_on(background: str) -> str:
    """Black or white, whichever reads better on `background`."""
    return max((_WHITE, _BLACK), key=lambda ink: contrast(ink, background))


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    if len(colour) != 7 or not colour.startswith("#"):
        raise ValueError(f"{colour} is not a colour like #1f6f5c.")
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _mixed(colour: str, other: str, share: float) -> str:
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)
