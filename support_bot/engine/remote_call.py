"""One request to a LangChain chat model: its text as it comes, silences noticed, tried again. Knows no queue."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential

from support_bot.engine.base import GenerationRequest
from support_bot.engine.remote_errors import RemoteFailure, failure
from support_bot.engine.running import RunningGeneration
from support_bot.engine.text_stream import TextStream
from support_bot.settings import RemoteSettings

logger = logging.getLogger(__name__)

_MESSAGES: dict[str, type[BaseMessage]] = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
_FINISH_KEYS = ("finish_reason", "done_reason", "stop_reason")  # OpenAI's word, Ollama's, Anthropic's
_NO_TOKENS_LEFT = ("length", "max_tokens")
_backoff = wait_random_exponential(multiplier=0.5, max=4)


@dataclass(frozen=True)
class ChatSource:
    """A chat model elsewhere: `place` is its host and name, for people and traces.

    `arguments` are what a request adds to the call; without `max_tokens` among them the answer is cut here, by
    estimate. `says_end`: an answer that ends without a reason was broken off. `close` ends its connections."""

    model: BaseChatModel
    name: str
    place: str
    arguments: Callable[[GenerationRequest], dict[str, Any]]
    says_end: bool
    close: Callable[[], Awaitable[None]]


def estimate_tokens(text: str) -> int:
    """About how many tokens a text has: a third of its UTF-8 bytes, rounded up.

    Rather too many than too few: a prompt that is counted too small would be refused by the server."""
    return -(-len(_whole(text).encode()) // 3)


class RemoteCall:
    """One generation, from its first byte on the wire to its end."""

    def __init__(
        self,
        source: ChatSource,
        settings: RemoteSettings,
        generation: RunningGeneration,
        answers: Callable[[], None],
    ) -> None:
        """`answers` is called when the first text comes."""
        self._source = source
        self._settings = settings
        self._generation = generation
        self._answers = answers
        self._messages = [_MESSAGES[turn.role](_whole(turn.content)) for turn in generation.request.messages]
        self._arguments = source.arguments(generation.request)
        self._text = TextStream(generation.request.stop)
        self._said = ""
        self._counted = self._read = 0  # tokens, as the server counts
        self._finish = ""

    async def run(self) -> str:
        """Give out all text; how it ended, as in GenerationStats. Raises RemoteFailure, or Invalid for the prompt."""
        tries = AsyncRetrying(
            stop=stop_after_attempt(self._settings.retries + 1),
            wait=_wait,
            retry=retry_if_exception(lambda error: isinstance(error, RemoteFailure) and error.again),
            reraise=True,
        )
        async for attempt in tries:
            with attempt:
                await self._try()
        return self._finish

    async def _try(self) -> None:
        self._counted = self._read = 0
        try:
            async with aclosing(self._chunks()) as chunks:
                async for chunk in chunks:
                    if self._take(chunk):
                        break
            if not self._finish and (self._source.says_end or not self._said):
                raise ConnectionError
            self._give(self._text.finish())
            self._finish = self._finish or "end"
        except Exception as error:  # strangers' chat models raise what they like
            told = failure(error, self._source.place, begun=bool(self._said), silence_s=self._settings.timeout_s)
            # The frames only: the message may hold the key, or what a customer wrote.
            frames = (type(told), told, error.__traceback__) if getattr(told, "strange", False) else None
            logger.warning("%s", told.detail, exc_info=frames)
            raise told from None

    async def _chunks(self) -> AsyncGenerator[AIMessageChunk]:
        """What the model sends. Raises TimeoutError where it is silent too long, and what the model raises.

        Stop strings stay here: servers take four at most, and do not say which one ended the answer."""
        astream = self._source.model.astream(self._messages, **self._arguments)
        stream = cast(AsyncGenerator[AIMessageChunk], astream)
        async with aclosing(stream):
            while True:
                async with asyncio.timeout(self._settings.timeout_s):
                    try:
                        chunk = await anext(stream)
                    except StopAsyncIteration:
                        return
                yield chunk

    def _take(self, chunk: AIMessageChunk) -> bool:
        """Hand on the text of a chunk; True where the answer is over though the model would go on."""
        said = _whole(str(chunk.text))
        if said and not self._said:
            self._answers()
        self._said += said
        if usage := chunk.usage_metadata:  # it comes once, at the end, or in parts that add up
            self._counted += usage["output_tokens"]
            self._read += usage["input_tokens"]
            self._generation.reused += usage.get("input_token_details", {}).get("cache_read", 0)
        self._give(self._text.feed(said.encode()))
        if self._text.stopped:
            self._finish = "stop"
            return True
        if "max_tokens" not in self._arguments and self._tokens() >= self._generation.request.max_tokens:
            self._finish = "length"
            return True
        for key in _FINISH_KEYS:
            if reason := chunk.response_metadata.get(key):
                self._finish = "length" if reason in _NO_TOKENS_LEFT else "end"
        return False

    def _give(self, text: str) -> None:
        if self._read:
            self._generation.prompt_tokens = self._read
        self._generation.give(text, self._tokens())

    def _tokens(self) -> int:
        return self._counted or estimate_tokens(self._said)


def _whole(text: str) -> str:
    """The text with a question mark for each half of a surrogate pair, which no wire carries."""
    return text.encode("utf-8", "replace").decode()


def _wait(state: RetryCallState) -> float:
    """Seconds until the next try: what the server asks for, else random ones, more each time."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, RemoteFailure) else None
    return _backoff(state) if asked is None else asked
