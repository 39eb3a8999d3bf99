"""How well texts are sorted into classes: learn from one CSV file, ask about another. Knows no ticket."""

from __future__ import annotations

import csv
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from support_bot.answering.classifier import learn
from support_bot.answering.intent_weights import Embed
from support_bot.errors import Invalid


@dataclass(frozen=True, slots=True)
class Sorted:
    """One round: how many texts were learned from, the share (0..1) of the others told rightly, seconds to learn."""

    learned: int
    asked: int
    right: float
    held_out: float
    seconds: float


def read(path: Path) -> list[tuple[str, str]]:
    """Texts with their classes: the first two columns below a head. Raises Invalid."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [(row[0], row[1]) for row in list(csv.reader(file))[1:] if len(row) >= 2 and row[0].strip()]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{path} cannot be read: {error}.") from error
    if len({label for _, label in rows}) < 2:
        raise Invalid(f"{path} needs texts and classes in its first two columns, of two classes at least.")
    return rows


def sort(
    train: Sequence[tuple[str, str]], test: Sequence[tuple[str, str]], embed: Embed, *, shots: int = 0, seed: int = 0
) -> Sorted:
    """Learn from all of `train`, or from so many texts of each class, and tell the classes of `test`."""
    chosen = _some(train, shots, seed) if shots else list(train)
    vectors = embed([text for text, _ in chosen])
    begin = time.monotonic()
    classifier = learn([text for text, _ in chosen], vectors, [label for _, label in chosen])
    seconds = time.monotonic() - begin
    asked = [text for text, _ in test]
    found = classifier.shares(asked, embed(asked)).argmax(axis=1)
    right = sum(classifier.classes[place] == label for place, (_, label) in zip(found, test, strict=True)) / len(test)
    return Sorted(len(chosen), len(test), round(right, 4), round(classifier.held_out, 4), round(seconds, 2))


def _some(rows: Sequence[tuple[str, str]], shots: int, seed: int) -> list[tuple[str, str]]:
    by_class: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows:
        by_class[row[1]].append(row)
    draw = random.Random(seed)
    return [row for name in sorted(by_class) for row in draw.sample(by_class[name], min(shots, len(by_class[name])))]
