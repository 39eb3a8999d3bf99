"""Would the product run here? Looks at everything it needs and changes nothing; each finding says what to do."""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from support_bot.commands.index import open_index
from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.catalogue import Kind
from support_bot.engine.opening import needs_weights, open_engine
from support_bot.engine.supervised import LocalEngine
from support_bot.engine.weights import WeightsStore
from support_bot.errors import IndexBroken, SupportBotError, WeightsError
from support_bot.services.embedders import AUTO, ENGLISH, EmbedderChoice
from support_bot.services.models import ModelService
from support_bot.settings import EngineSettings, Settings
from support_bot.storage.data_folder import DataFolder, Owner
from support_bot.storage.database import Database
from support_bot.storage.inspection import DatabaseState, find_file_trouble, find_trouble, inspect, shown

_OLDEST_PYTHON = (3, 11)
_LEAST_FREE = 500_000_000  # bytes: the default weights twice over, and some documents
_REINDEX = "run `support-bot reindex` (`serve` mends it by itself)"
_CLOCK_S = 300.0
_UPGRADE = "run `support-bot db upgrade` (`serve` does it by itself)"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `detail` says how it is or what to do."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Every finding, the quick ones first."""
    owner = DataFolder(settings.data_dir).find_owner()
    yield _python()
    yield _folder(settings.data_dir)
    for name, folder in (("disk of data", settings.data_dir), ("disk of weights", settings.weights_dir)):
        yield _disk(name, folder)
    yield _port(settings, owner)
    state = inspect(settings.effective_database_url)
    yield _database(settings, state, "" if owner else find_trouble(settings.effective_database_url))
    yield _clock(settings)
    if state.is_newest:
        yield _files(settings)
    store = WeightsStore(settings.weights_dir, offline=True)
    weights = list(_weights(settings, store, has_database=state.is_newest))
    yield from weights
    yield from _model_elsewhere(settings.engine.model_copy(update={"fallback": ""}))
    if state.is_newest:
        yield _embedder(settings, store)
    if owner and owner.url:
        yield _served_index(owner)
    elif state.is_newest and all(finding.ok for finding in weights):
        yield _index(settings, store)


