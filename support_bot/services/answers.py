"""Put an answer together from the events of its turn."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.services.release import joined
from support_bot.services.views import Answer
from support_bot.values import (
    AnswerStatus,
    Asked,
    Citation,
    Done,
    HandOff,
    LoggedEvent,
    Refused,
    Retract,
    SourceRef,
    Text,
)


def assemble(message_id: int, logged: Sequence[LoggedEvent]) -> Answer:
    """What the turn has said so far; `message_id` stands in until the bot has a message of its own."""
    text, status, done = "", AnswerStatus.FAILED, False
    sources: dict[int, SourceRef] = {}
    handoff: HandOff | None = None
    for item in logged:
        match item.event:
            case Text(sentence):
                text = joined(text, sentence)
            case Citation(source):
                sources.setdefault(source.index, source)
            case Refused(said, _) | Asked(said, _):
                text = said
            case HandOff(_, said, _):
                text, handoff = said, item.event
            case Retract():
                text, handoff = "", None
                sources.clear()
            case Done(final_id, final_status):
                message_id, status, done = final_id, final_status, True
            case _:
                pass
    return Answer(message_id, status, text, tuple(sources.values()), handoff, done)
