"""A server in a process of its own, and commands that are sent to it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.factories import DELIVERY

COMMAND = Path(sys.executable).with_name("support-bot")


@dataclass(frozen=True)
class Installation:
    """A data folder with a server on it; `said` is what the server printed until it was ready."""

    folder: Path
    environment: dict[str, str]
    server: subprocess.Popen[str]
    said: str

    @property
    def url(self) -> str:
        found = re.search(
            r"^Ready: (http://127\.0\.0\.1:\d+)  \(desk: \1/desk, knowledge: \1/admin\)$", self.said, re.M
        )
        assert found, self.said
        return found.group(1)

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [COMMAND, *words], env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    given = {
        "DATA_DIR": "data",
        "CACHE_DIR": "cache",
        "ENGINE__KIND": "fake",
        "SAMPLE_DATA": "false",
        "OFFLINE": "true",
        "SECURITY__MESSAGES_PER_MINUTE": "100000",
        "SECURITY__REQUESTS_PER_MINUTE": "100000",
    }
    environment = {**os.environ, **{f"SUPPORT_BOT_{name}": value for name, value in given.items()}}
    environment["SUPPORT_BOT_ANSWERING__ANSWER_THRESHOLD"] = "0.2"
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [COMMAND, "serve", "--port", "0"],
            env=environment,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    assert server.stdout is not None
    said = ""
    while "shown only now" not in said:
        line = server.stdout.readline()
        assert line, (folder / "log").read_text()
        said += line
    yield Installation(folder, environment, server, said)
    server.kill()
    server.wait()
    server.stdout.close()


def test_it_prints_where_it_answers_and_the_first_admins_password(installation: Installation) -> None:
    assert httpx.get(f"{installation.url}/health", trust_env=False).json()["status"] == "ok"
    assert re.search(
        r"^Sign in as admin@example\.com with the password \S+ \(shown only now\)\.$", installation.said, re.M
    )


def test_documents_and_questions_go_to_the_server(installation: Installation) -> None:
    (installation.folder / "delivery.md").write_text(DELIVERY)
    ingested = installation.run("ingest", "delivery.md", "--json")
    assert [row["status"] for row in json.loads(ingested.stdout)] == ["ready"], ingested.stderr
    answered = installation.run("ask", "How much does standard delivery cost?")
    assert "$4.90" in answered.stdout
    assert "[1] Delivery (delivery.md)" in answered.stdout
    key = json.loads(installation.run("staff", "key", "test", "--json").stdout)["key"]
    found = httpx.get(
        f"{installation.url}/api/v1/documents", headers={"Authorization": f"Bearer {key}"}, trust_env=False
    )
    assert [document["name"] for document in found.json()["documents"]] == ["delivery.md"]


def test_models_are_listed_by_the_server(installation: Installation) -> None:
    rows = json.loads(installation.run("models", "list", "--json").stdout)
    assert [row["name"] for row in rows if row["in_use"]] == ["smollm2-135m", "minilm"]


def test_the_doctor_finds_the_server(installation: Installation) -> None:
    found = installation.run("doctor")
    assert found.returncode == 0, found.stdout
    assert f"our server answers at {installation.url}" in found.stdout


@pytest.mark.parametrize("words", [["serve"], ["db", "upgrade"]], ids=["serve", "db upgrade"])
def test_what_needs_the_folder_for_itself_names_the_server(installation: Installation, words: list[str]) -> None:
    refused = installation.run(*words)
    assert refused.returncode == 1
    assert refused.stderr.splitlines()[-1].startswith("Error: ")
    assert installation.url in refused.stderr


def test_told_to_stop_it_ends_well_and_gives_the_folder_back(installation: Installation) -> None:
    installation.server.send_signal(signal.SIGTERM)
    assert installation.server.wait(30) == 0
    assert not (installation.folder / "data" / "server.json").exists()
    assert installation.run("db", "check").returncode == 0
