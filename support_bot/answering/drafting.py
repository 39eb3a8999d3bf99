"""A reply for an agent out of the answer to a customer: each part with what carries it, and who may read that.

Sees messages as turns; knows no ticket and no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest

from support_bot.answering import citations, grounding, phrases, signals
from support_bot.index.keyword import terms
from support_bot.index.segments import Segment, segments
from support_bot.values import (
    AnswerEvent,
    Audience,
    Author,
    Citation,
    Excerpt,
    Refused,
    SourceRef,
    Text,
    TraceDraft,
    Turn,
)

_SAYS_ENOUGH = 2
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_BOLD = re.compile(r"(\*\*|__|`|(?<!\w)[*_](?=\S))(.+?)\1")
_HISTORY = 6


@dataclass(frozen=True, slots=True)
class Asked:
    """What a customer wants to know: the messages in a row that say it, the place of the last, what came before."""

    question: str
    last: int
    before: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A sentence or block of a draft with the excerpts that carry it, best first. `internal` where no public one
    does: a customer must not read it as it stands."""

    text: str
    internal: bool
    excerpts: tuple[Excerpt, ...]
    sources: tuple[SourceRef, ...]


@dataclass(slots=True)
class _Said:
    text: str
    cited: list[SourceRef] = field(default_factory=list)


def asked(turns: Sequence[Turn]) -> Asked | None:
    """The customer's last messages in a row that ask something; None where there are none.

    A wish for a person, thanks and the like are passed over, back to where a person answered and no further: what
    stands before that is settled. What staff said last is passed over too: `one moment` answers nothing."""
    end = len(turns)
    while end and turns[end - 1].author is not Author.CUSTOMER:
        end -= 1
    while end and turns[end - 1].author is not Author.STAFF:
        start = end
        while start and turns[start - 1].author is Author.CUSTOMER:
            start -= 1
        said = [turn.text for turn in turns[start:end] if asks(turn.text)]
        if said:
            return Asked("\n".join(said), end - 1, tuple(turns[max(0, start - _HISTORY) : start]))
        end = start
        while end and turns[end - 1].author not in (Author.CUSTOMER, Author.STAFF):
            end -= 1
    return None


def asks(text: str) -> bool:
    """Whether a message is about something: not only a greeting or a wish for a person."""
    if signals.only_greets(text) or signals.wants_person(text):
        return False
    return len(terms(f"{text} 0")) > _SAYS_ENOUGH or "?" in text  # the 0 keeps `terms` from falling back on empty words


def parts(events: Iterable[AnswerEvent], trace: TraceDraft) -> list[Part]:
    """What was said, sentence by sentence; empty where nothing was found or nothing was asked."""
    said: list[_Said] = []
    for event in events:
        match event:
            case Text(text) if text != phrases.IN_GENERAL:
                said.append(_Said(text))
            case Citation(source) if said:
                said[-1].cited.append(source)
            case Refused():
                return []
    if not trace.decision.startswith(("answer", "pinned")):
        return []
    return [_part(item, trace) for item in said]


def _part(said: _Said, trace: TraceDraft) -> Part:
    known = citations.sources(trace.excerpts)
    places = {source.index - 1 for source in said.cited}
    if not trace.decision.startswith("pinned") and not any(said.text.endswith(e.text) for e in trace.excerpts):
        carrying = {n for n, excerpt in enumerate(trace.excerpts) if grounding.said_by_one(said.text, [excerpt]).ok}
        places = carrying or set(range(len(trace.excerpts)))
        carried = any(trace.excerpts[place].passage.audience is Audience.PUBLIC for place in carrying)
    else:
        carried = bool(places) and all(trace.excerpts[place].passage.audience is Audience.PUBLIC for place in places)
    order = sorted(places)
    used, sources = tuple(trace.excerpts[n] for n in order), tuple(known[n] for n in order)
    if not carried and (twin := _public_twin(said.text, trace)):
        return Part(said.text, False, (twin,), citations.sources([twin]))
    return Part(said.text, not carried, used, sources)


def _public_twin(text: str, trace: TraceDraft) -> Excerpt | None:
    """A public passage that was found too and carries all of the text, which was taken from an internal one."""
    for passage in trace.passages:
        whole = [Excerpt(passage, passage.text, 0.0)]
        public = passage.audience is Audience.PUBLIC
        if public and all(grounding.said_by_one(piece.text, whole).ok for piece in segments(text)):
            return Excerpt(passage, text, 0.0)
    return None


def typed_out(markdown: str) -> str:
    """A part as an agent would type it: without marks, the cells of a table's row named by their columns."""
    lines: list[str] = []
    block = None
    for piece in segments(markdown):
        words = _row(piece) if piece.kind == "row" else _words(f"{piece.label} {piece.text}")
        if piece.kind == "sentence" and piece.block == block:
            lines[-1] += " " + _words(piece.text)
        else:
            lines += ["", words] if block is not None and piece.block != block else [words]
        block = piece.block
    return "\n".join(lines).strip()


def _row(piece: Segment) -> str:
    heads, cells = (
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (piece.table_head.partition("\n")[0], piece.text)
    )
    named = [f"{head}: {cell}" if head else cell for head, cell in zip_longest(heads, cells, fillvalue="") if cell]
    return _words("; ".join(named))


def _words(markdown: str) -> str:
    return _BOLD.sub(r"\2", _LINK.sub(_link, markdown)).strip()


def _link(found: re.Match[str]) -> str:
    label, target = found.groups()
    return f"{label} ({target})" if target.startswith(("http", "mailto", "tel")) else label
