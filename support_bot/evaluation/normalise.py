"""Text as the metrics compare it: lower-case words without markup, in any script. Knows nothing of questions."""

from __future__ import annotations

import re
import unicodedata

_CJK = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LINK_TARGET = re.compile(r"\]\([^)\s]*\)")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？；])\s+|\n+|(?<=[。！？；])")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'"})
_CONTRACTIONS = (
    (re.compile(r"\bcan't\b|\bcan not\b"), "cannot"),
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"n't\b"), " not"),
)


def normalise(text: str) -> str:
    """Lower-case word tokens joined by one space: markup, link targets, quotes and punctuation are dropped.

    `1,000` becomes `1000` and `don't` becomes `do not`, so that both spellings are one."""
    text = unicodedata.normalize("NFKC", text)
    text = _LINK_TARGET.sub("]", text.translate(_APOSTROPHES)).lower()
    text = _THOUSANDS.sub("", text)
    for pattern, plain in _CONTRACTIONS:
        text = pattern.sub(plain, text)
    return " ".join(re.findall(r"\w+", text.replace("_", " ")))  # last: link targets may hold one


def has_cjk(text: str) -> bool:
    """Whether any character is Chinese, Japanese kanji or Korean hanja: scripts that put no space between words."""
    return bool(_CJK.search(text))


def cjk_share(text: str) -> float:
    """Share (0..1) of the letters and digits that are CJK."""
    letters = len(re.findall(r"\w", text))
    return len(_CJK.findall(text)) / letters if letters else 0.0


def squeezed(text: str) -> str:
    """Without spaces: how CJK text is compared."""
    return text.replace(" ", "")


def sentences(text: str) -> list[str]:
    """The sentences of raw text, split at end marks, also CJK ones, and at line breaks."""
    return [part for part in _SENTENCE_END.split(text) if part.strip()]
