"""Run stages over files and write down what each did. A finished stage with the same inputs is skipped. Trains nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_bot.engine.digest import file_sha256

Result = dict[str, Any]


@dataclass(frozen=True)
class Stage:
    """A step of a run: `work` reads `inputs`, writes `outputs` and gives the figures worth keeping.

    `config` is everything else that changes what it writes; with the inputs' hashes it decides about skipping."""

    name: str
    config: Mapping[str, Any]
    inputs: Sequence[Path]
    outputs: Sequence[Path]
    work: Callable[[], Result]


def run_stages(folder: Path, stages: Sequence[Stage], report: Callable[[str], None]) -> dict[str, Any]:
    """Run the stages in order; the manifest of `folder/manifest.json` afterwards. Raises what a stage raises."""
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "manifest.json"
    manifest: dict[str, Any] = json.loads(place.read_text("utf-8")) if place.exists() else {}
    for stage in stages:
        asked = {"config": dict(stage.config), "inputs": _hashes(stage.inputs)}
        before = manifest.get(stage.name, {})
        if {key: before.get(key) for key in asked} == asked and _whole(stage, before):
            report(f"{stage.name}: finished before")
            continue
        begin = time.monotonic()
        result = stage.work()
        seconds = round(time.monotonic() - begin, 1)
        manifest[stage.name] = {**asked, "outputs": _hashes(stage.outputs), "seconds": seconds, "result": result}
        fresh = place.with_suffix(".new")
        fresh.write_text(json.dumps(manifest, indent=1, ensure_ascii=False), "utf-8")
        fresh.replace(place)
        report(f"{stage.name}: {seconds} s")
    return manifest


def _whole(stage: Stage, before: Mapping[str, Any]) -> bool:
    return all(path.exists() for path in stage.outputs) and _hashes(stage.outputs) == before.get("outputs")


def _hashes(paths: Sequence[Path]) -> dict[str, str]:
    return {path.name: file_sha256(path) for path in paths}
