"""Say a reply friendlier, more formal or shorter without changing what it says. Words only, in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from support_bot.answering.grounding import Verdict, foreign_unit, names, numbers
from support_bot.values import Tone

_SHORT_NOT = ("could", "did", "do", "does", "has", "have", "is", "are", "should", "was", "were", "would")
_CONTRACTED = {f"{verb} not": f"{verb}n't" for verb in _SHORT_NOT} | {
    "cannot": "can't", "can not": "can't", "will not": "won't", "I am": "I'm", "I will": "I'll", "it is": "it's",
    "that is": "that's", "there is": "there's", "they are": "they're", "they will": "they'll", "we are": "we're",
    "we will": "we'll", "you are": "you're", "you will": "you'll",
}  # fmt: skip
_EXPANDED = {short: long for long, short in _CONTRACTED.items() if long != "can not"}
_FORMAL = {"asap": "as soon as possible", "get in touch with": "contact", "thanks": "thank you", "yeah": "yes"}
_GREETING = re.compile(r"^(?:hi|hey)\b(?P<name>(?=\s+(?-i:[A-Z])))?", re.IGNORECASE)
_SORRY = re.compile(r"\b(?:(?:I|we)(?: am| are|'m|'re)\s+)?(?:so |very )?sorry (?:for|about)\b", re.IGNORECASE)
_FEWER = {
    "at this point in time": "now", "at the moment": "now", "at this time": "now", "due to the fact that": "because",
    "have the ability to": "can", "in order to": "to", "in the event that": "if", "is able to": "can",
    "are able to": "can", "on a daily basis": "daily", "prior to": "before", "with regard to": "about",
    "with regards to": "about",
}  # fmt: skip
_ANNOUNCED = re.compile(
    r"^(?:please (?:be advised|note) that|(?:I|we) would like to inform you that|just to let you know,?)\s+(\w)",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"(?<!\bnot )(?<!n't )\b(?:actually|basically|definitely|kindly|literally|really|simply)\s+(?=\w)", re.IGNORECASE
)
_NOTHING_SAID = re.compile(
    r"^(?:many thanks|thank you(?: so much| very much)?|thanks(?: so much| a lot)?)"
    r"(?: for (?:your (?:patience|understanding|message|e-?mail|question|interest|reply|feedback)"
    r"|(?:contacting|writing to) us|writing|waiting|reaching out(?: to us)?|getting in touch"
    r"|letting (?:us|me) know))?[.!]$"
    r"|^(?:I|we) hope (?:you(?:'re| are) (?:doing )?well|this (?:helps|answers your question|clears (?:things|it) up"
    r"|(?:e-?mail|message) finds you well))[.!]$"
    r"|^please (?:do not|don't) hesitate to (?:contact|ask|reach out)[^.!?\d]*[.!]$"
    r"|^(?:please )?(?:feel free to|let (?:me|us) know if)\b[^.!?\d]*\b(?:question|anything else|further help)"
    r"[^.!?\d]*[.!]$"
    r"|^have a (?:great|good|nice|lovely|wonderful) (?:day|evening|weekend|week)[.!]$",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"^(?:(?:kind|best|warm) regards|regards|yours|sincerely|cheers|best|all the best)\b", re.IGNORECASE
)
_OFFER = "Let us know if there is anything else!"
_OFFERED = re.compile(r"\blet (?:me|us) know\b|\bhappy to help\b|\bhere to help\b|\bhesitate\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])(\s+)(?=[A-Z\"“(])")
_LINK = re.compile(r"(?:https?://|www\.)\S+|(?<![\w.+-])[\w.+-]+@[\w-]+\.[\w.]+")
_NOT = re.compile(r"\b(?:not|no|never|cannot|without|unless|only|except)\b|n['’]t\b", re.IGNORECASE)
_ENGLISH = frozenset(
    "a an and are as be can for have i in is it not of on or our that the this to us we will with you your".split()
)
_LEAST_ENGLISH = 0.15
_FEW_WORDS = 6


def is_english(text: str) -> bool:
    """Whether enough of the words are those that every English text has; a few words are given the benefit."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _FEW_WORDS:
        return text.isascii()
    return sum(word in _ENGLISH for word in words) >= _LEAST_ENGLISH * len(words)


def by_rules(text: str, tone: Tone) -> str:
    """The text with words exchanged that say the same in another tone; what stays empty-handed stays as it was."""
    found = [_RULES[tone](paragraph) for paragraph in _paragraphs(text)]
    if tone is Tone.FRIENDLIER and not _OFFERED.search(text):
        at = next((i for i, paragraph in enumerate(found) if i and _CLOSING.match(paragraph)), len(found))
        found.insert(at, _OFFER)
    return "\n\n".join(filter(None, found)) or text.strip()


