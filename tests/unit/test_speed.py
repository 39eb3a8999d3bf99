"""The figures of the last drafts."""

from __future__ import annotations

import pytest

from support_bot.services.speed import WINDOW, Speed, SpeedWindow


def test_nothing_is_known_at_first() -> None:
    assert SpeedWindow().look() == Speed()


def test_percentiles_are_of_what_was_measured() -> None:
    window = SpeedWindow()
    for number in range(100, 0, -1):
        window.add({"answer": 11}, {"first_token": number / 100, "draft": number / 100 + 0.5})
    assert window.look() == Speed(100, 0.5, 0.95, pytest.approx(20.0))


def test_one_draft_is_all_percentiles() -> None:
    window = SpeedWindow()
    window.add({"answer": 1}, {"first_token": 0.2, "draft": 0.2})
    assert window.look() == Speed(1, 0.2, 0.2, None)


@pytest.mark.parametrize("timings", [{}, {"first_token": 0.0, "draft": 4.0}, {"draft": 4.0}])
def test_a_draft_that_showed_nothing_is_left_out(timings: dict[str, float]) -> None:
    window = SpeedWindow()
    window.add({"answer": 3}, timings)
    window.add({}, timings)
    assert window.look() == Speed()


def test_old_drafts_are_forgotten() -> None:
    window = SpeedWindow()
    for first in (9.0, 1.0):
        for _ in range(WINDOW):
            window.add({"answer": 2}, {"first_token": first, "draft": first + 1})
    assert window.look() == Speed(WINDOW, 1.0, 1.0, 1.0)
