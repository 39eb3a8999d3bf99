"""What can be said after `support-bot distill`. Imports nothing slow: every command reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterOptions:
    """Each field is an option of the command."""

    companies: Annotated[Path, typer.Option(help="Training data: splits.json and companies/.")]
    out: Annotated[Path, typer.Option(help="Folder of the run; one that was stopped goes on where it was.")]
    rank: Annotated[int, typer.Option(min=1, help="Rank of the adapter: its size, and what it can hold.")] = 16
    selected: Annotated[
        float, typer.Option(min=0, max=1, help="Share of examples with the evidence that the bot would select.")
    ] = 0.4
    limit: Annotated[int | None, typer.Option(min=1, help="Train on so many examples only.")] = None
    longest: Annotated[int, typer.Option(min=1, help="Leave out examples of more tokens.")] = 260
    teacher: Annotated[
        str | None,
        typer.Option(help="Writer of the catalogue whose probabilities are learned too; else answers alone."),
    ] = None
    alpha: Annotated[float, typer.Option(min=0, max=1, help="The teacher's share of the loss.")] = 0.5
    temperature: Annotated[
        float, typer.Option(min=0.1, max=20, help="Softens what teacher and student foresee before they are compared.")
    ] = 1.0
    top_k: Annotated[
        int, typer.Option(min=1, max=1024, help="So many of the teacher's likeliest tokens are kept for each place.")
    ] = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderOptions:
    """Each field is an option of the command."""

    companies: Annotated[Path, typer.Option(help="Training data: splits.json and companies/.")]
    out: Annotated[Path, typer.Option(help="Folder of the run; one that was stopped goes on where it was.")]
    start: Annotated[Path, typer.Option(help="model.safetensors of all-MiniLM-L6-v2, to begin with.")]
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of question and passage to train on.")] = 11_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Each field is an argument or option of the command."""

    run: Annotated[Path, typer.Argument(help="The folder of the run.", show_default=False)]
    questions: Annotated[int, typer.Option(min=1, help="So many of the exam's questions, evenly over the file.")] = 100
    drafts: Annotated[
        int, typer.Option(min=0, help="Questions that are also drafted from 1, 2, 4 and 8 whole passages.")
    ] = 8
    formats: Annotated[str, typer.Option(help="Formats of the student to try, with commas between.")] = "q8_0,bf16"
