"""What travels through the pipeline: turns, chunks, passages, excerpts, sources, the trace of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from support_bot.values.states import Audience, Author


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message as the pipeline sees it: who spoke (`customer`, `bot`, `staff`) and what was said."""

    author: Author
    text: str


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A piece of a document before it has an id.

    `text` is Markdown as a reader sees it (a table keeps its header row); `start` and `end` are character offsets
    into the cleaned text of its document version, so a citation can be opened at the passage."""

    text: str
    heading_path: tuple[str, ...]
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a loader and the cleaner made of a file: title, cleaned Markdown text, and what the file said of itself.

    `language` is an ISO 639 code, empty where it is not known."""

    title: str
    text: str
    url: str | None = None
    language: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scores:
    """Every score a passage earned on the way; None where that search did not return it.

    `vector` is cosine similarity (-1..1), `keyword` a BM25 score (higher is better), `fused` both joined (about 0..1),
    `rerank` the cosine of the sentence, item or row of the passage that is closest to the question."""

    vector: float | None = None
    keyword: float | None = None
    fused: float = 0.0
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found, read back from SQL, with its document's name and every score."""

    chunk_id: int
    document_id: int
    name: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    url: str | None
    audience: Audience
    scores: Scores = Scores()

    @property
    def heading(self) -> str:
        """`Returns › How long do I have`: the path inside the article, without its title."""
        return " › ".join(part for part in self.heading_path if part != self.title)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The sentences, steps or table rows of one passage that were chosen as evidence, in the article's own words.

    `core` are those of them, a line each, that answer best: what may not be lost when it is said in other words. It is
    empty where the excerpt only adds to a better one."""

    passage: Passage
    text: str
    score: float
    core: str = ""


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A citation the server has resolved, as the customer can open it; `index` counts from 1 in an answer."""

    index: int
    document_id: int
    chunk_id: int
    name: str
    title: str
    heading: str
    quote: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class TraceDraft:
    """Everything the chain knows about how it came to an answer; stored as AnswerTrace.

    `timings` in seconds by step; `sentences_cut` are drafts of the model that the evidence gate refused."""

    standalone: str
    passages: tuple[Passage, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    decision: str = ""
    confidence: float = 0.0
    threshold: float = 0.0
    model: str = ""
    prompt_hash: str = ""
    draft: str = ""
    sentences_cut: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)


def history_from(records: Sequence[Mapping[str, str]]) -> list[Turn]:
    """Turns from the `[{"role", "content"}]` form that evaluation files use."""
    authors = {"user": Author.CUSTOMER, "assistant": Author.BOT}
    return [Turn(authors.get(r["role"], Author.SYSTEM), r["content"]) for r in records]
