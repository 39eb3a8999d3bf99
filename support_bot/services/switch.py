"""Let another model write the answers while chats run."""

from __future__ import annotations

from collections.abc import Callable

from support_bot.answering.smoke import smoke_exam
from support_bot.engine.base import TextEngine
from support_bot.engine.fallback import watched
from support_bot.engine.supervised import LocalEngine
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
        self._models.require_usable(name)
        if engine := watched(self._engine):
            engine.swap(lambda: self._load(name), smoke_exam)
        return self._models.use(name)

    def reload(self) -> None:
        """Load the writer in use once more, as it was tuned meanwhile, and let it take over where it passes the exam.

        Raises Conflict while another is being loaded, and WeightsError where it does not load or fails."""
        if engine := watched(self._engine):
            name = self._models.writer_name()
            engine.swap(lambda: self._load(name), smoke_exam)
