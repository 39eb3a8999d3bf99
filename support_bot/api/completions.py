"""An answer of the log as an OpenAI completion, whole or in chunks: text with `[1]` markers, then citations."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from sse_starlette import ServerSentEvent

from support_bot.api.completion_schemas import (
    ChatMessageIn,
    Choice,
    Completion,
    CompletionIn,
    CompletionMessage,
    Usage,
)
from support_bot.api.errors import openai_body
from support_bot.api.schemas import ConversationStarted, HandOffOut
from support_bot.api.sse import TURN_TIMEOUT_S, turn_events
from support_bot.assembly import App
from support_bot.errors import EngineUnavailable, Invalid, SupportBotError
from support_bot.services.chat import TurnStarted
from support_bot.values import (
    AnswerEvent,
    AnswerStatus,
    Asked,
    Author,
    Citation,
    Done,
    Failed,
    HandOff,
    Refused,
    Retract,
    SourceRef,
    Text,
    Turn,
)

MODEL = "support-bot"
_HISTORY = 20  # earlier messages that are kept; the rest is too long ago
_MARKERS = re.compile(r"(?<!\s)(?:\s*\[\d{1,3}\])+")  # tried once for each gap, however long it is
_PEOPLE_ANSWER = "Your message has been passed on to our team; a person will answer you."
_AUTHORS = {"user": Author.CUSTOMER, "assistant": Author.BOT}


def question(messages: Sequence[ChatMessageIn]) -> str:
    """The text of the last message. Raises Invalid unless it is the user's, and nothing but text."""
    asked = messages[-1]
    if asked.role != "user":
        raise Invalid("The last message is the question, so its role has to be `user`.")
    if isinstance(asked.content, list) and (other := [part.type for part in asked.content if part.type != "text"]):
        raise Invalid(f"Only text can be read here, not {other[0]}.")
    return _text(asked)


def history(messages: Sequence[ChatMessageIn], longest: int) -> list[Turn]:
    """What user and assistant said before the question: the last twenty, each cut at `longest` characters.

    Instructions (`system`, `developer`) and tools are left out: answers rest on the articles, whatever is asked for."""
    turns = []
    for message in messages[:-1]:
        if author := _AUTHORS.get(message.role):
            text = _text(message)
            said = _MARKERS.sub("", text) if author is Author.BOT else text
            if said.strip():
                turns.append(Turn(author, said.strip()[:longest]))
    return turns[-_HISTORY:]


def _text(message: ChatMessageIn) -> str:
    """The words of a message, without whatever else is in it."""
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text or "" for part in message.content if part.type == "text")


@dataclass(slots=True)
class Saying:
    """What a turn has said so far; `add` gives the text that came with an event."""

    text: str = ""
    citations: list[SourceRef] = field(default_factory=list)
    status: AnswerStatus = AnswerStatus.FAILED
    handoff: HandOff | None = None
    failed: Failed | None = None
    done: bool = False

    def add(self, event: AnswerEvent) -> str:
        """The text to send on, often none."""
        piece = ""
        match event:
            case Text(said) | Refused(said, _) | HandOff(_, said, _):
                piece = self._after(said)
                self.handoff = event if isinstance(event, HandOff) else None
            case Asked(said, options):
                piece = self._after("\n- ".join([said, *options]))
            case Citation(source):
                piece = self._marker(source)
            case Retract():
                self.citations, self.handoff = [], None
            case Failed():
                self.failed = event
            case Done(_, status):
                self.status, self.done = status, True
                if status is AnswerStatus.HANDOFF and not self.text:
                    piece = _PEOPLE_ANSWER
        self.text += piece
        return piece

    def _after(self, said: str) -> str:
        """Sentences flow, blocks (lists, tables) stand apart."""
        if not self.text:
            return said
        return ("\n\n" if "\n" in said or "\n" in self.text else " ") + said

    def _marker(self, source: SourceRef) -> str:
        if all(known.index != source.index for known in self.citations):
            self.citations.append(source)
        # Behind a table's last row a marker would be one more cell.
        return f"\n\n[{source.index}]" if self.text.rstrip().endswith("|") else f" [{source.index}]"

    @property
    def finish_reason(self) -> str:
        return "content_filter" if self.status is AnswerStatus.RETRACTED else "stop"

    def extras(self) -> dict[str, Any]:
        """What stands on the message beside its text, as plain JSON."""
        message = self._message("")
        return message.model_dump(mode="json", include={"citations", "status", "handoff"})

    def _message(self, content: str) -> CompletionMessage:
        handoff = HandOffOut.model_validate(self.handoff) if self.handoff else None
        return CompletionMessage(content=content, citations=self.citations, status=self.status, handoff=handoff)

    def choice(self) -> Choice:
        content = "" if self.status is AnswerStatus.RETRACTED else self.text
        return Choice.model_validate({"message": self._message(content), "finish_reason": self.finish_reason})


