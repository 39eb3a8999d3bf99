"""Cleaning takes away what nobody sees and leaves every word and figure as it was."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from support_bot.ingestion.cleaner import clean, clean_line


def test_composed_and_decomposed_letters_become_the_same() -> None:
    assert clean(unicodedata.normalize("NFD", "Rückgabe für Café")) == "Rückgabe für Café"


def test_soft_hyphens_and_zero_width_characters_do_not_split_words() -> None:
    assert clean("re\u00adfund\u200b po\u2060licy\ufeff") == "refund policy"


def test_bidi_controls_cannot_reverse_an_amount() -> None:
    assert clean("Pay \u202e001\u202c euros\u200f") == "Pay 001 euros"


def test_hidden_tag_characters_cannot_carry_instructions() -> None:
    assert clean("Hello\U000e0041\U000e0042 there") == "Hello there"


def test_control_characters_go() -> None:
    assert clean("a\x00b\x1bc\x7f") == "abc"


def test_joiners_stay_where_they_spell_words_or_hold_emoji_together() -> None:
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
    assert clean("👩\u200d🔧 repair") == "👩\u200d🔧 repair"
    assert clean("re\u200dfund") == "refund"


def test_all_kinds_of_blanks_become_one_space() -> None:
    assert clean("10\u00a0000\u202fkm  for\u3000you\tnow") == "10 000 km for you now"


def test_all_kinds_of_line_ends_become_one() -> None:
    assert clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"


def test_repeated_blank_lines_become_one() -> None:
    assert clean("\n\none\n\n \n\n\ntwo\n\n") == "one\n\ntwo"


def test_indentation_of_nested_lists_stays() -> None:
    assert clean("- a\n    - b  c") == "- a\n    - b c"


def test_a_wanted_line_break_stays_and_other_trailing_spaces_go() -> None:
    assert clean("Box 12   \nLeeds \n\nnext  ") == "Box 12  \nLeeds\n\nnext"


def test_code_keeps_its_spaces_and_blank_lines() -> None:
    code = "```\nx  =  1\n\n\ny  = 2\n```"
    assert clean(code) == code


def test_ligatures_of_printed_text_become_letters() -> None:
    assert clean("o\ufb03ce \ufb01le") == "office file"


def test_figures_signs_and_quotation_marks_stay() -> None:
    text = "½ of 10² m² costs 5 € – “not” £4.50 … ≥ 3 × 2°"
    assert clean(text) == text


def test_a_title_is_one_line() -> None:
    assert clean_line(" How to\n return\u00a0it ") == "How to return it"


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(st.text(alphabet="abc XYZ123 €ß漢字\n-#|*", max_size=300))
def test_no_visible_character_is_lost(text: str) -> None:
    assert "".join(clean(text).split()) == "".join(text.split())
