"""Sorting texts into classes, and measuring it on two CSV files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support_bot.answering.classifier import learn
from support_bot.engine.fake import HashingEmbedder
from support_bot.errors import Invalid
from support_bot.evaluation.triage import read, sort

EMBED = HashingEmbedder().embed_questions
REFUNDS = [f"I want my money back for order {number}" for number in range(12)]
PARCELS = [f"Where is parcel {number}, it has not come" for number in range(12)]
ROWS = [(text, "refund") for text in REFUNDS] + [(text, "parcel") for text in PARCELS]


def test_new_texts_go_to_the_class_whose_words_they_have() -> None:
    found = learn([text for text, _ in ROWS], EMBED([text for text, _ in ROWS]), [label for _, label in ROWS])
    asked = ["Please give me my money back", "My parcel has not come"]
    shares = found.shares(asked, EMBED(asked))
    assert found.classes == ("parcel", "refund") and shares.argmax(axis=1).tolist() == [1, 0]
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert found.held_out == 1.0


def test_labels_by_chance_are_not_told_by_the_others() -> None:
    draw = np.random.default_rng(3)
    labels = [("a", "b")[bit] for bit in draw.integers(0, 2, len(ROWS))]
    found = learn([text for text, _ in ROWS], EMBED([text for text, _ in ROWS]), labels)
    assert found.held_out < 0.75


def test_the_share_told_rightly_is_measured_with_all_and_with_few(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text,category\n" + "".join(f'"{text}",{label}\n' for text, label in ROWS), encoding="utf-8")
    rows = read(file)
    assert rows == ROWS
    found = sort(rows, rows, EMBED, shots=3)
    assert (found.learned, found.asked) == (6, 24) and found.right > 0.9
    assert sort(rows, rows, EMBED).learned == 24


@pytest.mark.parametrize("text", ["", "text,category\n", "text,category\nonly,one\n", "a\nb\nc\n"])
def test_a_file_without_two_classes_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rows.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Invalid):
        read(file)
    with pytest.raises(Invalid):
        read(tmp_path / "none.csv")
