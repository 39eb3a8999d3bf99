"""The folder of weights: what lies in it is what the catalogue says, and only an admin adds to the catalogue."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from support_bot.engine.catalogue import BUILT_IN, Kind
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, Invalid, NotFound, WeightsError

from .test_engine_weights_pull import CONTENT, ENTRY, SHA256, bring, store_at


class TestWhatIsOnDisk:
    @pytest.fixture
    def store(self, tmp_path: Path) -> WeightsStore:
        bring(tmp_path)
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
