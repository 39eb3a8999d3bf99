"""Several models on the same questions as one HTML file that fetches nothing and runs no script. Measures nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

_WIDTH, _HEIGHT = 100.0, 60.0
_DASHES = ("", "3 1.5", "1 1", "5 1 1 1", "6 3", "2 3")
"""Lines are told apart by these and by their marks, so that colour is not needed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A value at (x, y) of the drawing, its interval from `top` to `bottom`, and what it says to who points at it."""

    x: float
    y: float
    top: float
    bottom: float
    says: str


@dataclass(frozen=True, slots=True)
class Curve:
    """One model's line through its marks; `hue` in degrees."""

    label: str
    hue: int
    dashes: str
    marks: tuple[Mark, ...]

    @property
    def points(self) -> str:
        return " ".join(f"{mark.x},{mark.y}" for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Plot:
    """Curves with the values at the ends of the axes."""

    curves: tuple[Curve, ...]
    right: str
    top: str


def page(found: Mapping[str, Any]) -> str:
    """The file; `found` is what `side_by_side.summary` gives with `name`, `at`, `machine` and `facts`."""
    environment = Environment(
        loader=PackageLoader("support_bot.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"percent": _percent, "number": _number, "share": _share}
    groups = list(found["sides"][0]["exam"])
    return environment.get_template("side_page.html.j2").render(
        found=found,
        groups=groups,
        exam=_exam(found["sides"]),
        passages=_by_passages(found["drafts"]),
        reading=_by_reading(found["drafts"]),
    )


def _exam(sides: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """Pass rates (0..1 across 100) with their intervals, one below the other."""
    found = []
    for place, side in enumerate(sides):
        total = side["exam"]["TOTAL"]
        says = f"{side['label']}: {_share(total)}"
        found.append(Mark(100 * total["pass"], 8.0 * place + 4, 100 * total["low"], 100 * total["high"], says))
    return found


def _by_passages(drafts: Sequence[Mapping[str, Any]]) -> Plot:
    most = max((row["passages"] for row in drafts), default=1)
    return Plot(_curves(drafts, "passages", most, "pass", 1.0), str(most), "100 %")


def _by_reading(drafts: Sequence[Mapping[str, Any]]) -> Plot:
    most = max((row["read_tokens"] for row in drafts), default=1)
    longest = max((row["first_s"] for row in drafts), default=1.0) or 1.0
    return Plot(_curves(drafts, "read_tokens", most, "first_s", longest), f"{most} tokens", f"{longest:.1f} s")


def _curves(
    drafts: Sequence[Mapping[str, Any]], across: str, most: float, up: str, highest: float
) -> tuple[Curve, ...]:  # fmt: skip
    """A line for each model that drafted from more than one number of passages."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in drafts:
        rows.setdefault(row["label"], []).append(row)
    lines = {label: some for label, some in rows.items() if len(some) > 1}
    return tuple(
        Curve(
            label,
            360 * place // max(1, len(lines)),
            _DASHES[place % len(_DASHES)],
            tuple(_mark(row, row[across] / most, up, highest) for row in sorted(some, key=lambda row: row[across])),
        )
        for place, (label, some) in enumerate(lines.items())
    )


def _mark(row: Mapping[str, Any], across: float, up: str, highest: float) -> Mark:
    def height(value: float) -> float:
        return round(_HEIGHT * (1 - value / highest), 1)

    low, high = (row["low"], row["high"]) if up == "pass" else (row[up], row[up])
    value = _share(row) if up == "pass" else f"{row[up]:.2f} s"
    says = f"{row['label']}, {row['passages']} passages, {row['read_tokens']} tokens read: {value}"
    return Mark(round(_WIDTH * across, 1), height(row[up]), height(high), height(low), says)


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None, places: int = 0) -> str:
    return "–" if value is None else f"{value:,.{places}f}"


def _share(line: Mapping[str, float]) -> str:
    return f"{100 * line['pass']:.0f} % ({100 * line['low']:.0f}–{100 * line['high']:.0f})"
