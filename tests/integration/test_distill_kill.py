"""A run that is killed in any stage goes on with that stage; what was done before is not done again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support_bot.distillation.order import read_order
from support_bot.distillation.run import distill
from support_bot.errors import Conflict
from tests.distill_child import work
from tests.factories import wait_for

ROOT = Path(__file__).parents[2]
STAGES = ["collect", "teach", "train", "export", "exam", "promote"]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "Open?"}\n')
    (tmp_path / "acme.toml").write_text(
        'name = "acme"\nfolder = "run"\n[exam]\nquestions = "exam.jsonl"\n[teacher]\nmodel = "large"\nalpha = 0.5\n'
    )
    return tmp_path / "acme.toml"


def start(file: Path, hangs: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tests.distill_child", str(file), hangs], cwd=ROOT)


def done(file: Path) -> list[str]:
    log = file.parent / "stages.log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize("stage", STAGES)
def test_killed_in_a_stage_it_goes_on_with_it(file: Path, stage: str) -> None:
    child = start(file, stage)
    try:
        wait_for(lambda: stage in done(file), 60)
        with pytest.raises(Conflict, match="Another run works in"):
            distill(read_order(file), work(file.parent / "run", ""))
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert start(file, "").wait() == 0
    place = STAGES.index(stage)
    assert done(file) == [*STAGES[: place + 1], *STAGES[place:]]
    assert set(json.loads((file.parent / "run" / "manifest.json").read_text())["stages"]) == set(STAGES)
    assert (file.parent / "run" / "student.gguf").read_text() == "whole train"
