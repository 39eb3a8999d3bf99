"""The trained adapter over the smallest writer: found, refused, and computing what it computed in training."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from support_bot.engine.adapter import find_adapter
from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.catalogue import BUILT_IN, SHIPPED_ADAPTERS
from support_bot.engine.llama import LlamaModel
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.sources import HubClient
from support_bot.engine.step_model import AdapterUse, BatchToken
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError
from support_bot.settings import EngineSettings, Settings

[SHIPPED] = SHIPPED_ADAPTERS
PARENT = str(SHIPPED.parent)
PARITY = Path(__file__).with_name("writer_parity.jsonl")


@pytest.fixture(scope="module")
def weights() -> Path:
    return WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull("smollm2-135m")


def load(weights: Path, model_hash: str = PARENT, adapter: str = "") -> LlamaEngine:
    settings = EngineSettings(context_tokens=512, adapter=adapter)
    return LlamaEngine.load(weights, name="smollm2-135m", model_hash=model_hash, settings=settings)


class TestWhichAdapter:
    def test_the_shipped_one_belongs_to_a_writer_of_the_catalogue(self) -> None:
        assert PARENT in {entry.sha256 for entry in BUILT_IN}
        found = find_adapter("", PARENT)
        assert found and found.sha256 == SHIPPED.sha256 and found.path.stat().st_size == SHIPPED.bytes

    def test_another_model_gets_none(self) -> None:
        assert find_adapter("", "0" * 64) is None
        assert find_adapter("none", PARENT) is None

    def test_a_path_goes_before_the_shipped_one(self, tmp_path: Path) -> None:
        (tmp_path / "own.gguf").write_bytes(b"GGUF")
        found = find_adapter(str(tmp_path / "own.gguf"), PARENT)
        assert found and found.path == tmp_path / "own.gguf" and found.sha256 != SHIPPED.sha256

    @pytest.mark.parametrize("path", ["nowhere.gguf", "."])
    def test_a_path_to_nothing_is_named(self, path: str) -> None:
        with pytest.raises(WeightsError, match="SUPPORT_BOT_ENGINE__ADAPTER"):
            find_adapter(path, PARENT)

    @pytest.mark.parametrize("content", [None, b"GGUF and then nothing"])
    def test_a_damaged_package_is_named(self, tmp_path: Path, content: bytes | None) -> None:
        if content:
            (tmp_path / SHIPPED.file).write_bytes(content)
        with pytest.raises(WeightsError, match="install support-bot again"):
            find_adapter("", PARENT, shipped=(replace(SHIPPED),), folder=tmp_path)


class TestOverTheModel:
    def test_the_trace_can_tell_which_adapter_wrote(self, weights: Path) -> None:
        with_it, without = load(weights), load(weights, adapter="none")
        assert with_it.model_hash == f"{PARENT}+{SHIPPED.sha256}" and without.model_hash == PARENT
        request = GenerationRequest((ChatTurn("user", "How long does delivery take?"),), max_tokens=12)
        assert "".join(with_it.start(request)) != "".join(without.start(request))
        with_it.close()
        without.close()

    @pytest.mark.parametrize("content", [b"", b"no weights at all", b"GGUF" + bytes(64)])
    def test_a_file_that_is_no_adapter_is_refused(self, weights: Path, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "bad.gguf").write_bytes(content)
        with pytest.raises(WeightsError, match=r"bad\.gguf does not fit"):
            load(weights, adapter=str(tmp_path / "bad.gguf"))

    def test_a_model_is_no_adapter(self, weights: Path) -> None:
        with pytest.raises(WeightsError, match="does not fit"):
            load(weights, adapter=str(weights))

    def test_it_computes_what_pytorch_computed(self, weights: Path) -> None:
        """PyTorch's figures for held-out answers, as the training wrote them down (its stage `parity`)."""
        model = LlamaModel(weights, n_ctx=512)
        lines = [json.loads(line) for line in PARITY.read_text("utf-8").splitlines()]
        bare = np.concatenate([np.abs(log_probabilities(model, line) - line["log_probabilities"]) for line in lines])
        model.load_adapter("writer", find_adapter("", PARENT).path)  # type: ignore[union-attr]
        model.set_adapter(AdapterUse("writer", 1.0))
        trained = np.concatenate([np.abs(log_probabilities(model, line) - line["log_probabilities"]) for line in lines])
        model.close()
        assert trained.mean() < 0.1 < 3 * trained.mean() + 0.1 < bare.mean()


def log_probabilities(model: LlamaModel, line: dict[str, list[int]]) -> np.ndarray:
    """Of each token of the answer, as llama.cpp computes them."""
    ids, begin = [*line["prompt"], *line["answer"]], len(line["prompt"])
    model.clear()
    model.decode([BatchToken(token, place, 0, place >= begin - 1) for place, token in enumerate(ids)])
    found = []
    for place in range(begin, len(ids)):
        logits = model.logits(place - 1)
        found.append(logits[ids[place]] - logits.max() - np.log(np.exp(logits - logits.max()).sum()))
    return np.array(found)
