"""One run from an admin's own knowledge base to a student that serves: collect, teach, train, export, exam, promote.

Every stage is done once for its inputs (`manifest`): a run that was stopped, or killed, goes on with the stage it was
in. What a stage needs of the product is handed in: nothing here knows PyTorch, a server or a data folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_bot.distillation.collect import OUTPUTS
from support_bot.distillation.manifest import Manifest, opened
from support_bot.distillation.order import Order, keep_order
from support_bot.distillation.stages import Stage
from support_bot.engine.digest import file_sha256
from support_bot.errors import Conflict, Invalid
from support_bot.storage.snapshot import FOLDER_PREFIX

COLLECTED, TRAINED = "collected", "trained"
STUDENT, VERDICT, CARD = "student.gguf", "verdict.json", "model-card.md"
_ADAPTER, _LABELS = f"{TRAINED}/writer.gguf", f"{TRAINED}/soft_labels.jsonl.gz"


_ORDER = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Model:
    """A writer by its catalogue name and SHA-256."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Work:
    """What is done outside of the run's own files.

    `collect` fills a folder with data; `teach`, where there is one, puts what a teacher knows of it into the folder in
    which `train` makes `writer.gguf` of both; `check` raises WeightsError unless an adapter can serve; `examine` writes
    verdict and model card of a student beside the `serving` model; `deploy` lets it serve under its hash.

    What else training and answers depend on: `base` and `prompt` are the SHA-256 of the writer that is trained and of
    its instructions, `product` that of what else decides an answer.

    `gone` tells which conversations of a folder that `collect` filled the product does not have any more: nobody learns
    from what customers asked to be forgotten."""

    collect: Callable[[Path], Mapping[str, Any]]
    train: Callable[[Path, Path], Mapping[str, Any]]
    check: Callable[[Path], None]
    serving: Callable[[], Model]
    examine: Callable[[Manifest, Model], Mapping[str, Any]]
    deploy: Callable[[Path], Mapping[str, Any]]
    teach: Callable[[Path, Path], Mapping[str, Any]] | None = None
    gone: Callable[[Path], Collection[str]] = lambda _collected: ()
    base: str = ""
    prompt: str = ""
    product: str = ""


def distill(order: Order, work: Work, until: Stage = Stage.PROMOTE) -> dict[str, Any]:
    """Do what is not done yet, up to `until`; the figures of each stage by its name.

    A student that fails its exam is not promoted: `exam` then has `passed` False and reasons. Raises Conflict while
    another run works in the folder, and what a stage raises; serving is untouched until `promote`."""
    with opened(order.folder) as manifest:
        keep_order(order)
        _drop_snapshots(order.folder)
        for stage in _ORDER[: _ORDER.index(until) + 1]:
            if stage is Stage.PROMOTE and not manifest.stages[Stage.EXAM]["figures"]["passed"]:
                break
            _STAGES[stage](order, work, manifest)
        return {name: {**done["figures"], "seconds": done["seconds"]} for name, done in manifest.stages.items()}


def promote(order: Order, work: Work) -> dict[str, Any]:
    """The exam and the promotion of a run whose student is there. Raises Invalid where it is not, or was made of
    something else than the order says now: it may have learnt what the exam asks."""
    with opened(order.folder) as manifest:
        _drop_snapshots(order.folder)
        if not manifest.is_whole(Stage.EXPORT):
            raise Invalid(f"{order.folder} has no finished student; run `support-bot distill run` first.")
        if not _is_as_ordered(order, work, manifest):
            raise Invalid(
                f"{order.folder}: the student was made for another exam, of other data or by another recipe; run "
                "`support-bot distill run` again."
            )
        if work.gone(order.folder / COLLECTED):
            raise Invalid(
                f"{order.folder}: the student learnt from conversations that were forgotten since; run "
                "`support-bot distill run` again, which leaves them out."
            )
        _exam(order, work, manifest)
        if manifest.stages[Stage.EXAM]["figures"]["passed"]:
            if work.serving().sha256 != _student(manifest):
                manifest.stages.pop(Stage.PROMOTE, None)  # somebody went back to another model meanwhile
            _promote(order, work, manifest)
        return {
            name: {**manifest.stages[name]["figures"], "seconds": manifest.stages[name]["seconds"]}
            for name in (Stage.EXAM, Stage.PROMOTE)
            if name in manifest.stages
        }


