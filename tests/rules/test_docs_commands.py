"""Every command and every job is written down in docs/operations.md, and nothing else is."""

import enum
from collections.abc import Iterator

import typer

from support_bot import cli, queue

from .sources import documented


def commands(command: typer.core.TyperCommand | typer.core.TyperGroup, path: str = "") -> Iterator[str]:
    """The words that reach each command: `ask`, `models pull`."""
    if isinstance(command, typer.core.TyperGroup):
        for name, inner in command.commands.items():
            yield from commands(inner, f"{path} {name}".strip())
    else:
        yield path


def test_every_command_has_a_row() -> None:
    assert documented("operations.md", "Commands") == set(commands(typer.main.get_command(cli.app)))


def test_every_job_has_a_row() -> None:
    enums = [
        kind for kind in vars(queue).values() if isinstance(kind, enum.EnumType) and kind.__module__ == queue.__name__
    ]
    assert documented("operations.md", "Jobs") == {name.value for kind in enums for name in kind}
