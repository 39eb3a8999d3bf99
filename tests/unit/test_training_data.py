"""The training data in the tree is whole, and its recipe is that of the adapter that is shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support_bot.distillation.order import read_order
from support_bot.engine.catalogue import SHIPPED_ADAPTERS
from support_bot.engine.gguf_header import read_header
from support_bot.evaluation.companies import convert, split_names

ROOT = Path(__file__).parents[2]
TRAINING = ROOT / "support_bot" / "distillation" / "data"
NAMES = sorted(split_names(TRAINING, "train") | split_names(TRAINING, "validation"))


def lines(name: str, kind: str) -> list[dict[str, object]]:
    text = (TRAINING / "companies" / f"{name}.{kind}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_every_company_is_listed_once_and_nothing_else_lies_there() -> None:
    assert not split_names(TRAINING, "train") & split_names(TRAINING, "validation")
    files = {path.name for path in (TRAINING / "companies").iterdir()}
    assert files == {f"{name}.{kind}.jsonl" for name in NAMES for kind in ("articles", "qa")}


@pytest.mark.parametrize("name", NAMES)
def test_what_is_quoted_stands_in_the_articles_that_are_named(name: str) -> None:
    texts = {str(article["id"]): f"{article['title']}\n{article['text']}" for article in lines(name, "articles")}
    for row in lines(name, "qa"):
        gold, quotes = row["gold"], row["evidence"]
        assert isinstance(gold, list) and isinstance(quotes, list)
        assert all(any(quote in texts[article] for article in gold) for quote in quotes), row["question"]
    assert len(convert(lines(name, "articles"), lines(name, "qa"), name)) > 30


def test_the_recipe_is_the_one_of_the_shipped_adapter() -> None:
    order = read_order(TRAINING / "writer.toml")
    [shipped] = SHIPPED_ADAPTERS
    tensors = read_header(ROOT / "support_bot" / "engine" / shipped.file).tensors
    ranks = {place.shape[0] for name, place in tensors.items() if name.endswith(".lora_a")}
    assert ranks == {order.recipe.rank} and order.recipe.base == "smollm2-135m"
    assert not order.sources.conversations and order.exam.questions == ROOT / "knowledge_base" / "exam.jsonl"
