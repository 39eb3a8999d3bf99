"""What agents work with, built together: `app.desk`. A new part of the desk gets its line here."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.answering.chain import AnswerChain
from support_bot.engine.embedder import TextEmbedder
from support_bot.retrieval.retriever import Retriever
from support_bot.services.copilot import CopilotService
from support_bot.services.customers import CustomerService
from support_bot.services.erasure import ErasureService
from support_bot.services.flags import FlagService
from support_bot.services.follow_up import FollowUpService
from support_bot.services.mail import MailService
from support_bot.services.promises import PromiseService
from support_bot.services.similar import SimilarTickets
from support_bot.services.ticket_clock import TicketClock
from support_bot.services.ticket_edits import TicketEdits
from support_bot.services.ticket_merging import TicketMerging
from support_bot.services.triage import TriageService
from support_bot.services.watch import WatchService
from support_bot.settings import Settings
from support_bot.storage.database import Database


@dataclass(frozen=True)
class Desk:
    """The services around tickets and waiting customers."""

    edits: TicketEdits
    clock: TicketClock
    merging: TicketMerging
    copilot: CopilotService
    similar: SimilarTickets
    triage: TriageService
    flags: FlagService
    promises: PromiseService
    follow_up: FollowUpService
    watch: WatchService
    mail: MailService
    erasure: ErasureService
    customers: CustomerService


def build_desk(
    db: Database, settings: Settings, chain: AnswerChain, retriever: Retriever, embedder: TextEmbedder
) -> Desk:
    similar = SimilarTickets(db, embedder)
    return Desk(
        edits=TicketEdits(db),
        clock=TicketClock(db, settings.tickets),
        merging=TicketMerging(db),
        copilot=CopilotService(db, chain, retriever, learn=settings.copilot.learn),
        similar=similar,
        triage=TriageService(db, similar),
        flags=FlagService(db),
        promises=PromiseService(db),
        follow_up=FollowUpService(db),
        watch=WatchService(db, settings),
        mail=MailService(db, settings.mail),
        erasure=ErasureService(db, settings),
        customers=CustomerService(db),
    )
