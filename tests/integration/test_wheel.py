"""The wheel holds all that serving needs: run from an installed copy, far from the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from support_bot.cli import main; main()"]
SOURCES = ("support_bot", "ui", "migrations", "knowledge_base")
MOVED = {"migrations": "support_bot/_data/migrations", "knowledge_base": "support_bot/_data/knowledge_base"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, ROOT]
    built = subprocess.run(pip, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


def test_every_committed_file_is_inside(wheel: Path) -> None:
    listing = subprocess.run(["git", "ls-files", *SOURCES], cwd=ROOT, capture_output=True, text=True, check=True)
    wanted = set()
    for name in listing.stdout.splitlines():
        top, _, rest = name.partition("/")
        wanted.add(f"{MOVED.get(top, top)}/{rest}")
    assert len(wanted) > 200
    assert wanted - set(zipfile.ZipFile(wheel).namelist()) == set()


def test_it_serves_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    environment = os.environ | {
        "PYTHONPATH": str(tmp_path / "installed"),
        "SUPPORT_BOT_DATA_DIR": str(tmp_path / "data"),
        "SUPPORT_BOT_ENGINE__KIND": "fake",
        "SUPPORT_BOT_OFFLINE": "true",
    }
    command = [*RUN, "serve", "--port", "0"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert server.stdout is not None
        said = server.stdout.readline()
        found = re.match(r"Ready: (http://\S+)", said)
        assert found, said + (tmp_path / "log").read_text()
        for path in ("/", "/login", "/embed/web", "/widget.js", "/openapi.json", "/ready"):
            assert httpx.get(found[1] + path, trust_env=False, timeout=30).status_code == 200, path
        listed = subprocess.run(
            [*RUN, "documents", "list", "--json"], cwd=tmp_path, env=environment, capture_output=True, check=True
        )
        documents = json.loads(listed.stdout)
        assert {document["status"] for document in documents} == {"ready"}
        assert len(documents) == len(list((ROOT / "knowledge_base" / "articles").iterdir()))
    finally:
        server.terminate()
        server.communicate(timeout=30)
