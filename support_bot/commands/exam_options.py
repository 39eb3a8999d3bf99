"""What can be said after `support-bot evaluate` and `bench`. Imports nothing slow: every command reads it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamOptions:
    """Each field is an option of the command."""

    kb: Annotated[Path | None, typer.Option(help="Folder of the articles.")] = None
    questions: Annotated[Path | None, typer.Option(help="The questions, one JSON object a line.")] = None
    companies: Annotated[Path | None, typer.Option(help="Folder of several knowledge bases, asked one by one.")] = None
    split: Annotated[str | None, typer.Option(help="Only the companies that splits.json lists under this.")] = None
    out: Annotated[Path, typer.Option(help="Where the predictions go, one JSON object a line.")]
    engine: Annotated[str | None, typer.Option(help="Weights to write with, by their catalogue name.")] = None
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first questions (of each company).")] = None
    language: Annotated[str, typer.Option(help="Only questions in these languages, with commas between.")] = ""
    types: Annotated[str, typer.Option(help="Only questions of these types, with commas between.")] = ""
    resume: Annotated[bool, typer.Option("--resume", help="Keep the predictions that are in the file.")] = False
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Ask the search, no model.")] = False
    quote_only: Annotated[bool, typer.Option("--quote-only", help="Quote the articles, let no model write.")] = False
    report: Annotated[Path | None, typer.Option(help="Write a report to this HTML file.")] = None
    compare: Annotated[Path | None, typer.Option(help="Predictions of an earlier run to compare with.")] = None
    least: Annotated[
        str, typer.Option("--min", help="Exit status 1 below these, as in answerable.pass=0.5,unanswerable.status=0.4.")
    ] = ""
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="Answer whatever the confidence, and show what each threshold would do.")
    ] = False
    wrong_at_most: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="With --calibrate: keep the threshold for this rate of wrong answers."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """Each field is an argument or option of the command."""

    parts: Annotated[
        list[str] | None,
        typer.Argument(help="engine, retrieval, ingestion, overhead, inbox; without any, all.", show_default=False),
    ] = None
    chunks: Annotated[str, typer.Option(help="retrieval: sizes of the index, with commas between.")] = "1000"
    runs: Annotated[int, typer.Option(min=1, help="Runs; the medians are shown.")] = 3
    chats: Annotated[str, typer.Option(help="engine: how many ask at once, with commas between.")] = "1,4,16"
    kb: Annotated[Path | None, typer.Option(help="engine: folder of the articles, else the sample company's.")] = None
    questions: Annotated[Path | None, typer.Option(help="engine: the questions, one JSON object a line.")] = None
    against: Annotated[
        bool, typer.Option("--against", help="engine: the same through llama_cpp.Llama and, if installed, xllamacpp.")
    ] = False
    whole: Annotated[bool, typer.Option("--whole", help="engine: prompts of four whole passages.")] = False
    distinct: Annotated[bool, typer.Option("--distinct", help="engine: no question twice in a round.")] = False
    arrivals: Annotated[int, typer.Option(min=0, help="engine: so many more chats by chance within a minute.")] = 0
    warm_up: Annotated[int, typer.Option(min=0, help="engine: questions asked before.")] = 10
    max_tokens: Annotated[int, typer.Option(min=1, help="engine: longest answer.")] = 64
    conversations: Annotated[int, typer.Option(min=1, help="inbox: so many, of twenty messages.")] = 10_000
    database: Annotated[str, typer.Option(help="inbox: URL of an empty PostgreSQL database, else SQLite.")] = ""


def taking(options: type, function: Callable[..., None]) -> Callable[..., None]:
    """The function with the fields of `options` as parameters that typer sees, in place of its `**given`."""

    @wraps(function)
    def run(**given: Any) -> None:
        function(**given)

    own = [p for p in inspect.signature(function, eval_str=True).parameters.values() if p.kind is not p.VAR_KEYWORD]
    fields = inspect.signature(options, eval_str=True).parameters.values()
    parameters = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in (*fields, *own)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del run.__wrapped__
    return run
