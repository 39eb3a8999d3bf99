"""An engine whose model runs elsewhere, behind a LangChain chat model. Knows no vendor and no wire."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
import time
from dataclasses import replace
from functools import partial

from langsmith import tracing_context

from support_bot.engine.base import REMOTE, EngineFigures, Generation, GenerationRequest
from support_bot.engine.remote_call import ChatSource, RemoteCall, estimate_tokens
from support_bot.engine.remote_errors import RemoteFailure
from support_bot.engine.running import RunningGeneration
from support_bot.engine.tally import Tally
from support_bot.engine.waiting import WaitingLine
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded, SupportBotError
from support_bot.settings import RemoteSettings

logger = logging.getLogger(__name__)

_CLOSE_S = 30.0


class RemoteEngine:
    """A TextEngine that sends at most `settings.slots` requests at once; see `base.TextEngine`.

    One thread runs an event loop with a task for each request, so that stopping one closes its connection at once and
    the server frees its slot. After a failure the server is left alone for `settings.pause_s` seconds, so that nobody
    else waits for it; then one request tries it, and the others follow once that one gets text. A remote model has no
    hash: `model_hash` says where it is."""

    def __init__(self, source: ChatSource, settings: RemoteSettings, *, queue_limit: int) -> None:
        self.name = source.name
        self.model_hash = REMOTE + source.place
        self.context_tokens = settings.context_tokens
        self._source = source
        self._settings = settings
        self._queue_limit = queue_limit
        self._figures = EngineFigures(settings.slots, 0, 0, 0)
        self._line = WaitingLine()
        self._calls: dict[RunningGeneration, asyncio.Task[str]] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._tally = Tally(settings.slots, 0)
        self._left_alone_until = 0.0
        self._trying: RunningGeneration | None = None  # the one that may pass after a pause
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=f"engine-{source.name}", daemon=True)
        self._thread.start()

    # ---- from any thread

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises Overloaded, Invalid or EngineUnavailable."""
        size = sum(self.count_tokens(turn.content) for turn in request.messages)
        if not size or size >= self.context_tokens:
            raise Invalid(f"The prompt has about {size} tokens; this model takes 1 to {self.context_tokens - 1}.")
        if request.max_tokens < 1:
            raise Invalid("max_tokens must be at least 1.")
        if request.adapter or request.logprobs or request.scored or request.choices:
            raise Invalid("A model on another machine has no adapters and lists no probabilities.")
        if request.grammar or request.json_schema:
            raise Invalid("A model on another machine takes no grammar.")
        generation = RunningGeneration(self, (), request)
        generation.prompt_tokens = size
        with self._lock:
            if not self.alive():
                raise EngineUnavailable("The model is not running.")
            if len(self._line) >= self._queue_limit:
                wait = max(1.0, self._expected_s(len(self._line)))
                raise Overloaded(
                    f"{len(self._line)} requests wait already; try again in {wait:.0f} s.", retry_after=wait
                )
            self._require_no_pause(generation)
            self._line.add(generation)
            self._loop.call_soon_threadsafe(self._admit)
        return generation

    def count_tokens(self, text: str) -> int:
        """An estimate, see `estimate_tokens`."""
        return estimate_tokens(text)

    def place(self, generation: RunningGeneration) -> int:
        """0 when it runs or is over, else its place in the queue from 1."""
        with self._lock:
            return self._line.place(generation)

    def wait_s(self, generation: RunningGeneration) -> float:
        """Seconds until it is expected to start, by the moving average of how long generations run."""
        with self._lock:
            place = self._line.place(generation)
            return self._expected_s(place - 1) if place else 0.0

    def cancel(self, generation: RunningGeneration) -> None:
        """End it: at once while it waits; a running one as soon as its connection is closed."""
        with self._lock:
            generation.cancelled = True
            if self._line.remove(generation):
                self._let_another_try(generation)
                generation.fail(Cancelled("The generation was cancelled."), "cancelled")
            elif not self._closing:
                self._loop.call_soon_threadsafe(self._cancel_call, generation)

    def queue_length(self) -> int:
        """How many generations wait."""
        with self._lock:
            return len(self._line)

    def figures(self) -> EngineFigures:
        """How it stands now; of another machine's memory nothing is known."""
        with self._lock:
            return replace(self._figures, running=len(self._calls))

    def alive(self) -> bool:
        """Whether `start` can work. Whether the server answers, only a request can tell."""
        return not self._closing and self._thread.is_alive()

    def close(self) -> None:
        """End everything and close the connections. May be called twice."""
        with self._lock:
            if not self._closing:
                self._closing = True
                self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_CLOSE_S)

    def _require_no_pause(self, generation: RunningGeneration) -> None:
        """Raise EngineUnavailable while the server is left alone; after that one may pass at a time."""
        now = time.monotonic()
        if (left := self._left_alone_until - now) > 0:
            raise EngineUnavailable(
                f"The model at {self._source.place} did not answer; it is asked again in {left:.0f} s.",
                retry_after=left,
            )
        if self._left_alone_until:
            self._left_alone_until = now + self._settings.pause_s
            self._trying = generation

    def _let_another_try(self, generation: RunningGeneration) -> None:
        """The one that tried is over and has not told whether the server works."""
        if self._trying is generation:
            self._trying = None
            if self._left_alone_until:
                self._left_alone_until = time.monotonic()

    def _expected_s(self, ahead: int) -> float:
        return self._tally.expected_s(self._calls, ahead)

    # ---- in the engine's thread

    def _run(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._end())
        finally:
            self._loop.close()

    async def _end(self) -> None:
        with self._lock:
            waiting, calls = self._line.drain(), list(self._calls.values())
        for generation in waiting:
            generation.fail(Cancelled("The engine was closed."), "cancelled")
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await self._source.close()
        await self._loop.shutdown_asyncgens()

    def _admit(self) -> None:
        """Begin with those who wait, as long as there is room."""
        with self._lock:
            while not self._closing and (generation := self._line.first(self._may_begin)):
                self._line.remove(generation)
                generation.begin()
                # That of whoever asked may hold tracers and callbacks, which are not for other people's words.
                call = self._loop.create_task(self._write(generation), context=contextvars.Context())
                call.add_done_callback(partial(self._over, generation))
                self._calls[generation] = call

    def _may_begin(self, generation: RunningGeneration) -> bool:
        """Whether there is a slot for it. Background work leaves one to chats."""
        free = self._settings.slots - len(self._calls)
        return free > (1 if generation.request.background and self._settings.slots > 1 else 0)

    def _cancel_call(self, generation: RunningGeneration) -> None:
        if call := self._calls.get(generation):
            call.cancel()

    async def _write(self, generation: RunningGeneration) -> str:
        limit = generation.request.deadline_s
        try:
            # Who traces programs of their own with LangSmith has not asked for customers' words to go there. It is said
            # here, since a task takes its context from the thread that asked.
            with tracing_context(enabled=False):
                async with asyncio.timeout(limit):
                    return await RemoteCall(self._source, self._settings, generation, self._note_answer).run()
        except TimeoutError:
            raise _TooLate(f"The answer took longer than {limit:.0f} s.") from None

    def _over(self, generation: RunningGeneration, call: asyncio.Task[str]) -> None:
        """Free its slot and count it, then tell its reader; then others begin."""
        error = None if call.cancelled() else call.exception()
        with self._lock:
            del self._calls[generation]
            self._let_another_try(generation)
            if not call.cancelled():
                self._tally.learn_time(generation)
            known = self._figures
            self._figures = replace(
                known,
                # A prompt that nobody has answered was perhaps never read.
                prompt_tokens=known.prompt_tokens + (generation.prompt_tokens if generation.written else 0),
                reused_tokens=known.reused_tokens + generation.reused,
                answer_tokens=known.answer_tokens + generation.written,
            )
        if call.cancelled():
            generation.fail(Cancelled("The generation was cancelled."), "cancelled")
        elif isinstance(error, SupportBotError):
            self._note_failure(error)
            generation.fail(error, "deadline" if isinstance(error, _TooLate) else "failed")
        elif error is not None:
            logger.error("a request to the model broke", exc_info=error)
            generation.fail(EngineUnavailable("The model failed while it wrote the answer."), "failed")
        else:
            generation.end(call.result())
        self._admit()

    def _note_answer(self) -> None:
        with self._lock:
            self._left_alone_until = 0.0

    def _note_failure(self, error: SupportBotError) -> None:
        """Leave a server alone that answers nobody, as long as it asks for; who waits for it is told at once."""
        if not (isinstance(error, RemoteFailure) and error.down and self._settings.pause_s):
            return
        pause = max(self._settings.pause_s, error.retry_after or 0.0)
        with self._lock:
            self._left_alone_until = time.monotonic() + pause
            waiting = self._line.drain()
        logger.warning("the model at %s is left alone for %.0f s", self._source.place, pause)
        for generation in waiting:
            generation.fail(EngineUnavailable(error.detail, retry_after=pause), "failed")


class _TooLate(EngineUnavailable):
    """The deadline passed."""
