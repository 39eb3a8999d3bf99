"""Every command: takes the words typed, calls what does the work, prints what comes back. Decides nothing itself."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_bot.errors import Invalid, SupportBotError
from support_bot.values import Audience, Role

if TYPE_CHECKING:
    from support_bot.cli_forward import Api
    from support_bot.engine.weights import Progress, WeightsStore
    from support_bot.services.models import ModelService
    from support_bot.settings import Settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="A support chatbot on your own machine.")
documents = typer.Typer(no_args_is_help=True, help="The articles the bot answers from.")
models = typer.Typer(no_args_is_help=True, help="Weights: which there are, and which serve.")
staff = typer.Typer(no_args_is_help=True, help="Who may sign in, and API keys.")
channels = typer.Typer(no_args_is_help=True, help="Where customers meet the bot.")
db = typer.Typer(no_args_is_help=True, help="The schema of the database.")
for _group in ("documents", "models", "staff", "channels", "db"):
    app.add_typer(globals()[_group], name=_group)

Json = Annotated[bool, typer.Option("--json", help="Print nothing but JSON on standard output.")]
Document = Annotated[str, typer.Argument(help="Its name or its number.")]
Password = Annotated[str, typer.Option(prompt=True, confirmation_prompt=True, hide_input=True)]


def main() -> None:
    """The command line. An error of the product is one line, and exit status 1."""
    try:
        app()
    except SupportBotError as error:
        typer.echo(f"Error: {error.detail}", err=True)
        sys.exit(1)


def _command(group: typer.Typer, name: str, *columns: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command whose result is printed: a table of these columns, or with --json all of it.

    A function that wants an `api` gets that of the running server, or one of its own process. A row whose `status` is
    `failed`, or that is not `ok`, makes the exit status 1."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        wanted = dict(inspect.signature(function, eval_str=True).parameters)
        needs_api = wanted.pop("api", None) is not None

        def run(as_json: bool, **given: Any) -> None:
            if needs_api:
                with _api() as api:
                    found = function(api, **given)
            else:
                found = function(**given)
            _print(found, columns, as_json)

        flag = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)
        parameters = [*wanted.values(), flag]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        group.command(name, help=function.__doc__)(run)
        return function

    return register


# ---- running it


@app.command()
def serve(host: str | None = None, port: int | None = None) -> None:
    """Run the product until Ctrl-C. An empty data folder is set up first: weights, database, sample articles."""
    from support_bot import assembly, cli_local, server
    from support_bot.doctor import port_problem
    from support_bot.storage.data_folder import DataFolder

    settings = _settings(quiet=False, server={"host": host, "port": port})
    with DataFolder(settings.data_dir).own() as ownership:
        if problem := port_problem(settings.server.host, settings.server.port):
            raise Invalid(f"{problem}.")
        with _progress() as progress:
            assembly.prepare(settings, progress)
        live = assembly.build_app(settings)
        first_admin = cli_local.first_admin(live)

        def announce(url: str) -> None:
            cli_local.await_first_articles(live, lambda *_: None)
            ownership.announce(url, live.owner_token)
            typer.echo(f"Ready: {url}  (desk: {url}/desk, knowledge: {url}/admin)\n{first_admin}".rstrip())

        # In a thread of its own: the server already answers while the first articles are read.
        server.run_server(live, lambda url: threading.Thread(target=announce, args=(url,), daemon=True).start())


@app.command()
def ask(text: str, channel: str = "web", as_json: Json = False) -> None:
    """Ask a question as a customer would; --json prints one event a line."""
    with _api() as api:
        events = api.ask(text, channel)
        for line in map(_dumps, events) if as_json else [api.answer(events)]:
            typer.echo(line)


@_command(app, "ingest", "status", "name", "outcome", "chunks", "reason")
def ingest(paths: list[str], audience: Audience = Audience.PUBLIC) -> Any:
    """Add files, and all readable files of folders, to the knowledge base; a line each says what became of them."""
    from support_bot.cli_forward import readable_files

    settings = _settings()
    files = readable_files(paths, settings)
    with _api(sample_data=False) as api, _progress() as progress:
        return api.ingest(files, audience.value, progress)


@_command(app, "reindex", "chunks")
def reindex(api: Api) -> Any:
    """Throw the search index away and build it again from the database."""
    return api.send("POST", "/documents/reindex")


@app.command()
def evaluate(
    kb: Annotated[Path, typer.Option(help="Folder of the articles.")],
    questions: Annotated[Path, typer.Option(help="The questions, one JSON object a line.")],
    out: Annotated[Path, typer.Option(help="Where the predictions go, one JSON object a line.")],
    engine: Annotated[str | None, typer.Option(help="Weights to write with, by their catalogue name.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first questions.")] = None,
    language: Annotated[str, typer.Option(help="Only questions in these languages, with commas between.")] = "",
    types: Annotated[str, typer.Option(help="Only questions of these types, with commas between.")] = "",
    resume: Annotated[bool, typer.Option("--resume", help="Keep the predictions that are in the file.")] = False,
    retrieval_only: Annotated[bool, typer.Option("--retrieval-only", help="Ask the search, no model.")] = False,
    quote_only: Annotated[bool, typer.Option("--quote-only", help="Quote the articles, let no model write.")] = False,
    as_json: Json = False,
) -> None:
    """Ask every question of a file on a fresh, temporary knowledge base, and score the answers."""
    from support_bot import cli_local
    from support_bot.evaluation import report, run

    settings = _settings()
    languages, kinds = (tuple(filter(None, names.split(","))) for names in (language, types))
    with _progress() as progress:
        options = run.Options(resume, limit, languages, kinds, retrieval_only, engine, quote_only, progress)
        result = run.evaluate(settings, kb, questions, out, options, lambda given: cli_local.build(given, progress))
    typer.echo(_dumps(report.result_as_json(result)) if as_json else report.result_as_text(result, retrieval_only))
    raise typer.Exit(bool(result.failed))


@_command(app, "doctor", "name", "ok", "detail")
def doctor() -> Any:
    """Look whether everything the product needs is there; each line says ok, or what to do."""
    from support_bot.doctor import examine

    return [dataclasses.asdict(found) for found in examine(_settings())]


# ---- documents


@_command(documents, "list", "id", "name", "status", "audience", "version", "chunks", "reason")
def list_documents(api: Api, search: str = "") -> Any:
    """Every document with its status."""
    return api.documents(search)


@_command(documents, "show", "id", "name", "status", "audience", "version", "reason", "text")
def show_document(api: Api, document: Document) -> Any:
    """One document: its state, its text, with --json also its versions and the chunks it was cut into."""
    return api.get(f"/documents/{api.find_document(document)}")


@_command(documents, "delete", "deleted")
def delete_document(api: Api, document: Document) -> Any:
    """Delete a document for good, with all its versions; nothing is answered from it any more."""
    document_id = api.find_document(document)
    api.send("DELETE", f"/documents/{document_id}")
    return {"deleted": document_id}


@_command(documents, "replace", "status", "name", "version", "chunks", "reason")
def replace_document(api: Api, document: Document, file: Path) -> Any:
    """Give a document new content; the old one answers until the new one is read."""
    return api.replace(api.find_document(document), file)


# ---- staff and channels


@_command(staff, "list", "id", "email", "name", "role", "active")
def list_staff(api: Api) -> Any:
    """Everyone who may sign in."""
    return api.get("/staff")["staff"]


@_command(staff, "add", "id", "email", "name", "role")
def add_staff(api: Api, email: str, password: Password, name: str = "", role: Role = Role.AGENT) -> Any:
    """Add somebody who may sign in."""
    body = {"email": email, "name": name or email.partition("@")[0], "role": role.value, "password": password}
    return api.send("POST", "/staff", json=body)


@_command(staff, "password", "changed")
def change_password(api: Api, email: str, password: Password) -> Any:
    """Give somebody a new password; all their sessions end."""
    api.send("PUT", f"/staff/{email}/password", json={"password": password})
    return {"changed": email}


@_command(staff, "key", "key")
def create_key(api: Api, name: str, role: Role = Role.AGENT) -> Any:
    """Make an API key for a program; it is shown only now."""
    return api.send("POST", "/keys", json={"name": name, "role": role.value})


@_command(channels, "list", "slug", "name", "enabled", "allowed_origins")
def list_channels(api: Api) -> Any:
    """Every channel."""
    return api.get("/channels")["channels"]


@_command(channels, "show", "slug", "name", "enabled", "allowed_origins", "greeting", "suggested_questions", "accent")
def show_channel(api: Api, slug: str) -> Any:
    """One channel with its texts."""
    return api.channel(slug)


@_command(channels, "allow", "slug", "allowed_origins")
def allow_origins(api: Api, slug: str, origins: list[str], remove: bool = False) -> Any:
    """Let pages of these origins (https://shop.example.com) embed the widget, or with --remove no longer."""
    kept = [origin for origin in api.channel(slug)["allowed_origins"] if origin not in origins]
    return api.send("PATCH", f"/channels/{slug}", json={"allowed_origins": kept if remove else kept + origins})


# ---- weights


@_command(models, "list", "name", "kind", "present", "in_use", "bytes", "licence")
def list_models() -> Any:
    """Every model of the catalogue, whether it is here, and which ones serve."""
    return _with_models(lambda api: api.get("/models")["models"], lambda service: service.page())


@_command(models, "pull", "name", "path")
def pull_models(name: Annotated[str, typer.Argument()] = "", for_tests: bool = False) -> Any:
    """Fetch weights by name; without one those that serving needs, with --for-tests those that the tests need."""
    named = ["smollm2-135m", "minilm"] if for_tests else [name] if name else []
    names = named or [row["name"] for row in list_models() if row["in_use"]]
    with _progress() as progress:
        return [{"name": name, "path": str(_store().pull(name, progress))} for name in names]


@_command(models, "verify", "name", "ok")
def verify_models(name: Annotated[str, typer.Argument()] = "") -> Any:
    """Compare weights that are here with their SHA-256; without a name all of them."""
    store = _store()
    names = [name] if name else [entry.name for entry in store.entries() if store.is_present(entry.name)]
    return [{"name": name, "ok": store.verify(name)} for name in names]


@_command(models, "import", "name", "sha256")
def import_model(file: Path, name: str | None = None, licence: str | None = None) -> Any:
    """Take in a file of weights; one that the catalogue does not know needs --name and --licence."""
    entry = _store().import_file(file, name=name, licence=licence)
    return {"name": entry.name, "sha256": entry.sha256}


@_command(models, "use", "name", "in_use", "sha256")
def use_model(name: str) -> Any:
    """Let these weights write the answers, from the next start on."""
    return _with_models(lambda api: api.send("POST", f"/models/{name}/use"), lambda service: service.use(name))


# ---- the schema


@_command(db, "upgrade", "revision")
def upgrade_database() -> Any:
    """Bring the database to the newest schema, making it where there is none."""
    from support_bot import cli_local

    ...
