"""Which embedder serves: by the languages of the articles, unless it is named; nobody is surprised by a change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from support_bot.assembly import build_app
from support_bot.commands.doctor import examine
from support_bot.engine.catalogue import BUILT_IN
from support_bot.engine.digest import file_sha256
from support_bot.engine.e5 import E5Embedder
from support_bot.engine.embedders import load_embedder
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.engine.weights import WeightsStore
from support_bot.models import Document
from support_bot.services.embedders import ENGLISH, MULTILINGUAL, EmbedderChoice
from support_bot.settings import EngineSettings, RetrievalSettings, Settings
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade
from support_bot.values import Audience, Role
from tests.factories import PASSWORD, add_article, make_app, settings
from tests.factories_files.packed_e5 import miniature
from tests.integration.test_ui_knowledge import Tab

GERMAN = """# Rückgabe

Sie können jeden Artikel innerhalb von dreißig Tagen zurückgeben, wenn er nicht getragen wurde und das Etikett noch
daran ist. Das Geld bekommen Sie innerhalb von fünf Werktagen zurück.
"""


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """Settings that name no embedder, for the real engine, which is never loaded here."""
    return settings(tmp_path).model_copy(update={"engine": EngineSettings(), "retrieval": RetrievalSettings()})


@pytest.fixture
def db(given: Settings) -> Iterator[Database]:
    given.data_dir.mkdir(parents=True)
    database = Database(given.effective_database_url)
    upgrade(database.engine)
    yield database
    database.close()


@pytest.fixture
def fetched(tmp_path: Path) -> WeightsStore:
    """A store whose multilingual embedder is a miniature, and here."""
    return _store(tmp_path, fetch=True)


@pytest.fixture
def bare(tmp_path: Path) -> WeightsStore:
    """The same store with nothing in it."""
    return _store(tmp_path, fetch=False)


def _store(folder: Path, *, fetch: bool) -> WeightsStore:
    file = miniature(folder).path
    sha256 = file_sha256(file)
    known = tuple(
        replace(entry, file=file.name, sha256=sha256, bytes=file.stat().st_size)
        if entry.name == MULTILINGUAL
        else entry
        for entry in BUILT_IN
    )
    store = WeightsStore(folder / "weights", offline=True, catalogue=known)
    if fetch:
        store.import_file(file)
    return store


def _fill(db: Database, **languages: int) -> None:
    with db.transaction() as tx:
        for language, count in languages.items():
            for number in range(count):
                name = f"{language}-{number}.md"
                document = tx.documents.add(Document(name=name, title=name, audience=Audience.PUBLIC))
                document.show(name, None, 1)
                document.describe("" if language == "unknown" else language, "", None)


@pytest.mark.parametrize(
    ("languages", "name"),
    [
        ({}, ENGLISH),
        ({"en": 20}, ENGLISH),
        ({"en": 18, "es": 2}, ENGLISH),
        ({"en": 17, "es": 2, "fr": 1}, MULTILINGUAL),
        ({"zh": 1}, MULTILINGUAL),
        ({"en": 3, "unknown": 5}, ENGLISH),
    ],
)
def test_the_languages_of_the_articles_choose(
    given: Settings, db: Database, fetched: WeightsStore, languages: dict[str, int], name: str
) -> None:
    _fill(db, **languages)
    choice = EmbedderChoice(db, fetched, given)
    assert choice.name == name
    assert choice.advice() == ""
    assert choice.needed()[-1] == ENGLISH


def test_one_that_was_not_fetched_is_advised_and_never_taken(given: Settings, db: Database, bare: WeightsStore) -> None:
    _fill(db, en=1, es=2, fr=1)
    choice = EmbedderChoice(db, bare, given)
    assert choice.name == ENGLISH
    assert "3 of 4 articles are in other languages than English (es, fr)" in choice.advice()
    assert f"`support-bot models pull {MULTILINGUAL}`, then restart the server" in choice.advice()


def test_nothing_changes_while_it_serves(given: Settings, db: Database, fetched: WeightsStore) -> None:
    choice = EmbedderChoice(db, fetched, given)
    assert choice.name == ENGLISH
    _fill(db, de=3)
    assert choice.name == ENGLISH
    assert choice.upcoming() == MULTILINGUAL
    assert "restart the server" in choice.advice()
    assert "models pull" not in choice.advice()


def test_a_knowledge_base_that_became_english_goes_back_at_the_next_start(
    given: Settings, db: Database, fetched: WeightsStore
) -> None:
    _fill(db, de=1)
    choice = EmbedderChoice(db, fetched, given)
    assert choice.name == MULTILINGUAL
    _fill(db, en=30)
    assert "goes back to the English embedder" in choice.advice()
    assert EmbedderChoice(db, fetched, given).name == ENGLISH


@pytest.mark.parametrize("name", [ENGLISH, MULTILINGUAL])
def test_what_is_named_is_taken_without_a_word(given: Settings, db: Database, bare: WeightsStore, name: str) -> None:
    _fill(db, de=4, en=1)
    chosen = given.model_copy(update={"retrieval": RetrievalSettings(embedder=name)})
    choice = EmbedderChoice(db, bare, chosen)
    assert (choice.name, choice.advice()) == (name, "")


def test_processes_that_share_the_vectors_are_told_to_name_it(
    given: Settings, db: Database, fetched: WeightsStore
) -> None:
    _fill(db, de=4)
    shared = given.model_copy(update={"chroma_url": "http://127.0.0.1:9"})
    choice = EmbedderChoice(db, fetched, shared)
    assert choice.name == ENGLISH
    assert f"set SUPPORT_BOT_RETRIEVAL__EMBEDDER={MULTILINGUAL} for every server and worker" in choice.advice()


def test_another_embedder_reads_the_articles_anew_at_the_next_start(tmp_path: Path) -> None:
    app = make_app(tmp_path)
    add_article(app, "rueckgabe.md", GERMAN)
    app.close()
    tiny = E5Embedder(miniature(tmp_path).path, name="miniature", model_hash="hashing", threads=1)
    again = build_app(settings(tmp_path), engine=FakeEngine(), embedder=tiny)
    again.start()
    try:
        [passage, *_] = again.knowledge.search("Wie lange kann ich etwas zurückgeben?")
        assert passage.name == "rueckgabe.md"
        assert passage.scores.vector is not None
        assert again._parts.index.differences() == (set(), set())
        assert again._parts.index.lacking_pieces(5) == []
    finally:
        again.close()


def test_what_is_asked_and_what_is_found_are_told_apart(tmp_path: Path) -> None:
    class Recording(HashingEmbedder):
        def __init__(self) -> None:
            self.found: list[str] = []
            self.asked: list[str] = []

        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.found += texts
            return super().embed(texts)

        def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
            self.asked += texts
            return super().embed(texts)

    recording = Recording()
    make_app(tmp_path).close()
    app = build_app(settings(tmp_path), engine=FakeEngine(), embedder=recording)
    try:
        add_article(app, "rueckgabe.md", GERMAN)
        recording.asked.clear()
        app.trial.ask("Wie lange kann ich zurückgeben?", audience=Audience.PUBLIC)
        assert set(recording.asked) == {"Wie lange kann ich zurückgeben?"}
        assert any("dreißig Tagen" in text for text in recording.found)
    finally:
        app.close()


def test_the_kind_of_file_tells_which_embedder_opens_it(fetched: WeightsStore) -> None:
    assert isinstance(load_embedder(fetched, MULTILINGUAL), E5Embedder)
    assert isinstance(load_embedder(fetched, "hashing"), HashingEmbedder)


def test_the_advice_stands_on_the_page_and_in_what_the_doctor_finds(given: Settings, db: Database) -> None:
    _fill(db, de=3)
    app = build_app(given, engine=FakeEngine(), embedder=HashingEmbedder())
    try:
        app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
        assert f"support-bot models pull {MULTILINGUAL}" in Tab(app).seen["admin-filters"]
    finally:
        app.close()
    [finding] = [finding for finding in examine(given) if finding.name == "embedder"]
    assert finding.ok
    assert f"support-bot models pull {MULTILINGUAL}" in finding.detail
