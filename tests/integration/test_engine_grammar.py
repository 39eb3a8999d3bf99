"""Answers that keep to a grammar or a JSON schema, on real weights."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from pydantic import BaseModel

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.langchain import EngineChatModel
from support_bot.engine.llama import LlamaModel
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Cancelled, EngineUnavailable, Invalid
from support_bot.settings import EngineSettings, Settings

TRIAGE = json.dumps(
    {
        "type": "object",
        "properties": {
            "topic": {"enum": ["billing", "delivery", "account"]},
            "urgent": {"type": "boolean"},
            "note": {"type": "string", "maxLength": 20},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 2},
        },
        "required": ["topic", "urgent", "note", "tags"],
        "additionalProperties": False,
    }
)
YES_NO = 'root ::= "yes" | "no"'


class Triage(BaseModel):
    """What a message is about."""

    topic: Literal["billing", "delivery"]
    urgent: bool


@pytest.fixture(scope="module")
def weights() -> Path:
    return WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull("smollm2-135m")


@pytest.fixture(scope="module")
def engine(weights: Path) -> Iterator[LlamaEngine]:
    settings = EngineSettings(context_tokens=512, threads=1)
    engine = LlamaEngine.load(weights, name="smollm2-135m", model_hash="hash", settings=settings)
    yield engine
    engine.close()


def ask(text: str = "Is it urgent?", **more: object) -> GenerationRequest:
    return GenerationRequest((ChatTurn("user", text),), **{"max_tokens": 120, **more})  # type: ignore[arg-type]


def test_any_draw_fits_the_schema(engine: LlamaEngine) -> None:
    asked = [
        engine.start(
            ask(f'{"Grüße 🙂 " * (i % 3)}Message {i}: my "parcel"\n', temperature=1.0, seed=i, json_schema=TRIAGE)
        )
        for i in range(20)
    ]
    found = [json.loads("".join(generation)) for generation in asked]
    assert all(set(each) == {"topic", "urgent", "note", "tags"} for each in found)
    assert len({each["note"] for each in found}) > 10
    stats = [generation.stats() for generation in asked]
    assert all(each and each.finish == "end" and each.drafted_tokens == 0 for each in stats)


def test_langchain_gets_an_instance(engine: LlamaEngine) -> None:
    model = EngineChatModel(engine=engine, temperature=1.0, seed=2, max_tokens=60)
    found = model.with_structured_output(Triage).invoke("My parcel is late!")
    assert isinstance(found, Triage) and found.topic in ("billing", "delivery")


def test_follows_an_answer_and_begins_again(weights: Path) -> None:
    """The mask is what asking for each token gives."""
    model = LlamaModel(weights, n_ctx=64)
    grammar = model.grammar('root ::= "yes" " sir"?')
    (yes,), (sir,) = model.tokenize("yes", control=False), model.tokenize(" sir", control=False)
    end = model.end_token
    for _ in range(2):
        assert (grammar.allows(yes), grammar.allows(sir), grammar.allows(end)) == (True, False, False)
        grammar.accept(yes)
        logits = np.random.default_rng(1).normal(size=20_000).astype(np.float32)
        masked = grammar.mask(logits, 1e9)
        assert np.flatnonzero(np.isfinite(masked)).tolist() == [t for t in range(20_000) if grammar.allows(t)]
        assert grammar.allows(end) and grammar.mask(logits, 0.0).max() == masked.max()
        grammar.reset()
    model.close()


def test_yes_or_no_and_nothing_else(engine: LlamaEngine) -> None:
    texts = {"".join(engine.start(ask(temperature=1.5, seed=seed, grammar=YES_NO))) for seed in range(12)}
    assert texts == {"yes", "no"}


def test_greedy_takes_the_likeliest_that_is_allowed(engine: LlamaEngine) -> None:
    generation = engine.start(ask(grammar='root ::= [a-z ]+ "."', logprobs=50, max_tokens=6))
    text = "".join(generation)
    assert text == text.lower()
    for one in generation.logprobs():
        better = [each.piece for each in one.top if each.logprob > one.logprob]
        assert not [
            piece for piece in better if piece and all(chr(byte) in "abcdefghijklmnopqrstuvwxyz " for byte in piece)
        ]


def test_an_answer_with_a_grammar_leaves_the_others_alone(engine: LlamaEngine) -> None:
    alone = "".join(engine.start(ask("When does my parcel come?", max_tokens=12)))
    free = engine.start(ask("When does my parcel come?", max_tokens=12))
    bound = engine.start(ask(grammar=YES_NO))
    assert "".join(bound) in ("yes", "no")
    assert "".join(free)[:4] == alone[:4]


def test_an_answer_that_is_cut_short_is_a_beginning(engine: LlamaEngine) -> None:
    generation = engine.start(ask(json_schema=TRIAGE, max_tokens=4))
    text = "".join(generation)
    stats = generation.stats()
    assert text.startswith("{") and stats is not None and stats.finish == "length"


@pytest.mark.parametrize("grammar", ["root ::= [z-a]", "root ::= <[99999999]>"])
def test_a_dead_end_fails_one_answer_alone(engine: LlamaEngine, grammar: str) -> None:
    other = engine.start(ask("When does my parcel come?", max_tokens=8))
    with pytest.raises(Invalid, match="nothing that the model could write"):
        list(engine.start(ask(grammar=grammar)))
    assert "".join(other) and engine.alive()


@pytest.mark.parametrize(
    "binding",
    [
        {"grammar": 'root ::= e root "x" | "y"\ne ::= "q"?'},
        {"grammar": "no grammar"},
        {"grammar": 'root ::= "\\xZZ"'},
        {"grammar": "root ::= <nonsense>"},
        {"json_schema": "no schema"},
        {"json_schema": "{}", "grammar": YES_NO},
        {"grammar": YES_NO, "scored": "yes"},
        {"grammar": YES_NO, "choices": ("yes", "no")},
    ],
)
def test_what_cannot_be_kept_to_is_refused_at_once(engine: LlamaEngine, binding: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        engine.start(ask(**binding))
    assert engine.queue_length() == 0


def test_grammars_are_freed_however_an_answer_ends(weights: Path) -> None:
    settings = EngineSettings(context_tokens=512, threads=1, slots=1)
    engine = LlamaEngine.load(weights, name="smollm2-135m", model_hash="hash", settings=settings)
    running = engine.start(ask(grammar="root ::= [a-z ]+", max_tokens=300))
    waiting = engine.start(ask(grammar=YES_NO))
    next(iter(running))
    waiting.cancel()
    engine.close()
    for generation in (running, waiting):
        with pytest.raises(Cancelled):
            list(generation)
    with pytest.raises(EngineUnavailable):
        engine.start(ask(grammar=YES_NO))
    grammars = [weakref.ref(each.terms.grammar) for each in (running, waiting)]  # type: ignore[attr-defined]
    del running, waiting, generation, engine
    gc.collect()
    assert [grammar() for grammar in grammars] == [None, None]
