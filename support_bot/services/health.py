"""Whether the product can answer right now."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from support_bot.engine.base import EngineFigures, TextEngine
from support_bot.engine.fallback import watched
from support_bot.engine.supervised import Incident, SupervisedEngine
from support_bot.errors import NotReady

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ok` when every check is; a check says `ok` or what is wrong."""

    ok: bool
    checks: dict[str, str]


class HealthService:
    """Runs the checks it was given; knows nothing of what they check."""

    def __init__(self, engine: TextEngine, checks: Mapping[str, Callable[[], object]]) -> None:
        self._engine = engine
        self._checks = checks

    def ready(self) -> Readiness:
        results: dict[str, str] = {"engine": self.engine_trouble() or "ok"}
        for name, check in self._checks.items():
            try:
                check()
                results[name] = "ok"
            except NotReady as error:  # nothing is broken, so nothing is logged
                results[name] = error.detail
            except Exception as error:  # noqa: BLE001 - whatever breaks a check is its result
                _log.exception("the check of %s failed", name)
                results[name] = str(error) or type(error).__name__
        return Readiness(all(result == "ok" for result in results.values()), results)

    def queue_length(self) -> int:
        """Turns that wait for the engine."""
        return self._engine.queue_length()

    def engine_figures(self) -> EngineFigures:
        """How the engine stands."""
        return self._engine.figures()

    def engine_identity(self) -> tuple[str, str, int]:
        """Name, hash (`weights+adapter`, of what tuning made `variant+parent+adapter`) and context in tokens of the
        model that serves, or did last."""
        return self._engine.name, self._engine.model_hash, self._engine.context_tokens

    def engine_loading(self) -> bool:
        """Whether another model is being loaded or examined."""
        engine = watched(self._engine)
        return engine is not None and engine.loading()

    def incidents(self) -> tuple[Incident, ...]:
        """What went wrong with the model since the start, the newest first."""
        engine = watched(self._engine)
        return engine.incidents() if engine else ()

    def incident_counts(self) -> dict[str, int]:
        """How often each kind of incident has happened since the start; a failed step is one, too."""
        engine = watched(self._engine)
        counts = engine.incident_counts() if engine else {}
        return {**counts, "failed_step": self._engine.figures().failed_steps}

    def engine_trouble(self) -> str:
        """Why no model serves; empty while one does."""
        if isinstance(self._engine, SupervisedEngine):
            return self._engine.trouble()
        return "" if self._engine.alive() else "the model does not answer"
