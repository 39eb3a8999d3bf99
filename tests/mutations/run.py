"""Put each fault into a copy of the tree and run its tests: `python -m tests.mutations.run [WORDS OF A FAULT]`.

Exit status 1 where a fault goes unnoticed. Takes about ten minutes for all."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.mutations.faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
_COPIED = ("support_bot", "ui", "migrations", "knowledge_base", "tests", "pyproject.toml")
_FAILED = 1  # pytest's exit status where tests ran and some failed; anything else proves nothing


def notice(fault: Fault, tree: Path) -> str:
    """Whether the fault's tests fail with it: `noticed`, or what happened instead. The tree is as before afterwards."""
    path = tree / fault.file
    before = path.read_text(encoding="utf-8")
    if before.count(fault.old) != 1:
        return f"cannot be seeded: its text is there {before.count(fault.old)} times"
    path.write_text(before.replace(fault.old, fault.new), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *fault.tests]
        environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    finally:
        path.write_text(before, encoding="utf-8")
    if done.returncode == _FAILED:
        return "noticed"
    return f"NOT NOTICED (exit status {done.returncode})\n{done.stdout[-1500:]}"


def main(words: list[str]) -> int:
    """Seed the faults whose name holds all `words`; how many went unnoticed."""
    chosen = [fault for fault in FAULTS if all(word in fault.name for word in words)]
    unnoticed = 0
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        tree = Path(name)
        for part in _COPIED:
            (shutil.copytree if (ROOT / part).is_dir() else shutil.copy)(ROOT / part, tree / part)
        for fault in chosen:
            found = notice(fault, tree)
            unnoticed += found != "noticed"
            sys.stdout.write(f"{fault.name}: {found}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(chosen) - unnoticed} of {len(chosen)} faults are noticed\n")
    return unnoticed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
