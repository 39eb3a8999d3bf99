"""Settings in, live App out: the only place that picks implementations. Importing it does nothing."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from support_bot.answering.chain import AnswerChain
from support_bot.answering.intent import IntentRecogniser
from support_bot.engine.base import TextEngine
from support_bot.engine.embedder import TextEmbedder
from support_bot.engine.embedders import load_embedder
from support_bot.engine.langchain import EngineChatModel
from support_bot.engine.opening import open_engine
from support_bot.engine.weights import Progress, WeightsStore
from support_bot.engine.writers import load_writer
from support_bot.errors import Invalid
from support_bot.index.keyword import KeywordIndex
from support_bot.index.search_index import SearchIndex
from support_bot.index.vector import VectorIndex
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.ingestion.web import WebFetcher
from support_bot.observability import Metrics
from support_bot.queue import JobQueue
from support_bot.retrieval.langchain import PassageRetriever
from support_bot.retrieval.retriever import Retriever
from support_bot.services.accounts import Accounts, build_accounts
from support_bot.services.backup import BackupService
from support_bot.services.catalogue import Catalogue
from support_bot.services.channels import ChannelService
from support_bot.services.chat import ChatService
from support_bot.services.connectors import ConnectorService
from support_bot.services.desk import Desk, build_desk
from support_bot.services.embedders import EmbedderChoice
from support_bot.services.feedback import FeedbackService
from support_bot.services.first_reading import FirstReading
from support_bot.services.handoff import HandoffService
from support_bot.services.health import HealthService
from support_bot.services.intake import IntakeService
from support_bot.services.knowledge import KnowledgeService, Search
from support_bot.services.limits import Limits
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.measures import MeasureService
from support_bot.services.models import ModelService
from support_bot.services.panel import PanelService
from support_bot.services.pinned import PinnedAnswerService
from support_bot.services.risk import RiskService
from support_bot.services.sample_company import load_sample_company
from support_bot.services.sole_server import require_own_vectors
from support_bot.services.staff import StaffService
from support_bot.services.switch import WriterSwitch
from support_bot.services.tickets import TicketService
from support_bot.services.trial import TrialService
from support_bot.services.turns import TurnRunner
from support_bot.settings import Settings
from support_bot.storage.blobs import BlobStore
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade


@dataclass(frozen=True)
class App:
    """Every live object that pages, routes, jobs and commands use."""

    settings: Settings
    chat: ChatService
    handoff: HandoffService
    tickets: TicketService
    desk: Desk
    knowledge: KnowledgeService
    intake: IntakeService
    catalogue: Catalogue
    first_reading: FirstReading
    pinned: PinnedAnswerService
    trial: TrialService
    feedback: FeedbackService
    staff: StaffService
    accounts: Accounts
    channels: ChannelService
    connectors: ConnectorService
    panel: PanelService
    models: ModelService
    switch: WriterSwitch
    risk: RiskService
    backup: BackupService
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
        # With a Chroma server, workers elsewhere may be busy with what this process did not begin.
        self.knowledge.requeue_pending(after_restart=not self.settings.chroma_url)
        self.first_reading.left()  # over at once where nothing waits: what is uploaded later is no first reading
        self.jobs.start(self.settings.ingestion.workers)
        self.connectors.start()

    def langchain(self) -> LangChainParts:
        """Model and retriever for chains and graphs of others; they live as long as this app does."""
        return LangChainParts(
            EngineChatModel(engine=self._parts.engine), PassageRetriever(retriever=self._parts.retriever)
        )

    def close(self) -> None:
        """End what runs; safe to call twice."""
        self._parts.runner.close()
        self.connectors.close()
        self.jobs.close()
        self._parts.engine.close()
        self._parts.index.close()
        self._parts.db.close()


@dataclass(frozen=True)
class _Parts:
    """What only the App itself may touch."""

    db: Database
    index: SearchIndex
    engine: TextEngine
    runner: TurnRunner
    retriever: Retriever


@dataclass(frozen=True)
class LangChainParts:
    """What a LangChain or LangGraph user embeds."""

    chat_model: EngineChatModel
    retriever: PassageRetriever


@dataclass(frozen=True)
class Worker:
    """The part of the product that reads articles, for a process beside the servers. Answers nobody."""

    knowledge: KnowledgeService
    jobs: JobQueue
    _index: SearchIndex = field(repr=False)
    _db: Database = field(repr=False)

    def start(self, threads: int) -> None:
        self.jobs.start(threads)

    def close(self) -> None:
        self.jobs.close()
        self._index.close()
        self._db.close()


def weights_store(settings: Settings) -> WeightsStore:
    return WeightsStore(settings.weights_dir, offline=settings.offline)


def prepare(settings: Settings, progress: Progress | None = None) -> None:
    """Bring the database to the newest schema and fetch the weights that serving needs.

    Raises DatabaseUnavailable, with where it should be, if the database does not answer."""
    db = Database(settings.effective_database_url)
    try:
        db.require()
        upgrade(db.engine)
        store = weights_store(settings)
        models = ModelService(db, store, settings)
        for name in models.needed():
            _pull(store, name, progress)
    finally:
        db.close()


def _pull(store: WeightsStore, name: str, progress: Progress | None) -> None:
    if not store.is_present(name):
        store.pull(name, progress)


def build_worker(settings: Settings, progress: Progress | None = None) -> Worker:
    """A worker, ready to `start()`: the schema is brought up to date and the embedder fetched.

    Raises Invalid unless database and vectors are on servers: a folder of either has one process for its owner."""
    if not (settings.uses_postgresql and settings.chroma_url):
        raise Invalid(
            "A worker shares the database and the vectors with the server: set SUPPORT_BOT_DATABASE_URL to a "
            "postgresql:// URL and SUPPORT_BOT_CHROMA_URL to a Chroma server. Without them the server does this work."
        )
    db = Database(settings.effective_database_url, connections=settings.database_connections)
    try:
        db.require()
        upgrade(db.engine)
        store = weights_store(settings)
        name = EmbedderChoice(db, store, settings).name
        if settings.engine.kind != "fake":
            _pull(store, name, progress)
        search = _search(settings, db, load_embedder(store, name))
        jobs = _queue(settings, db)
        pipeline = IngestionPipeline.from_plugins(settings.ingestion)
        return Worker(_knowledge(settings, db, pipeline, search, jobs), jobs, search.index, db)
    except Exception:
        db.close()
        raise


def build_app(settings: Settings, *, engine: TextEngine | None = None, embedder: TextEmbedder | None = None) -> App:
    """The whole product, ready to `start()`. Call `prepare` first; raises WeightsError where weights are missing.

    An engine or embedder that is given takes the place of the one the settings name. A fresh install gets its channel
    and the sample company's articles, which are read once the app has started."""
    db = Database(settings.effective_database_url, connections=settings.database_connections, serves=True)
    try:
        app = _build_on(db, settings, engine, embedder)
        if app.channels.ensure_default() and settings.sample_data:
            load_sample_company(app.knowledge)
        return app
    except Exception:
        db.close()
        raise


