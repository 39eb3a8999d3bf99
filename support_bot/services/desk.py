"""What agents work with, built together: `app.desk`. A new part of the desk gets its line here."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.answering.chain import AnswerChain
from support_bot.engine.embedder import TextEmbedder
from support_bot.retrieval.retriever import Retriever
from support_bot.services.availability import AvailabilityService
from support_bot.services.briefing import BriefingService
from support_bot.services.bulk import BulkService
from support_bot.services.copilot import CopilotService
from support_bot.services.customers import CustomerService
from support_bot.services.erasure import ErasureService
from support_bot.services.flags import FlagService
from support_bot.services.follow_up import FollowUpService
from support_bot.services.identity import IdentityService
from support_bot.services.macros import MacroService
from support_bot.services.mail import MailService
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.notice_choices import NoticeChoices
from support_bot.services.notice_sending import NoticeSender
from support_bot.services.presence import PresenceService
from support_bot.services.promises import PromiseService
from support_bot.services.routing import RoutingService
from support_bot.services.similar import SimilarTickets
from support_bot.services.teams import TeamService
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
    briefing: BriefingService
    similar: SimilarTickets
    triage: TriageService
    flags: FlagService
    promises: PromiseService
    follow_up: FollowUpService
    watch: WatchService
    mail: MailService
    macros: MacroService
    bulk: BulkService
    presence: PresenceService
    teams: TeamService
    routing: RoutingService
    availability: AvailabilityService
    notices: NoticeChoices
    notice_sender: NoticeSender
    identity: IdentityService
    erasure: ErasureService
    customers: CustomerService


def build_desk(
    db: Database, settings: Settings, chain: AnswerChain, retriever: Retriever, embedder: TextEmbedder
) -> Desk:
    similar = SimilarTickets(db, embedder)
    macros = MacroService(db, MailOutbox(settings.mail), settings.company)
    return Desk(
        edits=TicketEdits(db),
        clock=TicketClock(db, settings.tickets),
        merging=TicketMerging(db),
        copilot=CopilotService(db, chain, retriever, learn=settings.copilot.learn),
        briefing=BriefingService(db),
        similar=similar,
        triage=TriageService(db, similar),
        flags=FlagService(db),
        promises=PromiseService(db),
        follow_up=FollowUpService(db),
        watch=WatchService(db, settings),
        mail=MailService(db, settings.mail),
        macros=macros,
        bulk=BulkService(db, macros),
        presence=PresenceService(db),
        teams=TeamService(db),
        routing=RoutingService(db),
        availability=AvailabilityService(db),
        notices=NoticeChoices(db),
        notice_sender=NoticeSender(db, settings),
        identity=IdentityService(db),
        erasure=ErasureService(db, settings),
        customers=CustomerService(db),
    )
