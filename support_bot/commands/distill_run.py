"""A whole run as it was ordered: what the stages need of the product is made here. Loads no PyTorch, prints nothing."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from support_bot.answering.prompt import prompt_hash
from support_bot.answering.smoke import smoke_exam
from support_bot.assembly import App, weights_store
from support_bot.commands import local
from support_bot.commands.backup import Backups
from support_bot.commands.weights import Weights
from support_bot.distillation.collect import collect, conversations_in
from support_bot.distillation.company import open_company
from support_bot.distillation.conversations import gone
from support_bot.distillation.forget import Learnt, forget
from support_bot.distillation.order import Order, kept_order
from support_bot.distillation.promotion import Exam, product
from support_bot.distillation.run import COLLECTED, Model, Work, distill, promote
from support_bot.distillation.stages import Stage
from support_bot.engine.catalogue import CatalogueEntry, Kind
from support_bot.engine.digest import file_sha256
from support_bot.engine.serving import WRITING
from support_bot.engine.weights import Progress
from support_bot.engine.writers import load_writer
from support_bot.errors import Conflict, Invalid, WeightsError
from support_bot.evaluation.dataset import read_questions
from support_bot.retrieval.retriever import Retriever
from support_bot.settings import Settings
from support_bot.storage import archive, restoring
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade
from support_bot.storage.snapshot import FOLDER_PREFIX
from support_bot.storage.students import remember

Train = Callable[[Settings, Order, Path, Path, Progress], Mapping[str, Any]]
"""From the collected data to `writer.gguf` in a folder, or to the labels of a teacher there; the figures."""


class Runs:
    """Runs of distillation on this machine. The product may serve meanwhile, here or not at all."""

    def __init__(self, settings: Settings, train: Train, progress: Progress, teach: Train | None = None) -> None:
        self._settings = settings
        self._train = train
        self._teach = teach
        self._progress = progress
        self._store = weights_store(settings)
        self._weights = Weights(settings, progress)

    def run(self, order: Order, until: Stage, source: Path | None = None) -> dict[str, Any]:
        """Do what is not done yet, up to a stage; `source` is the order's file. Raises what `distill` does.

        What a later stage cannot do without is looked for before the first begins."""
        base = self._writer("recipe.base", order.recipe.base)
        teacher = self._writer("teacher.model", order.teacher.model) if order.teacher else None
        read_questions(order.exam.questions)
        if until is Stage.PROMOTE:
            self._refuse_fixed()
        examines = until in (Stage.EXAM, Stage.PROMOTE)
        if examines:
            self._serving()
        if until is not Stage.COLLECT:
            self._fetch("recipe.base", base)
        if teacher and (examines or (order.teacher and order.teacher.alpha and until is not Stage.COLLECT)):
            self._fetch("teacher.model", teacher)
        note = partial(remember, self._settings.data_dir, order.folder, str(source.absolute()) if source else "")
        note()  # so that whoever is erased meanwhile is looked for in its folder
        found = distill(order, self._work(order, base), until)
        if made := found.get(Stage.EXPORT):
            note(made["sha256"], conversations_in(order.folder / COLLECTED))
        return found

    def forget_gone(self) -> list[Learnt]:
        """Take out what the runs of this machine have of conversations that the product does not have any more."""
        with self._snapshot(self._settings.data_dir) as db, db.reading() as tx:
            return forget(self._settings.data_dir, lambda held: gone(tx, held))

    def promote(self, folder: Path) -> dict[str, Any]:
        """The exam and the promotion of a run that has trained its student."""
        order = kept_order(folder)
        read_questions(order.exam.questions)
        self._refuse_fixed()
        return promote(order, self._work(order, self._writer("recipe.base", order.recipe.base)))

    def _writer(self, key: str, name: str) -> CatalogueEntry:
        entry = self._store.get(name)
        if entry.kind is not Kind.WRITER:
            raise Invalid(f"{key}: {entry.name} is no writer; choose one of the catalogue.")
        return entry

    def _fetch(self, key: str, entry: CatalogueEntry) -> None:
        try:
            self._store.pull(entry.name, self._progress)
        except WeightsError as error:
            raise WeightsError(f"{key}: {error.detail}") from error

    def _refuse_fixed(self) -> None:
        engine = self._settings.engine
        if engine.model or engine.adapter:
            named = "SUPPORT_BOT_ENGINE__MODEL" if engine.model else "SUPPORT_BOT_ENGINE__ADAPTER"
            raise Conflict(f"{named} says which model serves, so no student can take over; take it out first.")

    def _work(self, order: Order, base: CatalogueEntry) -> Work:
        settings, progress = self._settings, self._progress

        def build(given: Settings) -> App:
            return local.build(given, progress)

        def company(articles: Path) -> AbstractContextManager[Retriever]:
            return open_company(settings, articles, lambda given: local.SearchOnly(given, progress))

        def collected(into: Path) -> Mapping[str, Any]:
            questions = read_questions(order.exam.questions)
            return collect(into, order.sources, questions, lambda: self._snapshot(order.folder), company)

        def taught(data: Path, into: Path) -> Mapping[str, Any]:
            assert self._teach is not None  # else it is no part of the work
            return self._teach(settings, order, data, into, progress)

        def forgotten(data: Path) -> Collection[str]:
            if not (conversations := conversations_in(data)):
                return ()
            with self._snapshot(order.folder) as db, db.reading() as tx:
                return gone(tx, conversations)

        return Work(
            collect=collected,
            gone=forgotten,
            teach=taught if self._teach else None,
            train=lambda data, into: self._train(settings, order, data, into, progress),
            check=lambda adapter: self._check(adapter, base),
            serving=self._serving,
            examine=Exam(order, settings, base, build, progress).sit,
            deploy=lambda adapter: self._deploy(order, base, adapter),
            base=base.sha256,
            prompt=prompt_hash(),
            product=product(settings),
        )

    @contextmanager
    def _snapshot(self, folder: Path) -> Iterator[Database]:
        """The database as it is now: of SQLite a copy, taken through the server where one runs, which goes with the
        block; PostgreSQL has many readers."""
        if self._settings.uses_postgresql:
            with closing(Database(self._settings.effective_database_url)) as db:
                db.require()
                yield db
            return
        with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=folder) as name:
            copy = Path(name, "snapshot.zip")
            Backups(self._settings, self._progress).write(copy, None)
            with archive.opened(copy) as backup:
                staged = restoring.stage(backup, Path(name))
            copy.unlink()
            with closing(Database(f"sqlite:///{staged / restoring.DATABASE}")) as db:
                upgrade(db.engine)
                yield db

    def _check(self, adapter: Path, base: CatalogueEntry) -> None:
        """Load the student as it would serve, and ask it the smoke exam."""
        engine = self._settings.engine.model_copy(update={"adapter": str(adapter), "tune": "off"})
        loaded = load_writer(self._store, base.name, self._settings.model_copy(update={"engine": engine}))
        try:
            if self._settings.engine.kind != "fake":
                smoke_exam(loaded)
        finally:
            loaded.close()

    def _serving(self) -> Model:
        row = next((row for row in self._weights.page() if row["in_use"] and row["kind"] in WRITING), None)
        if row is None:
            raise Conflict("Another machine writes the answers (SUPPORT_BOT_ENGINE__KIND); no student can take over.")
        return Model(str(row["name"]), str(row["sha256"]))

    def _deploy(self, order: Order, base: CatalogueEntry, adapter: Path) -> Mapping[str, Any]:
        """Catalogue the student by its hash, with its parent, and let it serve: a running server tries it first."""
        known = self._store.find_by_hash(digest := file_sha256(adapter))
        if known and known.kind is not Kind.ADAPTER:
            raise Conflict(
                f"The catalogue has the student as {known.name}, a {known.kind.value}; as such it cannot serve. Take "
                "that entry out of catalogue.json beside the weights, and run again."
            )
        name = known.name if known else f"{order.name}-{digest[:8]}"
        self._store.import_file(adapter, name=name, licence=base.licence, kind=Kind.ADAPTER, parent=base.sha256)
        row = self._weights.use(name)
        return {"name": row["name"], "sha256": row["sha256"]}
