"""Run an exam as it was ordered on the command line: ask, score, compare, judge, write the report. Prints nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support_bot.assembly import App
from support_bot.commands import local
from support_bot.commands.exam_options import ExamOptions
from support_bot.commands.forward import find_server, forward
from support_bot.engine.weights import Progress
from support_bot.errors import Invalid
from support_bot.evaluation import gate, html, report, risk, run
from support_bot.evaluation.companies import companies, pooled
from support_bot.evaluation.dataset import read_predictions
from support_bot.evaluation.metrics import Score
from support_bot.services.risk import CurvePoint, RiskService
from support_bot.settings import Settings
from support_bot.storage.data_folder import DataFolder
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade

_CURVE_POINTS = 200  # enough for a plot


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found: the result, its totals, what fell short of the bars, and the risk curve."""

    result: run.Result
    totals: Sequence[report.Total]
    short: Sequence[str]
    points: Sequence[CurvePoint]

    @property
    def problems(self) -> dict[str, str]:
        return {**self.result.unreadable, **self.result.failed}

    def as_json(self) -> dict[str, Any]:
        return {
            "asked": self.result.asked,
            "problems": self.problems,
            "scores": report.as_json(self.totals),
            "short": list(self.short),
            "risk": [asdict(point) for point in self.points],
        }


def examine(settings: Settings, options: ExamOptions, progress: Progress) -> Outcome:
    """The exam that `options` order. Raises Invalid where they do not fit together."""
    wanted = gate.bars(options.least)  # before the long run
    _check(options)
    result = _ask(settings, options, progress)
    scores = report.scored(result.questions, result.predictions)
    found = report.totals(scores)
    short = gate.shortfalls(found, wanted)
    if options.report:
        exam = html.Exam(
            name=str(options.companies or options.questions),
            questions=result.questions,
            predictions=result.predictions,
            scores=scores,
            facts={"embedder": settings.retrieval.embedder, "threshold": str(settings.answering.answer_threshold)},
            wanted=options.least,
            short=short,
            changes=_changes(options.compare, result, scores),
        )
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(html.page(exam), "utf-8")
    return Outcome(result, found, short, risk.curve(risk.judged(result.predictions, scores)))


def as_text(found: Outcome, options: ExamOptions) -> str:
    """The table of scores, and with --calibrate what each threshold would do."""
    scores = report.table(found.totals, retrieval_only=options.retrieval_only)
    return f"{scores}\n\n{risk.table(found.points)}" if options.calibrate else scores


def keep(settings: Settings, points: Sequence[CurvePoint], wrong_at_most: float) -> str:
    """Let the product answer from the confidence that keeps to this rate of wrong answers; what was done, in words.

    Through the server where one runs. Raises Invalid where no threshold keeps to the rate."""
    point = risk.best(points, wrong_at_most)
    if point is None:
        raise Invalid(f"No threshold keeps wrong answers to {wrong_at_most:.0%}; nothing was stored.")
    every = -(-len(points) // _CURVE_POINTS)
    some = [one for place, one in enumerate(points) if place % every == 0 or one is point]
    folder = DataFolder(settings.data_dir)
    if server := find_server(folder):
        with forward(server) as api:
            sent = {"threshold": point.threshold, "wrong_at_most": wrong_at_most, "points": [asdict(p) for p in some]}
            api.send("PUT", "/risk", json=sent)
    else:
        with folder.own():
            db = Database(settings.effective_database_url)
            try:
                upgrade(db.engine)
                RiskService(db).choose(point.threshold, wrong_at_most, some)
            finally:
                db.close()
    own = "answer_threshold" in settings.answering.model_fields_set
    but = "; but the setting SUPPORT_BOT_ANSWERING__ANSWER_THRESHOLD goes before it" if own else ""
    return f"Stored in the database: from the next start on the bot answers from confidence {point.threshold:.4f}{but}."


def _check(options: ExamOptions) -> None:
    if bool(options.companies) == bool(options.kb or options.questions):
        raise Invalid("Give --kb and --questions, or --companies.")
    if not options.companies and not (options.kb and options.questions):
        raise Invalid("--kb and --questions belong together.")
    if options.split and not options.companies:
        raise Invalid("--split belongs to --companies.")
    if options.calibrate and options.retrieval_only:
        raise Invalid("--retrieval-only asks the search, which is not sure of anything; leave it out to calibrate.")
    if options.wrong_at_most is not None and not options.calibrate:
        raise Invalid("--wrong-at-most belongs to --calibrate.")
    if options.compare and not (options.report and options.compare.is_file()):
        raise Invalid("--compare takes a file of predictions, and shows what changed in the --report.")


def _ask(settings: Settings, options: ExamOptions, progress: Progress) -> run.Result:
    languages, kinds = (tuple(filter(None, names.split(","))) for names in (options.language, options.types))
    asked = run.Options(
        resume=options.resume,
        limit=options.limit,
        languages=languages,
        types=kinds,
        retrieval_only=options.retrieval_only,
        engine=options.engine,
        quote_only=options.quote_only,
        answer_all=options.calibrate,
        progress=progress,
    )

    def build(given: Settings) -> App:
        return local.build(given, progress)

    if options.kb and options.questions:
        return run.evaluate(settings, options.kb, options.questions, options.out, asked, build)
    place = options.companies or Path()  # `_check` has seen that there is one
    with tempfile.TemporaryDirectory(prefix="support-bot-companies-") as folder:
        bases = companies(place, Path(folder), options.split)
        result = run.evaluate_all(settings, bases, options.out, asked, build)
        options.out.with_suffix(".questions.jsonl").write_text(pooled(bases), "utf-8")
    return result


def _changes(earlier: Path | None, result: run.Result, scores: Sequence[Score]) -> html.Changes | None:
    """Against the answers of an earlier run, scored as today's are."""
    if earlier is None:
        return None
    before = read_predictions(earlier)
    known = [question for question in result.questions if question.id in before]
    return html.changes(earlier.name, report.scored(known, before), scores)
