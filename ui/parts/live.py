"""What a conversation's log says about the bot's turns: which are still being written, and what cites what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from support_bot.values import (
    Asked,
    Citation,
    Done,
    Evidence,
    Failed,
    HandOff,
    LoggedEvent,
    Queued,
    Refused,
    Retract,
    SourceRef,
    Text,
)
from ui.parts.markdown import with_marks


@dataclass(frozen=True)
class LiveTurn:
    """One turn of the bot as far as it has come. `parts` are released sentences, each with its sources."""

    id: int
    queued: Queued | None = None
    evidence: tuple[SourceRef, ...] = ()
    parts: tuple[tuple[str, tuple[SourceRef, ...]], ...] = ()
    ending: Asked | Refused | HandOff | None = None
    failed: Failed | None = None
    done: Done | None = None

    @property
    def text(self) -> str:
        """What was released so far, as Markdown with `[1]` marks."""
        written = ""
        for sentence, sources in self.parts:
            block = "\n" in sentence.strip() or written.rstrip().endswith("|")
            gap = "" if not written else "\n\n" if block else " "
            written += gap + with_marks(sentence, sources)
        return written

    @property
    def citations(self) -> tuple[SourceRef, ...]:
        """Every source cited so far, once, in order."""
        return tuple({source.index: source for _, sources in self.parts for source in sources}.values())


def after(turn: LiveTurn, logged: LoggedEvent) -> LiveTurn:
    """The turn one event later."""
    match logged.event:
        case Queued() as queued:
            return replace(turn, queued=queued)
        case Evidence(citations):
            return replace(turn, evidence=citations, queued=None)
        case Text(sentence):
            return replace(turn, parts=(*turn.parts, (sentence, ())), queued=None)
        case Citation(source) if turn.parts:
            sentence, sources = turn.parts[-1]
            return replace(turn, parts=(*turn.parts[:-1], (sentence, (*sources, source))))
        case (Asked() | Refused() | HandOff()) as ending:
            return replace(turn, ending=ending, queued=None)
        case Retract():
            return replace(turn, parts=(), evidence=(), ending=None, queued=None)
        case Failed() as failed:
            return replace(turn, failed=failed, queued=None)
        case Done() as done:
            return replace(turn, done=done, queued=None)
    return turn


def turns(events: Iterable[LoggedEvent]) -> list[LiveTurn]:
    """Every turn of the bot in these events, oldest first."""
    found: dict[int, LiveTurn] = {}
    once = {logged.id: logged for logged in events}
    for _, logged in sorted(once.items()):
        if logged.turn_id is not None:
            turn = found.get(logged.turn_id, LiveTurn(logged.turn_id))
            found[logged.turn_id] = after(turn, logged)
    return list(found.values())


def running(found: Iterable[LiveTurn]) -> list[LiveTurn]:
    """The turns that are not over."""
    return [turn for turn in found if turn.done is None]


def written(found: Iterable[LiveTurn]) -> dict[int, LiveTurn]:
    """Finished turns by the bot's message: the log knows which sentence rests on which source."""
    return {turn.done.message_id: turn for turn in found if turn.done is not None}
