"""One customer as a whole from the command line: erasing with its proof, and everything as a file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_bot.errors import Invalid

if TYPE_CHECKING:
    from support_bot.commands.forward import Api
    from support_bot.commands.learnt import LearntData
    from support_bot.distillation.forget import Learnt
else:
    Api = LearntData = Any  # typer looks the names up; what they stand for is slow to import

ERASED = (
    "customer", "emails", "visitors", "tickets", "erased", "rows", "elsewhere", "training_rows", "students", "retrain",
    "looked_for", "found_in",
)  # fmt: skip

Customer = Annotated[str, typer.Argument(help="An e-mail address, the site's id, a conversation's id, or #12.")]
Only = Annotated[bool, typer.Option("--only", help="Only this conversation or ticket, not all of its customer.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for the customer once more.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what there is, and erase nothing.")]
LookIn = Annotated[
    list[Path] | None, typer.Option(help="A file or folder to search as well: logs, old backups. May be repeated.")
]
Target = Annotated[Path, typer.Argument(help="The ZIP file to be written.")]


def erase(
    api: Api,
    learnt: LearntData,
    customer: Customer,
    dry_run: DryRun = False,
    yes: Yes = False,
    only: Only = False,
    look_in: LookIn = None,
) -> Any:
    """Erase everything of a customer for good, down to the training data, then search everywhere for what is left.

    Not `ok` where something of theirs is still found."""
    wanted = {"customer": customer, "only": only}
    found = api.send("POST", "/customers/find", json=wanted)
    if dry_run:
        return _told(customer, found, "no") | _learnt(learnt.find(found["conversations"]))
    if found["counts"] and not yes and _asked(customer, found) != customer:
        raise Invalid("That is not what was typed before; nothing was erased.")
    done = api.send("POST", "/customers/erase", json=wanted | {"confirm": customer})
    runs = learnt.forget(done["conversations"])
    words = list(dict.fromkeys([*found["words"], *done["words"]])) or [customer]
    left = [
        f"{one['place']} ({one['count']})"
        for one in _remains(api, learnt, words, [run.folder for run in runs] + list(look_in or ()))
    ]
    end = {"found_in": left or ["nothing"], "looked_for": words, "ok": not left}
    return _told(customer, done, "yes" if done["counts"] else "nothing was there") | _learnt(runs) | end


def _asked(customer: str, found: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in found["counts"].items())
    known = ", ".join([*found["emails"], *found["visitors"]]) or customer
    return str(typer.prompt(f"{known}: {counts}.\nType {customer} once more to erase all of it", err=True)).strip()


def _told(customer: str, found: dict[str, Any], erased: str) -> dict[str, Any]:
    counts = [f"{name} {count}" for name, count in found["counts"].items()]
    return {"customer": customer, **found, "erased": erased, "rows": counts or ["none"], "found_in": []}


def _learnt(runs: list[Learnt]) -> dict[str, Any]:
    return {
        "training_rows": [row for run in runs for row in run.rows],
        "students": [student for run in runs for student in run.students],
        "retrain": [run.command for run in runs],
        "runs": [asdict(run) for run in runs],
    }


def _remains(api: Api, learnt: LearntData, words: list[str], places: list[str | Path]) -> list[dict[str, Any]]:
    """Database and data folder through their owner, other places from here."""
    found = api.send("POST", "/customers/remains", json={"words": words})["found"]
    return [*found, *map(asdict, learnt.search([Path(place) for place in places], words))]


def export(api: Api, customer: Customer, file: Target, only: Only = False) -> Any:
    """Write everything of a customer into a ZIP: JSON, and pages to read."""
    if file.exists():
        raise Invalid(f"{file} exists already; choose another name, or delete it first.")
    with api.download("POST", "/customers/export", json={"customer": customer, "only": only}) as pieces:
        content = b"".join(pieces)
    file.write_bytes(content)
    return {"customer": customer, "file": str(file), "bytes": len(content)}
