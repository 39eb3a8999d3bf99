"""What a later stage of a run cannot do without is missed before the first begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from support_bot.commands.distill_run import Runs
from support_bot.distillation.order import Order, Teacher, read_order
from support_bot.distillation.stages import Stage
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, Invalid, WeightsError
from support_bot.settings import Settings
from tests.factories import settings

BASE, TEACHER = "smollm2-135m", "qwen2.5-coder-1.5b"


def tell(stage: str, done: int, total: int) -> None:
    pass


def train(*given: Any) -> Mapping[str, Any]:
    raise AssertionError("nothing may be trained")


@pytest.fixture
def order(tmp_path: Path) -> Order:
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "Open?", "type": "factual"}\n')
    (tmp_path / "acme.toml").write_text('name = "acme"\nfolder = "run"\n[exam]\nquestions = "exam.jsonl"\n')
    return read_order(tmp_path / "acme.toml")


@pytest.fixture
def chosen(tmp_path: Path) -> Iterator[Settings]:
    """With the weights of the base alone."""
    shipped = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull(BASE)
    place = tmp_path / "cache" / "weights" / shipped.parent.name
    place.mkdir(parents=True)
    (place / shipped.name).symlink_to(shipped)
    yield settings(tmp_path)
    (place / shipped.name).unlink()


def taught(order: Order, alpha: float = 0.0) -> Order:
    return order.model_copy(update={"teacher": Teacher(model=TEACHER, alpha=alpha)})


@pytest.mark.parametrize(("until", "alpha"), [(Stage.EXAM, 0.0), (Stage.PROMOTE, 0.0), (Stage.TEACH, 0.5)])
def test_a_teacher_that_cannot_be_fetched(chosen: Settings, order: Order, until: Stage, alpha: float) -> None:
    with pytest.raises(WeightsError, match=rf"^teacher\.model: .*{TEACHER}"):
        Runs(chosen, train, tell).run(taught(order, alpha), until)
    assert not order.folder.exists()


def test_a_teacher_that_only_sits_the_exam_is_not_needed_for_less(chosen: Settings, order: Order) -> None:
    with pytest.raises(Invalid, match=r"nothing in|no public article"):  # the next thing that is missing
        Runs(chosen, train, tell).run(taught(order), Stage.EXPORT)


def test_a_base_that_cannot_be_fetched(tmp_path: Path, order: Order) -> None:
    with pytest.raises(WeightsError, match=r"^recipe\.base: SmolLM2-135M"):
        Runs(settings(tmp_path), train, tell).run(order, Stage.TRAIN)
    assert not order.folder.exists()


def test_an_engine_on_another_machine(chosen: Settings, order: Order) -> None:
    engine = chosen.engine.model_copy(update={"kind": "openai"})
    with pytest.raises(Conflict, match="Another machine writes the answers"):
        Runs(chosen.model_copy(update={"engine": engine}), train, tell).run(order, Stage.EXAM)
    assert not order.folder.exists()
