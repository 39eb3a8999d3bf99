"""Log-probabilities on real weights: those of llama.cpp's own logits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from llama_cpp import Llama

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.plan import STEP_TOKENS
from support_bot.engine.scoring import choose, score
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.settings import EngineSettings, Settings

ANSWER = "Parcels take three to five days. Grüße 🙂"


@pytest.fixture(scope="module")
def weights() -> Path:
    return WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull("smollm2-135m")


@pytest.fixture
def engine(weights: Path) -> Iterator[LlamaEngine]:
    settings = EngineSettings(context_tokens=512, threads=1)
    engine = LlamaEngine.load(weights, name="smollm2-135m", model_hash="hash", settings=settings)
    yield engine
    engine.close()


def ask(*texts: str, **more: object) -> GenerationRequest:
    roles = ["system", "user"][-len(texts) :]
    turns = tuple(ChatTurn(role, text) for role, text in zip(roles, texts, strict=True))
    return GenerationRequest(turns, **more)  # type: ignore[arg-type]


def plain_rows(weights: Path, tokens: list[int]) -> np.ndarray:
    """Log-probabilities [tokens, n_vocab] from the library's own loop, in batches of the same size."""
    llama = Llama(
        str(weights), n_ctx=512, n_batch=STEP_TOKENS, n_threads=1, logits_all=True, flash_attn=True, verbose=False
    )
    llama.eval(tokens)
    logits = np.array(llama.scores[: len(tokens)], dtype=np.float64)
    llama.close()
    return (
        logits
        - np.log(np.exp(logits - logits.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True))
        - logits.max(axis=1, keepdims=True)
    )


def test_a_score_is_that_of_plain_logits(weights: Path, engine: LlamaEngine) -> None:
    request = ask("You work in a shop. " * 12, "When does my parcel come?", logprobs=5)
    found = score(engine, request, ANSWER)
    prompt = engine.prompt_tokens(request)
    assert b"".join(one.piece for one in found).decode() == ANSWER and found[-1].piece == b""
    rows = plain_rows(weights, prompt + [one.token for one in found[:-1]])[len(prompt) - 1 :]
    assert len(prompt) > STEP_TOKENS
    for one, row in zip(found, rows, strict=True):
        assert one.logprob == pytest.approx(row[one.token], abs=1e-3)
        assert [each.logprob for each in one.top] == pytest.approx(np.sort(row)[::-1][:5], abs=1e-3)


def test_what_is_written_is_listed_with_what_a_score_gives(engine: LlamaEngine) -> None:
    """But for rounding: what is written is read token by token, a score in one piece."""
    request = ask("When does my parcel come?", max_tokens=10, logprobs=1)
    generation = engine.start(request)
    text = "".join(generation)
    listed = generation.logprobs()
    assert b"".join(one.piece for one in listed).decode() == text
    assert all(one.logprob == one.top[0].logprob for one in listed)
    scored = score(engine, request, text)
    assert [one.token for one in scored[: len(listed)]] == [one.token for one in listed]
    assert np.mean([abs(a.logprob - b.logprob) for a, b in zip(listed, scored, strict=False)]) < 0.3


def test_choices_are_weighed_by_plain_logits(weights: Path, engine: LlamaEngine) -> None:
    request = ask("Answer with Yes or No.", "Is Paris the capital of France?")
    words = ["Yes", "No", "Maybe not"]
    found = choose(engine, request, words)
    firsts = [score(engine, request, word)[0].token for word in words]
    row = np.exp(plain_rows(weights, engine.prompt_tokens(request))[-1][firsts])
    assert found == pytest.approx(tuple(row / row.sum()), abs=1e-3)
