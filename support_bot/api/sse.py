"""The conversation's log as server-sent events: `id` is the place in the log, `event` its kind, `data` its fields.

A reader holds no thread between two looks into the log, and a reader that goes away cancels nothing."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from functools import partial

from anyio import sleep, to_thread
from sse_starlette import EventSourceResponse, ServerSentEvent

from support_bot.assembly import App
from support_bot.services.chat import TurnStarted
from support_bot.values import AnswerEvent, Done, Failed, LoggedEvent, event_payload

BUSY_S = 0.1  # between two looks while a turn runs
IDLE_S = 1.0  # at most, while nothing happens
HEARTBEAT_S = 15
TURN_TIMEOUT_S = 120.0
_STALE_S = 60.0  # a turn that is silent for so long is looked at like an idle conversation


def event_stream(frames: AsyncIterator[ServerSentEvent]) -> EventSourceResponse:
    """A response that sends these frames, and a comment every 15 seconds so that no proxy falls asleep."""
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


async def conversation_frames(app: App, conversation_id: str, after: int) -> AsyncIterator[ServerSentEvent]:
    """Everything that happens in a conversation behind this position, without end."""
    position, turn, quiet_since, pause = after, None, time.monotonic(), BUSY_S
    while True:
        found = await to_thread.run_sync(partial(app.chat.events, conversation_id, position))
        for logged in found:
            position = logged.id
            turn = None if isinstance(logged.event, Done) else logged.turn_id or turn
            yield frame(logged.event, position)
        if found:
            quiet_since = time.monotonic()
        running = turn is not None and time.monotonic() - quiet_since < _STALE_S
        pause = BUSY_S if found or running else min(IDLE_S, pause * 1.5)
        await sleep(pause)
