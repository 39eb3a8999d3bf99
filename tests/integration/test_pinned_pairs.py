"""Pinned questions against paraphrases and near misses, with the embedder that serves (pairs in pinned_pairs.json)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support_bot.answering.pinned import PinnedMatcher, Wording
from support_bot.assembly import weights_store
from support_bot.engine.embedder import Embedder
from support_bot.settings import Settings

PAIRS = json.loads((Path(__file__).parents[1] / "pinned_pairs.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def matcher() -> PinnedMatcher:
    settings = Settings()
    return PinnedMatcher(Embedder.load(weights_store(settings), "minilm").embed)


def fires(matcher: PinnedMatcher, pairs: list[list[str]]) -> list[str]:
    return [asked for pinned, asked in pairs if matcher.match(asked, [Wording(1, pinned)])]


@pytest.mark.parametrize("part", ["fitted", "held_out"])
def test_no_near_miss_fires(matcher: PinnedMatcher, part: str) -> None:
    assert fires(matcher, PAIRS[part]["other"]) == []


@pytest.mark.parametrize(("part", "least"), [("fitted", 29), ("held_out", 16)])
def test_most_paraphrases_with_the_same_important_words_fire(matcher: PinnedMatcher, part: str, least: int) -> None:
    assert len(fires(matcher, PAIRS[part]["same"])) >= least


def test_among_many_pinned_questions_the_right_one_fires(matcher: PinnedMatcher) -> None:
    pinned = list(dict.fromkeys(pair[0] for part in PAIRS.values() for pair in part["same"] + part["other"]))
    wordings = [Wording(number, text) for number, text in enumerate(pinned)]
    wrong = [
        (asked, match.wording)
        for part in PAIRS.values()
        for right, asked in part["same"]
        if (match := matcher.match(asked, wordings)) and match.wording != right
    ]
    assert wrong == []
