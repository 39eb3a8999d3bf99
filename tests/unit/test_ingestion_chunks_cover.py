"""Whatever the document looks like, its chunks cover it word by word, in order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.ingestion.chunker import chunk
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.ingestion.words import count_words
from support_bot.settings import IngestionSettings
from support_bot.values import ChunkDraft, ParsedDocument

ARTICLES = sorted(path for path in Path("knowledge_base/articles").glob("*") if path.is_file())
HEADING_LINE = re.compile(r"\s*(#{1,6}(\s.*)?|=+|-+)\s*")


def assert_covers(document: ParsedDocument, chunks: list[ChunkDraft]) -> None:
    """Between two stretches lie headings at most, and those stand in the path of a chunk."""
    place = 0
    named = " ".join(" ".join(piece.heading_path) for piece in chunks)
    for position, piece in enumerate(chunks):
        assert piece.position == position
        assert place <= piece.start < piece.end
        for line in document.text[place : piece.start].splitlines():
            assert not line.strip() or HEADING_LINE.fullmatch(line), f"lost: {line}"
            assert all(word in named for word in re.findall(r"\w+", line))
        stretch = document.text[piece.start : piece.end]
        assert "".join(piece.text.split()).endswith("".join(stretch.split()))
        place = piece.end
    assert not document.text[place:].strip()


def words(least: int, most: int) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(["refund", "parcel.", "5 €", "[link](u)", "返品", "**days**"]), min_size=least, max_size=most).map(" ".join)  # fmt: skip # noqa: E501


PARAGRAPH = words(1, 60)
HEADING = st.builds("{} Section {}".format, st.sampled_from(["#", "##", "###", "####"]), st.integers(1, 9))
BULLETS = st.lists(words(1, 20), min_size=1, max_size=12).map(lambda items: "\n".join(f"- {item}" for item in items))
STEPS = st.lists(words(1, 20), min_size=1, max_size=12).map(
    lambda items: "\n".join(f"{n}. {item}\n   - more" for n, item in enumerate(items, 1))
)
TABLE = st.lists(words(1, 15), min_size=1, max_size=12).map(
    lambda cells: "| A | B |\n| --- | --- |\n" + "\n".join(f"| {cell} | x |" for cell in cells)
)
QUOTE = words(1, 80).map("> {}".format)
CODE = words(1, 30).map("```\n{}\n\n# no heading\n```".format)
DOCUMENT = st.lists(
    st.one_of(PARAGRAPH, HEADING, HEADING, BULLETS, STEPS, TABLE, QUOTE, CODE), min_size=1, max_size=25
).map("\n\n".join)


@given(DOCUMENT, st.sampled_from([20, 60, 160]))
def test_nothing_is_lost_in_documents_of_all_shapes(text: str, target: int) -> None:
    document = ParsedDocument("Title", text)
    assert_covers(document, chunk(document, target_words=target))


@given(st.text(alphabet="ab .\n#-*>|`1)[]:!\t\r=<", max_size=200))
def test_nothing_is_lost_in_broken_markdown(text: str) -> None:
    document = ParsedDocument("Title", text)
    place = 0
    for piece in chunk(document, target_words=5):
        assert place <= piece.start < piece.end <= len(text)
        assert not re.search(r"\w", re.sub(r"(?m)^[ ]{0,3}#.*$|^.*\s=+\s*$|^.*\s-+\s*$", "", text[place : piece.start]))
        place = piece.end
    assert not re.search(r"\w", text[place:])


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.name)
def test_the_sample_companys_articles_are_covered_by_chunks_of_a_good_size(path: Path) -> None:
    pipeline = IngestionPipeline.from_plugins(IngestionSettings())
    document = pipeline.read(path.name, path.read_bytes())
    chunks = pipeline.chunks(document)
    assert_covers(document, chunks)
    assert all(count_words(piece.text) <= 240 for piece in chunks)
