"""How fast the inbox is on this machine: conversations of a made-up shop, always the same, and what staff ask of them.
Knows nothing of right and wrong."""

from __future__ import annotations

import datetime as dt
import random
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from support_bot.models import Conversation, Message, Staff, Ticket, TicketStatus
from support_bot.services.tickets import TicketService
from support_bot.storage.database import Database
from support_bot.values import Author, HandoffReason, InboxFilter, InboxSort, Mode, Role

PER_CONVERSATION = 20
_AT_ONCE = 200
_BEGAN = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
_THINGS = "jacket boots kettle lamp tent bicycle headphones blender backpack watch sofa printer".split()
_NAMES = "Ana Bo Chidi Dana Emre Fay Goran Hana Ines Jun Kofi Lena Mira Nils Omar Pia".split()
_CUSTOMER = (
    "Hello, I ordered a {thing} last week and the parcel has not arrived yet. My order number is {order}.",
    "Thanks. When will the refund for the {thing} be paid to my card?",
    "The {thing} is damaged, the box was open when the courier handed it over.",
    "Can I exchange the {thing} for a larger size without paying for delivery again?",
    "I was charged twice, once on Monday and once on Tuesday, please check the invoice.",
    "You can write to {name}@example.com, that is the address of my account.",
    "That does not answer my question, may I talk to a person?",
)
_BOT = (
    "Standard delivery takes 3 to 5 business days. You can follow the parcel on the page of your orders.",
    "A refund reaches the card within 5 business days after the {thing} has arrived at our warehouse.",
    "You can return a {thing} within 30 days, unworn and with the tag on.",
    "Express delivery costs $12 and arrives the next working day before noon.",
)
_STAFF = (
    "Hello {name}, I have looked up order {order}: the {thing} left our warehouse yesterday.",
    "I have sent you a return label and will come back to you once the {thing} is here.",
)
SEARCHES = {"order number": "", "rare word": "quixotic", "frequent word": "refund", "two words": "refund courier",
            "three words": "charged tuesday express", "nothing": "zyzzyva"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InboxTime:
    """Milliseconds of one thing that staff ask, and how many entries it gave."""

    what: str
    p50_ms: float
    p95_ms: float
    entries: int


def order_number(number: int) -> str:
    """The order of a conversation, unlike that of any other."""
    return f"A-{1000 + number}-{10 + number % 90}"


def fill(db: Database, conversations: int, progress: Callable[[int, int], None] | None = None) -> int:
    """Write so many conversations of twenty messages, two in five with a ticket; the id of a member of staff."""
    chance = random.Random(20_250_101)
    with db.transaction() as tx:
        person = tx.staff.add(Staff(email="bench@example.com", name="Bench", role=Role.AGENT, password_hash=""))
        channel = tx.channels.page()[0].id
    for begin in range(0, conversations, _AT_ONCE):
        count = min(_AT_ONCE, conversations - begin)
        with db.transaction() as tx:
            for number in range(begin, begin + count):
                mode, ticket = _conversation(chance, number, channel, person.id)
                tx.conversations.add(mode)
                for message in _messages(chance, number, mode):
                    tx.conversations.add_message(message)
                if ticket is not None:
                    tx.tickets.add(ticket)
        if progress:
            progress(begin + count, conversations)
    return person.id


def _conversation(
    chance: random.Random, number: int, channel: int, staff_id: int
) -> tuple[Conversation, Ticket | None]:
    at = _BEGAN + dt.timedelta(minutes=40 * number)
    key = uuid.UUID(int=chance.getrandbits(128)).hex
    waits, has_ticket, name = number % 50 == 0, number % 5 < 2, chance.choice(_NAMES)
    conversation = Conversation(
        channel_id=channel, id=key, visitor=f"{name}-{number}", created_at=at,
        updated_at=at + dt.timedelta(minutes=chance.randrange(600)),
        mode=Mode.WAITING if waits else Mode.CLOSED if number % 3 else Mode.BOT, waiting_since=at if waits else None,
    )  # fmt: skip
    if not has_ticket:
        return conversation, None
    status = TicketStatus.NEW if waits else chance.choices(list(TicketStatus), [1, 3, 1, 20, 5])[0]
    return conversation, Ticket(
        conversation_id=key, subject=f"The {chance.choice(_THINGS)} of order {order_number(number)}",
        reason=chance.choice(list(HandoffReason)), summary="The customer waits for a refund.", status=status,
        priority=chance.choice(["low", "normal", "normal", "high", "urgent"]),
        assignee_id=staff_id if chance.random() < 0.3 else None, created_at=at, updated_at=conversation.updated_at,
    )  # fmt: skip


def _messages(chance: random.Random, number: int, conversation: Conversation) -> Iterator[Message]:
    said = {"thing": chance.choice(_THINGS), "order": order_number(number), "name": chance.choice(_NAMES)}
    for at in range(PER_CONVERSATION):
        author, texts = [(Author.CUSTOMER, _CUSTOMER), (Author.BOT, _BOT), (Author.STAFF, _STAFF)][
            0 if at % 2 == 0 else 1 if at < PER_CONVERSATION / 2 else 2
        ]
        text = (texts[0] if at == 0 else chance.choice(texts)).format(**said)
        if number % 997 == 5 and at == 4:
            text += " It is a quixotic hope."
        yield Message(
            conversation_id=conversation.id, author=author, text=text,
            created_at=conversation.created_at + dt.timedelta(minutes=at),
        )  # fmt: skip


def measure(db: Database, staff_id: int, conversations: int, runs: int) -> list[InboxTime]:
    """Each view in each order, a page far down, the counts, each kind of search; `runs` times each, after one."""
    tickets = TicketService(db)
    asked = {
        name: words or order_number(conversations // 2 - conversations // 2 % 5) for name, words in SEARCHES.items()
    }
    doings: dict[str, Callable[[], int]] = {"counts": lambda: len(tickets.counts(staff_id))}
    for view in ("waiting", "mine", "unassigned", "open", "solved", "all"):
        for sort in InboxSort:
            doings[f"{view} by {sort}"] = _page_of(tickets, view, staff_id, sort)
    doings["all by activity, a page far down"] = _far_down(tickets, staff_id)
    doings["conversations"] = lambda: len(tickets.conversations())
    for name, words in asked.items():
        doings[f"search {name}"] = lambda words=words: tickets.search(words).total  # type: ignore[misc]
    return [_timed(what, doing, runs) for what, doing in doings.items()]


def _page_of(tickets: TicketService, view: str, staff_id: int, sort: InboxSort) -> Callable[[], int]:
    wanted = InboxFilter(sort=sort)
    return lambda: len(tickets.page(view=view, staff_id=staff_id, wanted=wanted))


def _far_down(tickets: TicketService, staff_id: int) -> Callable[[], int]:
    wanted, after = InboxFilter(sort=InboxSort.ACTIVITY), ""
    for _ in range(30):
        page = tickets.page(view="all", staff_id=staff_id, wanted=wanted, after=after, limit=100)
        after = page[-1].place if page else after
    return lambda: len(tickets.page(view="all", staff_id=staff_id, wanted=wanted, after=after))


def _timed(what: str, doing: Callable[[], int], runs: int) -> InboxTime:
    entries, times = doing(), []
    for _ in range(runs):
        began = time.perf_counter()
        doing()
        times.append(1000 * (time.perf_counter() - began))
    p95 = statistics.quantiles(times, n=20, method="inclusive")[-1] if runs > 1 else times[0]
    return InboxTime(what, round(statistics.median(times), 1), round(p95, 1), entries)
