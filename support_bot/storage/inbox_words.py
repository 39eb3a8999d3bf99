"""Words by which conversations are found: how texts are cut, what a search asks for, and where a text matches it.

Both databases are given the same plain words, so that both find, and mark, the same. A word of letters is looked for by
its beginning without the ending, so that "refunds" finds "refunded"; a number or a code is looked for as it is, in one
piece or in parts ("A-1042-77", "A104277"). Languages without spaces are cut into characters, in a row."""

from __future__ import annotations

import itertools
import re
import unicodedata
from dataclasses import dataclass

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
_UNSPACED = re.compile(f"[{_HAN}{_KANA}\uac00-\ud7a3]")
_ACCENTS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[^\W_]+")
_CODE = re.compile(r"[^\W_]+(?:[-./:@+#_]+[^\W_]+)+")
_ASKED = re.compile(r'"([^"]*)"?|([^\s"]+)')
_NUMBER = re.compile(r"#(\d{1,10})\b")
_ENDINGS = ("ing", "ed", "es", "s", "e")
_SHORTEST_STEM = 4
_LONGEST_WORD = 64
_LONGEST_CODE = 80
_MOST_TERMS = 12
# Databases bound a row's words (1 MB on PostgreSQL); of a longer conversation the last part is found.
LONGEST = 200_000
TICKET_NUMBER = "ticketnumber"


@dataclass(frozen=True, slots=True)
class Term:
    """One thing a text must have: `words` that follow each other, or `joined`, the same written in one.

    With `is_open`, the last word (and `joined`) may go on."""

    words: tuple[str, ...]
    joined: str = ""
    is_open: bool = False


def fold(text: str) -> str:
    """Lower case, without the accents of Latin, Greek and Cyrillic letters, one form for each character."""
    text = unicodedata.normalize("NFKD", text.lower())
    return unicodedata.normalize("NFKC", _ACCENTS.sub("", text))


def cut(text: str) -> list[str]:
    """The words of a text in order."""
    return [word[:_LONGEST_WORD] for word in _WORD.findall(_UNSPACED.sub(r" \g<0> ", fold(text)))]


def codes(text: str) -> list[str]:
    """Order numbers, addresses and the like, each in one piece."""
    return [_joined(code) for code in _CODE.findall(fold(text)) if _is_code(code)]


def indexed(text: str) -> str:
    """What the index stores for a text: its words in order, then its codes."""
    return " ".join([*cut(text), *codes(text)])


def terms(asked: str) -> list[Term]:
    """What a search asks for; all of it has to be there. "In quotes" means these words in this order.

    The last word may still be in the making, so it may go on, unless a space stands behind it."""
    found: list[Term] = []
    for match in _ASKED.finditer(asked):
        quoted, word = match.groups()
        if quoted is not None:
            found += [Term(tuple(cut(quoted)))] if cut(quoted) else []
        elif number := _NUMBER.fullmatch(word):
            found.append(Term((f"{TICKET_NUMBER}{number[1]}",)))
        elif words := cut(word):
            found.append(_term(word, words, is_last=match.end() == len(asked)))
    return list(dict.fromkeys(found))[:_MOST_TERMS]


def _term(word: str, words: list[str], *, is_last: bool) -> Term:
    if len(words) > 1 or not words[0].isalpha():
        parts = _CODE.fullmatch(fold(word).strip("#.,;:!?()"))
        joined = _joined(parts[0]) if parts and _is_code(parts[0]) else ""
        return Term(tuple(words), joined, is_open=is_last)
    stem = words[0]
    for ending in _ENDINGS:
        if stem.endswith(ending) and len(stem) - len(ending) >= _SHORTEST_STEM:
            stem = stem[: -len(ending)]
            break
    return Term((stem,), is_open=is_last or len(stem) >= _SHORTEST_STEM)


def marks(text: str, wanted: list[Term]) -> list[tuple[int, int, int]]:
    """Where a text has what is wanted, as (begin, end, which of the terms), in order and apart from each other."""
    pieces = [
        (begin + match.start(), begin + match.end())
        for begin, end in _stretches(text)
        for match in (_WORD.finditer(text[begin:end]) if end - begin > 1 else re.finditer(".", text[begin:end]))
    ]
    folded = [("".join(cut(text[begin:end])), begin, end) for begin, end in pieces]
    folded = [piece for piece in folded if piece[0]]
    found = [place for which, term in enumerate(wanted) for place in _places(folded, term, which)]
    found += [
        (match.start(), match.end(), which)
        for which, term in enumerate(wanted)
        if len(term.words) == 1 or term.joined
        for match in _CODE.finditer(text)
        if _is_code(match[0]) and _same(_joined(fold(match[0])), term.joined or term.words[0], is_open=term.is_open)
    ]
    apart: list[tuple[int, int, int]] = []
    for place in sorted(found, key=lambda place: (place[0], -place[1])):
        if not apart or place[0] >= apart[-1][1]:
            apart.append(place)
    return apart


def _stretches(text: str) -> list[tuple[int, int]]:
    """The text cut so that each character of a language without spaces stands alone."""
    cuts = sorted({0, len(text), *(at for match in _UNSPACED.finditer(text) for at in match.span())})
    return list(itertools.pairwise(cuts))


def _places(folded: list[tuple[str, int, int]], term: Term, which: int) -> list[tuple[int, int, int]]:
    last = len(term.words) - 1
    return [
        (folded[at][1], folded[at + last][2], which)
        for at in range(len(folded) - last)
        if all(
            _same(folded[at + step][0], word, is_open=term.is_open and step == last)
            for step, word in enumerate(term.words)
        )
    ]


def _same(word: str, wanted: str, *, is_open: bool) -> bool:
    return word.startswith(wanted) if is_open else word == wanted


def _joined(code: str) -> str:
    return "".join(_WORD.findall(code))


def _is_code(code: str) -> bool:
    return len(code) <= _LONGEST_CODE and ("@" in code or any(character.isdigit() for character in code))
