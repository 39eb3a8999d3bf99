"""A backup of a server that is busy: what was acknowledged before it is in it, and its copy answers the same."""

from __future__ import annotations

import itertools
import json
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import httpx
import pytest
import uvicorn

from tests.factories import DELIVERY, RETURNS, wait_for
from tests.integration.api_harness import V1, listening, running_api
from tests.integration.test_cli_server import Installation, installation

__all__ = ["installation"]  # a fixture


class Load:
    """Customers who write and an admin who uploads and deletes, until told to stop."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url, key
        self._stop = threading.Event()
        self.acknowledged: list[tuple[str, str]] = []
        self.broken: list[str] = []
        self._threads = [threading.Thread(target=self._write), threading.Thread(target=self._upload)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def _write(self) -> None:
        with httpx.Client(base_url=f"{self._url}/api/v1", trust_env=False, timeout=60) as client:
            begun = client.post("/conversations", json={"channel": "web"}).json()
            headers = {"Authorization": f"Bearer {begun['token']}", "Accept": "application/json"}
            for number in itertools.count():
                if self._stop.wait(0.05):
                    return
                body = {"text": f"message {number}", "client_message_id": f"m{number}"}
                answer = client.post(f"/conversations/{begun['id']}/messages", json=body, headers=headers)
                if answer.status_code == 200:
                    self.acknowledged.append((begun["id"], f"m{number}"))
                elif answer.status_code != 429:
                    self.broken.append(answer.text)

    def _upload(self) -> None:
        with httpx.Client(base_url=f"{self._url}/api/v1", trust_env=False, timeout=60) as client:
            client.headers["Authorization"] = f"Bearer {self._key}"
            for number in itertools.count():
                files = [("files", ("moving.md", f"# Moving\n\nText {number}.\n".encode()))]
                [taken] = client.post("/documents", files=files).json()["files"]
                if taken["error"]:
                    self.broken.append(str(taken))
                elif number % 2:
                    client.delete(f"/documents/{taken['document']['id']}")
                if self._stop.wait(0.05):
                    return


def answers(installation: Installation, questions: list[str]) -> list[str]:
    return [installation.run("ask", question).stdout for question in questions]


@pytest.mark.timeout(300)  # a dozen commands, each a process that imports the product
def test_a_backup_under_load_is_whole_and_its_copy_answers_the_same(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb" / "delivery.md").write_text(DELIVERY)
    (tmp_path / "kb" / "returns.md").write_text(RETURNS)
    assert installation.run("ingest", tmp_path / "kb").returncode == 0
    questions = ["How much does standard delivery cost?", "How long does a refund to a card take?"]
    before = answers(installation, questions)
    key = json.loads(installation.run("staff", "key", "test", "--role", "admin", "--json").stdout)["key"]
    with Load(installation.url, key) as load:
        wait_for(lambda: len(load.acknowledged) >= 5 or load.broken, 60)
        certain = list(load.acknowledged)
        done = installation.run("backup", tmp_path / "0.zip")
        assert done.returncode == 0, done.stderr
    assert load.broken == []
    copy = Installation(
        installation.folder,
        installation.environment | {"SUPPORT_BOT_DATA_DIR": str(tmp_path / "copy")},
        installation.server,
        "",
    )
    restored = copy.run("restore", tmp_path / "0.zip", "--json")
    assert restored.returncode == 0, restored.stderr
    assert json.loads(restored.stdout)["counts"]["message"] >= len(certain)
    assert answers(copy, questions) == before
    with closing(sqlite3.connect(tmp_path / "copy" / "support-bot.db")) as database:
        rows = database.execute("SELECT conversation_id, client_message_id FROM message").fetchall()
    assert set(certain) <= set(rows)


def snapshots(folder: Path) -> list[str]:
    """The snapshots that lie anywhere below, which may go while it looks."""
    return [name for _, names, _ in os.walk(folder) for name in names if name.startswith(".snapshot-")]


def test_a_reader_that_goes_away_in_the_middle_leaves_nothing_behind(tmp_path: Path) -> None:
    with running_api(tmp_path) as api, listening(uvicorn.Config(api.asgi, port=0, log_config=None)) as url:
        api.app.knowledge.add("large.pdf", os.urandom(20_000_000))  # more than waits in sockets
        headers = {"Authorization": f"Bearer {api.app.owner_token}"}
        with httpx.stream("POST", f"{url}{V1}/backup", headers=headers, trust_env=False) as answer:
            assert next(answer.iter_raw())
            assert snapshots(tmp_path)
        wait_for(lambda: not snapshots(tmp_path))


def test_an_admins_key_does_not_open_the_backup(installation: Installation) -> None:
    key = json.loads(installation.run("staff", "key", "test", "--role", "admin", "--json").stdout)["key"]
    headers = {"Authorization": f"Bearer {key}"}
    refused = httpx.post(f"{installation.url}/api/v1/backup", headers=headers, trust_env=False)
    assert (refused.status_code, refused.json()["error"]) == (403, "forbidden")


def test_a_folder_that_is_served_is_not_restored_into(installation: Installation, tmp_path: Path) -> None:
    assert installation.run("backup", tmp_path / "b.zip").returncode == 0
    refused = installation.run("restore", tmp_path / "b.zip", "--replace")
    assert refused.returncode == 1
    assert installation.url in refused.stderr
