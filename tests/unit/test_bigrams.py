"""Words of languages without spaces are found by pairs of characters."""

from __future__ import annotations

import pytest

from support_bot.index.bigrams import has_unspaced, index_words, query_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("退換貨", ["退換", "換貨", "貨"]),
        ("カード", ["カー", "ード", "ド"]),
        ("ｶｰﾄﾞ", ["カー", "ード", "ド"]),
        ("iPhoneの返品、30日", ["iphone", "の返", "返品", "品", "30", "日"]),
        ("税", ["税"]),
        ("Only words with spaces, déjà vu.", []),
        ("", []),
    ],
)
def test_texts_become_pairs_and_their_last_character(text: str, words: list[str]) -> None:
    assert index_words(text) == words


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("退換貨", ["退換", "換貨"]),
        ("税", ["税*"]),
        ("返品したいです", ["返品", "品し"]),
        ("できますか", ["でき", "きま", "ます", "すか"]),
        ("iphoneの", ["iphone"]),
    ],
)
def test_questions_ask_for_pairs_without_the_grammar(word: str, words: list[str]) -> None:
    assert query_words(word) == words


@pytest.mark.parametrize("word", ["退款", "かな", "カタカナ", "환불", "𠮷野家", "abc返"])
def test_scripts_without_spaces_are_known(word: str) -> None:
    assert has_unspaced(word)


@pytest.mark.parametrize("word", ["refund", "возврат", "αβγ", "30", "naïve", "استرداد"])
def test_other_scripts_are_left_whole(word: str) -> None:
    assert not has_unspaced(word)
