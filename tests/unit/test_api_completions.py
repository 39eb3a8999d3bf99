"""What an OpenAI client says was said before."""

from __future__ import annotations

import pytest

from support_bot.api.completion_schemas import ChatMessageIn, ContentPart
from support_bot.api.completions import history, question
from support_bot.errors import Invalid


def said(text: str) -> str:
    """How an earlier answer is taken over."""
    (turn,) = history([ChatMessageIn(role="assistant", content=text), ChatMessageIn(role="user", content="?")], 4000)
    return turn.text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Three days. [1]", "Three days."),
        ("Three days [1][2], or four\n\n[3] [4].", "Three days, or four."),
        ("[1] Three days", "Three days"),
        ("Press [Return] or [1234].", "Press [Return] or [1234]."),
    ],
)
def test_markers_of_citations_are_taken_out(text: str, kept: str) -> None:
    assert said(text) == kept


def test_a_picture_that_was_sent_earlier_does_not_end_the_conversation() -> None:
    parts = [ContentPart(type="image_url"), ContentPart(type="text", text="What is this?")]
    asked = [ChatMessageIn(role="user", content=parts), ChatMessageIn(role="user", content="And delivery?")]
    assert [turn.text for turn in history(asked, 4000)] == ["What is this?"]
    assert question(asked) == "And delivery?"
    with pytest.raises(Invalid, match="not image_url"):
        question(asked[:1])


@pytest.mark.parametrize("gap", [" ", "\n", " \t"])
def test_a_long_gap_is_looked_at_once(gap: str) -> None:
    """Looked at from each of its places it takes longer than any test may: the square of its length."""
    assert said("a" + gap * 400_000 + "b").rstrip() == "a"
