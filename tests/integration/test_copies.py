"""Telling near copies holds nobody up, and misses nothing that happens meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from support_bot.assembly import App
from support_bot.services import copies
from support_bot.values import DocumentStatus
from tests.factories import DELIVERY, RETURNS, make_app

TEXT = DELIVERY + " ".join(f"Rule {number} stays as it is." for number in range(20))
NEAR = TEXT.replace("$12", "$13")


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setattr("support_bot.storage.connections._BUSY_MS", 300)
    monkeypatch.setattr("support_bot.storage.connections._SETTINGS", ("lock_timeout = '300ms'",))
    app = make_app(tmp_path_factory.mktemp(database), start=False)
    yield app
    app.close()


def publish(app: App, name: str, text: str) -> int:
    added = app.knowledge.add(name, text.encode())
    app.knowledge.process(added.document.id)
    (view,) = app.knowledge.wait_until_ready([added.document.id], 20)
    assert view.status is DocumentStatus.READY, view.reason
    return added.document.id


def while_comparing(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once, the first time that two texts are compared."""
    compare = copies.shared

    def and_then(first: set[str], second: set[str]) -> float:
        monkeypatch.setattr(copies, "shared", compare)
        happens()
        return compare(first, second)

    monkeypatch.setattr(copies, "shared", and_then)


def copy_of(app: App, document_id: int) -> int | None:
    return app.catalogue.get(document_id).document.near_copy_of


def test_customers_write_while_texts_are_compared(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(app, "a.md", TEXT)
    chat = app.chat.start("web")
    while_comparing(monkeypatch, lambda: app.chat.close(chat.id))
    assert copy_of(app, publish(app, "b.md", NEAR)) == first
    assert app.chat.mode(chat.id) == "closed"


def test_a_copy_that_came_meanwhile_is_seen(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(app, "other.md", TEXT.replace("Rule", "Note"))
    came: list[int] = []
    while_comparing(monkeypatch, lambda: came.append(publish(app, "c.md", NEAR)))
    monkeypatch.setattr(copies, "may_be_alike", lambda one, another: True)
    assert copy_of(app, publish(app, "b.md", TEXT)) == came[0]


def test_an_original_that_went_or_changed_meanwhile_is_none(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    first = publish(app, "a.md", TEXT)
    while_comparing(monkeypatch, lambda: publish(app, "a.md", RETURNS))
    second = publish(app, "b.md", NEAR)
    assert copy_of(app, second) is None
    while_comparing(monkeypatch, lambda: app.knowledge.delete(second))
    assert copy_of(app, publish(app, "c.md", TEXT)) is None
    assert copy_of(app, first) is None
