"""Variants of the smallest writer, with its adapter merged in: catalogued, checked, made again, alike."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support_bot.engine.adapter import Adapter, find_adapter
from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.catalogue import CatalogueEntry, Kind
from support_bot.engine.digest import file_sha256
from support_bot.engine.gguf_header import read_header
from support_bot.engine.judging import MOST_KL
from support_bot.engine.llama import LlamaModel
from support_bot.engine.measuring import distance, predictions
from support_bot.engine.plan import USUAL, Plan
from support_bot.engine.sources import HubClient
from support_bot.engine.step_model import AdapterUse
from support_bot.engine.tuned import Choice, Choices, Place, load_engine
from support_bot.engine.variants import Variants
from support_bot.engine.weights import WeightsStore
from support_bot.errors import NotFound, WeightsError
from support_bot.settings import EngineSettings, Settings

NAME = "smollm2-135m"
FULL = type(shutil.disk_usage("/"))(10**9, 10**9, 1000)
TEXT = "Returns are free within 30 days. Put the parcel into a drop box, and the refund reaches your card in ten days. "


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of weights of our own, so that no variant gets into the one that this machine serves from."""
    shipped = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull(NAME)
    folder = tmp_path_factory.mktemp("cache")
    shutil.copytree(shipped.parent, folder / "weights" / shipped.parent.name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def made(cache: Path) -> CatalogueEntry:
    return variants(cache).make("bf16")


def store(cache: Path) -> WeightsStore:
    return WeightsStore(cache / "weights", offline=True)  # as another process would see it


def shipped(cache: Path) -> CatalogueEntry:
    return store(cache).get(NAME)


def writer(cache: Path) -> Adapter:
    adapter = find_adapter("", shipped(cache).sha256)
    assert adapter is not None
    return adapter


def variants(cache: Path) -> Variants:
    return Variants(store(cache), shipped(cache), writer(cache))


def settings(cache: Path, **engine: object) -> Settings:
    return Settings(cache_dir=cache, engine=EngineSettings(**{"tune": "auto", "context_tokens": 512, **engine}))


def left_over(cache: Path) -> Sequence[str]:
    return [path.name for path in (cache / "weights" / "making").iterdir() if path.suffix != ".lock"]


class TestMaking:
    def test_it_is_catalogued_with_its_hash_its_parents_and_its_adapters(
        self, cache: Path, made: CatalogueEntry
    ) -> None:
        entry = store(cache).get(made.name)
        assert entry == made and entry.kind is Kind.VARIANT and entry.licence == "Apache-2.0"
        assert entry.sha256 == file_sha256(store(cache).path(made.name))
        assert (entry.parent, entry.adapter) == (shipped(cache).sha256, writer(cache).sha256)
        assert made.name not in {known.name for known in store(cache).entries()}
        assert left_over(cache) == []

    def test_a_second_time_it_is_only_found(self, cache: Path, made: CatalogueEntry) -> None:
        before = store(cache).path(made.name).stat()
        assert variants(cache).make("bf16") == made
        after = store(cache).path(made.name).stat()
        assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)

    def test_it_predicts_what_the_file_with_its_adapter_predicts(self, cache: Path, made: CatalogueEntry) -> None:
        with closing(LlamaModel(store(cache).path(NAME), n_ctx=256)) as model:
            ids = model.tokenize(TEXT * 4, control=False)
            bare = np.concatenate([part.astype(np.float16) for part in predictions(model, ids)])
            model.load_adapter("writer", writer(cache).path)
            model.set_adapter(AdapterUse("writer", 1.0))
            reference = np.concatenate([part.astype(np.float16) for part in predictions(model, ids)])
        with closing(LlamaModel(store(cache).path(made.name), n_ctx=256)) as model:
            assert (
                distance(reference, predictions(model, ids)).kl < MOST_KL < distance(bare, predictions(model, ids)).kl
            )

    def test_a_damaged_one_is_named_and_made_again(
        self, cache: Path, made: CatalogueEntry, caplog: pytest.LogCaptureFixture
    ) -> None:
        place = store(cache).path(made.name)
        with place.open("r+b") as file:
            file.seek(-1000, os.SEEK_END)
            file.write(bytes(500))
        assert variants(cache).find("bf16") is None and "is made again" in caplog.text
        assert variants(cache).make("bf16") == made
        assert file_sha256(place) == made.sha256

    @pytest.mark.parametrize("content", [b"", b"{}", b'{"entries": [{"name": "x"}]}', b"\xff"])
    def test_a_damaged_list_is_named_and_made_again(
        self, cache: Path, made: CatalogueEntry, content: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        (cache / "weights" / "variants.json").write_bytes(content)
        assert variants(cache).find("bf16") is None and "list of variants is damaged" in caplog.text
        with pytest.raises(NotFound):
            store(cache).path(made.name)
        assert store(cache).path(NAME).is_file()
        assert variants(cache).make("bf16") == made

    def test_an_entry_of_another_parent_is_not_taken(self, cache: Path, made: CatalogueEntry) -> None:
        file = cache / "weights" / "variants.json"
        known = json.loads(file.read_text())
        known["entries"][0]["parent"] = "0" * 64
        file.write_text(json.dumps(known))
        assert variants(cache).find("bf16") is None
        assert variants(cache).make("bf16") == made

    def test_two_at_once_make_one(self, cache: Path, made: CatalogueEntry) -> None:
        store(cache).drop_variant(made)
        found: list[CatalogueEntry] = []
        threads = [threading.Thread(target=lambda: found.append(variants(cache).make("bf16"))) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [made] * 3 and store(cache).variants() == [made] and left_over(cache) == []

    def test_a_killed_process_leaves_nothing_that_matters(self, cache: Path, made: CatalogueEntry) -> None:
        store(cache).drop_variant(made)
        process = subprocess.Popen([sys.executable, "-c", MAKE, str(cache)], stderr=subprocess.DEVNULL)
        while not left_over(cache):
            assert process.poll() is None
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert store(cache).variants() == []
        assert variants(cache).make("bf16") == made and left_over(cache) == []

    def test_another_format_goes_when_only_one_is_kept(self, cache: Path, made: CatalogueEntry) -> None:
        other = Variants(store(cache), shipped(cache), None).make("q8_0")
        assert other.adapter is None and other.name == f"{NAME}.q8_0"
        variants(cache).keep_only("bf16")
        assert store(cache).variants() == [made]
        assert not (cache / "weights" / other.sha256).exists()


class TestWhatGoesWrong:
    def test_a_full_disk_is_noticed_before(
        self, cache: Path, made: CatalogueEntry, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("shutil.disk_usage", lambda _: FULL)
        with pytest.raises(WeightsError, match=r"is full.*SUPPORT_BOT_CACHE_DIR"):
            variants(cache).make("q8_0")
        assert left_over(cache) == []

    def test_a_disk_that_fills_up_leaves_nothing(self, cache: Path, made: CatalogueEntry) -> None:
        """The file system refuses to write on, as a full one does."""
        code = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (10**7, 10**7))\n{MAKE}"
        store(cache).drop_variant(made)
        process = subprocess.run([sys.executable, "-c", code, str(cache)], capture_output=True, text=True, check=False)
        assert "WeightsError" in process.stderr and "the disk is full" in process.stderr
        assert store(cache).variants() == [] and left_over(cache) == []
        assert variants(cache).make("bf16") == made

    def test_an_adapter_of_another_model_is_not_merged(self, cache: Path, made: CatalogueEntry, tmp_path: Path) -> None:
        for content in (b"", b"GGUF", b"GGUF" + bytes(64), writer(cache).path.read_bytes()[:200_000]):
            (tmp_path / "bad.gguf").write_bytes(content)
            bad = Variants(store(cache), shipped(cache), Adapter(tmp_path / "bad.gguf", "0" * 64))
            with pytest.raises(WeightsError, match=r"bad\.gguf"):
                bad.make("bf16")
        with pytest.raises(WeightsError, match="does not fit this model"):
            Variants(store(cache), shipped(cache), Adapter(store(cache).path(NAME), "0" * 64)).make("bf16")
        assert store(cache).variants() == [made] and left_over(cache) == []

    @pytest.mark.parametrize("size", [0, 3, 8, 24, 100, 30_000, 1_500_000])
    def test_a_head_that_is_cut_off_is_no_head(self, cache: Path, tmp_path: Path, size: int) -> None:
        (tmp_path / "cut.gguf").write_bytes(store(cache).path(NAME).read_bytes()[:size])
        with pytest.raises(WeightsError, match=r"cut\.gguf"):
            read_header(tmp_path / "cut.gguf")


class TestLoading:
    @pytest.fixture(autouse=True)
    def chosen(self, cache: Path, made: CatalogueEntry) -> Iterator[Place]:
        place = Place.here(shipped(cache).sha256, writer(cache).sha256)
        Choices(cache / "tuning").keep(place, Choice("bf16", Plan(1, 1, step_tokens=32)))
        yield place
        shutil.rmtree(cache / "tuning")

    @staticmethod
    def loaded(cache: Path, **engine: object) -> tuple[str, str]:
        """The hash and an answer."""
        with closing(load_engine(store(cache), NAME, settings(cache, **engine))) as running:
            request = GenerationRequest((ChatTurn("user", "How long does delivery take?"),), max_tokens=6)
            return running.model_hash, "".join(running.start(request))

    def test_the_chosen_variant_serves_and_the_trace_tells(self, cache: Path, made: CatalogueEntry) -> None:
        found, answer = self.loaded(cache)
        assert found == f"{made.sha256}+{made.parent}+{made.adapter}" and answer

    def test_as_shipped_where_settings_say_so(self, cache: Path, made: CatalogueEntry) -> None:
        assert self.loaded(cache, tune="off")[0] == f"{made.parent}+{made.adapter}"

    def test_a_choice_with_the_adapter_says_nothing_of_the_model_without(
        self, cache: Path, made: CatalogueEntry
    ) -> None:
        assert self.loaded(cache, adapter="none")[0] == made.parent

    def test_a_damaged_choice_leaves_it_as_shipped(self, cache: Path, made: CatalogueEntry, chosen: Place) -> None:
        (cache / "tuning" / f"{chosen.digest}.json").write_text('{"format": ')
        assert self.loaded(cache)[0] == f"{made.parent}+{made.adapter}"

    def test_a_variant_that_is_gone_is_made_again(self, cache: Path, made: CatalogueEntry) -> None:
        shutil.rmtree(cache / "weights" / made.sha256)
        assert self.loaded(cache)[0].startswith(made.sha256)

    def test_one_that_cannot_be_made_leaves_it_as_shipped(
        self, cache: Path, made: CatalogueEntry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        shutil.rmtree(cache / "weights" / made.sha256)
        monkeypatch.setattr("shutil.disk_usage", lambda _: FULL)
        assert self.loaded(cache)[0] == f"{made.parent}+{made.adapter}" and "runs as shipped" in caplog.text
        monkeypatch.undo()
        assert variants(cache).make("bf16") == made

    def test_another_processor_chooses_for_itself(self, cache: Path, made: CatalogueEntry, chosen: Place) -> None:
        shutil.rmtree(cache / "tuning")
        Choices(cache / "tuning").keep(replace(chosen, processor="another"), Choice("bf16", USUAL))
        assert self.loaded(cache)[0] == f"{made.parent}+{made.adapter}"


MAKE = """
import sys
from pathlib import Path
from support_bot.engine.adapter import find_adapter
from support_bot.engine.variants import Variants
from support_bot.engine.weights import WeightsStore
store = WeightsStore(Path(sys.argv[1]) / "weights", offline=True)
entry = store.get("smollm2-135m")
Variants(store, entry, find_adapter("", entry.sha256)).make("bf16")
"""
