"""Training of the small models from the command line; PyTorch is loaded only when a training begins."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_bot.commands.exam_options import taking
from support_bot.commands.training_options import ReaderOptions, ReportOptions, WriterOptions
from support_bot.distillation.stages import Stage
from support_bot.errors import Invalid

if TYPE_CHECKING:
    from support_bot.commands.distill_run import Runs
    from support_bot.commands.learnt import LearntData
    from support_bot.distillation.order import Order
    from support_bot.engine.weights import Progress
    from support_bot.settings import Settings

_EXTRA = ("torch", "transformers", "peft", "gguf")
_NO_TORCH = "Training needs PyTorch, which serving does not: pip install 'support-bot[distill]'."


def group(settings: Callable[[], Settings], progress: Callable[[], AbstractContextManager[Progress]]) -> typer.Typer:
    """The commands, which read the settings when one of them runs."""
    app = typer.Typer(no_args_is_help=True, help="Train the small models that come with the product.")

    @app.callback()
    def about() -> None:
        """Train the small models that come with the product."""

    def reader(**given: Any) -> None:
        """Train the model that tells whether passages answer a question; the result is OUT/reader.onnx."""
        with progress() as report:
            found = _train_reader(settings(), ReaderOptions(**given), report)
        typer.echo(json.dumps(found, indent=1))

    def writer(**given: Any) -> None:
        """Train the model that says the evidence, on hand-written answers; the result is OUT/writer.gguf."""
        with progress() as report:
            found = _train_writer(settings(), WriterOptions(**given), report)
        typer.echo(json.dumps(found, indent=1))

    def run(
        order: Annotated[Path, typer.Argument(help="The TOML file that says what is wanted.")],
        until: Annotated[Stage, typer.Option(help="The last stage to do.")] = Stage.PROMOTE,
    ) -> None:
        """Make a student from the product's own articles and answers, examine it, and let it serve if it passes.

        A run that was stopped goes on where it was."""
        from support_bot.distillation.order import read_order

        wanted = read_order(order)
        _require_torch(wanted.folder, until)
        with opened(settings, progress) as runs:
            found = runs.run(wanted, until, order)
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
        refused = found.get("exam", {}).get("against", [])
        for why in refused:
            typer.echo(f"Not promoted: {why}", err=True)
        raise typer.Exit(bool(refused))

    app.command()(run)
    app.command()(taking(ReportOptions, _reporting(settings, progress)))
    app.command()(_forgetting(settings, progress))
    app.command()(taking(ReaderOptions, reader))
    app.command()(taking(WriterOptions, writer))
    return app


def _reporting(
    settings: Callable[[], Settings], progress: Callable[[], AbstractContextManager[Progress]]
) -> Callable[..., None]:
    def report(**given: Any) -> None:
        """Measure the student of a run beside its base, the model that serves and the teacher, question by question.

        Writes report.html and report.json into the run's folder."""
        from support_bot.commands.distill_report import PAGE, report

        options = ReportOptions(**given)
        with progress() as tell:
            found = report(settings(), options, tell)
        for side in found["sides"]:
            total = side["exam"]["TOTAL"]
            typer.echo(f"{side['label']}: {total['pass']:.1%} of {total['n']} passed, {side['total_s']} s an answer")
        typer.echo(f"Written: {options.run / PAGE}")

    return report


def _forgetting(
    settings: Callable[[], Settings], progress: Callable[[], AbstractContextManager[Progress]]
) -> Callable[..., None]:
    def forget(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
        """Take out of the training data what was erased from the product; students that saw it do not serve any more.

        `support-bot erase` does it for the customer it erases."""
        with opened(settings, progress) as runs:
            found = runs.forget_gone()
        lines = [f"{len(run.rows)} rows in {run.folder}; train anew: {run.command}" for run in found]
        typer.echo(
            json.dumps([dataclasses.asdict(run) for run in found]) if as_json else "\n".join(lines or ["nothing"])
        )

    return forget


@contextmanager
def opened(
    settings: Callable[[], Settings], progress: Callable[[], AbstractContextManager[Progress]]
) -> Iterator[Runs]:
    """The runs of this machine, which load PyTorch when one trains."""
    from support_bot.commands.distill_run import Runs

    with progress() as report:
        yield Runs(settings(), _train_student, report, _teach_student)


def learnt(settings: Callable[[], Settings]) -> AbstractContextManager[LearntData]:
    """What the runs of this machine have learnt from customers."""
    from support_bot.commands.learnt import learnt_data

    return learnt_data(settings().data_dir)


def _require_torch(folder: Path, until: Stage) -> None:
    """Say that PyTorch is missing before hours of other stages. Raises Invalid."""
    trains = until is not Stage.COLLECT and not (folder / "student.gguf").exists()
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if trains and missing:
        raise Invalid(
            f"{_NO_TORCH} (Missing: {', '.join(missing)}.) "
            "`--until collect` gathers the data without it, for a machine that has it."
        )


def _train_student(settings: Settings, order: Order, data: Path, into: Path, report: Progress) -> Mapping[str, Any]:
    try:
        from support_bot.commands.student_training import train_student
    except ModuleNotFoundError as error:
        raise Invalid(f"{_NO_TORCH} ({error})") from None
    return train_student(settings, order, data, into, report)


def _teach_student(settings: Settings, order: Order, data: Path, into: Path, report: Progress) -> Mapping[str, Any]:
    try:
        from support_bot.commands.student_training import teach_student
    except ModuleNotFoundError as error:
        raise Invalid(f"{_NO_TORCH} ({error})") from None
    return teach_student(settings, order, data, into, report)


def _train_reader(settings: Settings, options: ReaderOptions, report: Progress) -> dict[str, Any]:
    try:
        from support_bot.commands.reader_training import train_reader
    except ModuleNotFoundError as error:
        raise Invalid(f"{_NO_TORCH} ({error})") from None
    return train_reader(settings, options, report)


def _train_writer(settings: Settings, options: WriterOptions, report: Progress) -> dict[str, Any]:
    try:
        from support_bot.commands.training import train_writer
    except ModuleNotFoundError as error:
        raise Invalid(f"{_NO_TORCH} ({error})") from None
    return train_writer(settings, options, report)
