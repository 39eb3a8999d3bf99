"""Every command: takes the words typed, calls what does the work, prints what comes back. Decides nothing itself."""

from __future__ import annotations

import dataclasses
import inspect
import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from support_bot.commands import calls, distill, mcp
from support_bot.commands.exam_options import BenchOptions, ExamOptions, taking
from support_bot.errors import Invalid, SupportBotError
from support_bot.values import Audience

if TYPE_CHECKING:
    from support_bot.commands.backup import Backups
    from support_bot.commands.forward import Api
    from support_bot.commands.weights import Weights
    from support_bot.engine.weights import Progress
    from support_bot.settings import Settings

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, help="A support chatbot on your own machine.")
GROUPS = {"": app} | {
    name: typer.Typer(no_args_is_help=True, help=about)
    for name, about in (
        ("documents", "The articles the bot answers from."),
        ("models", "Weights: which there are, and which serve."),
        ("staff", "Who may sign in, and API keys."),
        ("channels", "Where customers meet the bot."),
        ("db", "The schema of the database."),
    )
}
for _name, _group in GROUPS.items():
    if _name:
        app.add_typer(_group, name=_name)

Json = Annotated[bool, typer.Option("--json", help="Print nothing but JSON on standard output.")]


def main() -> None:
    """The command line. An error of the product is one line, and exit status 1."""
    try:
        app()
    except SupportBotError as error:
        typer.echo(f"Error: {error.detail}", err=True)
        sys.exit(1)


def _command(group: str, name: str, *columns: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A command whose result is printed: as a table of these columns, or with --json all of it.

    Whoever wants one of PARTS gets it. A row that is `failed`, or not `ok`, makes the exit status 1."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        wanted = dict(inspect.signature(function, eval_str=True).parameters)
        needs = [part for part in ("api", "weights", "backups", "runs", "learnt") if wanted.pop(part, None)]

        def run(as_json: bool, **given: Any) -> None:
            with ExitStack() as stack:
                found = function(**{part: stack.enter_context(PARTS[part]()) for part in needs}, **given)
            _print(found, columns, as_json)
            rows = found if isinstance(found, list) else [found]
            raise typer.Exit(any(row.get("status") == "failed" or row.get("ok") is False for row in rows))

        flag = inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Json)
        parameters = [parameter.replace(kind=flag.kind) for parameter in (*wanted.values(), flag)]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        GROUPS[group].command(name, help=function.__doc__)(run)
        return function

    return register


@app.command()
def serve(host: str | None = None, port: int | None = None) -> None:
    """Run the product until Ctrl-C. An empty data folder is set up first: weights, database, sample articles."""
    from support_bot.storage.data_folder import DataFolder

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that the data folder is given back
    settings = _settings(quiet=False)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = settings.model_copy(update={"server": settings.server.model_copy(update=given)})
    with DataFolder(settings.data_dir).own(wait_s=5) as ownership:
        from support_bot import assembly, server  # seconds: commands typed meanwhile find the folder owned
        from support_bot.commands import local, tuning
        from support_bot.commands.doctor import port_problem

        if problem := port_problem(settings.server.host, settings.server.port):
            raise Invalid(f"{problem}.")
        with _progress() as progress:
            assembly.prepare(settings, progress)
        live = assembly.build_app(settings)
        first_admin = local.first_admin(live)

        def announce(url: str) -> None:
            local.await_first_articles(live, lambda *_: None)
            ownership.announce(url, live.owner_token)
            typer.echo(f"Ready: {url}  (desk: {url}/desk, knowledge: {url}/admin)\n{first_admin}".rstrip())

        name = live.models.writer_name()
        # In a thread of its own: the server already answers while the first articles are read.
        with suppress(KeyboardInterrupt), tuning.in_background(settings, name, lambda: live.switch.reload(name)):
            server.run_server(live, lambda url: threading.Thread(target=announce, args=(url,), daemon=True).start())


@app.command()
def worker(threads: Annotated[int, typer.Option(min=1, help="Articles read at once.")] = 1) -> None:
    """Read articles for a server elsewhere until Ctrl-C; needs PostgreSQL and a Chroma server, by their URLs."""
    from support_bot.commands.worker import work

    settings = _settings(quiet=False)
    with _progress() as progress:
        work(settings, threads, progress, typer.echo)


@app.command()
def ask(text: str, channel: str = "web", as_json: Json = False) -> None:
    """Ask a question as a customer would; --json prints one event a line."""
    from support_bot.commands.text import answer_text

    with _api() as api:
        events = api.ask(text, channel)
        for line in map(_dumps, events) if as_json else [answer_text(events)]:
            typer.echo(line)


@_command("", "ingest", "status", "name", "outcome", "chunks", "reason")
def ingest(paths: list[str], audience: Audience = Audience.PUBLIC) -> Any:
    """Add files, the readable files of folders and ZIPs, and pages by their web address, to the knowledge base.

    A line each says what became of it."""
    from support_bot.commands.forward import readable_files
    from support_bot.ingestion.pipeline import IngestionPipeline

    suffixes = [*IngestionPipeline.from_plugins(_settings().ingestion).supported(), ".zip"]
    files = readable_files(paths, suffixes)
    with _api(sample_data=False) as api, _progress() as progress:
        return api.ingest(files, audience.value, progress)


