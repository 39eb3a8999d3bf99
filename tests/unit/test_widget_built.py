"""What browsers load is what the sources of the widget make, small enough, and speaks whole languages."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "ui" / "widget"
BUILT = FOLDER / "built"
LANGUAGES = ("de", "es", "fr", "pt", "zh")


def _hashes(folder: Path, pattern: str) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if re.search(pattern, path.name))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _packed(name: str) -> int:
    return len(gzip.compress((BUILT / name).read_bytes(), 9))


def test_it_was_built_from_these_sources() -> None:
    """After a change in ui/widget/, run `make widget`."""
    said = json.loads((BUILT / "built.json").read_text(encoding="utf-8"))
    assert said["sources"] == _hashes(FOLDER, r"\.(js|css|cjs)$")
    assert said["built"] == _hashes(BUILT, r"\.js$")
    assert said["esbuild"] in (FOLDER.parents[1] / "Makefile").read_text(encoding="utf-8")


def test_the_button_and_the_open_chat_are_small() -> None:
    assert _packed("widget.js") <= 6_000
    assert _packed("widget.js") + _packed("panel.js") <= 30_000


def test_nothing_makes_code_or_markup_of_text() -> None:
    forbidden = re.compile(
        r"\beval\(|\bnew Function\b|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\.style\."
    )
    assert [path.name for path in BUILT.glob("*.js") if forbidden.search(path.read_text(encoding="utf-8"))] == []


def _texts(name: str) -> dict[str, int]:
    """How many values each text takes, by its name."""
    lines = (FOLDER / name).read_text(encoding="utf-8")
    found = re.findall(r"^  (\w+):\s+(?:\(([^)]*)\) =>)?", lines, re.MULTILINE)
    return {key: len(values.split(",")) if values else 0 for key, values in found}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text(language: str) -> None:
    english = _texts("texts.js")
    assert len(english) > 50 and english["queued"] == 2
    assert _texts(f"texts-{language}.js") == english
    assert f"  {language}: [" in (FOLDER / "language.js").read_text(encoding="utf-8")
