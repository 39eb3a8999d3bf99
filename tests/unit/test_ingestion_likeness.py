"""The language of a text and near copies of it, told from the text alone."""

from __future__ import annotations

import pytest

from support_bot.ingestion.language import LanguageFinder
from support_bot.ingestion.likeness import NEAR_COPY, fingerprint, likeness, may_be_alike
from tests.factories import DELIVERY, RETURNS

FINDER = LanguageFinder()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("# Returns\n\nYou can return a jacket within 30 days, with the tag on.", "en"),
        ("Sie können die Jacke innerhalb von 30 Tagen zurückgeben, wenn das Etikett noch daran ist.", "de"),
        ("Puede devolver la chaqueta en un plazo de 30 días si conserva la etiqueta.", "es"),
        ("Vous pouvez retourner la veste sous 30 jours avec son étiquette.", "fr"),
        ("您可以在三十天内退回夹克，但须保留吊牌。", "zh"),
        ("ジャケットは、タグが付いていれば三十日以内に返品できます。", "ja"),
        ("Куртку можно вернуть в течение тридцати дней, если сохранилась этикетка.", "ru"),
        ("30일 이내에 재킷을 반품할 수 있으며 태그가 있어야 합니다.", "ko"),
        ("يمكنك إرجاع السترة خلال ثلاثين يومًا مع البطاقة.", "ar"),
    ],
)
def test_the_language_of_a_text_is_found(text: str, language: str) -> None:
    assert FINDER.find(text) == language


@pytest.mark.parametrize("text", ["", "Refund", "| A-1 | B-2 |\n|---|---|\n| 3 | 4 |", "https://x.example/a b c"])
def test_what_is_too_short_to_tell_stays_unknown(text: str) -> None:
    assert FINDER.find(text) == ""


@pytest.mark.parametrize(("said", "language"), [("de-AT", "de"), ("PT_br", "pt"), (" fr ", "fr"), ("german!", "en")])
def test_what_a_file_says_of_its_language_wins(said: str, language: str) -> None:
    assert FINDER.find("You can return a jacket within 30 days, with the tag on.", said) == language


def test_a_small_change_is_a_near_copy_and_another_article_is_not() -> None:
    changed = RETURNS.replace("30 days", "45 days")
    assert likeness(RETURNS, changed) > NEAR_COPY
    assert may_be_alike(fingerprint(RETURNS), fingerprint(changed))
    assert likeness(RETURNS, DELIVERY) < 0.1
    assert not may_be_alike(fingerprint(RETURNS), fingerprint(DELIVERY))


def test_scripts_without_spaces_are_compared_sign_by_sign() -> None:
    text = "您可以在三十天内退回夹克，但须保留吊牌。退款将在五个工作日内退回到您的原支付账户。"
    assert likeness(text, text.replace("五个", "七个")) > NEAR_COPY


def test_texts_without_words_are_like_nothing() -> None:
    assert fingerprint("…") == ""
    assert not may_be_alike("", "")
    assert likeness("", "") == 0.0
