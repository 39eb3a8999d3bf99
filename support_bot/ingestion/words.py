"""Count words the way a reader would, in scripts with and without spaces. Knows nothing of documents or tokens."""

from __future__ import annotations

import math
import re

LINK_TARGET = re.compile(r"(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?:\s+\"[^\"]*\")?\)")
"""What follows `[text]` in a Markdown link; readers do not read it."""

# Chinese, Japanese kana: about two characters to a word. Thai, Lao, Myanmar, Khmer: about four.
_TWO = re.compile(
    r"[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]"
)
_FOUR = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_SPACED = re.compile(r"\S*\w\S*")


def count_words(text: str) -> int:
    """Words of Markdown text: link targets, bullets and table pipes do not count, two CJK characters make a word."""
    text = LINK_TARGET.sub("", text)
    text, two = _TWO.subn(" ", text)
    text, four = _FOUR.subn(" ", text)
    return len(_SPACED.findall(text)) + math.ceil(two / 2) + math.ceil(four / 4)
