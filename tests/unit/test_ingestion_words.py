"""Words are counted as a reader would count them, and groups are cut near their target."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.ingestion.packing import HARD_LIMIT, Unit, pack
from support_bot.ingestion.words import count_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("Three plain words.", 3),
        ("| a | b |\n| --- | --- |", 2),
        ("- **Bold** item – with a dash", 5),
        ('See [the list](https://x.example/a(b)c "Title") now', 4),
        ("返品は三十日以内です", 5),
        ("Pay 500円 now", 4),
        ("การคืนสินค้า", 3),
        ("반품은 삼십일 이내", 3),
    ],
)
def test_words_are_counted_as_a_reader_would(text: str, words: int) -> None:
    assert count_words(text) == words


def sizes(units: list[Unit], target: int) -> list[int]:
    return [sum(unit.words for unit in units[a:b]) for a, b in pack(units, target)]


def test_a_little_too_much_stays_in_one_group() -> None:
    assert sizes([Unit(60), Unit(60), Unit(60)], 160) == [180]


def test_twice_the_target_is_cut_in_the_middle() -> None:
    assert sizes([Unit(40)] * 8, 160) == [160, 160]


def test_what_is_left_over_does_not_become_a_crumb() -> None:
    assert min(sizes([Unit(50)] * 7, 160)) >= 100


def test_a_cut_moves_to_where_it_hurts_less() -> None:
    free = [Unit(80), Unit(80), Unit(80), Unit(80)]
    glued = [Unit(80), Unit(80), Unit(80, glue=2.0), Unit(80)]
    assert pack(free, 160) == [(0, 2), (2, 4)]
    assert (0, 2) not in pack(glued, 160)


def test_a_forbidden_group_is_never_made() -> None:
    assert pack([Unit(10)] * 3, 160, lambda a, b: False) == [(0, 1), (1, 2), (2, 3)]


def test_nothing_is_packed_into_nothing() -> None:
    assert pack([], 160) == []


@given(st.lists(st.builds(Unit, st.integers(0, 400), st.sampled_from([0.0, 0.3, 2.0])), max_size=30))
def test_groups_tile_the_units_and_respect_the_limit(units: list[Unit]) -> None:
    groups = pack(units, 160)
    assert [index for a, b in groups for index in range(a, b)] == list(range(len(units)))
    assert all(b - a == 1 or sum(unit.words for unit in units[a:b]) <= HARD_LIMIT * 160 for a, b in groups)
