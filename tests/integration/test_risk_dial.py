"""The threshold chosen on an exam: stored with its curve, used from the next start on, unless a setting goes first."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from support_bot.assembly import build_app, prepare
from support_bot.commands.exam import keep
from support_bot.errors import Invalid
from support_bot.evaluation.risk import Judged, curve
from support_bot.services.risk import CurvePoint
from support_bot.settings import AnsweringSettings, Settings
from tests.factories import settings

POINTS = curve([Judged(confidence / 10, True, confidence > 4) for confidence in range(10)])


@pytest.fixture
def unset(tmp_path: Path) -> Settings:
    """Settings that name no threshold, with a database that is ready."""
    given = settings(tmp_path).model_copy(update={"answering": AnsweringSettings()})
    prepare(given)
    return given


def in_force(given: Settings) -> float:
    with closing(build_app(given)) as app:
        return app.settings.answering.answer_threshold


def test_the_chosen_threshold_is_used_from_the_next_start_on(unset: Settings) -> None:
    assert in_force(unset) == AnsweringSettings().answer_threshold
    assert "confidence 0.5000." in keep(unset, POINTS, 0.0)
    assert in_force(unset) == 0.5


def test_a_threshold_in_the_settings_goes_before_it(unset: Settings) -> None:
    own = unset.model_copy(update={"answering": AnsweringSettings(answer_threshold=0.7)})
    assert "goes before it" in keep(own, POINTS, 0.0)
    assert in_force(own) == 0.7


def test_the_newest_choice_counts_and_has_its_curve(unset: Settings) -> None:
    keep(unset, POINTS, 0.0)
    keep(unset, POINTS, 0.2)
    with closing(build_app(unset)) as app:
        chosen = app.risk.find()
    assert chosen is not None
    assert (chosen.threshold, chosen.wrong_at_most) == (0.4, 0.2)
    assert chosen.points[0] == CurvePoint(0.9, 10, 1, 0)
    assert len(chosen.points) == len(POINTS)


def test_of_a_long_curve_the_chosen_point_is_kept(unset: Settings) -> None:
    many = curve([Judged(1 - number / 1000, True, number != 301) for number in range(500)])
    keep(unset, many, 0.0)
    with closing(build_app(unset)) as app:
        chosen = app.risk.find()
    assert chosen is not None
    assert len(chosen.points) <= 201
    assert chosen.threshold in [point.threshold for point in chosen.points]


def test_a_rate_that_nothing_keeps_to_stores_nothing(unset: Settings) -> None:
    with pytest.raises(Invalid, match="nothing was stored"):
        keep(unset, curve([Judged(0.9, True, False)]), 0.1)
    assert in_force(unset) == AnsweringSettings().answer_threshold