def _build_on(db: Database, settings: Settings, engine: TextEngine | None, embedder: TextEmbedder | None) -> App:
    upgrade(db.engine)
    require_own_vectors(settings, db)
    store = weights_store(settings)
    models = ModelService(db, store, settings)
    risk = RiskService(db)
    settings = settings.model_copy(update={"answering": risk.applied(settings.answering)})
    engine = engine or _engine(settings, store, models)
    of_articles, of_messages = (embedder, embedder) if embedder else models.embedder.open()
    search = _search(settings, db, of_articles)
    pinned = PinnedAnswerService(db, of_messages.embed)
    recogniser = IntentRecogniser(of_messages.embed, of_messages.model_hash)
    chain = AnswerChain(search.retriever, engine, settings.answering, recogniser, pinned.find)
    jobs = _queue(settings, db)
    first_reading = FirstReading(catalogue := Catalogue(db))
    checks = {"database": db.check, "index": search.index.check, "jobs": jobs.pending, "articles": first_reading.check}
    health = HealthService(engine, checks)
    measures = MeasureService(db, metrics := Metrics.build(), health, jobs)
    runner = TurnRunner(db, chain, settings, ended=measures.turn_ended)
    pipeline = IngestionPipeline.from_plugins(settings.ingestion)
    knowledge = _knowledge(settings, db, pipeline, search, jobs)
    return App(
        settings=settings,
        chat=ChatService(db, runner, settings, secret=db.secret("conversation-token")), handoff=HandoffService(db),
        tickets=TicketService(db, MailOutbox(settings.mail)),
        desk=(desk := build_desk(db, settings, chain, search.retriever, of_articles)),
        knowledge=knowledge,
        intake=IntakeService(knowledge, pipeline, WebFetcher(settings.ingestion, offline=settings.offline), settings),
        catalogue=catalogue, first_reading=first_reading,
        pinned=pinned,
        trial=TrialService(chain, search.retriever, settings),
        feedback=FeedbackService(db),
        staff=(staff := StaffService(db, settings)), accounts=build_accounts(db, settings, staff),
        channels=ChannelService(db, settings),
        connectors=(connectors := ConnectorService(db)), panel=PanelService(db, connectors, desk.copilot),
        models=models,
        switch=WriterSwitch(models, engine, lambda name: load_writer(store, name, settings)),
        risk=risk,
        backup=BackupService(db, models, store, settings),
        health=health,
        measures=measures,
        limits=Limits(settings.security), metrics=metrics,
        jobs=jobs,
        owner_token=secrets.token_urlsafe(32),
        _parts=_Parts(db, search.index, engine, runner, search.retriever),
    )  # fmt: skip


def _search(settings: Settings, db: Database, embedder: TextEmbedder) -> Search:
    vectors = VectorIndex(settings.vector_place, embedder)
    index = SearchIndex(vectors, KeywordIndex(), embedder, db.read_connection)
    return Search(index, Retriever(index, settings.retrieval))


def _queue(settings: Settings, db: Database) -> JobQueue:
    if not settings.uses_postgresql:
        return JobQueue.in_file(settings.data_dir / "jobs.db")
    with db.one_at_a_time("jobs"):
        return JobQueue.in_postgresql(db.connection_parameters())


def _knowledge(
    settings: Settings, db: Database, pipeline: IngestionPipeline, search: Search, jobs: JobQueue
) -> KnowledgeService:
    return KnowledgeService(db, BlobStore(settings.data_dir / "files"), pipeline, search, jobs, settings)


def _engine(settings: Settings, store: WeightsStore, models: ModelService) -> TextEngine:
    name = models.writer_name()
    return open_engine(settings.engine, lambda: load_writer(store, name, settings))
