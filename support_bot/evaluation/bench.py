"""How fast search and ingestion are on this machine. Knows nothing of right and wrong."""

from __future__ import annotations

import platform
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from support_bot.engine.embedder import TextEmbedder
from support_bot.evaluation.run import Progress
from support_bot.index.keyword import KeywordIndex
from support_bot.index.search_index import SearchIndex, index_text
from support_bot.index.vector import VectorIndex
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.models import Chunk, Document
from support_bot.retrieval.retriever import Retriever
from support_bot.settings import Settings
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade
from support_bot.values import Audience, ChunkDraft

Stored = tuple[Document, list[Chunk]]
"""A document as it was stored, with its chunks."""

_PER_DOCUMENT = 50
_DOCUMENTS_AT_ONCE = 20
_SPREAD = 0.35  # length of the noise added to a unit vector: a copy is then about 0.94 like its original


@dataclass(frozen=True, slots=True)
class RetrievalTime:
    """Milliseconds of one search at a number of chunks: medians over the runs of each run's percentiles."""

    chunks: int
    p50_ms: float
    p95_ms: float
    runs: int
    questions: int


@dataclass(frozen=True, slots=True)
class IngestionTime:
    """Chunks in a second, medians over the runs: read, cut, embedded and stored, so that they are found; and the same
    with the vectors of their sentences, which follow in the background."""

    chunks_per_s: float
    complete_per_s: float
    chunks: int
    runs: int


@dataclass(frozen=True, slots=True)
class Pieces:
    """Real chunks to copy from: what is stored, and a unit vector for each [n, dimension]."""

    drafts: Sequence[ChunkDraft]
    vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Work:
    """Who embeds, what is asked, how often all is run, and who is told how far it is."""

    embedder: TextEmbedder
    questions: Sequence[str]
    runs: int
    progress: Progress


class _Copies:
    """Stands in for the embedder while an index is filled."""

    def __init__(self, pieces: Pieces, name: str) -> None:
        self.name = name
        self.reads_unspaced = False
        self._pieces = pieces
        self._random = np.random.default_rng(7)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return copies(self._pieces, len(texts), self._random)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed(texts)

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        return cosines


def copies(pieces: Pieces, count: int, random: np.random.Generator | None = None) -> NDArray[np.float32]:
    """Unit vectors [count, dimension]: real ones, drawn with replacement, each moved a little."""
    random = random or np.random.default_rng(7)
    chosen = pieces.vectors[random.integers(len(pieces.vectors), size=count)]
    noise = random.standard_normal(chosen.shape).astype(np.float32)
    moved = chosen + _SPREAD * noise / np.linalg.norm(noise, axis=1, keepdims=True)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def machine() -> dict[str, str | int | float]:
    """What the figures were measured on, and how busy it was (load over the last minute)."""
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": psutil.cpu_count() or 0,
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": round(psutil.getloadavg()[0], 1),
    }


def pieces(settings: Settings, articles: Sequence[Path], embedder: TextEmbedder) -> Pieces:
    """The chunks of real articles with their vectors."""
    pipeline = IngestionPipeline.from_plugins(settings.ingestion)
    parsed = [pipeline.read(path.name, path.read_bytes()) for path in articles]
    drafts = [(document.title, draft) for document in parsed for draft in pipeline.chunks(document)]
    texts = [index_text(title, draft.heading_path, draft.text) for title, draft in drafts]
    return Pieces([draft for _, draft in drafts], embedder.embed(texts))


def retrieval(settings: Settings, known: Pieces, work: Work, size: int) -> RetrievalTime:
    """Search an index of `size` chunks: copies of real vectors, shuffled real text. The questions are embedded too."""
    with _index(work.embedder, known) as (db, filling, index):
        _fill(db, filling, known, size, work.progress)
        retriever = Retriever(index, settings.retrieval)
        for question in work.questions[:5]:
            retriever.retrieve(question)  # what is read for the first time only
        timed = [[_seconds(retriever, question) for question in work.questions] for _ in range(work.runs)]
    half, tail = (statistics.median(float(np.percentile(run, at)) for run in timed) for at in (50, 95))
    return RetrievalTime(size, round(1000 * half, 1), round(1000 * tail, 1), work.runs, len(work.questions))


