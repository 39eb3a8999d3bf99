"""PostgreSQL and a Chroma server shared by two servers and a worker, each of which could be on a machine of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from support_bot.assembly import App, build_worker
from support_bot.engine.fake import FakeEngine
from support_bot.errors import IndexUnavailable, Invalid
from support_bot.jobs.handlers import register_worker
from support_bot.settings import Settings
from support_bot.storage.inspection import make_newest
from support_bot.values import AnswerStatus, Audience, DocumentStatus, Done, Evidence, Text
from tests import factories
from tests.factories import DELIVERY, RETURNS, add_article, ask, make_app, wait_for
from tests.postgres import free_port


@pytest.fixture(scope="module")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Chroma server."""
    folder, port = tmp_path_factory.mktemp("chroma"), free_port()
    program = Path(sys.executable).with_name("chroma")
    words = [program, "run", "--path", folder / "data", "--host", "127.0.0.1", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log, subprocess.Popen(words, cwd=folder, stdout=log, stderr=log) as server:
        try:
            wait_for(lambda: _answers(f"{url}/api/v2/heartbeat"), 60)
            yield url
        finally:
            server.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:
        return False


@pytest.fixture
def shared(chroma_url: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything built in this test, here or in another process, is on the two servers; no server reads articles."""
    monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", postgres_url)
    monkeypatch.setenv("SUPPORT_BOT_CHROMA_URL", chroma_url)
    monkeypatch.setenv("SUPPORT_BOT_INGESTION__WORKERS", "0")


@pytest.fixture
def app(shared: None, tmp_path: Path) -> Iterator[App]:
    with closing(make_app(tmp_path)) as app:
        app.knowledge.reindex()  # what an earlier test left in Chroma goes
        yield app


@contextmanager
def worker_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "SUPPORT_BOT_DATA_DIR": str(folder / "data"), "SUPPORT_BOT_ENGINE__KIND": "fake"}
    program = [sys.executable, "-c", "from support_bot.cli import main; main()", "worker"]
    with subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline().startswith("Ready")
            yield process
        finally:
            process.kill()


def test_a_worker_in_another_process_reads_articles(app: App, tmp_path: Path) -> None:
    added = app.knowledge.add("returns.md", RETURNS.encode()).document.id
    time.sleep(0.5)
    assert app.catalogue.get(added).document.status is DocumentStatus.PENDING
    with worker_process(tmp_path) as process:
        (ready,) = app.knowledge.wait_until_ready([added], 30)
        assert ready.status is DocumentStatus.READY, ready.reason
        assert app.knowledge.search("refund to a gift card")[0].scores.vector is not None
        assert app.knowledge.heal_index() == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_what_a_killed_worker_left_is_read_by_the_next(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker dies right after it took the article: the job is gone from the queue, the row still says so."""
    settings = factories.settings(tmp_path)
    added = app.knowledge.add("returns.md", RETURNS.encode()).document.id
    with closing(build_worker(settings)) as worker:
        register_worker(worker)
        assert worker.knowledge._begin(added) is not None
    monkeypatch.setattr(
        "support_bot.services.knowledge._PATIENCE", app.catalogue.get(added).document.updated_at.resolution
    )
    app.jobs._huey.flush()
    assert app.knowledge.requeue_pending() == 1
    with closing(build_worker(settings)) as worker:
        register_worker(worker)
        worker.start(1)
        assert app.knowledge.wait_until_ready([added], 20)[0].status is DocumentStatus.READY


def test_two_servers_are_one_product(app: App, tmp_path: Path) -> None:
    article = add_article(app, "delivery.md", DELIVERY)
    with closing(make_app(tmp_path)) as other:
        chat = app.chat.start("web")
        other.chat.authorize(chat.id, chat.token)
        events = ask(other, chat.id, "How much does standard delivery cost?")
        assert any(isinstance(event, Text) and "$4.90" in event.sentence for event in events)
        assert [e.event for e in app.chat.events(chat.id)][-len(events) :] == events
        app.knowledge.set_audience(article, Audience.INTERNAL)
        assert other.knowledge.search("standard delivery cost") == []
        assert other.knowledge.search("standard delivery cost", audience=None)[0].name == "delivery.md"


def test_a_server_that_starts_leaves_the_turns_of_others_alone(app: App, tmp_path: Path) -> None:
    add_article(app, "delivery.md", DELIVERY)
    with closing(make_app(tmp_path, FakeEngine(delay_s=0.2))) as slow:
        chat = slow.chat.start("web")
        started = slow.chat.say(chat.id, "How much does standard delivery cost?")
        wait_for(lambda: any(isinstance(e.event, Evidence) for e in slow.chat.events(chat.id)))
        with closing(make_app(tmp_path)) as third:
            assert third.chat.sweep() == 0
            last = list(third.chat.follow(started, timeout_s=30))[-1].event
        assert isinstance(last, Done)
        assert last.status is AnswerStatus.ANSWERED


def test_building_the_index_again_does_not_shut_others_out(app: App, tmp_path: Path) -> None:
    add_article(app, "delivery.md", DELIVERY)
    with closing(make_app(tmp_path)) as other:
        assert other.knowledge.reindex() > 0
        assert app.knowledge.search("express delivery")[0].scores.vector is not None
        add_article(app, "returns.md", RETURNS)
        assert other.knowledge.heal_index() == 0


class TestRefusals:
    @pytest.mark.parametrize("missing", ["SUPPORT_BOT_CHROMA_URL", "SUPPORT_BOT_DATABASE_URL"])
    def test_a_worker_needs_both_servers(
        self, shared: None, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv(missing)
        with pytest.raises(Invalid, match="the server does this work"):
            build_worker(factories.settings(tmp_path))
        assert list(tmp_path.iterdir()) == []

    def test_a_chroma_server_that_is_away_is_named(
        self, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_newest(postgres_url)
        monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", postgres_url)
        monkeypatch.setenv("SUPPORT_BOT_CHROMA_URL", f"http://127.0.0.1:{free_port()}")
        with pytest.raises(IndexUnavailable, match=r"http://127\.0\.0\.1:.*SUPPORT_BOT_CHROMA_URL"):
            make_app(tmp_path)

    @pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://"])
    def test_an_address_that_is_none_is_refused(self, url: str) -> None:
        with pytest.raises(ValidationError, match="http://chroma"):
            Settings(chroma_url=url)
