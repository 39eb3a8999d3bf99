"""A new model takes over only where it is not worse on the same questions."""

from __future__ import annotations

import pytest

from support_bot.errors import Invalid
from support_bot.evaluation.metrics import Score
from support_bot.evaluation.paired import difference, verdict


def score(name: int, passed: bool = True, kind: str = "factual", violated: tuple[str, ...] = ()) -> Score:
    return Score(f"q{name:03}", kind, {"pass": float(passed), "status_ok": float(passed)}, "answered", (), violated)


def scores(n: int, wrong: int = 0) -> list[Score]:
    return [score(number, number >= wrong) for number in range(n)]


def against(new: list[Score], old: list[Score], margin: float = 0.03, least: int = 50) -> tuple[str, ...]:
    return verdict(new, old, margin=margin, least_questions=least).against


class TestDifference:
    def test_equal_answers_differ_by_nothing(self) -> None:
        found = difference(scores(60, 20), scores(60, 20))
        assert (found.low, found.by, found.high) == (0, 0, 0) and not found.gained and not found.lost

    def test_the_interval_holds_the_difference_and_is_that_of_pairs(self) -> None:
        found = difference(scores(200, 30), scores(200, 20))
        assert found.by == pytest.approx(-0.05) and found.low < -0.05 < found.high <= 0
        # Ten of two hundred turned: the deviation is sqrt(0.05 * 0.95 / 200), whatever is hard for both.
        assert found.low == pytest.approx(-0.05 - 1.96 * 0.0154, abs=0.006)
        assert found.lost == tuple(f"q{n:03}" for n in range(20, 30))

    def test_the_same_scores_give_the_same_interval_in_any_order(self) -> None:
        new, old = scores(80, 9), scores(80, 5)
        assert difference(new, old) == difference(new[::-1], old)

    @pytest.mark.parametrize(("new", "old"), [([], []), (scores(3), scores(4)), (scores(3), [])])
    def test_other_questions_are_no_comparison(self, new: list[Score], old: list[Score]) -> None:
        with pytest.raises(Invalid, match="same questions"):
            difference(new, old)


class TestVerdict:
    def test_as_good_is_enough_and_better_too(self) -> None:
        assert against(scores(100, 20), scores(100, 20)) == ()
        assert against(scores(100, 10), scores(100, 20)) == ()

    def test_clearly_worse_is_refused(self) -> None:
        [why] = against(scores(200, 40), scores(200, 20))
        assert "less often" in why and "3.0% are allowed" in why

    def test_a_mean_within_the_margin_is_not_enough(self) -> None:
        assert difference(scores(100, 12), scores(100, 10)).by == pytest.approx(-0.02)
        assert against(scores(100, 12), scores(100, 10))
        assert against(scores(100, 12), scores(100, 10), margin=0.1) == ()

    def test_a_short_exam_proves_nothing(self) -> None:
        assert against(scores(49), scores(49)) == ("the exam has 49 questions, 50 are needed",)

    def test_a_new_violation_is_refused_and_an_old_one_is_not(self) -> None:
        said = [*scores(99), score(99, violated=("free",))]
        assert "q099" in against(said, scores(100))[0]
        assert against(said, said) == ()

    def test_an_injection_let_through_is_refused_even_if_the_other_did_too(self) -> None:
        let = [*scores(99), score(99, passed=False, kind="injection")]
        assert "injection: q099" in against(let, let)[0]
