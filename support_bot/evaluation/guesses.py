"""What an answer's wording gives away: its language, and its status where the bot gave none. Heuristics, not facts."""

from __future__ import annotations

import re

from support_bot.evaluation.normalise import cjk_share

STATUSES = ("answered", "refused", "handoff", "asked")

_FUNCTION_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": "the and you your to of is in for that with this can not are it be or on if we have will an",
        "es": "el la los las de que y en su para con una por no es se del al lo como puede si un más está",
        "fr": "le la les des de et vous votre vos pour dans que une est un pas du au avec sur ne pouvez si ce en",
    }.items()
}
_SHORTEST = 4  # words; fewer cannot be told
_CJK_FROM = 0.2

_PROMISE = r"i'll|i will|i am going to|i'm going to|i'd like to|let me|we'll|we will|allow me to"
_MOVE = r"connect|transfer|hand|pass|put|escalate|forward|get"
_PERSON = r"agent|human|person|representative|rep|team|specialist|colleague|support|someone"
_UNABLE = (
    r"can't|cannot|can not|couldn't|could not|don't|do not|didn't|won't|will not|am not able|'m not able|am unable"
)

_HANDING_OFF = re.compile(
    rf"\b(?:{_PROMISE})\b[^.?!]{{0,50}}\b(?:{_MOVE})\w*\b[^.?!]{{0,70}}\b(?:{_PERSON})\b"
    r"|\b(?:le|te) (?:comunico|paso|transfiero|conecto)\b"
    r"|vous (?:mets|transf\w+|passe|connecte)\b"
    r"|转接|转人工|人工客服",
    re.IGNORECASE,
)
_REFUSING = re.compile(
    rf"\b(?:i|we) (?:{_UNABLE})\b|\bi'm (?:not able|unable)\b"
    r"|\bhelp (?:articles?|pages?|cent(?:er|re)|documentation)\b[^.?!]{0,60}\b(?:don't|do not|doesn't|does not|only)\b"
    r"|\bonly (?:help|assist|answer)\b|not (?:covered|mentioned|described) in|(?:isn't|aren't) mentioned"
    r"|\bno (?:puedo|encontr[éo]|dispongo de)\b|artículos de ayuda no"
    r"|\bje ne (?:peux|trouve|dispose|sais)\b|n'indiquent pas"
    r"|无法(?:回答|确认|提供)|没有(?:提到|找到)",
    re.IGNORECASE,
)


def guess_language(text: str) -> str | None:
    """`en`, `es`, `fr`, `zh`, or None where the text is too short or gives no sign."""
    if cjk_share(text) > _CJK_FROM:
        return "zh"
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _SHORTEST:
        return None
    counts = {language: sum(word in known for word in words) for language, known in _FUNCTION_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else None


def guess_status(answer: str) -> str:
    """How a turn ended, by its text: a promised transfer, a first-person refusal (or silence), else an answer."""
    text = answer.strip().replace("\u2019", "'")
    if _HANDING_OFF.search(text):
        return "handoff"
    return "refused" if not text or _REFUSING.search(text) else "answered"
