"""A supervised engine whose models are fakes that can be made to hang, to die or not to load."""

from __future__ import annotations

from typing import NoReturn

import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest, TextEngine
from support_bot.engine.fake import FakeEngine
from support_bot.engine.supervised import LocalEngine, SupervisedEngine
from support_bot.errors import EngineUnavailable, WeightsError
from tests.factories import wait_for

LOOKS = 5
NEVER = 3600.0  # the watchdog's own looks are left out: these tests look by hand


def ask(text: str = "Where is my parcel?") -> GenerationRequest:
    return GenerationRequest((ChatTurn("user", text),))


class Bench:
    """A supervised engine whose models are fakes, numbered in the order in which they were loaded."""

    def __init__(self) -> None:
        self.models: list[FakeEngine] = []
        self.broken: Exception | None = None
        self.now = 0.0
        self.engine = SupervisedEngine(
            self.load, step_timeout_s=LOOKS * NEVER, look_s=NEVER, clock=lambda: self.now
        )  # fmt: skip

    def load(self) -> LocalEngine:
        if self.broken:
            raise self.broken
        self.models.append(FakeEngine(default=f"Model {len(self.models)} says so."))
        return self.models[-1]

    def write(self) -> str:
        return "".join(self.engine.start(ask()))

    def hang(self) -> FakeEngine:
        """The model that serves now hangs from its next step on."""
        self.models[-1].model.go.clear()
        return self.models[-1]

    def kill(self) -> None:
        """The thread of the model that serves now ends."""
        model = self.models[-1].model
        model.clear = _cannot  # type: ignore[method-assign]
        model.fail_next = RuntimeError("broken")
        with pytest.raises(EngineUnavailable):
            self.write()
        wait_for(self.models[-1].scheduler.ended)

    def harm(self, what: str) -> None:
        """Let the model that serves now fail in its next step, hang or die of it; whatever else `what` is: nothing."""
        model = self.models[-1].model
        if what == "hangs":
            model.go.clear()
        if what == "dies":
            model.clear = _cannot  # type: ignore[method-assign]
        if what in ("fails", "dies"):
            model.fail_next = RuntimeError("broken")

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.engine.look()

    def close(self) -> None:
        for engine in self.models:
            engine.model.go.set()
        self.engine.close()

    @property
    def kinds(self) -> list[str]:
        return [incident.kind for incident in self.engine.incidents()]


def _cannot() -> NoReturn:
    raise RuntimeError("really broken")


def passes(engine: TextEngine) -> None:
    assert list(engine.start(ask()))


def fails(engine: TextEngine) -> NoReturn:
    raise WeightsError("It wrote nothing.")