def essential(text: str) -> str:
    """The text without sentences that say nothing, as thanks for a message; a shorter one need not have them."""
    return "\n\n".join(filter(None, (_joined(_saying(paragraph)) for paragraph in _paragraphs(text))))


def checked(before: str, after: str) -> tuple[str, tuple[str, ...]]:
    """`after` where it says the same, and why not where it does not: each paragraph that fails stays as it was.

    With another number of paragraphs it is all or nothing."""
    old, new = _paragraphs(before), _paragraphs(after)
    if len(old) != len(new):
        old, new = [before.strip()], [after.strip()]
    kept, wrong = [], []
    for was, now in zip(old, new, strict=True):
        verdict = same_facts(was, now)
        kept.append(now if verdict.ok else was)
        if not verdict.ok:
            wrong.append(verdict.why)
    return "\n\n".join(kept), tuple(wrong)


def same_facts(before: str, after: str) -> Verdict:
    """Whether both have the same numbers with their units, names, links, addresses and denials."""
    if changed := numbers(before) ^ numbers(after):
        return Verdict(False, f"another number: {', '.join(sorted(changed))}")
    if foreign := foreign_unit(after, before):
        return Verdict(False, f"another unit: {foreign}")
    if changed := _links(before) ^ _links(after):
        return Verdict(False, f"another link or address: {', '.join(sorted(changed))}")
    if changed := {name for name in names(before) if name not in after.lower()}:
        return Verdict(False, f"without the name: {', '.join(sorted(changed))}")
    if changed := {name for name in names(after) if name not in before.lower()}:
        return Verdict(False, f"another name: {', '.join(sorted(changed))}")
    if len(_NOT.findall(before)) != len(_NOT.findall(after)):
        return Verdict(False, "denies more or less")
    return Verdict(True)


def _links(text: str) -> set[str]:
    return {match.group().rstrip(".,;:!?)").lower() for match in _LINK.finditer(text)}


def _paragraphs(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]


def _exchanged(text: str, words: Mapping[str, str], behind: str = r"(?=\W|$)") -> str:
    """Each phrase exchanged where it stands as whole words, links left alone; capitals stay at the beginning."""

    def exchange(found: re.Match[str]) -> str:
        new = lowered[found.group().lower().replace("’", "'")]
        return new[0].upper() + new[1:] if found.group()[0].isupper() else new

    lowered = {phrase.lower(): new for phrase, new in words.items()}
    longest = sorted(lowered, key=len, reverse=True)
    one = "|".join(re.escape(phrase).replace("'", "['’]") for phrase in longest)
    pattern = re.compile(rf"(?<![\w'’/.@-])(?:{one})(?![\w'’/@-]){behind}", re.IGNORECASE)
    return pattern.sub(exchange, text)


def _friendlier(paragraph: str) -> str:
    return _exchanged(paragraph, _CONTRACTED, r"(?=\s+\w)")


def _formal(paragraph: str) -> str:
    # `can't you` would become `cannot you`, and `it's been` is no `it is been`.
    expanded = _exchanged(paragraph, _EXPANDED, r"(?!\s+(?:I|you|we|they|he|she|it|been|got)\b)")
    greeted = _GREETING.sub(lambda found: "Hello" if found["name"] is None else "Dear", expanded)
    return _SORRY.sub(_apology, _exchanged(greeted, _FORMAL))


def _apology(found: re.Match[str]) -> str:
    return "We apologise for" if found.group()[0].isupper() else "we apologise for"


def _saying(paragraph: str) -> list[tuple[str, str]]:
    """Each sentence that says something, with what stands before it: a space, or the end of a line."""
    kept, before = list[tuple[str, str]](), ""
    pieces = _SENTENCE.split(paragraph)
    for gap, sentence in zip(["", *pieces[1::2]], pieces[::2], strict=True):
        before = "\n" if "\n" in before + gap else " "
        if not _NOTHING_SAID.match(sentence.strip()):
            kept.append((before, sentence))
            before = ""
    return kept


def _joined(sentences: Iterable[tuple[str, str]]) -> str:
    return "".join(before + sentence for before, sentence in sentences).strip()


def _shorter(paragraph: str) -> str:
    return _joined((before, _in_fewer_words(sentence)) for before, sentence in _saying(paragraph))


def _in_fewer_words(sentence: str) -> str:
    found = _exchanged(_ANNOUNCED.sub(lambda found: found[1].upper(), _FILLER.sub("", sentence)), _FEWER)
    return found[:1].upper() + found[1:] if sentence[:1].isupper() else found


_RULES: Mapping[Tone, Callable[[str], str]] = {
    Tone.FRIENDLIER: _friendlier,
    Tone.FORMAL: _formal,
    Tone.SHORTER: _shorter,
}
