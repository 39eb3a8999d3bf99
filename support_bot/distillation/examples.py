"""Hand-written answers of companies as prompts and targets for the writer, the prompt as the bot would build it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sentencex

from support_bot.answering import condense, evidence, grounding, prompt
from support_bot.answering.citations import without_indices
from support_bot.evaluation.metrics import ANSWERABLE
from support_bot.index.keyword import terms
from support_bot.index.pieces import cut
from support_bot.index.segments import Segment, join, plain
from support_bot.retrieval.retriever import Retriever
from support_bot.values import Excerpt, Passage, history_from

OpenCompany = Callable[[Path], AbstractContextManager[Retriever]]
"""From a folder of articles to a search over them, as long as the block lasts."""

Tell = Callable[[str, int, int], None]

_ARTICLE = re.compile(r"\s*\[a(\d+)\]")
_EVERY_PASSAGE = 200  # more chunks than an invented company has
_OPENING = re.compile(r"(?:(?:yes|no|nope|sorry)[,:] )+|[^.:!?,\d*\[\]]{1,28}: (?=\S)", re.IGNORECASE)
_LEAST_OVERLAP = 0.4  # of a sentence's words; lower than in the gate, so that it also learns the customer's terms
_ALONE = 0.3  # of the examples show the question as rewritten by hand, not as the bot would search it


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands in the prompts: at most `most_words` of evidence where the product selects it, which it does in the
    share `selected` of the examples; the others show what was marked by hand alone."""

    most_words: int
    selected: float = 0.4


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and the answer wanted: `system` and `user` are the messages, `answer` cites excerpts as [1], [2].

    `evidence` is `marked` (the quotes of the example) or `selected` (what the product adds to them)."""

    id: str
    type: str
    evidence: str
    system: str
    user: str
    answer: str


@dataclass(frozen=True, slots=True)
class Material:
    """An answerable question of a company with the excerpts that answer it: marked by hand, and as the bot selects."""

    id: str
    record: Mapping[str, Any]
    question: str
    marked: tuple[Excerpt, ...]
    selected: tuple[Excerpt, ...]


@dataclass(slots=True)
class _Read:
    """A passage with its pieces as one plain text, and where each piece lies in it."""

    passage: Passage
    pieces: list[Segment]
    text: str
    spans: list[tuple[int, int]]


def write_examples(
    companies: Path, names: Sequence[str], out: Path, company: OpenCompany, shown: Shown, tell: Tell
) -> int:  # fmt: skip
    """Write the suitable examples of these companies to `out`, one JSON object a line; their number."""
    count = 0
    with out.open("w", encoding="utf-8") as file:
        for place, name in enumerate(names, start=1):
            for material in materials(companies, name, company, shown.most_words):
                if (found := example(material, shown.selected)) is not None:
                    file.write(json.dumps(asdict(found), ensure_ascii=False) + "\n")
                    count += 1
            tell("Reading companies", place, len(names))
    return count


def read_examples(path: Path) -> list[Example]:
    """What `write_examples` wrote."""
    return [Example(**json.loads(line)) for line in path.read_text("utf-8").splitlines()]


def materials(companies: Path, name: str, company: OpenCompany, most_words: int) -> Iterator[Material]:
    """The answerable questions of a company whose evidence is found in its articles. `most_words` as in `select`."""
    records = _lines(companies / f"{name}.qa.jsonl")
    with company(companies / f"{name}.articles.jsonl") as retriever:
        for number, record in enumerate(records, start=1):
            if record["type"] not in ANSWERABLE or not record["evidence"]:
                continue
            asked = condense.standalone(record["question"], history_from(record["history"]))
            found = retriever.retrieve(record["standalone"], limit=_EVERY_PASSAGE)
            read = [_read(passage) for passage in found if Path(passage.name).stem in record["gold"]]
            marked = _marked(record, read)
            if not marked:
                continue
            chosen = evidence.select(asked, retriever.retrieve(asked), retriever, most_words=most_words).excerpts
            yield Material(
                id=f"{name}-{number:03}",
                record=record,
                question=asked,
                marked=tuple(_excerpt(one, places) for one, places in marked),
                selected=_selected(chosen, marked),
            )


def example(material: Material, share: float) -> Example | None:
    """The example made of it, always the same one; None where the answer is not borne out by what is shown.

    In `share` of the examples the excerpts are as the product selects them."""
    selected = _chance(material.id) < share
    shown = material.selected if selected else material.marked
    alone = _chance(material.id + "question") < _ALONE
    question = material.record["standalone"] if alone else material.question
    answer = _cited(material.record["answer"], shown)
    answer = answer and _sayable(answer, shown)
    if not answer:
        return None
    system, user = prompt.answer_prompt(question, shown)
    kind = "selected" if selected else "marked"
    return Example(material.id, material.record["type"], kind, system.content, user.content, answer)


def _chance(text: str) -> float:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") / 2**32


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def _plain(text: str) -> str:
    return " ".join(plain(text).lower().split())


def _read(passage: Passage) -> _Read:
    pieces = cut(passage.text)
    text, spans, label = "", [], ""
    for piece in pieces:
        opening = piece.label if piece.label != label else ""
        label = piece.label
        start = len(text)
        text += _plain(f"{opening} {piece.text}") + " "
        spans.append((start, len(text) - 1))
    return _Read(passage, pieces, text, spans)


def _marked(record: Mapping[str, Any], read: Sequence[_Read]) -> list[tuple[_Read, set[int]]]:
    """The passages with the places of the pieces that hold the quotes, steps all together; none if a quote is lost."""
    chosen: dict[int, set[int]] = {}
    for quote in record["evidence"]:
        wanted = _plain(quote)
        at = next((n for n, one in enumerate(read) if wanted in one.text), None)
        if at is None:
            return []
        start = read[at].text.index(wanted)
        end = start + len(wanted)
        for place, (first, last) in enumerate(read[at].spans):
            if first < end and last > start:
                steps = read[at].pieces[place].kind == "item"
                chosen.setdefault(at, set()).update(evidence.group(read[at].pieces, place) if steps else {place})
    order = {f"a{article}": n for n, article in enumerate(_ARTICLE.findall(record["answer"]))}
    by_mention = sorted(chosen, key=lambda n: order.get(Path(read[n].passage.name).stem, len(order)))
    return [(read[n], chosen[n]) for n in by_mention]


def _selected(chosen: Sequence[Excerpt], marked: Sequence[tuple[_Read, set[int]]]) -> tuple[Excerpt, ...]:
    """What the product selects, with the marked pieces that it missed."""
    places: dict[int, tuple[_Read, set[int]]] = {}
    for excerpt in chosen:
        one = _read(excerpt.passage)
        held = {place for place, piece in enumerate(one.pieces) if piece.text in excerpt.text}
        places[excerpt.passage.chunk_id] = (one, held)
    for one, held in marked:
        places.setdefault(one.passage.chunk_id, (one, set()))[1].update(held)
    return tuple(_excerpt(one, held) for one, held in places.values())


def _excerpt(one: _Read, places: set[int]) -> Excerpt:
    return Excerpt(one.passage, join([one.pieces[place] for place in sorted(places)]), 1.0)


def _cited(answer: str, shown: Sequence[Excerpt]) -> str | None:
    """The answer with [a3] as the number of the excerpt it comes from; None where that is not shown."""
    stems = [Path(excerpt.passage.name).stem for excerpt in shown]
    said = ""
    last = 0
    for match in _ARTICLE.finditer(answer):
        numbers = [n for n, stem in enumerate(stems) if stem == f"a{match[1]}"]
        if not numbers:
            return None
        before = answer[last : match.start()]
        best = max(numbers, key=lambda n: evidence.overlap(terms(before), shown[n].text))
        said += f"{before} [{best + 1}]"
        last = match.end()
    return said + answer[last:]


def _sayable(answer: str, shown: Sequence[Excerpt]) -> str | None:
    """The answer with only what the excerpts say; None where it says a fact that they do not.

    Yes and no, sympathy and what the articles are silent about are left out: so small a model would guess them."""
    known = grounding.all_words(shown)
    kept = []
    for number, line in enumerate(answer.splitlines()):
        sentences = [sentence.strip() for sentence in sentencex.segment("en", line)]
        if number == 0 and sentences:
            sentences[0] = _without_opening(sentences[0], known)
        borne = []
        for sentence in sentences:
            verdict = grounding.supported(without_indices(sentence), known, least_overlap=_LEAST_OVERLAP)
            if verdict.ok:
                borne.append(sentence)
            elif "[" in sentence:
                return None
        kept.append(" ".join(borne))
    return "\n".join(kept).strip() or None


def _without_opening(sentence: str, known: str) -> str:
    """`Not quite: it is open until noon.` as `It is open until noon.`"""
    match = _OPENING.match(sentence)
    if match and evidence.overlap(terms(match.group()), known) < _LEAST_OVERLAP:
        sentence = sentence[match.end() :]
    return sentence[:1].upper() + sentence[1:]
