"""The stand-ins: they must behave like what they stand in for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.errors import Cancelled, EngineUnavailable, Overloaded


def ask(text: str, **limits: object) -> GenerationRequest:
    return GenerationRequest((ChatTurn("system", "Be kind."), ChatTurn("user", text)), **limits)  # type: ignore[arg-type]


class TestFakeEngine:
    @pytest.fixture
    def engine(self) -> Iterator[FakeEngine]:
        engine = FakeEngine({"refund": "Refunds take ten days.", "parcel": "It comes on Monday."}, queue_limit=1)
        yield engine
        engine.close()

    def test_answers_by_what_the_prompt_contains(self, engine: FakeEngine) -> None:
        texts = ["".join(engine.start(ask(text))) for text in ("my parcel?", "my refund?", "my dog?")]
        assert texts == ["It comes on Monday.", "Refunds take ten days.", "This is a scripted answer."]

    def test_keeps_what_it_was_asked(self, engine: FakeEngine) -> None:
        "".join(engine.start(ask("my parcel?")))
        assert engine.prompts == ["system: Be kind.\nuser: my parcel?"]
        assert [request.messages[1].content for request in engine.requests] == ["my parcel?"]

    def test_answers_by_a_function_of_the_prompt(self) -> None:
        engine = FakeEngine(lambda prompt: prompt.splitlines()[-1].upper())
        assert "".join(engine.start(ask("hello"))) == "USER: HELLO"
        engine.close()

    def test_queues_cancels_and_refuses_like_the_real_one(self, engine: FakeEngine) -> None:
        engine.model.delay_s = 0.02
        running = engine.start(ask("parcel", max_tokens=50))
        assert running.wait_started(5)
        waiting = engine.start(ask("refund"))
        assert waiting.place() == 1
        with pytest.raises(Overloaded):
            engine.start(ask("dog"))
        running.cancel()
        with pytest.raises(Cancelled):
            list(running)
        assert "".join(waiting) == "Refunds take ten days."

    def test_breaks_on_request(self, engine: FakeEngine) -> None:
        engine.model.fail_next = RuntimeError("broken")
        assert "".join(engine.start(ask("parcel"))) == "It comes on Monday."
        assert engine.figures().failed_steps == 1

    def test_a_script_that_raises_is_a_broken_engine(self) -> None:
        engine = FakeEngine(lambda prompt: str(1 / 0))
        with pytest.raises(EngineUnavailable):
            list(engine.start(ask("parcel")))
        assert engine.alive()
        engine.close()


class TestHashingEmbedder:
    def test_gives_the_same_unit_vectors_every_time(self) -> None:
        texts = ["Where is my parcel?", "Refunds take ten days."]
        first, second = HashingEmbedder().embed(texts), HashingEmbedder().embed(texts)
        assert first.shape == (2, 384) and first.dtype == np.float32
        assert np.array_equal(first, second)
        assert np.linalg.norm(first, axis=1) == pytest.approx([1.0, 1.0])

    def test_related_texts_lie_closer(self) -> None:
        question, related, other = HashingEmbedder().embed(
            ["How do I return a parcel?", "Returning parcels is free for you.", "The weather in Rome was nice."]
        )
        assert question @ related > question @ other + 0.1

    def test_a_text_without_words_is_far_from_all(self) -> None:
        assert not HashingEmbedder().embed(["?!"]).any()
