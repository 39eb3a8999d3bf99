"""The exam that decides whether a student serves: it and the serving model answer the same questions. Changes nothing.

Writes the answers of each side, the verdict as JSON and the student's model card into the run's folder."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support_bot.answering.prompt import prompt_hash
from support_bot.distillation.collect import ARTICLES
from support_bot.distillation.manifest import Manifest
from support_bot.distillation.model_card import card
from support_bot.distillation.order import Order
from support_bot.distillation.run import CARD, COLLECTED, STUDENT, VERDICT, Model
from support_bot.distillation.stages import Stage
from support_bot.engine.catalogue import SHIPPED_ADAPTERS, CatalogueEntry
from support_bot.engine.digest import file_sha256
from support_bot.errors import Invalid, SupportBotError
from support_bot.evaluation import report
from support_bot.evaluation.asking import Bot
from support_bot.evaluation.metrics import Score
from support_bot.evaluation.paired import Difference, difference, verdict
from support_bot.evaluation.run import Options, Progress, Result, evaluate
from support_bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Exam:
    """What is asked of whom: the order of the run, the writer that the student was trained on, and how a bot is
    built."""

    order: Order
    settings: Settings
    base: CatalogueEntry
    build: Callable[[Settings], Bot]
    progress: Progress

    def sit(self, manifest: Manifest, serving: Model) -> dict[str, Any]:
        """Ask the student, the serving model and the teacher, where there is one; the verdict.

        Answers that are on file from a run that was stopped are kept. Raises Invalid where one side left a question
        without an answer, since only the same questions can be compared."""
        folder = self._folder(manifest)
        student = self.order.folder / STUDENT
        scores = {
            "student": self._ask(folder, "student", file_sha256(student), self.base.name, str(student)),
            "serving": self._ask(folder, "serving", serving.sha256, serving.name, self.settings.engine.adapter),
        }
        if teacher := self.order.teacher:
            digest = hashlib.sha256(teacher.model.encode()).hexdigest()
            scores["teacher"] = self._ask(folder, "teacher", digest, teacher.model, "")
        wanted = self.order.exam
        found = verdict(
            scores["student"], scores["serving"], margin=wanted.margin, least_questions=wanted.least_questions
        )
        figures = {
            "passed": found.passed,
            "against": list(found.against),
            "serving": serving.name,
            "beside_serving": _plain(found.difference),
        }
        if "teacher" in scores:
            figures["beside_teacher"] = _plain(difference(scores["student"], scores["teacher"]))
        totals = {side: report.as_json(report.totals(some)) for side, some in scores.items()}
        whole = {**figures, "margin": wanted.margin, "at": _now(), "scores": totals, "questions": _rows(scores)}
        (self.order.folder / VERDICT).write_text(json.dumps(whole, indent=1, ensure_ascii=False), "utf-8")
        text = card(self.order, self.base, manifest.stages, whole)
        (self.order.folder / CARD).write_text(text, "utf-8")
        return figures

    def _folder(self, manifest: Manifest) -> Path:
        """One for these questions on these articles, answered by this product."""
        asked = [
            file_sha256(self.order.exam.questions),
            manifest.stages[Stage.COLLECT]["outputs"],
            self.order.exam.limit,
            product(self.settings),
        ]
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        return self.order.folder / "exam" / digest[:12]

    def _ask(self, folder: Path, side: str, sha256: str, name: str, adapter: str) -> Sequence[Score]:
        def tell(stage: str, done: int, total: int) -> None:
            self.progress(f"{stage} ({side})", done, total)

        engine = self.settings.engine.model_copy(update={"model": name, "adapter": adapter})
        try:
            result = evaluate(
                self.settings.model_copy(update={"engine": engine}),
                self.order.folder / COLLECTED / ARTICLES,
                self.order.exam.questions,
                folder / f"{side}-{sha256[:12]}.jsonl",
                Options(resume=True, limit=self.order.exam.limit, progress=tell),
                self.build,
            )
        except SupportBotError as error:
            raise Invalid(f"The {side} ({name}) cannot sit the exam: {error.detail}") from error
        return _complete(side, result)


def product(settings: Settings) -> str:
    """SHA-256 of what an answer depends on beside questions, articles and the writer's own file."""
    parts = [
        prompt_hash(),
        [adapter.sha256 for adapter in SHIPPED_ADAPTERS],
        settings.answering.model_dump(mode="json"),
        settings.retrieval.model_dump(mode="json"),
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _complete(side: str, result: Result) -> Sequence[Score]:
    if result.failed:
        name, reason = next(iter(result.failed.items()))
        raise Invalid(
            f"The {side} left {len(result.failed)} questions without an answer ({name}: {reason}); run again."
        )
    scores = report.scored(result.questions, result.predictions)
    if not scores:
        raise Invalid("The exam's questions do not say what is right; nothing can be compared.")
    return scores


def _rows(scores: Mapping[str, Sequence[Score]]) -> list[dict[str, Any]]:
    """Whether each side passed each question."""
    passed = {side: {score.id: bool(score.figures["pass"]) for score in some} for side, some in scores.items()}
    return [
        {"id": score.id, "type": score.type, **{side: of[score.id] for side, of in passed.items()}}
        for score in scores["student"]
    ]


def _plain(found: Difference) -> dict[str, Any]:
    """As JSON gives it back."""
    rounded = {key: round(value, 4) if isinstance(value, float) else value for key, value in asdict(found).items()}
    return {**rounded, "gained": list(found.gained), "lost": list(found.lost)}


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
