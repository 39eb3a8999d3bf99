"""The conversation's log as server-sent events: `id` is the place in the log, `event` its kind, `data` its fields.

A reader holds no thread between two looks into the log, and a reader that goes away cancels nothing."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from functools import partial

from anyio import Event, move_on_after, sleep, to_thread
from sse_starlette import EventSourceResponse, ServerSentEvent

from support_bot.assembly import App
from support_bot.services.chat import TurnStarted
from support_bot.values import AnswerEvent, Author, Done, Failed, LoggedEvent, Said, event_payload

BUSY_S = 0.1  # between two looks while a turn runs
IDLE_S = 1.0  # at most, while nothing happens
HEARTBEAT_S = 15
TURN_TIMEOUT_S = 120.0
_EXPECTED_S = 10.0  # within this time the bot begins to answer a customer, unless a person does
_STALE_S = 60.0  # a turn that is silent for so long is looked at like an idle conversation


def event_stream(frames: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    """A response that sends these frames, and a comment every 15 seconds so that no proxy falls asleep.

    A header tells nginx to pass each frame on at once (`X-Accel-Buffering: no`)."""
    return EventSourceResponse(frames, ping=HEARTBEAT_S, sep="\n")


def frame(event: AnswerEvent, position: int = 0) -> ServerSentEvent:
    """One event as it goes over the wire; position 0 is none, for what does not stand in the log."""
    return ServerSentEvent(
        data=json.dumps(event_payload(event), ensure_ascii=False, separators=(",", ":")),
        event=event.kind,
        id=str(position) if position else None,
        sep="\n",
    )


async def turn_events(app: App, started: TurnStarted) -> AsyncIterator[LoggedEvent]:
    """What follows a customer's message, until its `Done`; ends without one after 120 seconds."""
    if started.turn_id is None:  # people answer: the service says so at once
        for event in await to_thread.run_sync(lambda: list(app.chat.follow(started))):
            yield event
        return
    position, deadline = started.position, time.monotonic() + TURN_TIMEOUT_S
    while time.monotonic() < deadline:
        for logged in await to_thread.run_sync(partial(app.chat.events, started.conversation_id, position)):
            position = logged.id
            if logged.turn_id == started.turn_id:
                yield logged
                if isinstance(logged.event, Done):
                    return
        await sleep(BUSY_S)


async def turn_frames(app: App, started: TurnStarted) -> AsyncIterator[ServerSentEvent]:
    """`turn_events` for the wire; a turn that does not end in time is told so, and goes on in the log."""
    async for logged in turn_events(app, started):
        yield frame(logged.event, logged.id)
        if isinstance(logged.event, Done):
            return
    yield frame(Failed("timeout", "The answer takes longer than expected; it will appear in the conversation.", 5.0))


async def conversation_frames(
    app: App, bells: Bells, conversation_id: str, after: int
) -> AsyncIterator[ServerSentEvent]:
    """Everything that happens in a conversation behind this position, without end."""
    position, pace = after, _Pace()
    while True:
        found = await to_thread.run_sync(partial(app.chat.events, conversation_id, position))
        for logged in found:
            position = logged.id
            pace.heard(logged)
            yield frame(logged.event, position)
        await bells.wait(conversation_id, pace.until_next_look())


class Bells:
    """Wakes those who read a conversation in this process, so that a quiet one need not be looked at often."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[Event]] = {}

    def ring(self, conversation_id: str) -> None:
        """Something was just said here; call it on the event loop."""
        for reader in self._waiting.get(conversation_id, ()):
            reader.set()

    async def wait(self, conversation_id: str, seconds: float) -> None:
        """Return when the bell rings, or after this time."""
        mine = Event()
        readers = self._waiting.setdefault(conversation_id, set())
        readers.add(mine)
        try:
            with move_on_after(seconds):
                await mine.wait()
        finally:
            readers.discard(mine)
            if not readers:
                self._waiting.pop(conversation_id, None)


class _Pace:
    """When to look next: soon while an answer is given or expected, later and later while nothing happens."""

    def __init__(self) -> None:
        self._busy_until = 0.0
        self._pause = BUSY_S

    def heard(self, logged: LoggedEvent) -> None:
        """Take note of an event."""
        self._pause = BUSY_S
        match logged.event:
            case Done():
                self._busy_until = 0.0
            case Said(author=Author.CUSTOMER):
                self._busy_until = time.monotonic() + _EXPECTED_S
            case _ if logged.turn_id is not None:
                self._busy_until = time.monotonic() + _STALE_S

    def until_next_look(self) -> float:
        """Seconds; each call without news makes the next pause longer."""
        if time.monotonic() < self._busy_until:
            return BUSY_S
        pause, self._pause = self._pause, min(IDLE_S, self._pause * 1.5)
        return pause
