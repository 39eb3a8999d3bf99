"""The built wheel carries all that serving needs: it is run from a folder of its own, with no checkout around it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import STOPS_WITHIN_S, start_server

ROOT = Path(__file__).parents[2]
PAGES = ("/", "/login", "/widget.js", "/embed/web", "/ready")


@pytest.mark.timeout(300)
def test_a_built_wheel_serves_the_pages_and_answers_from_the_sample_articles(tmp_path: Path) -> None:
    built, installed, folder = tmp_path / "built", tmp_path / "installed", tmp_path / "run"
    folder.mkdir()
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", built], cwd=ROOT, check=True)
    (wheel,) = built.glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", installed]
    subprocess.run([*install, wheel], check=True)
    # What stands on this path is found before the checkout that the tests run in.
    served = subprocess.run(
        [sys.executable, "-c", "import support_bot; print(support_bot.__file__)"],
        cwd=folder, env={"PYTHONPATH": str(installed)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert served.stdout.startswith(str(installed))

    process, url = start_server(folder, PYTHONPATH=str(installed))
    try:
        with httpx.Client(base_url=url, timeout=60) as client:
            assert {page: client.get(page).status_code for page in PAGES} == dict.fromkeys(PAGES, 200)
            chat = client.post("/api/v1/conversations", json={"channel": "web"}).json()
            headers = {"Authorization": f"Bearer {chat['token']}", "Accept": "application/json"}
            question = {"text": "Can I pause my pod plan?"}
            answer = client.post(f"/api/v1/conversations/{chat['id']}/messages", json=question, headers=headers).json()
            assert answer["citations"]
    finally:
        process.terminate()
        process.wait(STOPS_WITHIN_S)
