"""A teacher's tokens in those of a student that cuts text otherwise, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from support_bot.distillation.alignment import Vocabulary, targets
from support_bot.distillation.soft_labels import SoftLabels

END = 0
STUDENT = Vocabulary(enumerate([b"", b" re", b" refund", b"un", b"d", b"s", b"", b" re", b"\xc3"]), END)


@pytest.mark.parametrize(
    ("piece", "token"),
    [
        (b" refund", 2),
        (b" refunds", 2),  # its longest beginning
        (b" rest", 1),
        (b" re", 1),  # the first of two with these bytes
        (b"\xc3\xbc", 8),  # the beginning of a letter
        (b"", END),
        (b"x", None),
        (b" r", None),
    ],
)
def test_a_piece_begins_with_a_token_of_the_student(piece: bytes, token: int | None) -> None:
    assert STUDENT.begins(piece) == token


def labels(*tokens: tuple[int, int], top: dict[int, list[tuple[int, float]]]) -> SoftLabels:
    """Tokens of the teacher and where they end; what it foresees at each, as probabilities."""
    pieces = {10: b" refund", 11: b"s", 12: b" ref", 13: b"und", 14: b" refunded", 15: b"??", 16: b" rest", 17: b""}
    rows = tuple(
        tuple((token, math.log(share)) for token, share in top.get(place, [(number, 0.5)]))
        for place, (number, _) in enumerate(tokens)
    )
    return SoftLabels(tuple(number for number, _ in tokens), tuple(end for _, end in tokens), rows, pieces)


def test_the_same_cut_is_compared_everywhere() -> None:
    given = labels((10, 7), (11, 8), (17, 8), top={0: [(10, 0.6), (14, 0.1), (16, 0.2), (15, 0.05)]})
    first, second, end = targets(given, (2, 5, END), (7, 8, 8), STUDENT)
    assert (first.place, second.place, end.place) == (0, 1, 2)
    # " refund" and " refunded" begin alike for the student; " rest" begins with " re"; "??" goes into the rest
    assert first.tokens == (2, 1)
    assert [math.exp(value) for value in first.logprobs] == pytest.approx([0.7, 0.2])
    assert end.tokens == (END,) and math.exp(end.logprobs[0]) == pytest.approx(0.5)


def test_where_one_cuts_finer_neither_piece_is_compared() -> None:
    """The teacher's " ref" would promise the student's " refund" what also goes to " reference"."""
    given = labels((12, 4), (13, 7), (11, 8), (17, 8), top={})
    assert [target.place for target in targets(given, (2, 5, END), (7, 8, 8), STUDENT)] == [1, 2]
    given = labels((10, 7), (11, 8), (17, 8), top={})
    finer = targets(given, (1, 7, 3, 4, 5, END), (3, 4, 6, 7, 8, 8), STUDENT)
    assert [target.place for target in finer] == [4, 5]


def test_the_wanted_token_is_the_students_own_whatever_its_bytes_say() -> None:
    """Of two tokens with the same bytes the student's answer has the second."""
    given = SoftLabels((10, 17), (3, 3), (((10, math.log(0.9)),), ((17, math.log(0.9)),)), {10: b" re", 17: b""})
    assert [target.tokens for target in targets(given, (7, END), (3, 3), STUDENT)] == [(7,), (END,)]


def test_a_share_of_nothing_is_still_a_number() -> None:
    given = SoftLabels((10, 17), (3, 3), (((10, -900.0),), ((17, -0.1),)), {10: b" re", 17: b""})
    assert math.isfinite(targets(given, (1, END), (3, 3), STUDENT)[0].logprobs[0])
