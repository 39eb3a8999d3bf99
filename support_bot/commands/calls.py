"""The commands that are a call or two: what each takes, calls and shows. Prints nothing and opens no connection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from support_bot.commands import customers
from support_bot.values import Role

if TYPE_CHECKING:
    from support_bot.commands.backup import Backups
    from support_bot.commands.distill_run import Runs
    from support_bot.commands.forward import Api
    from support_bot.commands.weights import Weights
else:
    Api = Backups = Runs = Weights = Any  # typer looks the names up; what they stand for is slow to import

TUNING = (
    "variant", "mb", "memory_mb", "prompt_per_s", "alone_per_s", "four_per_s", "first_short_s", "first_long_s",
    "typical_s", "kl", "same_top", "verdict",
)  # fmt: skip
FOR_TESTS = ("smollm2-135m", "minilm")

OptionalName = Annotated[str, typer.Argument(help="Its name in the catalogue.")]
Document = Annotated[str, typer.Argument(help="Its name or its number.")]
Password = Annotated[
    str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True, help="Asked for where it is left out.")
]


def reindex(api: Api) -> Any:
    """Throw the search index away and build it again from the database."""
    return api.send("POST", "/documents/reindex")


def list_documents(api: Api, search: str = "") -> Any:
    """Every document with its status."""
    return api.documents(search)


def show_document(api: Api, document: Document) -> Any:
    """One document: its state and its text; with --json also its versions and the chunks it was cut into."""
    found = api.get(f"/documents/{api.find_document(document)}")
    return {**found["document"], **{name: found[name] for name in ("versions", "chunks", "text")}}


def replace_document(api: Api, document: Document, file: Path) -> Any:
    """Give a document new content; the old one answers until the new one is read."""
    return api.replace(api.find_document(document), file)


def delete_document(api: Api, document: Document) -> Any:
    """Delete a document for good, with all its versions; nothing is answered from it any more."""
    document_id = api.find_document(document)
    api.send("DELETE", f"/documents/{document_id}")
    return {"deleted": document_id}


def list_staff(api: Api) -> Any:
    """Agents and admins; who is not active cannot sign in."""
    return api.get("/staff")["staff"]


def add_staff(api: Api, email: str, password: Password, name: str = "", role: Role = Role.AGENT) -> Any:
    """Add somebody who may sign in."""
    body = {"email": email, "name": name or email.partition("@")[0], "role": role.value, "password": password}
    return api.send("POST", "/staff", json=body)


def change_password(api: Api, email: str, password: Password) -> Any:
    """Give somebody a new password; all their sessions end."""
    api.send("PUT", f"/staff/{quote(email, safe='')}/password", json={"password": password})
    return {"changed": email}


def invite_staff(api: Api, email: str, name: str = "", role: Role = Role.AGENT) -> Any:
    """Make a link by which somebody joins with a password of their own; it works once and is shown only now."""
    return _link(api.send("POST", "/staff/invitations", json={"email": email, "name": name, "role": role.value}))


def offer_password(api: Api, email: str) -> Any:
    """Make a link by which somebody sets a new password, a locked-out admin, too; it is shown only now."""
    return _link(api.send("POST", f"/staff/{quote(email, safe='')}/password-link"))


def _link(made: Any) -> Any:
    return {"url": made["url"], "email": made["details"]["email"], "until": made["details"]["expires_at"]}


def list_links(api: Api) -> Any:
    """Links for staff that can still be used; what makes them work is not kept."""
    return api.get("/staff/links")["links"]


def withdraw_link(api: Api, number: int) -> Any:
    """Make such a link useless at once."""
    api.send("DELETE", f"/staff/links/{number}")
    return {"withdrawn": number}


def reset_two_factor(api: Api, email: str) -> Any:
    """Take two-factor sign-in away from somebody who lost theirs; they are signed out."""
    api.send("DELETE", f"/staff/{quote(email, safe='')}/two-factor")
    return {"reset": email}


def require_two_factor(api: Api, off: bool = False) -> Any:
    """Ask two-factor sign-in of everybody, or with --off no longer: who has none can then only set it up."""
    api.send("PUT", "/staff/two-factor", json={"required": not off})
    return {"required": not off}


def deactivate_staff(api: Api, email: str) -> Any:
    """End somebody's access at once: sessions and keys end, open tickets go to nobody, old messages keep the name."""
    return api.send("PATCH", f"/staff/{quote(email, safe='')}", json={"active": False})


