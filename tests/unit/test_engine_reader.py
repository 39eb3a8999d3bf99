"""What the reader's network is fed."""

from pathlib import Path

import pytest

from support_bot.engine.reader import Reader, inputs
from support_bot.errors import WeightsError
from support_bot.retrieval.reading import as_text
from support_bot.values import Audience, Passage


def test_places_count_anew_in_the_passage_and_padding_is_on_no_side() -> None:
    fed = inputs([([101, 7, 102], [101, 8, 9, 102]), ([101, 102], [101, 102])])
    assert fed["ids"].tolist() == [[101, 7, 102, 101, 8, 9, 102], [101, 102, 101, 102, 0, 0, 0]]
    assert fed["places"].tolist() == [[0, 1, 2, 0, 1, 2, 3], [0, 1, 0, 1, 0, 0, 0]]
    assert fed["sides"].tolist() == [[0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, -1, -1, -1]]


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x00" * 1000])
def test_a_damaged_file_says_what_to_do(tmp_path: Path, content: bytes) -> None:
    damaged = tmp_path / "reader.onnx"
    damaged.write_bytes(content)
    with pytest.raises(WeightsError, match=r"reader\.onnx cannot be loaded"):
        Reader(damaged, damaged)


def test_a_passage_is_read_with_its_title_and_headings() -> None:
    passage = Passage(1, 1, "a.md", "Delivery", ("Delivery", "Time"), "Three days.", None, Audience.PUBLIC)
    assert as_text(passage) == "Delivery > Time: Three days."
