"""The project's own files as the rules see them: paths, syntax trees and rows of the documentation."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file: `name` is its path below the root, with forward slashes."""

    name: str
    text: str
    tree: ast.Module

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def at(self, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
        """`support_bot/cli.py:12`, where an editor can go."""
        return f"{self.name}:{node.lineno}"


def modules(*folders: str) -> list[Module]:
    """Every Python file below these folders of the project."""
    found = []
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            found.append(Module(path.relative_to(ROOT).as_posix(), text, ast.parse(text)))
    return found


def project_files() -> list[Path]:
    """Every file that is committed or about to be."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listing.stdout.decode().split("\0") if name)
    return [path for path in paths if path.is_file()]


def documented(document: str, section: str) -> set[str]:
    """The names a section of docs/ describes: the first `code` of each table row and of each heading below it."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    body = re.search(rf"^## {re.escape(section)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert body, f"docs/{document} has no section '## {section}'"
    return set(re.findall(r"^(?:\| *|#{3,} )`([^`]+)`", body.group(1), re.MULTILINE))
