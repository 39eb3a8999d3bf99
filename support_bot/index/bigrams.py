"""Words for languages that put no space between them: neighbouring pairs of characters (Chinese, Japanese, Korean)."""

from __future__ import annotations

import re
import unicodedata

# Han with its repetition marks, kana with the long vowel sign, Hangul syllables.
_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
_RUN = re.compile(f"[{_HAN}{_KANA}\uac00-\ud7a3]+")
_HIRAGANA = re.compile("[\u3041-\u3096\u30fc]+")
_WORD = re.compile(r"[^\W_]+")


def has_unspaced(word: str) -> bool:
    """Whether a word has characters of a language without spaces, so that it has to be cut."""
    return _RUN.search(word) is not None


def index_words(text: str) -> list[str]:
    """What the index stores for the unspaced words of a text: 退換貨 is 退換, 換貨 and, so that one character alone is
    found too, 貨. Letters and digits inside such a word (iPhoneの) become words of their own."""
    words: list[str] = []
    for word in _unspaced(text):
        for piece in _pieces(word):
            if has_unspaced(piece):
                words += [*(piece[at : at + 2] for at in range(len(piece) - 1)), piece[-1]]
            else:
                words.append(piece)
    return words


def query_words(word: str) -> list[str]:
    """What to look for when this unspaced word is asked for; `*` at the end means: any word that begins like this.

    Pairs of hiragana are grammar (です, ました); they count only where there is nothing else."""
    found: list[str] = []
    for piece in _pieces(word):
        if not has_unspaced(piece):
            found.append(piece)
        elif len(piece) == 1:
            found.append(f"{piece}*")
        else:
            found += [piece[at : at + 2] for at in range(len(piece) - 1)]
    content = [word for word in found if not _HIRAGANA.fullmatch(word.rstrip("*"))]
    return content or found


def _unspaced(text: str) -> list[str]:
    return [word for word in _WORD.findall(unicodedata.normalize("NFKC", text.lower())) if has_unspaced(word)]


def _pieces(word: str) -> list[str]:
    """The word cut where its script changes: iphoneの返品 is iphone and の返品."""
    return [piece for piece in re.split(f"({_RUN.pattern})", word) if piece]
