"""Refuse a grammar (GBNF) on which llama.cpp would crash, hang or run out of memory. Knows no model.

llama.cpp checks most of what is wrong, but overflows its stack on deep nesting, loops for ever on left recursion behind
something that may be empty and on `{5,2}`, and copies a literal as often as it is repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from support_bot.errors import Invalid

_LONGEST = 65_536  # characters
_DEEPEST = 1000  # groups in each other
_MOST_REPEATS = 2000
_MOST_ELEMENTS = 100_000
_MOST_BEGINNINGS = 2000
_MOST_MAYBES = 128
_MOST_MAYBES_IN_RINGS = 24

_TOKEN = re.compile(
    r"(?P<space>\s+|\#[^\n]*)|(?P<head>[A-Za-z0-9-]+)\s*::=|(?P<name>[A-Za-z0-9-]+)"
    r"""|"(?P<literal>(?:\\.|[^"\\])*)"|\[(?P<letters>(?:\\.|[^\]\\])*)\]|(?P<any>\.)|(?P<token>!?<[^<>]*>)"""
    r"|(?P<or>\|)|(?P<open>\()|(?P<close>\))|(?P<repeat>[*+?])|\{\s*(?P<times>\d+\s*(?:,\s*\d*\s*)?)\}",
    re.DOTALL,
)


@dataclass(slots=True)
class _Item:
    """What stands at one place: a rule, or something of `size` characters; `least` to `most` times, as written out."""

    rule: str = ""
    size: int = 1
    least: int = 1
    most: int = 1


@dataclass(slots=True)
class _Rule:
    ways: list[list[_Item]] = field(default_factory=lambda: [[]])


def check_grammar(text: str) -> None:
    """Raises Invalid with what is wrong where llama.cpp could not use the grammar safely; `root` is where it begins."""
    if len(text) > _LONGEST:
        raise Invalid(f"The grammar has {len(text)} characters; at most {_LONGEST} are taken.")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid("The grammar has characters that no text has.")
    rules = _Reader(text).rules
    if "root" not in rules:
        raise Invalid("The grammar has no rule `root`.")
    for rule in rules.values():
        for name in (item.rule for way in rule.ways for item in way):
            if name and name not in rules:
                raise Invalid(f"The grammar uses a rule `{name}` that it does not have.")
    _check_beginnings(rules)


class _Reader:
    """Rules by name; a group is a rule of its own, with a name that nobody could write."""

    def __init__(self, text: str) -> None:
        self.rules: dict[str, _Rule] = {}
        self._elements = 0
        self._open: list[str] = []
        at = 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise Invalid(f"The grammar cannot be read at {text[at : at + 40]!r}.")
            if found.lastgroup != "space":
                self._take(found.lastgroup, found[found.lastgroup])
            at = found.end()
        if len(self._open) > 1:
            raise Invalid("The grammar ends within a group.")

    def _take(self, kind: str, text: str) -> None:
        if kind == "head":
            if len(self._open) > 1:
                raise Invalid(f"A group is not closed before the rule `{text}`.")
            self.rules[text] = _Rule()
            self._open = [text]
            return
        if not self._open:
            raise Invalid("The grammar does not begin with a rule: name ::= …")
        ways = self.rules[self._open[-1]].ways
        match kind:
            case "or":
                ways.append([])
            case "open":
                self._begin_group(ways[-1])
            case "close":
                if len(self._open) < 2:
                    raise Invalid("The grammar closes a group that was not opened.")
                self._open.pop()
            case "repeat" | "times":
                self._repeat(ways[-1], kind, text)
            case _:
                # llama.cpp reads `[]` and `[^]` as nothing at all.
                size = len(text) if kind == "literal" else int(kind != "letters" or text not in ("", "^"))
                self._add(ways[-1], _Item(rule=text if kind == "name" else "", size=size))

    def _add(self, way: list[_Item], item: _Item) -> None:
        self._count(item.size)
        way.append(item)

    def _begin_group(self, way: list[_Item]) -> None:
        if len(self._open) > _DEEPEST:
            raise Invalid(f"The grammar nests more than {_DEEPEST} groups.")
        name = f"({len(self.rules)}"
        self.rules[name] = _Rule()
        self._add(way, _Item(rule=name))
        self._open.append(name)

    def _repeat(self, way: list[_Item], kind: str, text: str) -> None:
        if not way:
            raise Invalid(f"Nothing stands before {text!r} in the grammar.")
        least, most = (0 if text in "*?" else 1), 1
        if kind == "times":
            first, _, last = (part.strip() for part in text.partition(","))
            least = min(int(first[:9]), _MOST_REPEATS + 1)
            most = min(int(last[:9]), _MOST_REPEATS + 1) if last else least
            if most < least or max(least, most) > _MOST_REPEATS:
                raise Invalid(f"{{{text}}} repeats more than {_MOST_REPEATS} times, or less than no times.")
        self._count(way[-1].size * max(least, most))
        way[-1].least *= least
        way[-1].most *= max(1, most)

    def _count(self, elements: int) -> None:
        self._elements += elements
        if self._elements > _MOST_ELEMENTS:
            raise Invalid("The grammar is too large once its repetitions are written out.")


