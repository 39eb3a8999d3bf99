"""A run in a process of its own that can be killed in any stage: `python -m tests.distill_child ORDER STAGE`.

Each stage adds a line to `stages.log`; the one that is named writes half of its file and then waits to be killed."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support_bot.distillation.collect import OUTPUTS
from support_bot.distillation.manifest import Manifest
from support_bot.distillation.order import read_order
from support_bot.distillation.run import CARD, VERDICT, Model, Work, distill


def work(folder: Path, hangs: str) -> Work:
    def made(stage: str, *files: Path) -> Mapping[str, Any]:
        with (folder.parent / "stages.log").open("a") as log:
            log.write(f"{stage}\n")
        for file in files:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("half")
            if stage == hangs:
                time.sleep(600)
            file.write_text(f"whole {stage}")
        return {"passed": True}

    def examine(manifest: Manifest, serving: Model) -> Mapping[str, Any]:
        return made("exam", folder / VERDICT, folder / CARD)

    return Work(
        collect=lambda into: made("collect", *(into / name for name in OUTPUTS)),
        teach=lambda data, into: made("teach", into / "soft_labels.jsonl.gz"),
        train=lambda data, into: made("train", into / "writer.gguf"),
        check=lambda adapter: void(made("export", folder / "checked")),
        serving=lambda: Model("old", "0" * 64),
        examine=examine,
        deploy=lambda adapter: made("promote", folder / "deployed"),
    )


def void(done: Mapping[str, Any]) -> None:
    assert done


if __name__ == "__main__":
    ordered = read_order(Path(sys.argv[1]))
    distill(ordered, work(ordered.folder, sys.argv[2]))
