"""Training of the small models from the command line; PyTorch is loaded only when a training begins."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import typer

from support_bot.commands.exam_options import taking
from support_bot.commands.training_options import ReaderOptions, WriterOptions
from support_bot.errors import Invalid

if TYPE_CHECKING:
    from support_bot.engine.weights import Progress
    from support_bot.settings import Settings

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

    app.command()(taking(ReaderOptions, reader))
    app.command()(taking(WriterOptions, writer))
    return app


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