@dataclass(frozen=True, slots=True)
class Asking:
    """One request that was taken: its turn, and the conversation that is told to the caller."""

    app: App
    started: TurnStarted
    conversation: ConversationStarted

    @property
    def id(self) -> str:
        return f"chatcmpl-{self.started.conversation_id}-{self.started.message_id}"

    async def usage(self) -> Usage:
        started = self.started
        answer = await to_thread.run_sync(self.app.chat.answer, started.conversation_id, started.message_id)
        read, written = answer.tokens.get("prompt", 0), answer.tokens.get("answer", 0)
        return Usage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


async def whole(asking: Asking) -> Completion:
    """The completion when the turn is over. Raises SupportBotError for one that broke, EngineUnavailable for one that
    does not end in time."""
    saying = Saying()
    async for logged in turn_events(asking.app, asking.started):
        saying.add(logged.event)
    if problem := _problem(saying):
        raise problem
    return Completion(
        id=asking.id, created=int(time.time()), model=MODEL, choices=[saying.choice()], usage=await asking.usage(),
        conversation=asking.conversation,
    )  # fmt: skip


async def chunks(asking: Asking, asked: CompletionIn) -> AsyncIterator[ServerSentEvent]:
    """The completion as it comes, sentence by sentence; citations, status and hand-off are on the last delta.

    What breaks after the first chunk is told within the stream, in the shape of any other error."""
    try:
        async for chunk in _chunks(asking, asked):
            yield chunk
    except SupportBotError as error:
        yield _data(openai_body(error.status, error.code, error.detail))
    yield ServerSentEvent(data="[DONE]", sep="\n")


async def _chunks(asking: Asking, asked: CompletionIn) -> AsyncIterator[ServerSentEvent]:
    saying, begun = Saying(), int(time.time())

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> ServerSentEvent:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        frame = {"id": asking.id, "object": "chat.completion.chunk", "created": begun, "model": MODEL}
        return _data({**frame, "choices": [choice], **more})

    yield chunk({"role": "assistant", "content": ""}, conversation=asking.conversation.model_dump())
    async for logged in turn_events(asking.app, asking.started):
        if piece := saying.add(logged.event):
            yield chunk({"content": piece})
    if problem := _problem(saying):
        raise problem
    yield chunk(saying.extras(), saying.finish_reason)
    if asked.stream_options and asked.stream_options.include_usage:
        usage = (await asking.usage()).model_dump()
        frame = {"id": asking.id, "object": "chat.completion.chunk", "created": begun, "model": MODEL}
        yield _data({**frame, "choices": [], "usage": usage})


def _problem(saying: Saying) -> SupportBotError | None:
    if saying.failed:
        return SupportBotError(saying.failed.text)
    if not saying.done:
        late = f"No answer within {TURN_TIMEOUT_S:.0f} seconds; it will appear in the conversation's messages."
        return EngineUnavailable(late)
    return None


def _data(content: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(data=json.dumps(content, ensure_ascii=False, separators=(",", ":")), sep="\n")
