"""Turn a company's answers into lessons for the writer: the prompt of the product, and what should have been said.

The evidence is cut out of the articles as the product cuts it, so that a lesson looks like what the writer meets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sentencex

from support_bot.answering import condense, grounding
from support_bot.answering.prompt import title_line
from support_bot.answering.segments import Segment, is_prose, join, segments
from support_bot.distillation.companies import Article, Asked, Company
from support_bot.ingestion.chunker import chunk
from support_bot.values import Audience, Excerpt, ParsedDocument, Passage

_CITED = re.compile(r"\s*\[(a\d+)\]")
_CHUNK_WORDS = 160
_UNTOLD = frozenset({"clarify"})  # one asks back, which is not the writer's to decide


@dataclass(frozen=True, slots=True)
class Lesson:
    """A question with its evidence, numbered from 1, and the answer that says it.

    `keeps` is whether the answer says all facts of the evidence, `prose` whether the evidence is sentences only."""

    company: str
    type: str
    question: str
    excerpts: tuple[Excerpt, ...]
    answer: str
    keeps: bool
    prose: bool


def lessons(company: Company) -> Iterator[Lesson]:
    """The company's answers in order, without the sentences that say more than their evidence.

    An answer of which nothing is left is no lesson."""
    passages = {name: _passages(article, number) for number, (name, article) in enumerate(company.articles.items(), 1)}
    for asked in company.asked:
        if not asked.evidence or asked.type in _UNTOLD:
            continue
        excerpts, indices = _excerpts(asked, passages)
        answer = _answer(asked.answer, excerpts, indices)
        if not answer:
            continue
        shown = "\n".join(excerpt.text for excerpt in excerpts)
        yield Lesson(
            company=company.slug,
            type=asked.type,
            question=condense.standalone(asked.question, asked.turns),
            excerpts=excerpts,
            answer=answer,
            keeps=grounding.keeps_facts(re.sub(r"\s*\[\d+\]", "", answer), shown).ok,
            prose=all(is_prose(excerpt.text) for excerpt in excerpts),
        )


def _passages(article: Article, number: int) -> list[Passage]:
    document = ParsedDocument(article.title, article.text)
    return [
        Passage(0, number, f"{article.id}.md", article.title, draft.heading_path, draft.text, None, Audience.PUBLIC)
        for draft in chunk(document, target_words=_CHUNK_WORDS)
    ]


def _excerpts(asked: Asked, passages: dict[str, list[Passage]]) -> tuple[tuple[Excerpt, ...], dict[str, int]]:
    """One excerpt per passage that holds a quote, in the order of the articles; each article's first index."""
    found: list[Excerpt] = []
    indices: dict[str, int] = {}
    for name in asked.gold:
        for passage in passages[name]:
            pieces = [piece for piece in segments(passage.text) if _quoted(piece, asked.evidence)]
            if pieces:
                found.append(Excerpt(passage, join(pieces), 1.0))
                indices.setdefault(name, len(found))
    return tuple(found), indices


def _quoted(piece: Segment, quotes: tuple[str, ...]) -> bool:
    text = _flat(piece.text)
    return piece.kind != "heading" and any(text in quote or quote in text for quote in map(_flat, quotes))


def _flat(text: str) -> str:
    return " ".join(text.split()).strip(" .")


def _answer(answer: str, excerpts: tuple[Excerpt, ...], indices: dict[str, int]) -> str:
    """The sentences that the evidence carries, citing excerpts by number; empty where none is left or one is torn.

    A sentence without a citation (`Sorry to hear that.`) says nothing of the articles and is left out."""
    known = "\n".join(f"{title_line(excerpt)}\n{excerpt.text}" for excerpt in excerpts)
    kept = []
    for sentence in sentencex.segment("en", answer):
        cited = [indices[name] for name in _CITED.findall(sentence) if name in indices]
        said = _CITED.sub("", sentence).strip()
        if cited and grounding.supported(said, known).ok:
            body, end = (said[:-1], said[-1]) if said[-1] in ".!?" else (said, ".")
            kept.append(f"{body}{''.join(f' [{index}]' for index in dict.fromkeys(cited))}{end}")
    return " ".join(kept)
