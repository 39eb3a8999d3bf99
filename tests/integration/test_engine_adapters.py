"""Adapters per request over real weights: answers under adapters in turns are those of each adapter alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.engine.adapter import Adapter, find_adapter
from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.catalogue import SHIPPED_ADAPTERS
from support_bot.engine.digest import file_sha256
from support_bot.engine.llama import LlamaModel
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.plan import Plan
from support_bot.engine.sources import HubClient
from support_bot.engine.step_model import PLAIN, AdapterUse
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, EngineUnavailable, Invalid, WeightsError
from support_bot.settings import EngineSettings, Settings
from tests.integration.greedy import parts_at_near_tie, plain_answer

PARENT = str(SHIPPED_ADAPTERS[0].parent)
RULES = ChatTurn(
    "system",
    "You answer questions of the customers of a shop. Use only this text. "
    + "Returns are free within 30 days. Parcels take three to five working days. Refunds reach the card in ten days. "
    * 2,
)
QUESTIONS = ["How long do I have to return something?", "When does my parcel come?"]
KINDS = {("", 1.0): AdapterUse("default", 1.0), ("none", 1.0): PLAIN, ("", 0.4): AdapterUse("default", 0.4)}
ANSWER = 12


@pytest.fixture(scope="module")
def weights() -> Path:
    return WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull("smollm2-135m")


def load(weights: Path, **more: object) -> LlamaEngine:
    settings = EngineSettings(context_tokens=512, slots=4, threads=1, **more)  # type: ignore[arg-type]
    return LlamaEngine.load(weights, name="smollm2-135m", model_hash=PARENT, settings=settings)


@pytest.fixture(scope="module")
def engine(weights: Path) -> Iterator[LlamaEngine]:
    engine = load(weights)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def shipped() -> Adapter:
    found = find_adapter("", PARENT)
    assert found is not None
    return found


def ask(question: str, adapter: str = "", scale: float = 1.0) -> GenerationRequest:
    turns = (RULES, ChatTurn("user", question))
    return GenerationRequest(turns, max_tokens=ANSWER, adapter=adapter, adapter_scale=scale)


def test_answers_in_turns_are_those_of_each_adapter_alone(weights: Path, engine: LlamaEngine, shipped: Adapter) -> None:
    """All at once in an empty memory, then again in a full one; among them answers that differ by the adapter alone."""
    requests = [ask(question, *kind) for question in QUESTIONS for kind in KINDS]
    answers = []
    for _ in range(2):
        together = [engine.start(request) for request in requests]
        answers += ["".join(generation) for generation in together]
    model = LlamaModel(weights, n_ctx=512, plan=Plan(threads=1))
    model.load_adapter("default", shipped.path)
    alone, wrong = [], 0
    for request, answer in zip(requests * 2, answers, strict=True):
        model.set_adapter(KINDS[request.adapter, request.adapter_scale])
        prompt = engine.prompt_tokens(request)
        plain = plain_answer(model, prompt, ANSWER)
        alone.append(b"".join(map(model.piece, plain)).decode("utf-8", "ignore"))
        assert answer == alone[-1] or parts_at_near_tie(model, prompt, plain, answer), answer
        others = [text for other, text in zip(requests * 2, answers, strict=True) if other.messages == request.messages]
        wrong += any(not parts_at_near_tie(model, prompt, plain, text) for text in others if text != alone[-1])
    model.close()
    assert len(set(alone)) > len(QUESTIONS)
    assert wrong > len(answers) / 2  # most answers of another adapter would not have passed


class TestLoading:
    def test_a_running_engine_takes_another_adapter(self, weights: Path, shipped: Adapter) -> None:
        bare = load(weights, adapter="none")
        running = bare.start(GenerationRequest((ChatTurn("user", "Count from one to a hundred."),), max_tokens=60))
        next(iter(running))
        with pytest.raises(Invalid, match="No adapter is loaded as 'kind'"):
            bare.start(ask(QUESTIONS[0], "kind"))
        bare.load_adapter("kind", shipped)
        bare.load_adapter("kind", shipped)
        with_it = "".join(bare.start(ask(QUESTIONS[0], "kind")))
        without = "".join(bare.start(ask(QUESTIONS[0])))
        assert with_it and with_it != without
        assert "".join(running)
        bare.close()
        with pytest.raises(EngineUnavailable):
            bare.load_adapter("other", shipped)

    def test_the_setting_loads_more_than_the_default(self, weights: Path, shipped: Adapter) -> None:
        both = load(weights, adapters=[f"second={shipped.path}@{shipped.sha256}"])
        assert "".join(both.start(ask(QUESTIONS[0], "second"))) != "".join(both.start(ask(QUESTIONS[0], "none")))
        both.close()

    def test_a_name_keeps_its_file_and_a_bad_file_leaves_all_as_it_was(
        self, engine: LlamaEngine, weights: Path, tmp_path: Path
    ) -> None:
        bad = tmp_path / "bad.gguf"
        bad.write_bytes(b"no weights at all")
        with pytest.raises(Conflict):
            engine.load_adapter("default", Adapter(bad, file_sha256(bad)))
        for path in (bad, weights):
            with pytest.raises(WeightsError, match="does not fit"):
                engine.load_adapter("bad", Adapter(path, "0" * 64))
        with pytest.raises(Invalid):
            engine.start(ask(QUESTIONS[0], "bad"))
        assert "".join(engine.start(ask(QUESTIONS[0])))

    def test_the_setting_names_what_is_wrong(self, weights: Path, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match="not written as name=path"):
            load(weights, adapters=["nothing"])
