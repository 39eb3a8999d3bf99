"""Stand-ins without weights: a scripted engine with the real queue, and an embedder. For tests and demos."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.adapters import LoadedAdapters
from support_bot.engine.base import EngineFigures, Generation, GenerationRequest, TextEngine
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.supervised import LocalEngine, SupervisedEngine
from support_bot.engine.terms import Terms, check_together, first_tokens
from support_bot.settings import EngineSettings

Replies = Mapping[str, str] | Callable[[str], str]
"""Replies by the first key that the prompt contains, or a function from prompt to reply."""


class FakeEngine:
    """A TextEngine that answers from a script through the real scheduler: queue, limits and cancelling are real.

    `prompts` are the prompts asked for so far, each message as `role: content` on lines of its own; `requests` the
    requests themselves. A request may name what is added to `adapters`; no adapter changes an answer. `delay_s` passes
    before every word. `model.fail_next` breaks the next step."""

    name = "fake"
    model_hash = "fake"
    needs_weights = False

    def __init__(
        self,
        replies: Replies | None = None,
        *,
        default: str = "This is a scripted answer.",
        delay_s: float = 0.0,
        queue_limit: int = 32,
        context_tokens: int = 4096,
        slots: int = 1,
    ) -> None:
        self.prompts: list[str] = []
        self.requests: list[GenerationRequest] = []
        self.replies: Replies = {} if replies is None else replies
        self.default = default
        self.context_tokens = context_tokens
        self.model = FakeModel(self._reply, context_tokens=context_tokens, delay_s=delay_s, strict=False)
        self.adapters = LoadedAdapters()
        self._scheduler = Scheduler(self.model, slots=slots, queue_limit=queue_limit, name="engine-fake")

    @classmethod
    def open(cls, settings: EngineSettings, load: Callable[[], LocalEngine]) -> TextEngine:
        """The kind `fake`: one that knows no replies, watched like any other."""
        return SupervisedEngine(cls, step_timeout_s=settings.step_timeout_s)

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request. Raises Overloaded, Invalid or EngineUnavailable."""
        prompt = "\n".join(f"{turn.role}: {turn.content}" for turn in request.messages)
        check_together(request)
        scored = self.model.tokenize(request.scored)
        terms = Terms(
            adapter=self.adapters.find(request.adapter, request.adapter_scale),
            scored=len(scored),
            choices=first_tokens(request.choices, self.model.tokenize),
        )
        generation = self._scheduler.submit(self.model.prompt(prompt) + scored, request, terms)
        self.prompts.append(prompt)
        self.requests.append(request)
        return generation

    def count_tokens(self, text: str) -> int:
        """Words of the text."""
        return len(self.model.tokenize(text))

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
        """End everything."""
        self._scheduler.close()

    def _reply(self, prompt: str) -> str:
        if callable(self.replies):
            return self.replies(prompt)
        return next((reply for key, reply in self.replies.items() if key in prompt), self.default)


class HashingEmbedder:
    """Unit vectors from hashed words and letter triples: deterministic, and texts that share words lie close."""

    name = "hashing"
    model_hash = "hashing"
    dimension = 384
    reads_unspaced = False

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), 384], in the order of the texts; a text without words is a zero vector."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for feature, weight in _features(text):
                digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
                number = int.from_bytes(digest, "little")
                # Half of the features count negatively, so that collisions cancel out (Weinberger et al. 2009).
                vectors[row, (number >> 1) % self.dimension] += weight if number & 1 else -weight
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same."""
        return self.embed(texts)

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosines."""
        return cosines


def _features(text: str) -> list[tuple[str, float]]:
    features: list[tuple[str, float]] = []
    for word in re.findall(r"\w+", text.lower()):
        # Short words carry grammar, long ones the subject.
        weight = 0.2 if len(word) <= 3 else 1.0
        features.append((word, weight))
        padded = f"<{word}>"
        features += [(padded[i : i + 3], 0.7 * weight) for i in range(len(padded) - 2)]
    return features
