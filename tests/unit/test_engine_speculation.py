"""Guessing ahead: what is guessed, when it pays, and that it changes no answer."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from support_bot.engine.base import GenerationRequest, GenerationStats
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.speculation import Drafter, DraftPlan

EVIDENCE = "Returns are free within 30 days of delivery if the parcel was not opened by anybody but you"


def copying(prompt: str) -> str:
    return f"Well: {prompt}"


def counting(prompt: str) -> str:
    return " ".join(map(str, range(60)))


class Rambling(FakeModel):
    """Chooses among few words by all that stands before, so it repeats itself often and never for long."""

    def __init__(self) -> None:
        super().__init__(str)
        self.vocabulary = self.tokenize("a b c")

    def logits(self, row: int) -> NDArray[np.float32]:
        """The last few words decide."""
        item = self._rows[row]
        last = self.tokens(item.sequence)[: item.position + 1][-3:]
        found = np.full(len(self._words), -9.0, dtype=np.float32)
        found[self.vocabulary] = np.random.default_rng(last).normal(size=len(self.vocabulary)) * 2
        return found


def answer(model: FakeModel, *texts: str, max_tokens: int = 100, slots: int = 1) -> list[tuple[str, GenerationStats]]:
    scheduler = Scheduler(model, slots=slots, step_tokens=32)
    asked = [scheduler.submit(model.prompt(text), GenerationRequest((), max_tokens=max_tokens)) for text in texts]
    found = []
    for generation in asked:
        text = "".join(generation)
        stats = generation.stats()
        assert stats is not None
        found.append((text, stats))
    assert scheduler.close()
    assert model.cells == scheduler._cells.in_use
    return found


class TestDrafter:
    def test_guesses_what_followed_the_same_words(self) -> None:
        drafter = Drafter()
        drafter.add([1, 2, 3, 4, 5, 6, 1, 2])
        assert drafter.draft() == [3, 4, 5, 6, 1, 2]

    def test_prefers_the_longest_match_then_the_latest(self) -> None:
        drafter = Drafter()
        drafter.add([9, 1, 2, 7, 7, 8, 1, 2, 5, 5, 1, 2, 6, 9, 1, 2])
        assert drafter.draft()[:2] == [7, 7]
        drafter.add([4, 1, 2])
        assert drafter.draft()[:2] == [4, 1]

    @pytest.mark.parametrize("tokens", [[], [1], [1, 2], [1, 2, 3, 4], [1, 2, 1, 3, 1]])
    def test_has_no_guess_for_new_words(self, tokens: list[int]) -> None:
        drafter = Drafter()
        drafter.add(tokens)
        assert drafter.draft() == []

    def test_knows_how_good_its_guesses_are(self) -> None:
        good, bad = Drafter(), Drafter()
        for _ in range(10):
            good.learn(3, 3)
            bad.learn(3, 0)
        assert bad.chance < 0.2 < 0.95 < good.chance


class TestDraftPlan:
    def taught(self, seconds_of: dict[int, float]) -> DraftPlan:
        plan = DraftPlan()
        for _ in range(8):
            for tokens, seconds in seconds_of.items():
                plan.learn(tokens, seconds)
        return plan

    def test_drafts_where_larger_steps_are_cheap(self) -> None:
        plan = self.taught({1: 1.0, 2: 1.1, 4: 1.2, 8: 1.4, 16: 1.8})
        assert plan.lengths([(0.9, 12)], 60)[0] >= 7
        assert plan.lengths([(0.4, 12)], 60)[0] in (1, 3)
        assert plan.lengths([(0.9, 2)], 60) == [1]
        assert plan.lengths([(0.9, 0)], 60) == [0]

    def test_does_not_where_they_cost_what_they_bring(self) -> None:
        plan = self.taught({1: 1.0, 2: 2.2, 4: 4.1, 8: 8.0, 16: 16.0})
        assert plan.lengths([(0.95, 12)], 60) == [0]

    def test_does_not_for_an_answer_that_guesses_badly(self) -> None:
        plan = self.taught({1: 1.0, 2: 1.0, 4: 1.0, 8: 1.0, 16: 1.0})
        assert plan.lengths([(0.2, 12), (0.9, 12)], 60)[0] == 0

    def test_tries_what_it_does_not_know(self) -> None:
        plan = DraftPlan()
        assert plan.lengths([(0.7, 12)], 60) == [0]
        plan.learn(1, 1.0)
        assert plan.lengths([(0.7, 12)], 60) == [1]

    def test_keeps_to_the_room(self) -> None:
        plan = self.taught(dict.fromkeys((1, 2, 4, 8, 16, 32), 1.0))
        lengths = plan.lengths([(0.9, 12)] * 3, 9)
        assert sum(lengths) <= 9 and max(lengths) > 0
        assert plan.lengths([], 9) == []


class TestAnswers:
    def test_copying_takes_fewer_steps_and_says_the_same(self) -> None:
        model = FakeModel(copying, delay_s=0.002)
        [(text, stats)] = answer(model, EVIDENCE)
        assert text == copying(EVIDENCE)
        assert stats.answer_tokens == len(text.split())
        assert stats.accepted_tokens > 0
        assert len(model.steps) == stats.answer_tokens + 1 - stats.accepted_tokens

    def test_new_words_are_not_guessed_for_long(self) -> None:
        model = FakeModel(counting, delay_s=0.001)
        [(text, stats)] = answer(model, "1 2 1 2 1 2 5 6 5 6 " * 3 + EVIDENCE)
        assert text == counting("")
        assert stats.accepted_tokens <= stats.drafted_tokens < stats.answer_tokens

    @pytest.mark.parametrize("most", [1, 2, 3, 5, 9, 17])
    def test_no_more_is_written_than_allowed(self, most: int) -> None:
        found = answer(FakeModel(copying), EVIDENCE, EVIDENCE, max_tokens=most, slots=2)
        words = copying(EVIDENCE).split()
        assert [text.split() for text, _ in found] == [words[:most]] * 2

    def test_guesses_stay_within_the_context_and_the_memory(self) -> None:
        prompt = "a b c d e f g h i j " * 4
        model = FakeModel(copying, context_tokens=60, n_cells=60)
        [(text, stats)] = answer(model, prompt)
        assert copying(prompt).startswith(text) and stats.finish == "length"
        assert stats.prompt_tokens + stats.answer_tokens <= 61
        assert model.most_cells <= 60

    def test_several_answers_guess_in_one_step(self) -> None:
        texts = [f"{i} {EVIDENCE} {i}" for i in range(4)]
        model = FakeModel(copying, delay_s=0.002)
        found = answer(model, *texts, slots=4)
        assert [text for text, _ in found] == [copying(text) for text in texts]
        assert sum(stats.accepted_tokens for _, stats in found) > 0

    @pytest.mark.parametrize("temperature", [0.0, 0.7, 1.5])
    def test_drawn_answers_are_the_same_with_and_without(
        self, temperature: float, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def drawn(seed: int) -> tuple[str, int]:
            model = Rambling()
            scheduler = Scheduler(model, step_tokens=32)
            request = GenerationRequest((), max_tokens=80, temperature=temperature, seed=seed)
            generation = scheduler.submit(model.tokenize("a b c a b"), request)
            text = "".join(generation)
            stats = generation.stats()
            assert stats is not None and scheduler.close()
            return text, stats.drafted_tokens

        guessed = [drawn(seed) for seed in range(5)]
        monkeypatch.setattr(DraftPlan, "lengths", lambda self, offers, room: [0] * len(offers))
        plain = [drawn(seed) for seed in range(5)]
        assert [text for text, _ in guessed] == [text for text, _ in plain]
        assert all(drafted for _, drafted in guessed) and not any(drafted for _, drafted in plain)
        assert (len({text for text, _ in plain}) > 1) == (temperature > 0)
