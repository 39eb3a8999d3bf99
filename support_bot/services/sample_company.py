"""The sample company's articles, which a fresh install begins with."""

from __future__ import annotations

from pathlib import Path

from support_bot.services.knowledge import KnowledgeService

_PACKAGE = Path(__file__).resolve().parents[1]


def sample_company() -> Path:
    """The folder of the sample company: `_data/knowledge_base` of an installed package, else the checkout's."""
    installed = _PACKAGE / "_data" / "knowledge_base"
    return installed if installed.is_dir() else _PACKAGE.parent / "knowledge_base"


def load_sample_company(knowledge: KnowledgeService) -> int:
    """Queue the sample articles; the number of files."""
    files = sorted(path for path in (sample_company() / "articles").glob("*") if path.is_file())
    for path in files:
        knowledge.add(path.name, path.read_bytes())
    return len(files)
