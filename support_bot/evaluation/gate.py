"""What an exam must reach to be passed, as written on a command line. Asks nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.errors import Invalid
from support_bot.evaluation.report import HEADS, Total

_FULL = {short: name for name, short in HEADS.items()}  # as the table heads its columns


@dataclass(frozen=True, slots=True)
class Bar:
    """The least value (a share, 0..1) of a figure in a group of questions: `answerable.pass=0.5`."""

    group: str
    figure: str
    least: float


def bars(text: str) -> list[Bar]:
    """`answerable.pass=0.5,unanswerable.status=0.4` as bars. Raises Invalid."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, least = part.partition("=")
        group, _, figure = name.strip().rpartition(".")
        try:
            found.append(Bar(group.lower(), _FULL.get(figure, figure), float(least)))
        except ValueError:
            group = ""
        if not group:
            raise Invalid(f"{part!r} is no bar; write it like answerable.pass=0.5.")
    return found


def shortfalls(lines: Sequence[Total], wanted: Sequence[Bar]) -> list[str]:
    """A line for each bar that is not reached. Raises Invalid for one that no question was measured by."""
    groups = {line.name.lower(): line for line in lines}
    short = []
    for bar in wanted:
        line = groups.get(bar.group)
        if line is None or bar.figure not in line.figures:
            known = sorted(line.figures) if line else sorted(groups)
            raise Invalid(
                f"Nothing was measured as {bar.group}.{bar.figure}; there is {', '.join(known) or 'nothing'}."
            )
        value = line.figures[bar.figure]
        if value < bar.least:
            short.append(f"{bar.group}.{bar.figure} is {value:.3f} (n = {line.n}), wanted at least {bar.least:g}")
    return short
