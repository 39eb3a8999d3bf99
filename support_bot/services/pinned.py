"""What admins pin: a question with the team's own answer, given word for word. Finds it again when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from support_bot.answering.evidence import overlap
from support_bot.answering.intent_weights import Embed
from support_bot.answering.pinned import PinnedMatcher, Wording, normal
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.index.keyword import terms
from support_bot.models import Document, PinnedAnswer, utcnow
from support_bot.services.views import PinnedView, SourceView
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, Excerpt, Passage, PinState, Scores

TITLE = "Answer from our team"
NO_DOCUMENT = 0
"""A citation of the team's answer has this for its document, and the pinned answer for its chunk."""
_NAME = "pinned-answer"
_QUESTION_CHARS, _ANSWER_CHARS, _URL_CHARS, _MOST_OTHERS = 500, 4000, 2000, 20


@dataclass(frozen=True, slots=True)
class PinnedDraft:
    """A pinned answer as an admin writes it; `others` are more ways to ask, `document_id` the article it rests on."""

    question: str
    answer: str
    others: tuple[str, ...] = ()
    url: str | None = None
    document_id: int | None = None
    enabled: bool = True


class PinnedAnswerService:
    """Pinned answers, and the one that a customer's question asks for."""

    def __init__(self, db: Database, embed: Embed) -> None:
        self._db = db
        self._matcher = PinnedMatcher(embed)

    # ---- what admins do

    def page(self) -> list[PinnedView]:
        """All of them, by question."""
        with self._db.reading() as tx:
            return [PinnedView.of(pinned, document) for pinned, document in tx.pinned.page()]

    def get(self, pinned_id: int) -> PinnedView:
        with self._db.reading() as tx:
            pinned = tx.pinned.get(pinned_id)
            return PinnedView.of(pinned, tx.pinned.document_of(pinned))

    def add(self, draft: PinnedDraft) -> PinnedView:
        """Pin an answer. Raises Invalid for what cannot be used, Conflict where one of its questions is pinned."""
        draft = _cleaned(draft)
        with self._db.transaction() as tx:
            document = _article(tx, draft)
            _require_free(tx, draft, besides=None)
            pinned = PinnedAnswer(question=draft.question, key=normal(draft.question), answer=draft.answer)
            _write(pinned, draft, document)
            return PinnedView.of(tx.pinned.add(pinned), document)

    def change(self, pinned_id: int, draft: PinnedDraft) -> PinnedView:
        """Replace it as a whole. That says too that the answer was checked against its article as it is now."""
        draft = _cleaned(draft)
        with self._db.transaction() as tx:
            pinned = tx.pinned.lock(pinned_id)
            document = _article(tx, draft)
            _require_free(tx, draft, besides=pinned_id)
            _write(pinned, draft, document)
            tx.pinned.flush()
            return PinnedView.of(pinned, document)

    def switch(self, pinned_id: int, *, on: bool) -> PinnedView:
        """Give the answer from now on, or no more."""
        with self._db.transaction() as tx:
            pinned = tx.pinned.lock(pinned_id)
            pinned.enabled, pinned.updated_at = on, utcnow()
            return PinnedView.of(pinned, tx.pinned.document_of(pinned))

    def delete(self, pinned_id: int) -> None:
        with self._db.transaction() as tx:
            tx.pinned.delete(tx.pinned.lock(pinned_id))

    # ---- what the answering does

    def find(self, question: str, alone: str) -> tuple[Excerpt, ...]:
        """The team's answer to this question and the passage of its article, if it has one; empty if none is pinned."""
        with self._db.reading() as tx:
            pairs = [
                (pinned, document)
                for pinned, document in tx.pinned.page(enabled_only=True)
                if pinned.state(document) is PinState.ACTIVE
            ]
        by_id = {pinned.id: (pinned, document) for pinned, document in pairs}
        wordings = [Wording(pin.id, text) for pin, _ in pairs for text in (pin.question, *pin.others)]
        match = self._matcher.match(question, wordings, alone=alone)
        if match is None:
            return ()
        pinned, document = by_id[match.pin]
        own = Passage(
            chunk_id=pinned.id, document_id=NO_DOCUMENT, name=_NAME, title=TITLE, heading_path=(match.wording,),
            text=pinned.answer, url=pinned.url, audience=Audience.PUBLIC, scores=Scores(vector=match.likeness),
        )  # fmt: skip
        return (Excerpt(own, pinned.answer, match.likeness), *self._article_passage(pinned, document))

    def _article_passage(self, pinned: PinnedAnswer, document: Document | None) -> tuple[Excerpt, ...]:
        """The passage of the article that has most of the answer's words."""
        if document is None:
            return ()
        with self._db.reading() as tx:
            chunks = tx.documents.chunks(document.id)
        if not chunks:
            return ()
        wanted = terms(pinned.answer)
        best = max(chunks, key=lambda chunk: overlap(wanted, chunk.text))
        passage = Passage(
            chunk_id=best.id, document_id=document.id, name=document.name, title=document.title,
            heading_path=tuple(best.heading_path), text=best.text, url=document.url, audience=document.audience,
        )  # fmt: skip
        return (Excerpt(passage, best.text, overlap(wanted, best.text)),)


