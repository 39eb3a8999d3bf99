"""Let another model write the answers while chats run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from support_bot.answering.smoke import smoke_exam
from support_bot.engine.base import TextEngine
from support_bot.engine.fallback import watched
from support_bot.engine.supervised import LocalEngine
from support_bot.errors import Conflict
from support_bot.services.models import ModelService
from support_bot.services.views import ModelRow


class WriterSwitch:
    """Changes the writer of the engine that serves here."""

    def __init__(self, models: ModelService, engine: TextEngine, load: Callable[[str], LocalEngine]) -> None:
        """`load` brings a writer of the catalogue into memory."""
        self._models = models
        self._engine = engine
        self._load = load

    def use(self, name: str) -> ModelRow:
        """Load this writer beside the one that serves, ask it the smoke exam and let it take over; remember the choice.

        An engine whose model does not run here is left alone, and the choice serves from the next start on. Raises
        NotFound, Invalid, Conflict while another is being loaded or where a setting names the writer, and WeightsError
        where it does not load or fails; then nothing has changed."""
        entry = self._models.require_usable(name)
        engine = watched(self._engine)
        if engine is None:
            return self._models.choose(entry)
        rows: list[ModelRow] = []

        def examine(new: TextEngine) -> None:
            smoke_exam(new)
            rows.append(self._models.choose(entry))  # just before it takes over, so that both happen or none

        engine.swap(lambda: self._load(name), examine)
        return rows[0]

    def roll_back(self) -> ModelRow:
        """Let the writer that served before take over again, as `use` does. Raises Conflict also where none did."""
        return self.use(self._models.previous())

    def reload(self, name: str) -> None:
        """Load this writer once more, as it was tuned meanwhile, and let it take over where it passes the exam. Does
        nothing where another one is in use by now.

        Raises Conflict while another is being loaded, and WeightsError where it does not load or fails."""
        engine = watched(self._engine)
        if engine and self._models.writer_name() == name:
            engine.swap(lambda: self._load(name), partial(self._examine_unless_replaced, name))

    def _examine_unless_replaced(self, name: str, new: TextEngine) -> None:
        smoke_exam(new)
        if self._models.writer_name() != name:
            raise Conflict(f"Another model than {name} was chosen meanwhile.")
