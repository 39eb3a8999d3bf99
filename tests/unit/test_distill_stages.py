"""Which stages of a run are done again after the order, or what it was made for, has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support_bot.distillation.order import Order, Teacher, read_order
from support_bot.distillation.run import Work, distill
from tests.distill_child import work

LABELS = "trained/soft_labels.jsonl.gz"


@pytest.fixture
def order(tmp_path: Path) -> Order:
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "Open?"}\n')
    (tmp_path / "acme.toml").write_text('name = "acme"\nfolder = "run"\n[exam]\nquestions = "exam.jsonl"\n')
    return read_order(tmp_path / "acme.toml")


def taught_by(order: Order, alpha: float | None) -> Order:
    return order.model_copy(update={"teacher": None if alpha is None else Teacher(model="large", alpha=alpha)})


def teaching(order: Order) -> Work:
    """Stages that only write their files, a teacher among them."""

    def teach(data: Path, into: Path) -> Mapping[str, Any]:
        into.mkdir(exist_ok=True)
        (order.folder / LABELS).write_bytes(b"labels")
        with (order.folder.parent / "stages.log").open("a") as log:
            log.write("teach\n")
        return {}

    return replace(work(order.folder, ""), teach=teach)


def done(order: Order) -> list[str]:
    """The stages done since the last look."""
    log = order.folder.parent / "stages.log"
    found = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return found


def test_a_teacher_without_a_share_of_the_loss_does_not_teach(order: Order) -> None:
    distill(taught_by(order, 0), teaching(order))
    assert "teach" not in done(order) and not (order.folder / LABELS).exists()


def test_a_teacher_with_another_share_or_none_trains_anew(order: Order) -> None:
    for alpha, wanted in (
        (0.5, ["collect", "teach", "train"]),
        (0.25, ["teach", "train"]),
        (0.25, []),
        (None, ["train"]),
    ):
        found = distill(taught_by(order, alpha), teaching(order))
        assert [stage for stage in done(order) if stage in ("collect", "teach", "train")] == wanted
        assert ("teach" in found) == (alpha is not None)
