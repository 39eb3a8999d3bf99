"""Log-probabilities: of what is written, of a given text, and of a few choices, with a model of words."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from support_bot.engine.base import ChatTurn, GenerationRequest, TokenLogprob
from support_bot.engine.fake import FakeEngine
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.sampling import likeliest, log_softmax
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.scoring import choose, score
from support_bot.engine.terms import Terms
from support_bot.errors import EngineUnavailable, Invalid, Overloaded

ANSWER = "It takes three days, three days at most"
LOGITS = arrays(np.float32, st.integers(1, 50), elements=st.floats(-80, 80, width=32))


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine({"relevant": "no"}, default=ANSWER, slots=3)
    yield engine
    engine.close()


def ask(text: str = "How long?", **more: object) -> GenerationRequest:
    return GenerationRequest((ChatTurn("user", text),), **more)  # type: ignore[arg-type]


def text_of(found: tuple[TokenLogprob, ...]) -> str:
    return b"".join(one.piece for one in found).decode()


class TestArithmetic:
    @given(logits=LOGITS)
    def test_probabilities_sum_to_one(self, logits: np.ndarray) -> None:
        found = log_softmax(logits)
        assert np.exp(found).sum() == pytest.approx(1.0)
        assert found.max() <= 1e-12 and found.dtype == np.float64

    def test_agrees_with_what_is_known(self) -> None:
        assert log_softmax(np.log(np.array([1, 2, 5], dtype=np.float32))) == pytest.approx(np.log([0.125, 0.25, 0.625]))
        assert log_softmax(np.array([1e30, 0], dtype=np.float32)) == pytest.approx([0, -1e30])

    @given(logits=LOGITS, count=st.integers(0, 60))
    def test_the_likeliest_come_first(self, logits: np.ndarray, count: int) -> None:
        values = logits.astype(np.float64)
        expected = sorted(range(len(values)), key=lambda token: (-values[token], token))[:count]
        assert likeliest(values, count).tolist() == expected


class TestAnswers:
    def test_lists_each_token_that_is_written(self, engine: FakeEngine) -> None:
        generation = engine.start(ask(logprobs=3))
        assert "".join(generation) == text_of(generation.logprobs()) == ANSWER
        stats = generation.stats()
        assert stats is not None and stats.answer_tokens == len(generation.logprobs())
        for one in generation.logprobs():
            assert len(one.top) == 3 and one.top[0] == TokenLogprob(one.token, one.piece, one.logprob)
            assert [each.logprob for each in one.top] == sorted((each.logprob for each in one.top), reverse=True)
            assert math.exp(one.logprob) < 1

    def test_lists_none_where_none_are_asked_for(self, engine: FakeEngine) -> None:
        generation = engine.start(ask())
        assert "".join(generation) and generation.logprobs() == ()

    def test_lists_what_a_stop_string_holds_back(self, engine: FakeEngine) -> None:
        generation = engine.start(ask(logprobs=1, stop=("days",)))
        assert "".join(generation) == "It takes three "
        assert text_of(generation.logprobs()) == "It takes three days,"

    def test_does_not_depend_on_temperature(self, engine: FakeEngine) -> None:
        found = []
        for temperature in (0.0, 0.01):
            generation = engine.start(ask(logprobs=1, temperature=temperature))
            list(generation)
            found.append(generation.logprobs())
        assert found[0] == found[1]

    @pytest.mark.parametrize("logprobs", [-1, 1025, 10**9])
    def test_too_many_are_refused(self, engine: FakeEngine, logprobs: int) -> None:
        with pytest.raises(Invalid, match="0 to 1024"):
            engine.start(ask(logprobs=logprobs))

    def test_more_than_there_are_words_gives_them_all(self, engine: FakeEngine) -> None:
        generation = engine.start(ask(logprobs=1024, max_tokens=1))
        list(generation)
        (one,) = generation.logprobs()
        assert sum(math.exp(each.logprob) for each in one.top) == pytest.approx(1.0)


class TestScore:
    def test_lists_the_text_and_the_end(self, engine: FakeEngine) -> None:
        found = score(engine, ask(logprobs=2), ANSWER)
        assert text_of(found) == ANSWER
        assert found[-1].piece == b"" and found[-1].token == engine.model.end_token
        assert [one.token for one in found] == [one.top[0].token for one in found]

    def test_is_what_writing_would_have_listed(self, engine: FakeEngine) -> None:
        generation = engine.start(ask(logprobs=1))
        list(generation)
        scored = score(engine, ask(logprobs=1), ANSWER)[:-1]
        assert [(one.token, one.logprob) for one in scored] == [
            (one.token, one.logprob) for one in generation.logprobs()
        ]

    def test_another_text_is_less_likely(self, engine: FakeEngine) -> None:
        texts = (ANSWER, ANSWER.replace("most", "least"))
        score(engine, ask(), texts[1])  # the fake's vocabulary grows with what it hears
        right, wrong = (sum(one.logprob for one in score(engine, ask(), text)) for text in texts)
        assert wrong < right < 0

    @pytest.mark.parametrize("text", ["", "word " * 5000])
    def test_refuses_what_cannot_be_scored(self, engine: FakeEngine, text: str) -> None:
        with pytest.raises(Invalid):
            score(engine, ask(), text)

    def test_a_long_text_is_read_in_pieces_and_shared(self) -> None:
        answer = "word " * 200 + "end"
        model = FakeModel(lambda prompt: answer, context_tokens=600)
        scheduler = Scheduler(model, slots=2, step_tokens=16)
        scored = model.tokenize(answer)
        prompt = model.prompt("a b c d e f g h i j k l m n o p q r s t u v w x y z")
        reused = []
        for _ in range(2):
            generation = scheduler.submit([*prompt, *scored], GenerationRequest(()), Terms(scored=len(scored)))
            assert list(generation) == []
            assert [one.token for one in generation.logprobs()] == [*scored, model.end_token]
            stats = generation.stats()
            assert stats is not None and (stats.answer_tokens, stats.finish) == (0, "end")
            reused.append(stats.reused_tokens)
        assert reused == [0, len(prompt) - 1]
        assert max(model.steps) <= 16
        assert scheduler.close() and model.cells == scheduler._cells.in_use

    def test_scores_beside_answers(self, engine: FakeEngine) -> None:
        writing = [engine.start(ask()) for _ in range(3)]
        assert text_of(score(engine, ask(), ANSWER)) == ANSWER
        assert {"".join(generation) for generation in writing} == {ANSWER}

    def test_a_broken_engine_is_heard_of(self, engine: FakeEngine) -> None:
        engine.model.fail_next = RuntimeError("broken")
        assert text_of(score(engine, ask(), ANSWER)) == ANSWER  # it has shown nothing, so it is run once more
        engine.close()
        with pytest.raises(EngineUnavailable):
            score(engine, ask(), ANSWER)
        full = FakeEngine(queue_limit=0)
        with pytest.raises(Overloaded):
            score(full, ask(), ANSWER)
        full.close()


class TestChoose:
    def test_tells_how_probable_each_is(self, engine: FakeEngine) -> None:
        yes, no, maybe = choose(engine, ask("Is it relevant?"), ["yes", "no", "maybe so"])
        assert yes + no + maybe == pytest.approx(1.0)
        assert no > yes == maybe

    def test_takes_one_step_and_writes_nothing(self, engine: FakeEngine) -> None:
        generation = engine.start(ask("Is it relevant?", choices=("yes", "no")))
        assert list(generation) == []
        assert [one.piece for one in generation.logprobs()] == [b"yes", b"no"]
        stats = generation.stats()
        assert stats is not None and stats.answer_tokens == 0 and len(engine.model.steps) == 1

    @pytest.mark.parametrize(
        "choices", [[], ["yes"], ["yes", ""], ["yes", "yes"], ["not here", "not there"], ["yes", "no", "yes please"]]
    )
    def test_refuses_choices_that_one_step_cannot_tell_apart(self, engine: FakeEngine, choices: list[str]) -> None:
        with pytest.raises(Invalid):
            choose(engine, ask(), choices)

    def test_not_both_at_once(self, engine: FakeEngine) -> None:
        with pytest.raises(Invalid, match="not both"):
            engine.start(ask(scored="yes", choices=("yes", "no")))
