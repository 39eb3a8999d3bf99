"""Exact things in a text: amounts, times, dates, addresses, menu paths. Knows no question and no answer."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from support_bot.evaluation.normalise import normalise

_LABEL_WORDS = 3
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_TIME_UNITS = ("second", "minute", "hour", "night", "day", "week", "month", "year")
_UNITS = (
    "second|minute|hour|night|day|week|month|year|km|kg|cm|mm|m|g|l|ml|mile|litre|liter|metre|meter|gram|kilo|"
    "GB|MB|TB|kB|Mbps|W|kW|kWh|V|°C|degree|percent|point|people|person|user|seat|item|piece|order|photo|character|"
    "digit|time|attempt|step|credit|page|visit|class|lesson|guest|device|email|file|number|cent|dollar|euro"
)
_COUNTED = r"(?:working|business|calendar|full)"
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split(), start=2
    )
}
_WORDS_OF = {digits: word for word, digits in _NUMBER_WORDS.items()}
_SPELT = re.compile(rf"\b({'|'.join(_NUMBER_WORDS)})\b", re.IGNORECASE)
_CONTRAST = re.compile(r"\b(?:not|instead of|rather than|unlike)(?:\s+\w+)?\s+$|\bbetween (?:.{1,25} and )?$", re.I)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z]\w+ $")
_BEFORE = re.compile(r"\bbefore\s+$", re.I)
_CONDITION = re.compile(r"\b(?:over|above|under|below|(?:more|less|longer|older|younger) than)\s+$", re.I)
_THINGS = re.compile(
    r"(?P<mail>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"
    r"|(?P<link>https?://[^\s)*|]+|\b[\w-]+(?:\.[\w-]+)+/[^\s)*|]*)"
    r"|(?P<marks>\*{1,2})(?P<label>[^*\n]{2,60}?)[.:?!]?(?P=marks)"
    rf"|(?P<date>\b\d{{1,2}}(?:st|nd|rd|th)? (?:{_MONTHS})\b|\b(?:{_MONTHS}) \d{{1,2}}\b)"
    r"|(?P<clock>\b\d{1,2}(?:[:.]\d\d)?\s?[ap]\.?m\b|\b\d{1,2}:\d\d\b)"
    r"|(?P<phone>(?<![\w-])\+?\d{2,4}(?:[ -]\d{3,4}){1,3}\b(?!%))"
    r"|(?P<code>\b(?=[A-Z0-9-]*\d)[A-Z]{1,6}-?\d+\b)"
    r"|(?<![\w.,-])(?P<number>[$€£]?\d[\d,]*(?:\.\d+)*%?)(?:(?:\s?[–-]\s?|\sto\s)[$€£]?(?P<upto>\d[\d,]*(?:\.\d+)?)%?)?"
    rf"(?:[\s-]?{_COUNTED})?(?:[\s-]?(?P<unit>{_UNITS})(?:s|es)?\b)?"
)


class Kind(enum.Enum):
    """What a thing is, as far as it matters for what was asked."""

    PRICE = enum.auto()
    TIME = enum.auto()
    PLACE = enum.auto()  # a menu path, a button, an address to write to
    OTHER = enum.auto()


@dataclass(frozen=True, slots=True)
class Thing:
    """Something exact: what makes it the same thing elsewhere, and how it may be worded."""

    key: str
    wordings: tuple[str, ...]
    kind: Kind = Kind.OTHER
    contrasted: bool = False  # "not the $5", "in Zone 2": what does not apply, or part of a name
    conditional: bool = False  # "for files over 4 GB"


def digits(text: str) -> str:
    """The text with small numbers as digits: `two days` as `2 days`."""
    return _SPELT.sub(lambda match: _NUMBER_WORDS[match[0].lower()], text)


def things(text: str) -> Iterator[Thing]:
    """The exact things of a text, in order; small numbers count however they are written."""
    for match in _THINGS.finditer(text := digits(text)):
        before = text[: match.start()]
        contrasted = bool(_CONTRAST.search(before) or (match["number"] and _NAME.search(before)))
        conditional = bool(
            (match["number"] and _CONDITION.search(before)) or (match["clock"] and _BEFORE.search(before))
        )
        yield from (replace(thing, contrasted=contrasted, conditional=conditional) for thing in _made_of(match))


def _made_of(match: re.Match[str]) -> Iterator[Thing]:
    kind, value = match.lastgroup, match[0]
    if match["number"]:
        yield _number(match)
    elif label := match["label"]:
        if _is_place(match):
            yield _label(label)
        if " > " not in label:
            yield from things(label)
    elif kind == "date":
        yield _date(value)
    elif kind == "clock":
        yield _clock(value)
    else:
        place = Kind.OTHER if kind == "code" else Kind.PLACE
        yield Thing(normalise(value), (value.rstrip(".,;"),), place)


def _is_place(match: re.Match[str]) -> bool:
    """A menu path, or a short label; marked words at the head only say what the sentence is about."""
    label, head = match["label"], not match.string[: match.start()].strip()
    words = len(label.split())
    short = words <= _LABEL_WORDS and not re.search(r"\d", label)
    return " > " in label or (short and not head and (words > 1 or match["marks"] == "**"))


def _label(text: str) -> Thing:
    """A menu path, a button or a term; of a path the last part is enough where it has two words."""
    last = text.rpartition(" > ")[2]
    return Thing(normalise(text), (text, last) if " " in last and last != text else (text,), Kind.PLACE)


def _date(text: str) -> Thing:
    day = re.sub(r"\D", "", text)
    month = re.sub(r"\d+(?:st|nd|rd|th)?|\s", "", text)
    ordinal = day + {"1": "st", "2": "nd", "3": "rd"}.get("" if day in ("11", "12", "13") else day[-1], "th")
    short = (f"{day} {month[:3]}*", f"{month[:3]} {day}")
    full = (f"{day} {month}", f"{month} {day}", f"{ordinal} {month}", f"{month} {ordinal}", f"{ordinal} of {month}")
    return Thing(f"{day} {month}".lower(), (*full, *short), Kind.TIME)


def _clock(text: str) -> Thing:
    """`8 am` also as 8am, 8 a.m. and, on the hour, 8:00 am."""
    plain = text.lower().replace(".m", "m")
    hour, half = plain.rstrip("apm. "), plain[-2:] if plain.endswith("m") else ""
    if not half:
        return Thing(hour, (hour,), Kind.TIME)
    hours = [hour] if ":" in hour or "." in hour else [hour, f"{hour}:00"]
    written = (f" {half}", half, f" {half[0]}.m.")
    return Thing(f"{hour} {half}", tuple(f"{h}{w}" for h in hours for w in written), Kind.TIME)


def _number(match: re.Match[str]) -> Thing:
    number, upto, unit = match["number"].strip("$€£%").rstrip(","), match["upto"], match["unit"]
    kind = Kind.PRICE if match["number"][0] in "$€£" else Kind.TIME if unit in _TIME_UNITS else Kind.OTHER
    key = f"price {number}" if kind is Kind.PRICE else number
    spelt = [number, *([_WORDS_OF[number]] if number in _WORDS_OF else [])]
    if upto:
        ranges = [f"{number} {upto}", *(f"{number} {word} {upto}" for word in ("to", "and", "or", "until"))]
        return Thing(f"{number}-{upto}", tuple(ranges), kind)
    if not unit:
        return Thing(key, tuple(spelt), kind)
    middle = ("", "working ", "business ") if unit.lower() == "day" else ("",)
    ending = "*" if len(unit) > 2 else ""
    return Thing(key, tuple(f"{n} {extra}{unit}{ending}" for n in spelt for extra in middle), kind)
