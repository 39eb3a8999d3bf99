"""A fresh install says that it is ready once its first articles have been read, not when the first of them was."""

from __future__ import annotations

from pathlib import Path

from support_bot.assembly import App, build_app
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.jobs.handlers import register
from tests import factories


def fresh(folder: Path) -> App:
    """A fresh install with the sample articles, nothing of it started."""
    chosen = factories.settings(folder).model_copy(update={"sample_data": True})
    factories.make_database(chosen)
    app = build_app(chosen, engine=FakeEngine(), embedder=HashingEmbedder())
    register(app)
    return app


def articles(app: App) -> str:
    return app.health.ready().checks["articles"]


class TestFreshInstall:
    def test_is_ready_when_every_first_article_was_read(self, tmp_path: Path) -> None:
        app = fresh(tmp_path)
        try:
            ids = [view.id for view in app.catalogue.page()]
            assert articles(app) == f"reading the first articles, 0 of {len(ids)} are done"
            app.knowledge.process(ids[0])
            assert articles(app) == f"reading the first articles, 1 of {len(ids)} are done"
            app.start()
            factories.wait_for(lambda: articles(app) == "ok")
            assert app.catalogue.counts()["ready"] == len(ids)
        finally:
            app.close()

    def test_an_article_that_cannot_be_read_keeps_nobody_waiting(self, tmp_path: Path) -> None:
        app = fresh(tmp_path)
        try:
            app.knowledge.add("broken.pdf", b"no PDF at all")
            app.start()
            factories.wait_for(lambda: articles(app) == "ok")
            assert app.catalogue.counts()["failed"] == 1
        finally:
            app.close()

    def test_what_is_uploaded_later_is_no_first_reading(self, tmp_path: Path) -> None:
        app = factories.make_app(tmp_path, start=False)
        try:
            app.first_reading.left()
            app.knowledge.add("returns.md", factories.DELIVERY.encode())
            assert articles(app) == "ok"
        finally:
            app.close()


class TestLaterStart:
    def test_waits_for_nothing(self, tmp_path: Path) -> None:
        app = factories.make_app(tmp_path, start=False)
        factories.add_article(app, "delivery.md", factories.DELIVERY)
        app.knowledge.add("returns.md", factories.DELIVERY.encode())
        app.close()
        again = factories.make_app(tmp_path, start=False)
        try:
            assert articles(again) == "ok"
        finally:
            again.close()
