"""Keep a model serving: notice one that hangs or died, load it again, change it while chats run. Knows no weights."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from support_bot.engine.base import EngineFigures, Generation, GenerationRequest, TextEngine
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.tally import with_counts_of
from support_bot.errors import Conflict, EngineUnavailable, SupportBotError

logger = logging.getLogger(__name__)

LOOK_S = 1.0
RESTARTS_AN_HOUR = 5
_FIRST_PAUSE_S = 2.0  # doubled with each restart of the last hour
_SLOWEST = 4  # times the longest step so far
_HOUR_S = 3600.0
_KEPT = 50
_CLOSE_S = 30.0
_STOPPED = "The model has stopped working; it is loaded again."


class LocalEngine(TextEngine, Protocol):
    """An engine whose model runs in this process."""

    @property
    def scheduler(self) -> Scheduler:
        """The thread that owns the model."""
        ...


Load = Callable[[], LocalEngine]
"""Brings a model into memory. Raises WeightsError."""
Exam = Callable[[TextEngine], None]
"""Asks a new model a few things before customers do. Raises WeightsError, which says what it got wrong."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that went wrong with the model: `kind` is `stuck`, `died` or `not_loaded`."""

    at: dt.datetime
    kind: str
    detail: str


class SupervisedEngine:
    """A TextEngine over one that may fail; a thread of its own looks at it each second.

    A step of the C library cannot be interrupted. One that takes far too long is left to itself: its readers get
    EngineUnavailable at once, its memory stays taken until it ends after all, and the model is loaded a second time.
    A step is counted in looks, not by the clock: a process that was stopped for a while has not missed any."""

    def __init__(
        self, load: Load, *, step_timeout_s: float = 30.0, look_s: float = LOOK_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        """Loads the model. `step_timeout_s` is the longest a step may take, but for slow machines: four times the
        longest step so far is always allowed. `clock` gives seconds; raises WeightsError."""
        self._load = load
        self._most_looks = max(1, round(step_timeout_s / look_s))
        self._look_s = look_s
        self._clock = clock
        self._now = _Served(load())
        self._old: list[_Served] = []  # given up, or finishing what they have begun
        self._past: list[EngineFigures] = []
        self._longest = 0  # step so far, in looks
        self._restarts: list[float] = []
        self._trouble = ""
        self._stays_down = False
        self._incidents: deque[Incident] = deque(maxlen=_KEPT)
        self._counts: dict[str, int] = {}
        self._current = threading.Lock()
        self._loading = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="engine-watchdog", daemon=True)
        self._thread.start()

    # ---- a TextEngine

    @property
    def name(self) -> str:
        return self._now.engine.name

    @property
    def model_hash(self) -> str:
        return self._now.engine.model_hash

    @property
    def context_tokens(self) -> int:
        return self._now.engine.context_tokens

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request with the model that serves now. Raises Overloaded, Invalid or EngineUnavailable."""
        with self._current:  # so that no model is retired between being chosen and being asked
            if self._trouble:
                raise EngineUnavailable(self._trouble)
            return self._now.engine.start(request)

    def count_tokens(self, text: str) -> int:
        """Tokens of this text, without the chat template around it."""
        return self._now.engine.count_tokens(text)

    def queue_length(self) -> int:
        """How many generations wait, for a model that is being replaced too."""
        return sum(served.engine.queue_length() for served in self._all())

    def figures(self) -> EngineFigures:
        """How the model stands that serves now; the counts are those of all since the start."""
        with self._current:  # so that no model is counted twice while it moves to the past ones
            now, *others = [served.engine.figures() for served in (self._now, *self._old)]
            past = tuple(self._past)
        return with_counts_of(now, (*others, *past))

    def alive(self) -> bool:
        """Whether `start` can work."""
        return not self._trouble and self._now.engine.alive()

    def close(self) -> None:
        """End everything; what hangs is left as it is. May be called twice."""
        self._closed.set()
        self._thread.join(_CLOSE_S)
        for served in self._all():
            if served.given_up and not served.engine.scheduler.ended():
                logger.error("the model %s still hangs; its memory is not freed", served.engine.name)
            else:
                served.engine.close()

    # ---- its state

    def trouble(self) -> str:
        """Why no model serves, and what is done about it; empty while one does."""
        return self._trouble or ("" if self._now.engine.alive() else _STOPPED)

    def loading(self) -> bool:
        """Whether a model is being loaded or examined."""
        return self._loading.locked()

    def incidents(self) -> tuple[Incident, ...]:
        """What went wrong since the start, the newest first, fifty at most."""
        with self._current:
            return tuple(reversed(self._incidents))

    def incident_counts(self) -> dict[str, int]:
        """How often each kind of incident has happened since the start."""
        with self._current:
            return dict(self._counts)

    # ---- changing the model

    def swap(self, load: Load, exam: Exam) -> None:
        """Load another model beside the one that serves, examine it, let it take over between two requests.

        What the old one has begun it finishes; its memory is freed then. Raises WeightsError when the new one cannot
        be loaded or fails its exam, Conflict while another is being loaded; the old one goes on serving."""
        if not self._loading.acquire(blocking=False):
            raise Conflict("A model is being loaded already; try again in a minute.")
        try:
            new = load()
            try:
                exam(new)
            except BaseException:
                self._drop(new)
                raise
            self._take_over(new)
            self._load = load
            self._restarts.clear()
        finally:
            self._loading.release()

    def _drop(self, new: LocalEngine) -> None:
        """Whatever it does is of no interest; `look` frees it once its step has ended."""
        new.scheduler.abandon()
        with self._current:
            self._old.append(_Served(new, given_up=True))

    def _take_over(self, new: LocalEngine) -> None:
        with self._current:
            if not self._closed.is_set():
                old, self._now = self._now, _Served(new)
                self._old.append(old)
                old.engine.scheduler.retire()
                self._trouble, self._stays_down = "", False
                logger.info("the model %s serves now", new.name)
                return
        new.close()

    # ---- watching

    def _watch(self) -> None:
        while not self._closed.wait(self._look_s):
            try:
                self.look()
            except Exception:
                logger.exception("the engine's watchdog could not look")

    def look(self) -> None:
        """See how the model is, and do what is to be done."""
        for served in self._all():
            if not served.given_up:
                self._look_at(served)
            if served.engine.scheduler.ended():
                self._free(served)
        if self._now.given_up and not self._stays_down:
            self._restart()

    def _look_at(self, served: _Served) -> None:
        looks, step = served.looks, served.engine.scheduler.step()
        if served.lasts(step) >= max(self._most_looks, _SLOWEST * self._longest):
            self._give_up(served, "stuck", f"a step took longer than {served.looks * self._look_s:.0f} s")
        elif not served.looks:
            self._longest = max(self._longest, looks)
        if not served.engine.alive():
            self._give_up(served, "died", "its thread has ended")

    def _give_up(self, served: _Served, kind: str, detail: str) -> None:
        with self._current:
            serves = served is self._now
            if served.given_up or (kind == "died" and not serves):  # one that was replaced may end
                return
            served.given_up = True
            if serves:
                self._trouble = _STOPPED
        served.engine.scheduler.abandon()
        logger.error("the model %s failed: %s", served.engine.name, detail)
        self._note(kind, f"{served.engine.name}: {detail}")

    def _free(self, served: _Served) -> None:
        """Its thread has ended: a new one may need the memory."""
        served.engine.close()
        with self._current:
            if served in self._old:
                self._old.remove(served)
                self._past.append(served.engine.figures())

    def _restart(self) -> None:
        now = self._clock()
        recent = [at for at in self._restarts if now - at < _HOUR_S]
        if recent and now - recent[-1] < _FIRST_PAUSE_S * 2 ** (len(recent) - 1):
            return
        if len(recent) >= RESTARTS_AN_HOUR:
            trouble = f"The model failed {len(recent) + 1} times within an hour and stays down; choose another."
            with self._current:
                if not self._now.given_up:  # another has taken over
                    return
                self._stays_down = True  # each time it hung its memory was lost
                self._trouble = trouble
            logger.error(trouble)
        elif self._loading.acquire(blocking=False):  # else somebody is choosing another
            try:
                self._restarts = [*recent, now]
                self._take_over(self._load())
            except (SupportBotError, OSError, MemoryError) as error:
                logger.exception("the model could not be loaded again")
                self._note("not_loaded", str(error))
            finally:
                self._loading.release()

    def _all(self) -> list[_Served]:
        """The one that serves, or did last, first."""
        with self._current:
            return [self._now, *self._old]

    def _note(self, kind: str, detail: str) -> None:
        with self._current:
            self._incidents.append(Incident(dt.datetime.now(dt.UTC), kind, detail))
            self._counts[kind] = self._counts.get(kind, 0) + 1


@dataclass(slots=True, eq=False)
class _Served:
    """An engine, the step it was last seen in and for how many looks."""

    engine: LocalEngine
    given_up: bool = False
    looks: int = 0
    step: int = 0

    def lasts(self, step: int) -> int:
        """A look found this step under way, 0 for none; looks since it was first seen."""
        self.looks = self.looks + 1 if step and step == self.step else 0
        self.step = step
        return self.looks
