"""Real weights teach: their labels say what their own logits say, in the tokens of a student."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from support_bot.distillation.examples import Example
from support_bot.distillation.soft_labels import pack_labels, read_labels
from support_bot.distillation.teach import Teacher, example_key, open_teacher, teach
from support_bot.distillation.tokens import Tokenizer
from support_bot.engine.llama import LlamaModel
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.settings import Settings

EXAMPLES = [
    Example("shop-1", "factual", "marked", "Answer from this.", "[1] Large costs $9.\n\nPrice?", "It costs $9 [1]."),
    Example("shop-2", "factual", "marked", "Answer from this.", "[1] Tür 5.\n\nWhich?", "Die Tür 5 🙂 [1]."),
]


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    store = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9"))
    return Teacher(store.get("smollm2-135m"), store.pull("smollm2-135m"), top=4)


def test_who_teaches_itself_is_compared_at_every_token_with_its_own_probabilities(
    teacher: Teacher, tmp_path: Path
) -> None:
    found = teach(lambda: open_teacher(teacher), teacher, EXAMPLES, tmp_path / "taught.jsonl", lambda *_: None)
    pack_labels(tmp_path / "labels.jsonl.gz", found.items())
    labels = dict(read_labels(tmp_path / "labels.jsonl.gz"))
    llama = LlamaModel(teacher.weights, n_ctx=256)
    try:
        tokenizer = Tokenizer(llama)
        for example in EXAMPLES:
            given = labels[example_key(teacher.entry.sha256, example, teacher.top)]
            targets = tokenizer.targets(example, given, tokenizer.vocabulary())
            answer = tokenizer.answer(example)
            assert given.tokens == answer  # with the token that ends an answer of this model
            assert [target.place for target in targets] == list(range(len(answer)))
            for target, row in zip(targets, given.top, strict=True):
                wanted = dict(row)[answer[target.place]]
                shares = dict(zip(target.tokens, target.logprobs, strict=True))
                assert shares[answer[target.place]] == pytest.approx(wanted, abs=1e-6)
                assert sum(map(math.exp, target.logprobs)) <= 1.01
    finally:
        llama.close()
