"""What survives a restart, and what must not: deleted articles stay deleted, the index can be built again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import PASSWORD, STOPS_WITHIN_S, start_server

ARTICLE = "# Moonlight service\n\nThe moonlight service costs 77 euros and takes 13 days.\n"
QUESTION = "What does the moonlight service cost?"


@contextmanager
def running(folder: Path) -> Iterator[httpx.Client]:
    """A server over this folder, and a client signed in as its admin."""
    process, url = start_server(folder)
    try:
        with httpx.Client(base_url=url, timeout=120) as client:
            client.post("/login", data={"email": "admin@example.com", "password": PASSWORD})
            client.headers["X-CSRF-Token"] = client.get("/api/v1/me").json()["csrf_token"]
            yield client
    finally:
        process.terminate()
        process.wait(STOPS_WITHIN_S)


def ask(client: httpx.Client, question: str) -> dict[str, Any]:
    begun = client.post("/api/v1/conversations", json={"channel": "web"}).json()
    with httpx.Client(base_url=client.base_url, timeout=120) as customer:
        answered = customer.post(
            f"/api/v1/conversations/{begun['id']}/messages",
            json={"text": question},
            headers={"Authorization": f"Bearer {begun['token']}", "Accept": "application/json"},
        )
    answer: dict[str, Any] = answered.json()
    return answer


def named(client: httpx.Client, name: str) -> dict[str, Any]:
    (document,) = client.get("/api/v1/documents", params={"search": name}).json()["documents"]
    found: dict[str, Any] = document
    return found


@pytest.mark.timeout(600)
def test_a_deleted_article_is_never_cited_again_and_reindexing_changes_no_answer(tmp_path: Path) -> None:
    with running(tmp_path) as client:
        client.post("/api/v1/documents", files=[("files", ("moonlight.md", ARTICLE.encode()))])
        while named(client, "moonlight.md")["status"] != "ready":
            time.sleep(0.2)
        assert "77" in ask(client, QUESTION)["text"]
        before = ask(client, "How long does delivery take?")
        late: list[dict[str, Any]] = []
        chatting = threading.Thread(target=lambda: late.append(ask(client, QUESTION)))
        chatting.start()
        client.delete(f"/api/v1/documents/{named(client, 'moonlight.md')['id']}")
        chatting.join()
        assert "77" not in ask(client, QUESTION)["text"]
    reindexed = subprocess.run(
        ["support-bot", "reindex"],
        env=os.environ | {"SUPPORT_BOT_DATA_DIR": str(tmp_path / "data"), "PATH": _path()},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "chunks" in reindexed.stdout
    with running(tmp_path) as client:
        again = ask(client, QUESTION)
        assert "77" not in again["text"]
        assert all(cited["name"] != "moonlight.md" for cited in again["citations"])
        after = ask(client, "How long does delivery take?")
        assert (after["text"], after["citations"]) == (before["text"], before["citations"])


def _path() -> str:
    """The folder of the installed commands first."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