def ingestion(settings: Settings, articles: Sequence[Path], work: Work) -> IngestionTime:
    """Read, cut, embed and store real articles in an empty index, `runs` times."""
    speeds: list[tuple[float, float]] = []
    count = 0
    for run in range(work.runs):
        with _index(work.embedder) as (db, index, _):
            begin = time.monotonic()
            pipeline = IngestionPipeline.from_plugins(settings.ingestion)
            stored: list[Stored] = []
            for path in articles:
                document = pipeline.read(path.name, path.read_bytes())
                stored += _store(db, index, [(path.name, document.title, pipeline.chunks(document))])
            found = time.monotonic()
            _store_pieces(db, index, stored)
            count = sum(len(chunks) for _, chunks in stored)
            speeds.append((count / (found - begin), count / (time.monotonic() - begin)))
        work.progress("Ingesting", run + 1, work.runs)
    ready, complete = (round(statistics.median(speed), 1) for speed in zip(*speeds, strict=True))
    return IngestionTime(ready, complete, count, work.runs)


@contextmanager
def known_articles(settings: Settings, articles: Sequence[Path], embedder: TextEmbedder) -> Iterator[Retriever]:
    """Search over these articles, in a database and an index of their own."""
    with _index(embedder) as (db, index, _):
        pipeline = IngestionPipeline.from_plugins(settings.ingestion)
        for path in articles:
            document = pipeline.read(path.name, path.read_bytes())
            _store_pieces(db, index, _store(db, index, [(path.name, document.title, pipeline.chunks(document))]))
        yield Retriever(index, settings.retrieval)


@contextmanager
def _index(embedder: TextEmbedder, known: Pieces | None = None) -> Iterator[tuple[Database, SearchIndex, SearchIndex]]:
    """An empty database and index of their own, to fill and to search. Where real chunks are known, what fills it
    copies their vectors, for chunks and for their sentences: nothing is embedded."""
    with tempfile.TemporaryDirectory(prefix="support-bot-bench-", ignore_cleanup_errors=True) as folder:
        db = Database(f"sqlite:///{Path(folder, 'bench.db')}")
        upgrade(db.engine)
        model = _Copies(known, embedder.name) if known else embedder
        vectors = VectorIndex(Path(folder, "chroma"), model)
        filling, index = (SearchIndex(vectors, KeywordIndex(), by, db.read_connection) for by in (model, embedder))
        try:
            yield db, filling, index
        finally:
            index.close()
            db.close()


def _fill(db: Database, index: SearchIndex, known: Pieces, size: int, progress: Progress) -> None:
    random = np.random.default_rng(11)
    words = " ".join(draft.text for draft in known.drafts).split()
    lengths = [len(draft.text.split()) for draft in known.drafts]
    done = 0
    while done < size:
        documents = []
        for _ in range(min(_DOCUMENTS_AT_ONCE, -(-(size - done) // _PER_DOCUMENT))):
            many = min(_PER_DOCUMENT, size - done)
            texts = [" ".join(random.choice(words, random.choice(lengths))) for _ in range(many)]
            drafts = [ChunkDraft(text, ("Shuffled",), at, 0, len(text)) for at, text in enumerate(texts)]
            documents.append((f"copy-{done}.md", f"Copy {done}", drafts))
            done += many
        _store_pieces(db, index, _store(db, index, documents))
        progress("Filling the index", done, size)


def _store(db: Database, index: SearchIndex, files: Sequence[tuple[str, str, Sequence[ChunkDraft]]]) -> list[Stored]:
    """Into both searches, as an upload ends up in them."""
    stored: list[Stored] = []
    with db.transaction() as tx:
        for name, title, drafts in files:
            document = tx.documents.add(Document(name=name, title=title, audience=Audience.PUBLIC))
            document.show(title, None, 1)
            chunks = list(tx.documents.replace_chunks(document.id, 1, drafts))
            index.put_keywords(tx.connection, document, chunks)
            document.become_ready()
            stored.append((document, chunks))
    for document, added in stored:
        index.put_vectors(document, added)
    return stored


def _store_pieces(db: Database, index: SearchIndex, stored: Sequence[Stored]) -> None:
    """What follows an upload in the background: the vectors of its sentences, items and rows."""
    for document, chunks in stored:
        rows = index.make_pieces(document, chunks)
        with db.transaction() as tx:
            index.put_pieces(tx.connection, rows)


def _seconds(retriever: Retriever, question: str) -> float:
    begin = time.perf_counter()
    retriever.retrieve(question)
    return time.perf_counter() - begin
