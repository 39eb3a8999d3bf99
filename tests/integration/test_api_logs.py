"""Log lines name requests and conversations and nobody's data, also where things break; /metrics and /ready."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient

from support_bot.answering.chain import AnswerChain
from support_bot.index.vector import VectorIndex
from support_bot.jobs.handlers import register
from support_bot.models import Message
from support_bot.observability import configure_logging
from support_bot.privacy import mask
from support_bot.queue import Job
from support_bot.values import Author
from tests.factories import wait_for

from .api_harness import PASSWORD, QUESTION, V1, Api, running_api

NAME = "Aurelia Featherstone"
TEXT = f"I am {NAME}, aurelia@example.com, +49 30 901820, at 7 Larch Lane. How long does delivery take?"
PERSONAL = re.compile(r"aurelia|featherstone|901820|larch", re.IGNORECASE)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path / "data") as api:
        yield api


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging("INFO", json=True, mask=mask, stream=stream)
    client = logging.getLogger("httpx2")  # of these tests, not of the product
    client.disabled = True
    yield stream
    client.disabled = False
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def value(text: str, name: str) -> float:
    found = re.search(rf"^support_bot_{re.escape(name)} (\S+)$", text, re.MULTILINE)
    assert found, f"{name} is not in\n{text}"
    return float(found[1])


class TestLogs:
    def test_a_whole_conversation_leaves_nothing_personal(self, api: Api, log: io.StringIO) -> None:
        chat = api.start()
        answer = chat.ask(TEXT)
        chat.post(f"/messages/{answer['message_id']}/feedback", {"helpful": False, "comment": TEXT})
        chat.post("/rating", {"score": 9, "comment": TEXT})
        chat.post("/handoff")
        chat.get("/transcript")
        api.client.post(f"{V1}/conversations", json={"channel": TEXT, "visitor": NAME})
        api.client.get(f"{V1}/search", params={"q": TEXT}, headers=api.agent)
        api.client.get(f"{V1}/tickets", params={"search": NAME}, headers=api.agent)
        api.client.put(f"{V1}/staff/aurelia@example.com/password", json={"password": PASSWORD}, headers=api.admin)
        api.client.get(f"/{NAME}", headers={"X-Request-ID": NAME})
        assert not PERSONAL.search(log.getvalue())
        assert len(lines(log)) >= 10
        assert all("request_id" in line for line in lines(log))
        of_the_chat = [line for line in lines(log) if line.get("conversation_id") == chat.id]
        assert len(of_the_chat) == 5

    def test_how_an_answer_came_about_is_kept_for_staff(self, api: Api) -> None:
        chat = api.start()
        chat.ask()
        (trace,) = api.client.get(f"{V1}/staff/conversations/{chat.id}", headers=api.agent).json()["traces"]
        assert trace["standalone"] == QUESTION and trace["decision"].startswith("answer:")
        assert 0 <= trace["threshold"] <= trace["confidence"] <= 1
        (passage,) = trace["passages"]
        assert passage["name"] == "shipping.md"
        assert None not in (passage["vector"], passage["keyword"], passage["fused"])
        assert trace["model"].startswith("fake:") and re.fullmatch("[0-9a-f]{64}", trace["prompt_hash"])
        assert trace["excerpts"] and trace["draft"] and trace["sentences_cut"]  # the scripted draft does not hold
        assert trace["tokens"]["prompt"] > 0 and trace["timings"].keys() >= {"intent", "retrieve", "evidence", "total"}

    def test_a_turn_that_breaks_is_found_by_its_ids(
        self, api: Api, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(self: AnswerChain, question: str, *_: Any, **__: Any) -> Any:
            raise ValueError(f"cannot read {question!r} of {{'from': \"{NAME}\"}}")

        monkeypatch.setattr(AnswerChain, "stream", broken)
        chat = api.start()
        answered = chat.post(
            "/messages", {"text": TEXT}, headers={"Accept": "application/json", "X-Request-ID": "asked-1"}
        )
        assert answered.json()["status"] == "failed"
        (line,) = [line for line in lines(log) if "exception" in line]
        assert (line["request_id"], line["conversation_id"]) == ("asked-1", chat.id)
        assert "ValueError: cannot read '…' of" in line["exception"] and "test_api_logs.py" in line["exception"]
        assert not PERSONAL.search(log.getvalue())

    def test_an_error_of_the_database_tells_no_values(
        self, api: Api, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        db = api.app._parts.db

        def broken(*_: Any) -> None:
            with db.transaction() as tx:
                tx.conversations.add_message(Message(conversation_id="none", author=Author.CUSTOMER, text=TEXT))

        with pytest.raises(Exception, match="IntegrityError") as caught:
            broken()
        assert not PERSONAL.search(str(caught.value))
        monkeypatch.setattr(api.app.tickets, "conversation", broken)
        client = TestClient(api.asgi, raise_server_exceptions=False)
        assert client.get(f"{V1}/staff/conversations/{'0' * 32}", headers=api.agent).status_code == 500
        (line,) = [line for line in lines(log) if "exception" in line]
        assert "IntegrityError" in line["exception"]
        assert line["conversation_id"] == "0" * 32
        assert not PERSONAL.search(log.getvalue())


class TestMetrics:
    def test_tell_turns_documents_and_jobs(self, api: Api) -> None:
        chat = api.start()
        chat.ask()
        chat.post("/handoff")
        api.client.post(f"{V1}/documents", files={"files": ("late.md", b"# Late")}, headers=api.admin)
        wait_for(lambda: 'turns_total{status="answered"} 1.0' in api.client.get("/metrics").text)
        text = api.client.get("/metrics").text
        assert value(text, "turn_seconds_count") == value(text, "first_text_seconds_count") == 1
        assert 0 < value(text, "first_text_seconds_sum") <= value(text, "turn_seconds_sum")
        assert value(text, 'tokens_total{kind="prompt"}') > 0
        assert value(text, 'documents{status="ready"}') == value(text, 'documents{status="pending"}') == 1
        assert value(text, "jobs_pending") == 2  # nobody works on them here
        assert value(text, 'conversations{mode="waiting"}') == 1
        assert value(text, "engine_queue") == value(text, 'engine_slots{state="running"}') == 0
        assert value(text, 'engine_cells{state="used"}') > 0
        assert value(text, 'engine_tokens_total{kind="prompt"}') == value(text, 'tokens_total{kind="prompt"}')
        assert {value(text, f'part_up{{part="{part}"}}') for part in ("engine", "database", "index", "jobs")} == {1}
        assert 'support_bot_requests_total{method="POST",route="/api/v1/conversations",status="201"} 1.0' in text

    def test_count_jobs_as_they_end(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        with running_api(tmp_path / "data") as api:

            def broken(document_id: int) -> None:
                raise OSError("the disk is full")

            monkeypatch.setattr(api.app.knowledge, "process", broken)
            register(api.app)
            api.app.start()
            api.app.jobs.enqueue(Job.PROCESS_DOCUMENT, 1)
            api.app.jobs.enqueue(Job.SWEEP, 0)
            failed = 'jobs_total{name="process_document",outcome="failed"}'
            done = 'jobs_total{name="sweep",outcome="done"}'
            wait_for(lambda: all(name in api.client.get("/metrics").text for name in (failed, done)))
            assert value(api.client.get("/metrics").text, done) == 1

    def test_go_on_while_the_database_is_gone(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        def gone() -> None:
            raise OSError("connection refused")

        monkeypatch.setitem(api.app.health._checks, "database", gone)  # type: ignore[index]
        text = api.client.get("/metrics").text
        assert value(text, 'part_up{part="database"}') == 0 and value(text, 'part_up{part="index"}') == 1


class TestReadiness:
    def test_an_index_that_finds_nothing_any_more_is_seen(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        parts = ("engine", "database", "index", "jobs", "articles")
        assert api.client.get("/ready").json()["checks"] == dict.fromkeys(parts, "ok")

        def lost(*_: Any, **__: Any) -> None:
            raise OSError("the folder is gone")

        monkeypatch.setattr(VectorIndex, "search", lost)
        answered = api.client.get("/ready")
        assert answered.status_code == 503 and answered.json()["checks"]["index"] == "the folder is gone"
        assert answered.json()["checks"]["database"] == "ok"

    def test_an_engine_that_ended_is_seen(self, api: Api) -> None:
        api.app._parts.engine.close()
        answered = api.client.get("/ready")
        assert answered.status_code == 503 and answered.json()["checks"]["engine"].startswith("The model has stopped")
