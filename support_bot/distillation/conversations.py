"""Which questions of customers come with an answer to learn from. Reads the database; judges no fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from support_bot.answering.citations import without_indices
from support_bot.models import Conversation, Message
from support_bot.privacy import mask
from support_bot.storage.database import Transaction
from support_bot.values import AnswerStatus, Author, Mode, PinState, Place, Turn

_PAGE = 500
_ANSWERED = AnswerStatus.ANSWERED
_SPOKE = (Author.CUSTOMER, Author.BOT, Author.STAFF)


@dataclass(frozen=True, slots=True)
class Pair:
    """A question with what came before it and a good answer, personal data masked.

    `source` is `staff` (a person answered), `helpful` (the customer said so) or `pinned`; `conversation` is its id, by
    which a customer who asks to be forgotten is found again, empty for a pinned answer."""

    source: str
    conversation: str
    question: str
    history: tuple[Turn, ...]
    answer: str


def pairs(tx: Transaction, left_out: Counter[str]) -> Iterator[Pair]:
    """Those of all closed conversations; `left_out` counts why others are not among them.

    Conversations of customers who asked to be forgotten are not in the database any more."""
    for conversation in _closed(tx):
        messages = [m for m in tx.conversations.messages(conversation.id) if m.author in _SPOKE]
        votes = tx.feedback.of_conversation(conversation.id)
        for place, message in enumerate(messages):
            said_by_bot = message.author is Author.BOT
            if message.author is Author.CUSTOMER or (said_by_bot and message.answer_status is not _ANSWERED):
                continue
            vote = votes.get(message.id)
            if said_by_bot and (vote is None or not vote.helpful):
                left_out["bot's answer, marked as no help" if vote else "bot's answer, not marked as helpful"] += 1
                continue
            if (asked := _question(messages, place)) is None:
                left_out["said by staff without a question before it"] += 1
                continue
            source = "helpful" if said_by_bot else "staff"
            yield _pair(source, conversation.id, messages, asked, message)


def gone(tx: Transaction, conversation_ids: Collection[str]) -> list[str]:
    """Those of them that the database does not have, in order: somebody asked to be forgotten, or they grew old."""
    ordered = sorted(conversation_ids)
    known: set[str] = set()
    for start in range(0, len(ordered), _PAGE):
        known |= tx.conversations.first_words(ordered[start : start + _PAGE]).keys()
    return [key for key in ordered if key not in known]


def pinned_pairs(tx: Transaction) -> Iterator[Pair]:
    """Pinned answers that are in force, each way of asking with the answer."""
    for pinned, document in tx.pinned.page(enabled_only=True):
        if pinned.state(document) is PinState.ACTIVE:
            for question in (pinned.question, *pinned.others):
                yield Pair("pinned", "", mask(question), (), mask(pinned.answer))


def _closed(tx: Transaction) -> Iterator[Conversation]:
    last: Place | None = None
    while page := tx.inbox.conversations(mode=Mode.CLOSED, after=last, limit=_PAGE):
        yield from (listed.conversation for listed in page)
        last = Place(page[-1].conversation.updated_at, page[-1].conversation.id)


def _question(messages: Sequence[Message], place: int) -> int | None:
    """Where the question stands that this message answers: the customer's, right before it; none where somebody has
    answered it already."""
    before = place - 1
    return before if before >= 0 and messages[before].author is Author.CUSTOMER else None


def _pair(source: str, conversation: str, messages: Sequence[Message], asked: int, answer: Message) -> Pair:
    """A burst of messages is one question."""
    first = asked
    while first > 0 and messages[first - 1].author is Author.CUSTOMER:
        first -= 1
    question = " ".join(message.text for message in messages[first : asked + 1])
    history = tuple(Turn(message.author, mask(message.text)) for message in messages[:first])
    return Pair(source, conversation, mask(question), history, mask(without_indices(answer.text)))