def reactivate_staff(api: Api, email: str) -> Any:
    """Let somebody sign in again, with the password from before; sessions and keys that ended stay so."""
    return api.send("PATCH", f"/staff/{quote(email, safe='')}", json={"active": True})


def create_key(api: Api, name: str, role: Role = Role.AGENT) -> Any:
    """Make an API key for a program; it is shown only now."""
    return api.send("POST", "/keys", json={"name": name, "role": role.value})


def list_channels(api: Api) -> Any:
    """Every channel."""
    return api.get("/channels")["channels"]


def add_channel(api: Api, slug: str, name: str) -> Any:
    """Add a channel under a short name that it keeps; no other site may use it yet."""
    return api.send("POST", "/channels", json={"slug": slug, "name": name})


def show_channel(api: Api, slug: str) -> Any:
    """One channel with its texts."""
    return api.channel(slug)


def allow_origins(api: Api, slug: str, origins: list[str], remove: bool = False) -> Any:
    """Let pages of these origins (https://shop.example.com) embed the widget, or with --remove no longer."""
    kept = [origin for origin in api.channel(slug)["allowed_origins"] if origin not in origins]
    return api.send("PATCH", f"/channels/{slug}", json={"allowed_origins": kept if remove else kept + origins})


def create_channel_key(api: Api, slug: str, name: str) -> Any:
    """Make a key with which a program may ask on this channel (/v1/chat/completions); it is shown only now."""
    return api.send("POST", f"/channels/{slug}/keys", json={"name": name})


def list_channel_keys(api: Api, slug: str) -> Any:
    """Keys of programs that ask on this channel, revoked ones too."""
    return api.get(f"/channels/{slug}/keys")["keys"]


def revoke_channel_key(api: Api, slug: str, number: int) -> Any:
    """Make a key of this channel useless at once."""
    api.send("DELETE", f"/channels/{slug}/keys/{number}")
    return {"revoked": number}


def list_models(weights: Weights) -> Any:
    """Every model of the catalogue, whether it is here, and which ones serve."""
    return weights.page()


def pull_models(weights: Weights, name: OptionalName = "", for_tests: bool = False) -> Any:
    """Fetch weights by name; without one those that serving needs, with --for-tests those that the tests need."""
    return weights.pull(FOR_TESTS if for_tests else [name] if name else weights.serving())


def verify_models(weights: Weights, name: OptionalName = "") -> Any:
    """Compare weights that are here with their SHA-256; without a name all of them."""
    return weights.verify([name] if name else weights.present())


def import_model(weights: Weights, file: Path, name: str | None = None, licence: str | None = None) -> Any:
    """Take in a file of weights; one that the catalogue does not know needs --name and --licence."""
    return weights.import_file(file, name, licence)


def use_model(weights: Weights, name: str) -> Any:
    """Let these weights write the answers: a running server tries them first, without one from the next start on."""
    return weights.use(name)


def promote_model(
    runs: Runs, folder: Annotated[Path, typer.Argument(help="The folder of a run whose student is trained.")]
) -> Any:
    """Examine a run's student beside the model that serves, and let it serve if it passes; else exit status 1."""
    found = runs.promote(folder)
    exam, promoted = found["exam"], found.get("promote", {})
    return {**exam, "ok": exam["passed"], "name": promoted.get("name", ""), "against": "; ".join(exam["against"])}


def roll_back_model(weights: Weights) -> Any:
    """Let the weights write that wrote before, as `use` does; each time one choice further back."""
    return weights.roll_back()


def tune_model(weights: Weights, name: OptionalName = "", quick: bool = False) -> Any:
    """Measure formats and ways to run a writer on this machine and choose, from the next start on; takes minutes.

    Without a name the one that serves; --quick measures less often, and fewer formats."""
    return weights.tune(name, quick)


