"""Whether real prompts are answered as plain decoding answers them: `python -m tests.engine_identity COUNT [KB FILE]`.

COUNT prompts are asked together, with shared beginnings and guesses on; then each is written one token a step in an
empty memory. Where an answer differs, it has to part from the plain one at two tokens that are as good but for
rounding. KB is a folder of articles and FILE its questions, else the sample company's."""

from __future__ import annotations

import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from support_bot.assembly import weights_store
from support_bot.engine.adapter import find_adapter
from support_bot.engine.adapters import DEFAULT
from support_bot.engine.base import GenerationRequest
from support_bot.engine.embedders import load_embedder
from support_bot.engine.judging import SHIPPED
from support_bot.engine.llama import LlamaModel
from support_bot.engine.plan import USUAL
from support_bot.engine.step_model import AdapterUse
from support_bot.engine.tuned import Choices, Place, load_engine
from support_bot.engine.variants import Variants
from support_bot.engine.weights import WeightsStore
from support_bot.evaluation import bench, engine_load
from support_bot.evaluation.dataset import read_questions
from support_bot.services.sample_company import sample_company
from support_bot.settings import Settings
from tests.integration.greedy import parts_at_near_tie, plain_answer

MODEL = "smollm2-135m"
LONGEST = 64
OTHER_PIECE = 48
"""Plain decoding is also compared with itself, the prompt read in pieces of this size: what rounding alone does."""
MOST_PARTED = 0.02
"""Of the prompts may part at a near-tie: float sums depend on what else is in a step."""


def prompts(store: WeightsStore, settings: Settings, count: int, kb: Path, file: Path) -> list[engine_load.Messages]:
    """What the model is told for the first questions that find something."""
    articles = sorted(path for path in kb.rglob("*") if path.is_file())
    questions = [question.question for question in read_questions(file)]
    with bench.known_articles(settings, articles, load_embedder(store, "minilm")) as retriever:
        found = engine_load.prompts(
            questions,
            retriever,
            most_words=settings.answering.evidence_words,
            passages=settings.retrieval.passages,
            whole=False,
        )
    return (found * (1 + count // len(found)))[:count]


def plain_model(store: WeightsStore, settings: Settings) -> LlamaModel:
    """The file, the adapter and the plan that `load_engine` takes, without anything around them."""
    entry = store.get(MODEL)
    adapter = find_adapter(settings.engine.adapter, entry.sha256)
    choice = None
    if settings.engine.tune != "off":
        choice = Choices(settings.tuning_dir).find(Place.here(entry.sha256, adapter.sha256 if adapter else None))
    plan = choice.plan if choice else USUAL
    if choice and choice.format != SHIPPED and (variant := Variants(store, entry, adapter).find(choice.format)):
        return LlamaModel(store.path(variant.name), n_ctx=settings.engine.context_tokens, plan=plan)
    model = LlamaModel(store.path(MODEL), n_ctx=settings.engine.context_tokens, plan=plan)
    if adapter:
        model.load_adapter(DEFAULT, adapter.path)
        model.set_adapter(AdapterUse(DEFAULT, 1.0))
    return model


def compare(count: int, kb: Path, file: Path) -> Counter[str]:
    """How many answers are the plain ones, how many part from them at a near-tie, and how many for no such reason.

    And for how many prompts plain decoding agrees with itself."""
    settings = Settings(sample_data=False)
    settings.engine.queue_limit = count
    store = weights_store(settings)
    asked = prompts(store, settings, count, kb, file)
    with closing(load_engine(store, MODEL, settings)) as engine:
        requests = [GenerationRequest(messages, max_tokens=LONGEST, deadline_s=3600.0) for messages in asked]
        with ThreadPoolExecutor(count) as readers:
            answers = list(readers.map("".join, map(engine.start, requests)))
        tokens = [engine.prompt_tokens(request) for request in requests]
    ends: Counter[str] = Counter()
    with closing(plain_model(store, settings)) as model:
        for prompt, answer in zip(tokens, answers, strict=True):
            plain = plain_answer(model, prompt, LONGEST)
            ends["itself"] += plain == plain_answer(model, prompt, LONGEST, OTHER_PIECE)
            if answer == b"".join(map(model.piece, plain)).decode("utf-8", "ignore"):
                ends["same"] += 1
            elif parts_at_near_tie(model, prompt, plain, answer):
                ends["near-tie"] += 1
            else:
                ends["other"] += 1
    return ends


def main() -> int:
    """0 where no answer differs for another reason, and no more than `MOST_PARTED` at all."""
    count = int(sys.argv[1])
    company = sample_company()
    given = [Path(path) for path in sys.argv[2:4]] or [company / "articles", company / "exam.jsonl"]
    ends = compare(count, *given)
    sys.stdout.write(f"{dict(ends)} of {count}\n")
    return int(bool(ends["other"]) or ends["near-tie"] > MOST_PARTED * count)


if __name__ == "__main__":
    sys.exit(main())