def evaluate(as_json: Json = False, **given: Any) -> None:
    """Ask every question of a file on a fresh, temporary knowledge base, and score the answers."""
    from support_bot.commands.exam import as_text, examine, keep

    options = ExamOptions(**given)
    with _progress() as progress:
        found = examine(settings := _settings(), options, progress)
    for name, reason in ({} if as_json else found.problems).items():
        typer.echo(f"{name}: {reason}", err=True)
    typer.echo(_dumps(found.as_json()) if as_json else as_text(found, options))
    if options.wrong_at_most is not None:
        typer.echo(keep(settings, found.points, options.wrong_at_most), err=as_json)
    for line in found.short:
        typer.echo(f"Fell short: {line}", err=True)
    raise typer.Exit(bool(found.result.failed or found.short))


app.command()(taking(ExamOptions, evaluate))


def bench(as_json: Json = False, **given: Any) -> None:
    """Measure this machine: how long a search takes, how fast articles are read. Touches no data."""
    from support_bot.commands.bench import as_text, measure

    with _progress() as progress:
        found = measure(_settings(), BenchOptions(**given), progress)
    typer.echo(_dumps(found) if as_json else as_text(found))


app.command()(taking(BenchOptions, bench))


@_command("", "doctor", "name", "state", "detail")
def doctor() -> Any:
    """Look whether everything the product needs is there; each line says ok, or what to do."""
    from support_bot.commands.doctor import examine

    findings = map(dataclasses.asdict, examine(_settings()))
    return [{**found, "state": "ok" if found["ok"] else "PROBLEM"} for found in findings]


for _name, _verb, _function, _columns in calls.COMMANDS:
    _command(_name, _verb, *_columns)(_function)


@_command("db", "upgrade", "current")
def upgrade_database() -> Any:
    """Bring the database to the newest schema, and make it where there is none."""
    from support_bot.storage.data_folder import DataFolder
    from support_bot.storage.inspection import make_newest

    settings = _settings()
    with DataFolder(settings.data_dir).own():
        return dataclasses.asdict(make_newest(settings.effective_database_url))


@_command("db", "current", "current", "head", "problem")
def show_revision() -> Any:
    """The revision of the database, and the newest one."""
    from support_bot.storage.inspection import inspect

    return dataclasses.asdict(inspect(_settings().effective_database_url))


@_command("db", "check", "ok", "current", "head", "problem")
def check_database() -> Any:
    """Whether the database has the newest schema; if not, the exit status is 1."""
    found = show_revision()
    return {"ok": found["current"] == found["head"], **found}


def _settings(*, quiet: bool = True) -> Settings:
    """The settings in force; a command's logs are `quiet` so that its own words can be read."""
    from pydantic import ValidationError
    from pydantic_settings import SettingsError

    from support_bot.observability import configure_logging
    from support_bot.privacy import mask
    from support_bot.settings import Settings

    try:
        settings = Settings()
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()]
        raise Invalid(f"Settings that cannot be used: {'; '.join(wrong)}") from None
    except ValueError as error:
        source = "A setting" if isinstance(error, SettingsError) else "support-bot.toml"
        raise Invalid(f"{source} cannot be read: {error}") from None
    for talkative in ("alembic", "httpx", "httpx2", "huey"):
        logging.getLogger(talkative).setLevel(logging.WARNING)
    level = "WARNING" if quiet and settings.log_level.upper() == "INFO" else settings.log_level
    configure_logging(level, json=settings.log_json, mask=mask)
    return settings


@contextmanager
def _api(*, sample_data: bool = True) -> Iterator[Api]:
    """The API of the server that owns the data folder, or of this process."""
    from support_bot.commands.forward import connect
    from support_bot.storage.data_folder import DataFolder

    settings = _settings()

    @contextmanager
    def here() -> Iterator[Any]:
        from support_bot.commands.local import live_api

        given = settings.model_copy(update={"sample_data": sample_data and settings.sample_data})
        with live_api(given, _progress, lambda words: typer.echo(words, err=True)) as live:
            yield live

    with connect(DataFolder(settings.data_dir), here) as api:
        yield api


@contextmanager
def _weights() -> Iterator[Weights]:
    from support_bot.commands.weights import Weights

    with _progress() as progress:
        yield Weights(_settings(), progress)


def _progress() -> AbstractContextManager[Progress]:
    from support_bot.commands.progress import bars

    return bars()


@contextmanager
def _backups() -> Iterator[Backups]:
    from support_bot.commands.backup import Backups

    with _progress() as progress:
        yield Backups(_settings(), progress)


PARTS: dict[str, Callable[[], AbstractContextManager[Any]]] = {"api": _api, "weights": _weights, "backups": _backups}
PARTS |= {"runs": lambda: distill.opened(_settings, _progress), "learnt": lambda: distill.learnt(_settings)}
app.add_typer(distill.group(_settings, _progress), name="distill")
app.command("mcp")(mcp.command(_settings, _progress))


def _print(found: Any, columns: tuple[str, ...], as_json: bool) -> None:
    from support_bot.commands.text import as_text

    typer.echo(_dumps(found) if as_json else as_text(found, columns))


def _dumps(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False)