def fit_intents(
    weights: Weights,
    file: Annotated[Path, typer.Argument(help="Where to: support_bot/answering/intents.npz in a checkout.")],
) -> Any:
    """Fit what tells questions from other messages to the embedders that are here, for who changes its examples."""
    return weights.fit_intents(file)


def backup(
    backups: Backups,
    target: Annotated[Path, typer.Argument(help="The file to write, or a folder for a file named by the time.")],
    exam: Annotated[Path | None, typer.Option(help="Questions whose answers go along, for restore --check.")] = None,
) -> Any:
    """Write everything that must not be lost into one file, while the server goes on serving."""
    return backups.write(target, exam)


def restore(
    backups: Backups,
    source: Annotated[Path, typer.Argument(help="A file that backup wrote.")],
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of the data that is there.")] = False,
    check: Annotated[bool, typer.Option("--check", help="First prove that its exam is answered the same.")] = False,
) -> Any:
    """Bring the data folder to what a backup holds, all of it or nothing; no server may be using it."""
    return backups.restore(source, replace=replace, check=check)


COMMANDS: tuple[tuple[str, str, Callable[..., Any], tuple[str, ...]], ...] = (
    ("", "reindex", reindex, ("chunks", "conversations")),
    ("", "backup", backup, ("file", "bytes", "exam", "trouble")),
    (
        "",
        "restore",
        restore,
        ("restored", "created_at", "same_answers", "index", "erased_again", "other_settings", "kept", "trouble"),
    ),
    ("", "erase", customers.erase, customers.ERASED),
    ("", "export", customers.export, ("customer", "file", "bytes")),
    ("documents", "list", list_documents, ("id", "name", "status", "audience", "version", "chunks", "reason")),
    ("documents", "show", show_document, ("id", "name", "title", "status", "audience", "version", "reason", "text")),
    ("documents", "replace", replace_document, ("status", "name", "version", "reason")),
    ("documents", "delete", delete_document, ("deleted",)),
    ("staff", "list", list_staff, ("id", "email", "name", "role", "active")),
    ("staff", "add", add_staff, ("id", "email", "name", "role")),
    ("staff", "password", change_password, ("changed",)),
    ("staff", "invite", invite_staff, ("url", "email", "until")),
    ("staff", "password-link", offer_password, ("url", "email", "until")),
    ("staff", "links", list_links, ("id", "kind", "email", "role", "expires_at")),
    ("staff", "withdraw", withdraw_link, ("withdrawn",)),
    ("staff", "reset-two-factor", reset_two_factor, ("reset",)),
    ("staff", "require-two-factor", require_two_factor, ("required",)),
    ("staff", "deactivate", deactivate_staff, ("id", "email", "name", "role", "active")),
    ("staff", "reactivate", reactivate_staff, ("id", "email", "name", "role", "active")),
    ("staff", "key", create_key, ("key",)),
    ("channels", "list", list_channels, ("slug", "name", "enabled", "allowed_origins")),
    ("channels", "add", add_channel, ("slug", "name")),
    ("channels", "show", show_channel, ("slug", "name", "enabled", "allowed_origins", "greeting", "accent")),
    ("channels", "allow", allow_origins, ("slug", "allowed_origins")),
    ("channels", "key", create_channel_key, ("key",)),
    ("channels", "keys", list_channel_keys, ("id", "name", "prefix", "created_at", "revoked_at")),
    ("channels", "revoke", revoke_channel_key, ("revoked",)),
    ("models", "list", list_models, ("name", "kind", "present", "in_use", "bytes", "licence")),
    ("models", "pull", pull_models, ("name", "path")),
    ("models", "verify", verify_models, ("name", "ok")),
    ("models", "import", import_model, ("name", "sha256")),
    ("models", "use", use_model, ("name", "in_use", "sha256")),
    ("models", "promote", promote_model, ("ok", "name", "against")),
    ("models", "rollback", roll_back_model, ("name", "in_use", "sha256")),
    ("models", "tune", tune_model, TUNING),
    ("models", "fit-intents", fit_intents, ("name", "sha256", "examples")),
)
"""Group (none: a command of its own), name, function, and what a table of its result shows."""
