"""Find the language a document is written in. Says nothing about texts that are too short to tell."""

from __future__ import annotations

import re
from functools import cached_property

from py3langid.langid import LanguageIdentifier

from support_bot.ingestion.words import LINK_TARGET, count_words

# Languages that help desks write in. Dialects and rare relatives of these would be taken for them, or they for those.
_LANGUAGES = (
    "ar bg bn ca cs da de el en es et fa fi fr he hi hr hu id is it ja ko lt lv ms nl no pl pt ro ru sk sl sr sv ta "
    "th tr uk ur vi zh"
)
_MODEL = "data/model.npz.xz"
_LEAST_WORDS = 5
_SURE = 0.9
_SAMPLE = 6_000
_NOISE = re.compile(r"```.*?```|`[^`\n]*`|https?://\S+|\S+@\S+|[#|*_>\\\-]+|\d+", re.S)
_TAG = re.compile(r"^([a-z]{2,3})(?:[-_][a-z0-9]+)*$", re.I)


class LanguageFinder:
    """Holds the identifier (naive Bayes over byte n-grams, Lui and Baldwin 2012), which takes a moment to load."""

    @cached_property
    def _identifier(self) -> LanguageIdentifier:
        identifier = LanguageIdentifier.from_model_file(_MODEL, norm_probs=True)
        identifier.set_languages(_LANGUAGES.split())
        return identifier

    def find(self, text: str, said: str = "") -> str:
        """ISO 639 code such as `de`; empty where it cannot be told. What the file says of itself wins."""
        if told := _TAG.match(said.strip()):
            return told.group(1).lower()
        sample = " ".join(_NOISE.sub(" ", LINK_TARGET.sub("", text[:_SAMPLE])).split())
        if count_words(sample) < _LEAST_WORDS:
            return ""
        language, confidence = self._identifier.classify(sample)
        return str(language) if confidence >= _SURE else ""
