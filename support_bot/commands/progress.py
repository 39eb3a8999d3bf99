"""How far a command is, on standard error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from support_bot.engine.weights import Progress


@contextmanager
def bars() -> Iterator[Progress]:
    """Bars for whatever is reported; a line each where nobody watches. A total of 0: not known."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    tasks: dict[str, TaskID] = {}

    def report(label: str, done: int, total: int) -> None:
        if label not in tasks:
            for earlier in shown.tasks:
                shown.update(earlier.id, visible=earlier.total is not None)
            tasks[label] = shown.add_task(label, total=total or None)
            if not console.is_terminal:
                typer.echo(f"{label} …", err=True)
        shown.update(tasks[label], completed=done, total=total or None)

    with Bars(*columns, console=console, transient=True, disable=not console.is_terminal) as shown:
        yield report