def team_source(tx: Transaction, pinned_id: int) -> SourceView:
    """The team's answer behind a citation. Raises NotFound once it is switched off, lapsed or deleted."""
    pinned = tx.pinned.get(pinned_id)
    if pinned.state(tx.pinned.document_of(pinned)) is not PinState.ACTIVE:
        raise NotFound(f"There is no pinned answer {pinned_id}.")
    return SourceView(NO_DOCUMENT, TITLE, pinned.url, pinned.answer, 0, len(pinned.answer))


def _write(pinned: PinnedAnswer, draft: PinnedDraft, document: Document | None) -> None:
    pinned.question, pinned.key, pinned.answer = draft.question, normal(draft.question), draft.answer
    pinned.others, pinned.url, pinned.enabled = list(draft.others), draft.url, draft.enabled
    pinned.rest_on(document)
    pinned.updated_at = utcnow()


def _cleaned(draft: PinnedDraft) -> PinnedDraft:
    """The draft without spare spaces and doubled questions. Raises Invalid, saying what to change."""
    question, answer = _line(draft.question), draft.answer.replace("\x00", "").strip()
    if not normal(question):
        raise Invalid("The question is empty.")
    if not answer:
        raise Invalid("The answer is empty.")
    if len(answer) > _ANSWER_CHARS:
        raise Invalid(f"The answer is too long: at most {_ANSWER_CHARS} characters, this one has {len(answer)}.")
    others: dict[str, str] = {}
    for other in map(_line, draft.others):
        if normal(other) and normal(other) != normal(question):
            others.setdefault(normal(other), other)
    if len(others) > _MOST_OTHERS:
        raise Invalid(f"At most {_MOST_OTHERS} other ways to ask are taken; these are {len(others)}.")
    return PinnedDraft(question, answer, tuple(others.values()), _link(draft.url), draft.document_id, draft.enabled)


def _line(text: str) -> str:
    line = " ".join(text.replace("\x00", "").split())
    if len(line) > _QUESTION_CHARS:
        raise Invalid(f"A question is too long: at most {_QUESTION_CHARS} characters, this one has {len(line)}.")
    return line


def _link(url: str | None) -> str | None:
    url = (url or "").strip()
    if not url:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or len(url) > _URL_CHARS or any(map(str.isspace, url)):
        raise Invalid("A link begins with https:// or http:// and names a page.")
    return url


def _article(tx: Transaction, draft: PinnedDraft) -> Document | None:
    """The article the answer rests on. Raises Invalid where customers could not open it."""
    if draft.document_id is None:
        return None
    try:
        document = tx.documents.lock(draft.document_id)
    except NotFound:
        raise Invalid(f"There is no article {draft.document_id}.") from None
    if document.audience is not Audience.PUBLIC:
        raise Invalid(f"“{document.title}” is for agents only: customers could not open it.")
    if document.version == 0:
        raise Invalid(f"“{document.title}” has not been read yet.")
    return document


def _require_free(tx: Transaction, draft: PinnedDraft, *, besides: int | None) -> None:
    wanted = {normal(text) for text in (draft.question, *draft.others)}
    for pinned, _ in tx.pinned.page():
        if pinned.id != besides and (taken := _first_of(wanted, (pinned.question, *pinned.others))):
            raise Conflict(f"“{taken}” is pinned already, with the question “{pinned.question}”.")


def _first_of(wanted: set[str], texts: Sequence[str]) -> str | None:
    return next((text for text in texts if normal(text) in wanted), None)
