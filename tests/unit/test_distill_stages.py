"""Which stages of a run are done again after the order, or what it was made for, has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support_bot.distillation.manifest import Manifest
from support_bot.distillation.order import Order, Teacher, kept_order, read_order
from support_bot.distillation.run import Model, Work, distill, promote
from support_bot.distillation.stages import Stage
from support_bot.engine.digest import file_sha256
from support_bot.errors import Conflict, Invalid
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


def ranked(order: Order, rank: int) -> Order:
    return order.model_copy(update={"recipe": order.recipe.model_copy(update={"rank": rank})})


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


@pytest.mark.parametrize(
    ("changed", "wanted"), [("base", ["train"]), ("prompt", ["train"]), ("product", ["exam"]), ("nothing", [])]
)
def test_another_base_prompt_or_product_does_again_what_depends_on_it(
    order: Order, changed: str, wanted: list[str]
) -> None:
    same = work(order.folder, "")
    distill(order, same)
    done(order)
    distill(order, same if changed == "nothing" else replace(same, **{changed: "another"}))
    assert done(order) == wanted


class TestPromote:
    def test_a_student_made_before_the_exam_was_changed_is_refused(self, order: Order) -> None:
        distill(order, work(order.folder, ""), Stage.EXPORT)
        order.exam.questions.write_text('{"id": "1", "question": "What did it learn?"}\n')
        done(order)
        with pytest.raises(Invalid, match="another exam"):
            promote(order, work(order.folder, ""))
        assert not done(order)

    def test_a_student_of_an_earlier_recipe_or_base_is_refused(self, order: Order) -> None:
        distill(order, work(order.folder, ""), Stage.EXPORT)
        with pytest.raises(Invalid, match="another recipe"):
            promote(order, replace(work(order.folder, ""), base="another"))
        distill(ranked(order, 8), work(order.folder, ""), Stage.COLLECT)
        done(order)
        with pytest.raises(Invalid, match="another recipe"):
            promote(kept_order(order.folder), work(order.folder, ""))
        assert not done(order)

    def test_data_that_a_killed_run_left_in_halves_are_refused(self, order: Order) -> None:
        distill(order, work(order.folder, ""), Stage.EXPORT)
        (order.folder / "collected" / "chunks.jsonl").unlink()
        with pytest.raises(Invalid, match="other data"):
            promote(order, work(order.folder, ""))

    def test_a_model_it_was_not_compared_with_is_not_replaced(self, order: Order) -> None:
        usual = work(order.folder, "")
        chosen = [Model("old", "0" * 64)]

        def examine(manifest: Manifest, serving: Model) -> Mapping[str, Any]:
            chosen.append(Model("other", "1" * 64))  # as an admin does meanwhile
            return usual.examine(manifest, serving)

        meanwhile = replace(usual, serving=lambda: chosen[-1], examine=examine)
        with pytest.raises(Conflict, match="other took over from old"):
            distill(order, meanwhile)
        assert "promote" not in done(order)
        found = promote(order, replace(meanwhile, examine=usual.examine))
        assert done(order) == ["exam", "promote"] and found.keys() == {"exam", "promote"}

    def test_what_another_student_was_found_to_be_does_not_stand_for_the_one_that_serves(self, order: Order) -> None:
        usual = work(order.folder, "")
        distill(order, usual)

        def train(data: Path, into: Path) -> Mapping[str, Any]:
            (into / "writer.gguf").write_text("fresh")
            return {}

        done(order)
        serves = replace(
            usual, train=train, serving=lambda: Model("acme-1", file_sha256(order.folder / "student.gguf"))
        )
        distill(ranked(order, 8), serves)
        assert "exam" in done(order)


@pytest.mark.parametrize("again", [distill, promote])
def test_a_snapshot_that_a_killed_run_left_goes(order: Order, again: Any) -> None:
    distill(order, work(order.folder, ""))
    left = order.folder / ".snapshot-killed"
    left.mkdir()
    (left / "support.db").write_text("keys")
    again(order, work(order.folder, ""))
    assert not left.exists()