def port_problem(host: str, port: int) -> str:
    """Why nothing can listen there, or nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            return f"{host}:{port} cannot be used ({reason}); choose another with --port"
    return ""


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= _OLDEST_PYTHON
    return Finding("python", ok, version if ok else f"{version} is too old; install 3.11 or newer")


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _folder(folder: Path) -> Finding:
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)):
            return Finding("data folder", True, f"{folder.absolute()} can be written")
    except OSError as error:
        remedy = "change its owner, or set SUPPORT_BOT_DATA_DIR"
        return Finding("data folder", False, f"{folder.absolute()} cannot be written ({error.strerror}); {remedy}")


def _disk(name: str, folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free
    ok = free >= _LEAST_FREE
    found = f"{free / 1e9:.1f} GB free"
    return Finding(name, ok, found if ok else f"{found} at {folder}; free at least {_LEAST_FREE / 1e9:g} GB")


def _port(settings: Settings, owner: Owner | None) -> Finding:
    if owner and owner.url:
        return Finding("port", True, f"our server answers at {owner.url}")
    host, port = settings.server.host, settings.server.port
    problem = port_problem(host, port)
    return Finding("port", not problem, problem or f"{host}:{port} is free")


def _database(settings: Settings, state: DatabaseState, trouble: str) -> Finding:
    where = shown(settings.effective_database_url)
    if state.problem or trouble:
        return Finding("database", False, trouble or state.problem)
    if state.is_newest:
        return Finding("database", True, f"{where}, revision {state.current}")
    if state.is_newer:
        remedy = "install that version, or restore a backup of this one"
        return Finding("database", False, f"a newer version of the product made it (schema {state.current}): {remedy}")
    behind = f"revision {state.current}, not {state.head}" if state.current else "there is none yet"
    return Finding("database", False, f"{where}, {behind}: {_UPGRADE}")


def _files(settings: Settings) -> Finding:
    found = find_file_trouble(settings.effective_database_url, settings.data_dir / "files")
    remedy = f"{found.in_words}: restore a backup, or upload these documents again"
    return Finding(
        "uploaded files", not found.in_words, remedy if found.in_words else "all there, the hashes are right"
    )


def _clock(settings: Settings) -> Finding:
    """A clock that is behind what was already written breaks the order of things, and how long tokens live."""
    written = [path.stat().st_mtime for path in (Path(__file__), *settings.data_dir.glob("*.db*"))]
    behind = max(written) - time.time()
    if behind > _CLOCK_S:
        return Finding("clock", False, f"it is {behind / 60:.0f} minutes behind files that are there: set it")
    return Finding("clock", True, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")


def _weights(settings: Settings, store: WeightsStore, *, has_database: bool) -> Iterator[Finding]:
    if settings.engine.kind == "fake":
        return
    for name in _serving(settings, store, has_database):
        try:
            whole = store.verify(name)
        except SupportBotError as error:
            yield Finding(f"weights {name}", False, error.detail)
            continue
        remedy = f"the file is damaged: delete {store.get(name).sha256} in {settings.weights_dir} and pull it again"
        yield Finding(f"weights {name}", whole, "present, the hash is right" if whole else remedy)


def _model_elsewhere(settings: EngineSettings) -> Iterator[Finding]:
    """Whether a model that needs no weights here writes a word."""
    try:
        if settings.kind == "fake" or needs_weights(settings):
            return
        with closing(open_engine(settings, _no_weights)) as engine:
            for _ in engine.start(GenerationRequest((ChatTurn("user", "Hello"),), max_tokens=1)):
                pass
            yield Finding("model", True, f"{engine.model_hash} answers")
    except SupportBotError as error:
        yield Finding("model", False, error.detail)


def _no_weights() -> LocalEngine:
    raise WeightsError("This engine said that it needs no weights.")


def _serving(settings: Settings, store: WeightsStore, has_database: bool) -> tuple[str, ...]:
    """The names of the weights that a start needs."""
    if not has_database:
        default = next(entry.name for entry in store.entries() if entry.kind is Kind.WRITER and entry.default)
        named = settings.retrieval.embedder
        writer = [settings.engine.model or default] if needs_weights(settings.engine) else []
        return *writer, ENGLISH, *({named} - {AUTO, ENGLISH})
    with closing(Database(settings.effective_database_url)) as db:
        models = ModelService(db, store, settings)
        return models.needed()


def _embedder(settings: Settings, store: WeightsStore) -> Finding:
    """Which embedder the next start takes; what to do where another would read the articles better."""
    with closing(Database(settings.effective_database_url)) as db:
        choice = EmbedderChoice(db, store, settings)
        return Finding("embedder", True, choice.advice() or f"{choice.name}, chosen at each start")


def _served_index(owner: Owner) -> Finding:
    """What the server says of its index, which it compared with the database when it started."""
    try:
        found = str(httpx.get(f"{owner.url}/ready", timeout=10, trust_env=False).json()["checks"]["index"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        return Finding("index", False, f"{owner.url} does not answer ({type(error).__name__}); restart the server")
    return Finding("index", found == "ok", f"{owner.url} says {found}")


def _index(settings: Settings, store: WeightsStore) -> Finding:
    """How both indexes stand, opened by this process as the folder's owner; nothing is mended here."""
    try:
        with DataFolder(settings.data_dir).own():
            return _compared(settings, store)
    except SupportBotError as error:
        return Finding("index", False, error.detail)


def _compared(settings: Settings, store: WeightsStore) -> Finding:
    db = Database(settings.effective_database_url)
    try:
        opened = open_index(settings, store, db, begin_anew=False)
        with closing(opened) as index:
            if not index.is_usable():
                return Finding("index", False, f"the vectors cannot be searched: {_REINDEX}")
            missing, stale = index.differences()
    except IndexBroken as error:
        return Finding("index", False, f"{error.detail}: {_REINDEX}")
    finally:
        db.close()
    if missing or stale:
        return Finding("index", False, f"{len(missing)} chunks missing, {len(stale)} too many: {_REINDEX}")
    return Finding("index", True, "holds exactly the chunks of the database")
