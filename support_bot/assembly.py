"""Settings in, live App out: the only place that picks implementations. Importing it does nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from support_bot.answering.chain import AnswerChain
from support_bot.engine.base import TextEngine
from support_bot.engine.embedder import Embedder, TextEmbedder
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.engine.langchain import EngineChatModel
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.weights import Progress, WeightsStore
from support_bot.index.keyword import KeywordIndex
from support_bot.index.search_index import SearchIndex
from support_bot.index.vector import VectorIndex
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.observability import Metrics
from support_bot.queue import JobQueue
from support_bot.retrieval.langchain import PassageRetriever
from support_bot.retrieval.retriever import Retriever
from support_bot.services.channels import ChannelService
from support_bot.services.chat import ChatService
from support_bot.services.feedback import FeedbackService
from support_bot.services.handoff import HandoffService
from support_bot.services.health import HealthService
from support_bot.services.knowledge import KnowledgeService, Search
from support_bot.services.limits import Limits
from support_bot.services.measures import MeasureService
from support_bot.services.models import ModelService
from support_bot.services.staff import StaffService
from support_bot.services.tickets import TicketService
from support_bot.services.turns import TurnRunner
from support_bot.settings import Settings
from support_bot.storage.blobs import BlobStore
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade

_PACKAGE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class App:
    """Every live object that pages, routes, jobs and commands use."""

    settings: Settings
    chat: ChatService
    handoff: HandoffService
    tickets: TicketService
    knowledge: KnowledgeService
    feedback: FeedbackService
    staff: StaffService
    channels: ChannelService
    models: ModelService
    health: HealthService
    measures: MeasureService
    limits: Limits
    metrics: Metrics
    jobs: JobQueue
    owner_token: str
    _parts: _Parts = field(repr=False)

    def start(self) -> None:
        """Go on where the last process stopped, and begin working on jobs."""
        self._parts.runner.recover()
        self.knowledge.heal_index()
        self.knowledge.requeue_pending(after_restart=True)
        self.jobs.start(self.settings.ingestion.workers)

    def langchain(self) -> LangChainParts:
        """Model and retriever for chains and graphs of others; they live as long as this app does."""
        return LangChainParts(
            EngineChatModel(engine=self._parts.engine), PassageRetriever(retriever=self._parts.retriever)
        )

    def close(self) -> None:
        """End what runs; safe to call twice."""
        self._parts.runner.close()
        self.jobs.close()
        self._parts.engine.close()
        self._parts.db.close()


@dataclass(frozen=True)
class _Parts:
    """What only the App itself may touch."""

    db: Database
    engine: TextEngine
    runner: TurnRunner
    retriever: Retriever


@dataclass(frozen=True)
class LangChainParts:
    """What a LangChain or LangGraph user embeds."""

    chat_model: EngineChatModel
    retriever: PassageRetriever


def weights_store(settings: Settings) -> WeightsStore:
    return WeightsStore(settings.weights_dir, offline=settings.offline)


def prepare(settings: Settings, progress: Progress | None = None) -> None:
    """Bring the database to the newest schema and fetch the weights that serving needs."""
    db = Database(settings.effective_database_url)
    try:
        upgrade(db.engine)
        if settings.engine.kind == "fake":
            return
        store = weights_store(settings)
        for name in (ModelService(db, store, settings).writer_name(), settings.retrieval.embedder):
            if not store.is_present(name):
                store.pull(name, progress)
    finally:
        db.close()


def build_app(settings: Settings, *, engine: TextEngine | None = None, embedder: TextEmbedder | None = None) -> App:
    """The whole product, ready to `start()`. Call `prepare` first; raises WeightsError where weights are missing.

    An engine or embedder that is given takes the place of the one the settings name. A fresh install gets its channel
    and the sample company's articles, which are read once the app has started."""
    db = Database(settings.effective_database_url)
    upgrade(db.engine)
    store = weights_store(settings)
    models = ModelService(db, store, settings)
    engine = engine or _engine(settings, store, models)
    embedder = embedder or _embedder(settings, store)
    index = SearchIndex(
        VectorIndex(settings.data_dir / "chroma", embedder), KeywordIndex(), embedder, db.read_connection
    )
    retriever = Retriever(index, settings.retrieval)
    chain = AnswerChain(retriever, embedder.embed, engine, settings.answering)
    jobs = JobQueue(settings.data_dir / "jobs.db")
    health = HealthService(engine, {"database": db.check, "index": _index_check(index), "jobs": jobs.pending})
    measures = MeasureService(db, metrics := Metrics.build(), health, jobs)
    runner = TurnRunner(db, chain, settings, ended=measures.turn_ended)
    with db.transaction() as tx:
        secret = tx.installation.secret("conversation-token")
    app = App(
        settings=settings,
        chat=ChatService(db, runner, settings, secret=secret),
        handoff=HandoffService(db),
        tickets=TicketService(db),
        knowledge=KnowledgeService(
            db, BlobStore(settings.data_dir / "files"), IngestionPipeline.from_plugins(settings.ingestion),
            Search(index, retriever), jobs, settings,
        ),
        feedback=FeedbackService(db),
        staff=StaffService(db, settings),
        channels=ChannelService(db, settings),
        models=models,
        health=health,
        measures=measures,
        limits=Limits(settings.security),
        metrics=metrics,
        jobs=jobs,
        owner_token=secrets.token_urlsafe(32),
        _parts=_Parts(db, engine, runner, retriever),
    )  # fmt: skip
    if app.channels.ensure_default() and settings.sample_data:
        load_sample_company(app.knowledge)
    return app


def _engine(settings: Settings, store: WeightsStore, models: ModelService) -> TextEngine:
    if settings.engine.kind == "fake":
        return FakeEngine()
    entry = store.get(models.writer_name())
    return LlamaEngine.load(store.path(entry.name), name=entry.name, model_hash=entry.sha256, settings=settings.engine)


def _embedder(settings: Settings, store: WeightsStore) -> TextEmbedder:
    if settings.engine.kind == "fake":
        return HashingEmbedder()
    return Embedder.load(store, settings.retrieval.embedder)


def _index_check(index: SearchIndex) -> Callable[[], object]:
    """A search as a question makes it, so that a lost folder or a foreign embedder is seen."""
    return lambda: index.vector_hits(index.embed(["ready"])[0], 1, None)


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
