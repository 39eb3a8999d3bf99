"""Run an exam as it was ordered on the command line: ask, score, compare, judge, write the report. Prints nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support_bot.assembly import App
from support_bot.commands import local
from support_bot.commands.exam_options import ExamOptions
from support_bot.engine.weights import Progress
from support_bot.errors import Invalid
from support_bot.evaluation import gate, html, report, risk, run
from support_bot.evaluation.companies import companies, pooled
from support_bot.evaluation.dataset import read_predictions
from support_bot.evaluation.metrics import Score
from support_bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found: the result, its totals, what fell short of the bars, and the risk curve."""

    result: run.Result
    totals: Sequence[report.Total]
    short: Sequence[str]
    points: Sequence[risk.Point]

    @property
    def problems(self) -> dict[str, str]:
        return {**self.result.unreadable, **self.result.failed}


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
