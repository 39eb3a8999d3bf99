"""From question to answer events, step by step. Knows no database, no conversation id and no reader."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import sentencex

from support_bot.answering import citations, condense, evidence, grounding, phrases, policy, prompt
from support_bot.answering.intent import Intent, IntentRecogniser, Recognised
from support_bot.answering.pinned import LIKENESS
from support_bot.engine.base import Generation, GenerationRequest, TextEngine, model_label
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded, SupportBotError
from support_bot.index.keyword import terms
from support_bot.index.segments import is_prose
from support_bot.retrieval.retriever import Retriever
from support_bot.settings import AnsweringSettings
from support_bot.values import (
    AnswerEvent,
    Audience,
    Citation,
    Evidence,
    Excerpt,
    HandOff,
    HandoffReason,
    Passage,
    Queued,
    Refused,
    SourceRef,
    Text,
    TraceDraft,
    Turn,
)

FindPinned = Callable[[str, str], tuple[Excerpt, ...]]
"""The question as it was asked, and as it stands alone, to the team's own answer, first, and the article it rests on;
empty where the question is not pinned."""

_QUEUE_LOOK_S = 0.5
_LEAST_KEPT = 0.4  # of the words of what answers best; its numbers, names and restrictions are kept whole
_SENTENCE_ENDS = (".", "!", "?", "\n")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Work:
    """What one question has gathered on its way down; becomes the trace."""

    standalone: str
    threshold: float
    intent: Intent = Intent.QUESTION
    passages: list[Passage] = field(default_factory=list)
    excerpts: tuple[Excerpt, ...] = ()
    closest: float = 0.0
    decision: str = ""
    confidence: float = 0.0
    draft: str = ""
    cut: list[str] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    generation: Generation | None = None
    model: str = ""


@dataclass(slots=True)
class _Gate:
    """The sentences of a draft that hold, and those that do not, each with the reason."""

    held: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class AnswerChain:
    """The six steps: condense, retrieve, choose evidence, decide, write, check."""

    def __init__(
        self, retriever: Retriever, engine: TextEngine, settings: AnsweringSettings, recogniser: IntentRecogniser,
        find_pinned: FindPinned = lambda question, alone: (),
    ) -> None:  # fmt: skip
        self._retriever = retriever
        self._engine = engine
        self._settings = settings
        self._find_pinned = find_pinned
        self._recogniser = recogniser

    def stream(
        self,
        question: str,
        turns: Sequence[Turn],
        *,
        audience: Audience | None = Audience.PUBLIC,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Generator[AnswerEvent | TraceDraft]:
        """The events of the answer as they happen, the trace last. `stopped` is asked while the model writes; audience
        None answers from internal articles too.

        Every sentence that comes out has passed the evidence gate; closing the iterator frees the engine. A stopped
        turn hands over its trace too, before Cancelled is raised."""
        work = _Work(condense.standalone(question, turns), self._settings.answer_threshold)
        begin = time.monotonic()
        recognised = self._recogniser.recognise(question, condense.leans_on(question, turns))
        work.intent = recognised.intent
        work.timings["intent"] = time.monotonic() - begin
        pinned = 0.0 if policy.is_settled(recognised) else self._pin(question, work)
        if not pinned and policy.needs_evidence(recognised):
            self._search(work, audience)
        decision = self._decide(recognised, work, pinned)
        if decision.step is policy.Step.REFUSE and (joined := condense.second_try(question, turns)):
            work.standalone = joined
            self._search(work, audience)
            decision = self._decide(recognised, work, pinned)
        try:
            yield from self._act(decision, question, work, stopped)
        except Cancelled:
            yield self._trace(work)
            raise
        work.timings["total"] = time.monotonic() - begin
        yield self._trace(work)

    def _pin(self, question: str, work: _Work) -> float:
        """How like (0..1) the question is to a pinned one, whose answer is all the evidence then; 0 for none."""
        begin = time.monotonic()
        work.excerpts = self._find_pinned(question, work.standalone)
        work.timings["pinned"] = time.monotonic() - begin
        if not work.excerpts:
            return 0.0
        work.threshold = LIKENESS
        return work.excerpts[0].score

    def _search(self, work: _Work, audience: Audience | None) -> None:
        begin = time.monotonic()
        work.passages = self._retriever.retrieve(work.standalone, audience=audience)
        work.timings["retrieve"] = time.monotonic() - begin
        begin = time.monotonic()
        selection = evidence.select(
            work.standalone, work.passages, self._retriever, most_words=self._settings.evidence_words
        )
        work.excerpts, work.closest = selection.excerpts, selection.closest
        work.timings["evidence"] = time.monotonic() - begin

    def _decide(self, recognised: Recognised, work: _Work, pinned: float) -> policy.Decision:
        covered = 0.0
        if work.excerpts and not pinned:
            best = work.excerpts[0]
            covered = evidence.overlap(
                terms(work.standalone), f"{best.passage.title} {best.passage.heading} {best.passage.text}"
            )
        found = policy.features(work.passages, work.closest, covered)
        decision = policy.decide(recognised, found, threshold=self._settings.answer_threshold, pinned=pinned)
        work.decision, work.confidence = f"{decision.step}:{recognised.intent}", decision.confidence
        return decision

    def _act(
        self, decision: policy.Decision, question: str, work: _Work, stopped: Callable[[], bool]
    ) -> Iterator[AnswerEvent]:
        match decision.step:
            case policy.Step.HAND_OFF:
                yield HandOff(HandoffReason.CUSTOMER_REQUEST, phrases.handed_off(HandoffReason.CUSTOMER_REQUEST))
            case policy.Step.SMALL_TALK:
                yield Text(phrases.small_talk(question))
            case policy.Step.DECLINE:
                yield Refused(phrases.DECLINED, phrases.OFFER_PERSON)
            case policy.Step.REFUSE:
                yield Refused(phrases.refusal(work.intent), phrases.OFFER_PERSON)
            case policy.Step.PINNED:
                yield Text(work.excerpts[0].text)
                yield from map(Citation, citations.sources(work.excerpts))
            case policy.Step.ANSWER:
                known = citations.sources(work.excerpts)
                yield Evidence(known)
                if work.intent is Intent.ACCOUNT:
                    yield Text(phrases.IN_GENERAL)
                yield from self._answer(known, work, stopped)

    def _answer(self, known: tuple[SourceRef, ...], work: _Work, stopped: Callable[[], bool]) -> Iterator[AnswerEvent]:
        """Say the evidence in the model's words where they hold, else quote it. Steps and tables are not retold."""
        begin = time.monotonic()
        if self._settings.write and all(is_prose(excerpt.text) for excerpt in work.excerpts):
            try:
                yield from self._write(work, stopped)
            except (EngineUnavailable, Overloaded, Invalid) as error:
                _log.warning("the model could not write (%s); the article is quoted", error.code)
                work.cut.append(f"{prompt.NO_DRAFT}{error.detail})")
        work.timings["write"] = time.monotonic() - begin
        sentences = self._checked(work)
        for sentence in sentences:
            yield Text(citations.without_indices(sentence))
            for source in citations.cited(sentence, known) or known[:1]:
                yield Citation(source)
        if not sentences:
            titled = len({source.document_id for source in known}) > 1
            for excerpt, source in zip(work.excerpts, known, strict=True):
                yield Text(f"**{source.title}**\n\n{excerpt.text}" if titled else excerpt.text)
                yield Citation(source)

    def _write(self, work: _Work, stopped: Callable[[], bool]) -> Iterator[AnswerEvent]:
        """Let the model draft; while it waits its turn, say at which place."""
        most = prompt.answer_tokens(work.excerpts)
        room = self._engine.context_tokens - most
        messages, work.left_out = prompt.fitted_prompt(work.standalone, work.excerpts, room, self._engine.count_tokens)
        request = GenerationRequest(
            messages=messages,
            max_tokens=most,
            deadline_s=self._settings.deadline_s,
            stop=prompt.ECHOES,
        )
        generation = work.generation = self._engine.start(request)
        try:
            yield from _queue(generation, stopped)
            for piece in generation:
                work.draft += piece
                if stopped():
                    raise Cancelled("The turn has ended.")
                if piece.endswith(_SENTENCE_ENDS) and self._gate(work).refused:
                    break  # one sentence that does not hold is enough: the evidence is quoted, no time is lost
            work.draft = work.draft.strip()
        finally:
            generation.cancel()

    def _checked(self, work: _Work) -> list[str]:
        """The draft's sentences if all of them hold and no fact of the core of the evidence was lost; else none."""
        gate = self._gate(work)
        work.cut += gate.refused
        if work.cut or not gate.held:
            return []
        said = [citations.without_indices(sentence) for sentence in gate.held]
        known = "\n".join(excerpt.text for excerpt in work.excerpts)
        core = "\n".join(excerpt.core for excerpt in work.excerpts)
        titles = [prompt.title_line(excerpt) for excerpt in work.excerpts]
        for verdict in (
            grounding.begins_anew(citations.without_indices(work.draft), titles),
            grounding.brief(said, known),
            grounding.keeps_facts(" ".join(said), core, least_overlap=_LEAST_KEPT),
        ):
            if not verdict.ok:
                work.cut.append(f"{work.draft} ({verdict.why})")
                return []
        return gate.held

    def _gate(self, work: _Work) -> _Gate:
        """Each sentence of the draft so far against the evidence."""
        gate = _Gate()
        for sentence in sentencex.segment("en", work.draft):
            said = citations.without_indices(sentence).strip()
            if not said.strip(" ."):
                continue
            verdict = grounding.said_by_one(said, work.excerpts)
            if verdict.ok:
                gate.held.append(sentence.strip())
            else:
                gate.refused.append(f"{sentence.strip()} ({verdict.why})")
        return gate

    def _trace(self, work: _Work) -> TraceDraft:
        if work.generation is not None:
            _count(work, work.generation)
        return TraceDraft(
            standalone=work.standalone,
            passages=tuple(work.passages),
            excerpts=work.excerpts,
            decision=work.decision,
            confidence=work.confidence,
            threshold=work.threshold,
            model=work.model or model_label(self._engine),
            prompt_hash=prompt.prompt_hash(),
            draft=work.draft,
            sentences_cut=(*(f"(no room in the prompt: {title})" for title in work.left_out), *work.cut),
            timings=work.timings,
            tokens=work.tokens,
        )


def _count(work: _Work, generation: Generation) -> None:
    """Note what a generation took, once it has ended; one that was cancelled ends within a step of the engine."""
    with suppress(SupportBotError):
        for _ in generation:
            pass
    if stats := generation.stats():
        work.tokens = {"prompt": stats.prompt_tokens, "reused": stats.reused_tokens, "answer": stats.answer_tokens}
        work.model = stats.model
        work.timings["queue"] = stats.queue_s
        work.timings["first_token"] = stats.first_token_s
        work.timings["draft"] = stats.total_s


def _queue(generation: Generation, stopped: Callable[[], bool]) -> Iterator[Queued]:
    """A Queued event each time the place changes, until the generation starts."""
    last = 0
    while not generation.wait_started(_QUEUE_LOOK_S):
        if stopped():
            raise Cancelled("The turn has ended.")
        place = generation.place()
        if place and place != last:
            last = place
            yield Queued(place, round(generation.wait_s(), 1))