def _check_beginnings(rules: dict[str, _Rule]) -> None:
    empty = _may_be_empty(rules)
    left = {name: [child for way in rule.ways for child in _left(way, empty)] for name, rule in rules.items()}
    beginnings: dict[str, int] = {}
    for name in _inside_first(left, rings=False):
        beginnings[name] = 1 + sum(1 + beginnings.get(child, 0) for child in left[name])
        if beginnings[name] > _MOST_BEGINNINGS:
            raise Invalid("The grammar leaves too many ways open at once; write it with fewer alternatives.")
    parts = {name: [item.rule for way in rule.ways for item in way] for name, rule in rules.items()}
    ringed = _in_rings(parts)
    through: dict[str, int] = {}
    for name in _inside_first(parts, rings=True):
        runs = [_maybes(way, empty, through) for way in rules[name].ways]
        if max(longest for longest, _ in runs) > (_MOST_MAYBES_IN_RINGS if name in ringed else _MOST_MAYBES):
            raise Invalid("The grammar has too many parts in a row that may be left out.")
        through[name] = max(whole for _, whole in runs)


def _may_be_empty(rules: dict[str, _Rule]) -> set[str]:
    """The rules that match the empty text."""
    empty: set[str] = set()
    names, known = list(rules), -1
    while len(empty) > known:
        known = len(empty)
        names.reverse()  # chains are found in one go, whichever way they are written
        for name in names:
            if any(all(_empty(item, empty) for item in way) for way in rules[name].ways):
                empty.add(name)
    return empty


def _empty(item: _Item, empty: set[str]) -> bool:
    return not item.least or not item.size or item.rule in empty


def _left(way: Sequence[_Item], empty: set[str]) -> Iterator[str]:
    """The rules with which a text of this kind may begin; `""` for characters."""
    for item in way:
        yield item.rule
        if not _empty(item, empty):
            return


def _maybes(way: Sequence[_Item], empty: set[str], through: dict[str, int]) -> tuple[int, int]:
    """The longest run of parts that may all be left out, and its length where that is the whole way, else 0.

    llama.cpp follows every choice among them at once, which takes the fourth power of their number."""
    longest = run = 0
    for item in way:
        copies = item.most if item.rule in empty or not item.size else 1
        run = run + (1 + through.get(item.rule, 0)) * copies if _empty(item, empty) else 0
        longest = max(longest, run)
    return longest, run if all(_empty(item, empty) for item in way) else 0


def _in_rings(children: dict[str, list[str]]) -> set[str]:
    """The rules that contain themselves, and those between two such: what they leave open grows with the answer."""
    left = set(children)
    parents: dict[str, list[str]] = {name: [] for name in children}
    for name, inside in children.items():
        for child in inside:
            if child:
                parents[child].append(name)
    for onward, backward in ((children, parents), (parents, children)):
        count = {name: sum(1 for other in onward[name] if other in left) for name in left}
        ends = [name for name in left if not count[name]]
        left -= set(ends)
        while ends:
            for other in backward[ends.pop()]:
                if other in left:
                    count[other] -= 1
                    if not count[other]:
                        left.remove(other)
                        ends.append(other)
    return left


def _inside_first(children: dict[str, list[str]], *, rings: bool) -> list[str]:
    """All rules, each after its children. Raises Invalid at a ring, or with `rings` goes past it."""
    order: list[str] = []
    done: set[str] = set()
    for name in children:
        path: dict[str, Iterator[str]] = {}
        following: str | None = name
        while following is not None or path:
            if following in path and not rings:
                raise Invalid(f"The rule `{following}` of the grammar may begin with itself (left recursion).")
            if following and following not in done and following not in path:
                path[following] = iter(children[following])
            last = next(reversed(path), None)
            if last is None:
                break
            following = next(path[last], None)
            if following is None:
                del path[last]
                done.add(last)
                order.append(last)
    return order
