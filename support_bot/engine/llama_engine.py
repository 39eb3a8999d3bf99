"""The engine that runs weights here: model, scheduler and chat format joined. Knows no catalogue."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from support_bot.engine.adapter import Adapter, find_adapter, read_adapter
from support_bot.engine.adapters import DEFAULT, LoadedAdapters
from support_bot.engine.base import EngineFigures, Generation, GenerationRequest, TextEngine, model_label
from support_bot.engine.chat_format import ChatFormat
from support_bot.engine.grammar import schema_grammar
from support_bot.engine.llama import LlamaModel
from support_bot.engine.plan import OWN_STEP_TOKENS, USUAL, Memory, Plan
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.supervised import LocalEngine, SupervisedEngine
from support_bot.engine.terms import Grammar, Terms, check_together, first_tokens
from support_bot.settings import EngineSettings

logger = logging.getLogger(__name__)

# Runs of tokens that the tree of shared beginnings may hold apart; llama.cpp takes 256 sequences at most.
_SHARED_RUNS = 96


def _memory(settings: EngineSettings) -> Memory:
    """Shared by all, with sequences for what prompts begin with, or a context for each slot."""
    return Memory(
        sequences=settings.slots + (_SHARED_RUNS if settings.shared_memory else 0),
        cells=settings.memory_tokens or 2 * settings.context_tokens,
        shared=settings.shared_memory,
        put_away_bytes=settings.prefix_memory_mb << 20,
    )


class LlamaEngine:
    """A TextEngine over one GGUF file; see `base.TextEngine`."""

    needs_weights = True

    def __init__(
        self, model: LlamaModel, *, name: str, model_hash: str, slots: int, queue_limit: int, merged: bool = False
    ) -> None:
        """Takes the model over: `close()` frees it. Raises WeightsError when its chat template cannot be read."""
        begin, end = model.boundary_texts()
        self._format = ChatFormat(model.chat_template(), begin=begin, end=end)
        self._model = model
        self._adapters = LoadedAdapters(merged=merged)
        self._loading = threading.Lock()
        self._closing = threading.Lock()
        self.name = name
        self.model_hash = model_hash
        self.context_tokens = model.context_tokens
        self._scheduler = Scheduler(
            model,
            slots=slots,
            queue_limit=queue_limit,
            step_tokens=model.n_batch,
            name=f"engine-{name}",
            label=model_label(self),
        )

    @classmethod
    def open(cls, settings: EngineSettings, load: Callable[[], LocalEngine]) -> TextEngine:
        """The kind `llama`: the writer in use, watched. Raises WeightsError."""
        return SupervisedEngine(load, step_timeout_s=settings.step_timeout_s)

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        name: str,
        model_hash: str,
        settings: EngineSettings,
        plan: Plan = USUAL,
        merged: bool = False,
    ) -> LlamaEngine:
        """Load a verified GGUF file with its adapters; the default's hash stands behind the model's: `model+adapter`.
        A file into which its adapter was `merged` has none.

        Threads that the settings name go before those of the plan. Raises WeightsError when llama.cpp cannot use one
        of the files."""
        adapter = None if merged else find_adapter(settings.adapter, model_hash)
        if settings.threads:
            plan = replace(plan, threads=settings.threads, batch_threads=settings.threads)
        # A step has room for a token of each answer under way, however short a measured plan makes it.
        least = settings.slots if settings.shared_memory else OWN_STEP_TOKENS
        plan = replace(plan, step_tokens=max(plan.step_tokens, least))
        adapters = [(DEFAULT, adapter)] if adapter else []
        adapters += map(read_adapter, settings.adapters)
        model = LlamaModel(
            path,
            n_ctx=settings.context_tokens,
            plan=plan,
            memory=_memory(settings),
        )
        try:
            if adapter:
                model_hash = f"{model_hash}+{adapter.sha256}"
            engine = cls(
                model,
                name=name,
                model_hash=model_hash,
                slots=settings.slots,
                queue_limit=settings.queue_limit,
                merged=merged,
            )
        except BaseException:
            model.close()
            raise
        try:
            for its_name, each in adapters:
                engine.load_adapter(its_name, each)
        except BaseException:
            engine.close()
            raise
        return engine

    def load_adapter(self, name: str, adapter: Adapter) -> None:
        """Let requests name this adapter from now on; what runs goes on. Does nothing where it is loaded already.

        Raises WeightsError where the file does not fit the model, Conflict where the name has another file, Invalid for
        a name that cannot be given, EngineUnavailable when the engine is closed."""
        with self._loading:
            if self._adapters.is_new(name, adapter):
                self._model.load_adapter(name, adapter.path)
                self._adapters.add(name, adapter)

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises Overloaded, Invalid or EngineUnavailable."""
        check_together(request)
        scored = self._tokens(request.scored)
        terms = Terms(
            adapter=self._adapters.find(request.adapter, request.adapter_scale),
            scored=len(scored),
            choices=first_tokens(request.choices, self._tokens),
            grammar=self._grammar(request),
        )
        return self._scheduler.submit(self.prompt_tokens(request) + scored, request, terms)

    def prompt_tokens(self, request: GenerationRequest) -> list[int]:
        """The token ids the model will read. Raises Invalid when the chat template refuses the messages."""
        return [
            token
            for part in self._format.parts(request.messages)
            for token in self._model.tokenize(part.text, control=part.control)
        ]

    def count_tokens(self, text: str) -> int:
        """Tokens of this text, without the chat template around it."""
        return len(self._tokens(text))

    @property
    def scheduler(self) -> Scheduler:
        """The thread that owns the model."""
        return self._scheduler

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

    def _grammar(self, request: GenerationRequest) -> Grammar | None:
        text = schema_grammar(request.json_schema) if request.json_schema else request.grammar
        return self._model.grammar(text) if text else None

    def _tokens(self, text: str) -> list[int]:
        return self._model.tokenize(text, control=False)
