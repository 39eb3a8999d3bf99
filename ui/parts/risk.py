"""The risk dial: from which confidence the assistant answers by itself, with the exam's curve as a plot and a table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from support_bot.services.risk import CurvePoint, RiskDial
from ui.parts.html import escape, notice, pill, plural
from ui.parts.icons import icon

COMMAND = (
    "support-bot evaluate", "--kb DIR", "--questions FILE.jsonl", "--out predictions.jsonl", "--calibrate",
    "--wrong-at-most 0.3",
)  # fmt: skip
MOST_POINTS = 40  # more than can be told apart at this size
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 348, 28, 196  # where the curve is, in a drawing of 360 by 240
_ENOUGH = 0.1  # intervals of points that answer less than this share do not widen the axis


def risk_page(chosen: RiskDial | None, in_force: float) -> str:
    """All there is to see: what was chosen, the curve, its figures; without a choice, how to make one."""
    head = (
        '<div class="page-head"><h1>How sure it must be</h1><p class="small">Where the assistant is less sure than '
        "this, it offers a person. An exam shows how many questions it answers by itself, and how many of those "
        "wrongly, for each confidence that may be asked of it.</p></div>"
    )
    if chosen is None:
        return (
            f'{head}<div class="empty">{icon("book")}<p><b>Not chosen on an exam yet</b></p>'
            f'<p class="small">It answers from a confidence of {in_force:.4g}. This command asks an exam, draws the '
            f"curve, and keeps the confidence that answers most at the rate of wrong answers you give. Whoever looks "
            f"after the server types it there:</p>"
            f"<code>{' '.join(f'<span>{escape(part)}</span>' for part in COMMAND)}</code></div>"
        )
    points = _sound(chosen.points)
    here = _chosen(points, chosen.threshold)
    shown = _some(points, here)
    other = (
        f"In force is a confidence of {in_force:.4g}. The choice counts from the next start on, unless the setting "
        "SUPPORT_BOT_ANSWERING__ANSWER_THRESHOLD is set, which goes before it."
    )
    counts = math.isclose(chosen.threshold, in_force, abs_tol=1e-9)
    told = notice("" if counts else other, "wait")
    curve = f"{_drawing(shown, here)}{_figures(shown, here)}" if shown else ""
    said = f"<p>{_sentence(chosen, here, counts=counts)}</p>{_origin(chosen, points)}"
    return f'{head}<div class="risk">{said}{told}{curve}</div>'


def _sound(points: Sequence[CurvePoint]) -> list[CurvePoint]:
    """The points that a curve can have, those that answer least first; other programs may have sent some, too."""
    sound = [point for point in points if 0 <= point.wrong <= point.answered <= point.n and point.answered > 0]
    return sorted(sound, key=lambda point: (point.answered, -point.threshold))


def _chosen(points: Sequence[CurvePoint], threshold: float) -> CurvePoint | None:
    """What this threshold does: the last point that it lets through."""
    through = [point for point in points if point.threshold >= threshold]
    return through[-1] if through else None


def _some(points: Sequence[CurvePoint], here: CurvePoint | None) -> list[CurvePoint]:
    every = max(1, -(-len(points) // MOST_POINTS))
    last = len(points) - 1
    return [point for place, point in enumerate(points) if place % every == 0 or place == last or point is here]


def _sentence(chosen: RiskDial, here: CurvePoint | None, *, counts: bool) -> str:
    does = "Answers by itself" if counts else "Chosen, not in force: to answer by itself"
    start = f"{does} from a confidence of <b>{chosen.threshold:.4g}</b>"
    if here is None:
        return f"{start}. What that does on an exam was not stored with it."
    return (
        f"{start}: about <b>{here.coverage:.0%}</b> of questions, of which <b>{here.wrong_rate:.0%}</b> "
        f'(<span class="range">{_between(here)}</span>) wrong by the exam’s strict rule.'
    )


def _origin(chosen: RiskDial, points: Sequence[CurvePoint]) -> str:
    exam = f" on an exam of {plural(points[-1].n, 'question')}; in brackets the 95% interval" if points else ""
    # A date that stays as it is: where the words change, the browser gets everything anew, and the table closes.
    since = f" · {chosen.since:%d %b %Y}" if chosen.since else ""
    return f'<p class="small">Chosen for at most {chosen.wrong_at_most:.0%} wrong{exam}{since}</p>'


def _between(point: CurvePoint) -> str:
    low, high = point.interval
    return f"{100 * low:.0f}-{high:.0%}"


# ---- the drawing


def _drawing(points: Sequence[CurvePoint], here: CurvePoint | None) -> str:
    """Rate of wrong answers (across) against the share answered (up), with the intervals as a band."""
    top = _top(points)
    left = [_place(point.interval[0], point.coverage, top) for point in points]
    right = [_place(point.interval[1], point.coverage, top) for point in reversed(points)]
    line = [_place(point.wrong_rate, point.coverage, top) for point in points]
    last = points[-1]
    says = (
        f"From {points[0].coverage:.0%} of the questions answered with {points[0].wrong_rate:.0%} of those wrong "
        f"to {last.coverage:.0%} answered with {last.wrong_rate:.0%} wrong."
    )
    return (
        '<figure class="curve"><svg viewBox="0 0 360 240" role="img" aria-labelledby="risk-title risk-desc">'
        '<title id="risk-title">Share answered by itself against the rate of wrong answers</title>'
        f'<desc id="risk-desc">{says} The table below has the same figures.</desc>{_axes(top)}'
        f'<polygon class="band" points="{" ".join(left + right)}"/><polyline class="line" points="{" ".join(line)}"/>'
        f"{_mark(here, top) if here else ''}</svg>"
        '<figcaption class="small">Line: what the exam found. Band: the 95% interval of the rate of wrong answers. '
        "Dot: the chosen confidence.</figcaption></figure>"
    )


def _top(points: Sequence[CurvePoint]) -> float:
    """Where the axis of wrong answers ends: behind every rate, and every interval that rests on enough."""
    most = max(point.interval[1] if point.coverage >= _ENOUGH else point.wrong_rate for point in points)
    return min(1.0, max(0.2, math.ceil(most * 10 - 1e-9) / 10))


def _x(rate: float, top: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * min(rate, top) / top


def _y(share: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * share


def _place(rate: float, share: float, top: float) -> str:
    return f"{_x(rate, top):.1f},{_y(share):.1f}"


def _axes(top: float) -> str:
    step = 10 if top <= 0.5 else 20
    across = "".join(
        f'<text x="{_x(rate / 100, top):.1f}" y="{_BOTTOM + 16}" text-anchor="middle">{rate}%</text>'
        for rate in range(0, round(100 * top) + 1, step)
    )
    up = "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_RIGHT}" y1="{_y(share / 100):.1f}" y2="{_y(share / 100):.1f}"/>'
        f'<text x="{_LEFT - 6}" y="{_y(share / 100) + 4:.1f}" text-anchor="end">{share}%</text>'
        for share in range(0, 101, 25)
    )
    return (
        f'<g class="axes">{up}{across}<text x="0" y="12">Answered by itself</text>'
        f'<text x="{_RIGHT}" y="{_BOTTOM + 36}" text-anchor="end">Wrong of those answered</text></g>'
    )


def _mark(here: CurvePoint, top: float) -> str:
    x, y = _x(here.wrong_rate, top), _y(here.coverage)
    low, high = (_x(end, top) for end in here.interval)
    right = x > (_LEFT + _RIGHT) / 2
    words = f'x="{x - 8:.1f}" text-anchor="end"' if right else f'x="{x + 8:.1f}"'
    return (
        f'<g class="chosen"><line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5"/><text {words} y="{y - 8 if right else y + 18:.1f}">'
        f"{here.threshold:.4g}</text></g>"
    )


# ---- the table


def _figures(points: Sequence[CurvePoint], here: CurvePoint | None) -> str:
    rows = "".join(_row(point, chosen=point is here) for point in points)
    return (
        '<details><summary>The figures</summary><table class="list"><caption class="unseen">What each confidence does '
        'on the exam</caption><thead><tr><th scope="col">Confidence</th><th scope="col" class="score">Answered</th>'
        '<th scope="col" class="score">Wrong</th><th scope="col" class="score">95% interval</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></details>"
    )


def _row(point: CurvePoint, *, chosen: bool) -> str:
    mark = f" {pill('Chosen', 'accent')}" if chosen else ""
    return (
        f'<tr{" class=here" if chosen else ""}><th scope="row">{point.threshold:.4g}{mark}</th>'
        f'<td class="score">{point.coverage:.0%} ({point.answered})</td>'
        f'<td class="score">{point.wrong_rate:.0%} ({point.wrong})</td><td class="score">{_between(point)}</td></tr>'
    )
