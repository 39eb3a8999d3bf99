"""A trained adapter takes over from the writer it was trained on, and goes back, while chats run on the real engine."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App, build_app
from support_bot.engine.catalogue import Kind
from support_bot.engine.digest import file_sha256
from support_bot.engine.fake import HashingEmbedder
from support_bot.engine.sources import HubClient
from support_bot.engine.tuned import load_engine
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, Invalid, WeightsError
from support_bot.jobs.handlers import register
from support_bot.settings import EngineSettings, Settings
from tests.factories import DELIVERY, add_article, ask, make_database, settings

BASE = "smollm2-135m"
QUESTION = "How much does standard delivery cost?"
_ALPHA = b"adapter.lora.alpha"
_FLOAT = 6  # GGUF's number of that type


def other_scale(source: Path, target: Path) -> Path:
    """The same adapter with another alpha: another file, other answers, still one that llama.cpp can use."""
    data = bytearray(source.read_bytes())
    at = data.index(_ALPHA) + len(_ALPHA)
    assert struct.unpack_from("<I", data, at) == (_FLOAT,)
    (alpha,) = struct.unpack_from("<f", data, at + 4)
    struct.pack_into("<f", data, at + 4, alpha * 0.9)
    target.write_bytes(data)
    return target


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    shipped = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull(BASE)
    folder = tmp_path_factory.mktemp("cache")
    shutil.copytree(shipped.parent, folder / "weights" / shipped.parent.name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def chosen(tmp_path: Path, cache: Path) -> Settings:
    engine = EngineSettings(context_tokens=1024, slots=2, tune="off")
    return settings(tmp_path).model_copy(update={"cache_dir": cache, "engine": engine})


@pytest.fixture
def app(chosen: Settings) -> Iterator[App]:
    make_database(chosen)
    app = build_app(chosen, embedder=HashingEmbedder())
    register(app)
    app.start()
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


@pytest.fixture
def student(cache: Path, tmp_path: Path) -> str:
    """A trained adapter in the catalogue; its name."""
    store = WeightsStore(cache / "weights", offline=True)
    shipped = Path("support_bot/engine/writer.gguf")
    file = other_scale(Path(__file__).parents[2] / shipped, tmp_path / "writer.gguf")
    parent = store.get(BASE).sha256
    return store.import_file(file, name="acme-1", licence="Apache-2.0", kind=Kind.ADAPTER, parent=parent).name


def model_of(app: App) -> str:
    """The model that the trace of a fresh answer names."""
    chat = app.chat.start("web")
    assert ask(app, chat.id, QUESTION)[-1].kind == "done"
    return app.tickets.conversation(chat.id).traces[-1].model


def test_it_takes_over_and_goes_back_and_traces_tell_which(app: App, student: str, cache: Path) -> None:
    store = WeightsStore(cache / "weights", offline=True)
    entry, base = store.get(student), store.get(BASE)
    before = model_of(app)
    assert app.switch.use(student).in_use and app.models.current().name == student
    assert model_of(app) == f"acme-1:{base.sha256[:12]}+{entry.sha256[:12]}" != before
    assert app.switch.roll_back().name == BASE
    assert model_of(app) == before
    with pytest.raises(Conflict, match="first model"):
        app.switch.roll_back()
    assert model_of(app) == before


def test_it_serves_after_a_restart_and_needs_its_writer(app: App, student: str, chosen: Settings) -> None:
    app.models.use(student)
    assert student in app.models.needed()
    store = WeightsStore(chosen.weights_dir, offline=True)
    assert store.get(student).needs == (BASE,) and store.is_present(student)
    engine = load_engine(store, student, chosen)
    try:
        assert engine.model_hash.endswith(f"+{store.get(student).sha256}")
    finally:
        engine.close()


def test_one_that_was_damaged_is_refused_and_the_old_one_goes_on(app: App, student: str, chosen: Settings) -> None:
    before = model_of(app)
    entry = WeightsStore(chosen.weights_dir).get(student)
    file = chosen.weights_dir / entry.sha256 / entry.file
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[:-100] + bytes(100))
        with pytest.raises((Invalid, WeightsError)):
            app.switch.use(student)
    finally:
        file.write_bytes(whole)
    assert file_sha256(file) == entry.sha256 and model_of(app) == before


def test_a_setting_that_names_an_adapter_goes_first(app: App, student: str, chosen: Settings) -> None:
    named = chosen.model_copy(update={"engine": chosen.engine.model_copy(update={"adapter": "none"})})
    store = WeightsStore(chosen.weights_dir)
    engine = load_engine(store, student, named)
    try:
        assert engine.model_hash == store.get(BASE).sha256
    finally:
        engine.close()


def test_going_back_takes_one_choice_at_a_time(app: App, student: str) -> None:
    for name in (student, BASE, student):
        app.models.use(name)
    # Choosing the one before is going back: what served is the default, and the student over it.
    assert app.models.previous() == BASE
    app.models.use(BASE)
    with pytest.raises(Conflict):
        app.models.previous()
