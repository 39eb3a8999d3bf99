"""The engine that runs weights here: model, scheduler and chat format joined. Knows no catalogue."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from support_bot.engine.adapter import find_adapter
from support_bot.engine.base import EngineFigures, Generation, GenerationRequest, WriterWeights
from support_bot.engine.chat_format import ChatFormat
from support_bot.engine.llama import LlamaModel
from support_bot.engine.scheduler import STEP_TOKENS, Scheduler
from support_bot.settings import EngineSettings

logger = logging.getLogger(__name__)

# Runs of tokens that the tree of shared beginnings may hold apart; llama.cpp takes 256 sequences at most.
_SHARED_RUNS = 96


class LlamaEngine:
    """A TextEngine over one GGUF file; see `base.TextEngine`."""

    needs_weights = True

    def __init__(self, model: LlamaModel, *, name: str, model_hash: str, slots: int, queue_limit: int) -> None:
        """Takes the model over: `close()` frees it. Raises WeightsError when its chat template cannot be read."""
        begin, end = model.boundary_texts()
        self._format = ChatFormat(model.chat_template(), begin=begin, end=end)
        self._model = model
        self._scheduler = Scheduler(model, slots=slots, queue_limit=queue_limit, name=f"engine-{name}")
        self._closing = threading.Lock()
        self.name = name
        self.model_hash = model_hash
        self.context_tokens = model.context_tokens

    @classmethod
    def open(cls, settings: EngineSettings, weights: Callable[[], WriterWeights]) -> LlamaEngine:
        """The kind `llama`. Raises WeightsError."""
        writer = weights()
        return cls.load(writer.path, name=writer.name, model_hash=writer.sha256, settings=settings)

    @classmethod
    def load(cls, path: Path, *, name: str, model_hash: str, settings: EngineSettings) -> LlamaEngine:
        """Load a verified GGUF file with its adapter, whose hash then stands behind the model's: `model+adapter`.

        Raises WeightsError when llama.cpp cannot use one of them."""
        adapter = find_adapter(settings.adapter, model_hash)
        model = LlamaModel(
            path,
            n_ctx=settings.context_tokens,
            n_threads=settings.threads,
            n_batch=STEP_TOKENS,
            n_sequences=settings.slots + _SHARED_RUNS,
            n_cells=settings.memory_tokens or 2 * settings.context_tokens,
        )
        try:
            if adapter:
                model.put_adapter(adapter.path)
                model_hash = f"{model_hash}+{adapter.sha256}"
            return cls(model, name=name, model_hash=model_hash, slots=settings.slots, queue_limit=settings.queue_limit)
        except BaseException:
            model.close()
            raise

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises Overloaded, Invalid or EngineUnavailable."""
        return self._scheduler.submit(self.prompt_tokens(request), request)

    def prompt_tokens(self, request: GenerationRequest) -> list[int]:
        """The token ids the model will read. Raises Invalid when the chat template refuses the messages."""
        return [
            token
            for part in self._format.parts(request.messages)
            for token in self._model.tokenize(part.text, control=part.control)
        ]

    def count_tokens(self, text: str) -> int:
        """Tokens of this text, without the chat template around it."""
        return len(self._model.tokenize(text, control=False))

    def queue_length(self) -> int:
        """How many generations wait."""
        return self._scheduler.queue_length()

    def figures(self) -> EngineFigures:
        """How it stands now."""
        return self._scheduler.figures()

    def alive(self) -> bool:
        """Whether `start` can work."""
        return self._scheduler.alive()

    def close(self) -> None:
        """End everything and free the model. May be called twice."""
        with self._closing:
            if self._scheduler.close():
                self._model.close()
            else:
                # Freeing memory under a running step would crash the process; leaking it does not.
                logger.error("the model %s did not stop in time; its memory is not freed", self.name)