def _drop_snapshots(folder: Path) -> None:
    """Those of a run that was killed; keys are in them."""
    for left in folder.glob(f"{FOLDER_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)


def _is_as_ordered(order: Order, work: Work, manifest: Manifest) -> bool:
    """Whether each stage up to the student was done with what it would be done with now, on the data that lie here."""
    return (
        manifest.is_made_of(Stage.COLLECT, _collect_inputs(order))
        and manifest.is_whole(Stage.COLLECT)
        and manifest.is_made_of(Stage.TRAIN, _train_inputs(order, work, manifest))
        and manifest.is_made_of(Stage.EXPORT, _export_inputs(manifest))
    )


def _collect_inputs(order: Order) -> Mapping[str, Any]:
    return {"sources": order.sources.model_dump(mode="json"), "exam": file_sha256(order.exam.questions)}


def _collect(order: Order, work: Work, manifest: Manifest) -> None:
    if manifest.is_whole(Stage.COLLECT) and work.gone(order.folder / COLLECTED):
        manifest.stages.pop(Stage.COLLECT, None)
    outputs = [f"{COLLECTED}/{name}" for name in OUTPUTS]
    manifest.stage(Stage.COLLECT, _collect_inputs(order), outputs, lambda: work.collect(order.folder / COLLECTED))


def _teach(order: Order, work: Work, manifest: Manifest) -> None:
    """Nothing to do where nobody teaches: the student then learns from the answers alone."""
    if work.teach is None or order.teacher is None or not order.teacher.alpha:
        manifest.stages.pop(Stage.TEACH, None)  # of an order that had a teacher
        return
    teach, into = work.teach, order.folder / TRAINED
    inputs = {
        **_lessons(order, work, manifest),
        "teacher": order.teacher.model_dump(mode="json"),
    }
    manifest.stage(Stage.TEACH, inputs, [_LABELS], lambda: teach(order.folder / COLLECTED, into))


def _lessons(order: Order, work: Work, manifest: Manifest) -> dict[str, Any]:
    return {
        "collected": _hashes(manifest, Stage.COLLECT),
        "recipe": order.recipe.model_dump(mode="json"),
        "base": work.base,
        "prompt": work.prompt,
    }


def _train_inputs(order: Order, work: Work, manifest: Manifest) -> Mapping[str, Any]:
    taught = manifest.stages.get(Stage.TEACH)
    return {**_lessons(order, work, manifest), **({"taught": taught["digest"]} if taught else {})}


def _train(order: Order, work: Work, manifest: Manifest) -> None:
    inputs, into = _train_inputs(order, work, manifest), order.folder / TRAINED
    manifest.stage(Stage.TRAIN, inputs, [_ADAPTER], lambda: work.train(order.folder / COLLECTED, into))


def _export_inputs(manifest: Manifest) -> Mapping[str, Any]:
    return {"adapter": _hashes(manifest, Stage.TRAIN)}


def _export(order: Order, work: Work, manifest: Manifest) -> None:
    def export() -> Mapping[str, Any]:
        student = order.folder / STUDENT
        shutil.copyfile(order.folder / _ADAPTER, student)
        work.check(student)
        return {"sha256": file_sha256(student), "bytes": student.stat().st_size}

    manifest.stage(Stage.EXPORT, _export_inputs(manifest), [STUDENT], export)


def _exam(order: Order, work: Work, manifest: Manifest) -> None:
    """Beside the model that serves now, unless the student itself is what serves: then what was found stays."""
    serving = work.serving()
    known = manifest.stages.get(Stage.EXAM)
    student = _student(manifest)
    if known and known["inputs"]["student"] == student == serving.sha256:
        return
    inputs = {
        "student": student,
        "serving": [serving.name, serving.sha256],
        "exam": order.exam.model_dump(mode="json"),
        "questions": file_sha256(order.exam.questions),
        "teacher": order.teacher and order.teacher.model,
        "articles": _hashes(manifest, Stage.COLLECT),
        "product": work.product,
    }
    manifest.stage(Stage.EXAM, inputs, [VERDICT, CARD], lambda: work.examine(manifest, serving))


def _promote(order: Order, work: Work, manifest: Manifest) -> None:
    """Raises Conflict where another model serves than the one that it was examined beside."""
    student = _student(manifest)
    name, sha256 = manifest.stages[Stage.EXAM]["inputs"]["serving"]

    def deploy() -> Mapping[str, Any]:
        now = work.serving()
        if now.sha256 not in (student, sha256):
            raise Conflict(f"{now.name} took over from {name} meanwhile; run again to be examined beside it.")
        if work.gone(order.folder / COLLECTED):
            raise Conflict("Somebody whose conversation it learnt from was erased meanwhile; run again.")
        return work.deploy(order.folder / STUDENT)

    manifest.stage(Stage.PROMOTE, {"student": student}, [], deploy)


def _student(manifest: Manifest) -> str:
    sha256: str = manifest.stages[Stage.EXPORT]["figures"]["sha256"]
    return sha256


def _hashes(manifest: Manifest, stage: Stage) -> Mapping[str, str]:
    hashes: Mapping[str, str] = manifest.stages[stage]["outputs"]
    return hashes


_STAGES: Mapping[Stage, Callable[[Order, Work, Manifest], None]] = {
    Stage.COLLECT: _collect, Stage.TEACH: _teach, Stage.TRAIN: _train, Stage.EXPORT: _export, Stage.EXAM: _exam,
    Stage.PROMOTE: _promote,
}  # fmt: skip
