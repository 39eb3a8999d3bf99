"""Things with an id and a life, as SQLAlchemy mapped dataclasses that guard their own rules."""

from support_bot.models.answer_flag import AnswerFlag
from support_bot.models.base import Base, utcnow
from support_bot.models.channel import Channel, ChannelKey
from support_bot.models.citation import MessageCitation
from support_bot.models.clock import Clock, Metric
from support_bot.models.connector import Connector, ConnectorDelivery, ConnectorLink, Delivered, OutboxItem, OutboxKind
from support_bot.models.conversation import Conversation, Message, MessageStatus
from support_bot.models.deployment import Deployment
from support_bot.models.document import Chunk, Document, DocumentVersion
from support_bot.models.erasure import Erasure
from support_bot.models.event import ConversationEvent
from support_bot.models.feedback import Feedback, Rating
from support_bot.models.follow_up import FollowUp
from support_bot.models.macro import Macro
from support_bot.models.mail import MailState, OutgoingMail, ReceivedMail
from support_bot.models.notice import Notice, NoticeChoice, NoticeState, NoticeVia
from support_bot.models.piece_vectors import PieceVectors
from support_bot.models.pinned_answer import PinnedAnswer
from support_bot.models.presence import Presence
from support_bot.models.promise import ChannelPromise
from support_bot.models.risk_point import RiskPoint
from support_bot.models.secret import Secret
from support_bot.models.staff import ApiKey, Staff, StaffSession
from support_bot.models.staff_link import StaffLink
from support_bot.models.suggestion import Fate, Suggestion
from support_bot.models.team import Availability, Routing, Team, TeamMember
from support_bot.models.ticket import Ticket, TicketEvent, TicketEventKind
from support_bot.models.ticket_parts import TicketTag, TicketWatcher
from support_bot.models.ticket_vector import TicketVector
from support_bot.models.trace import AnswerTrace
from support_bot.models.turn import BotTurn, TurnState
from support_bot.models.two_factor import RecoveryCode, SignInRule, TwoFactor
from support_bot.models.visitor import IdentityKey, VisitorProfile
from support_bot.values import TicketStatus

__all__ = [
    "AnswerFlag", "AnswerTrace", "ApiKey", "Base", "BotTurn", "Channel", "ChannelKey", "ChannelPromise", "Chunk",
    "Clock", "Conversation", "ConversationEvent", "Deployment", "Document", "DocumentVersion", "Fate", "Feedback",
    "FollowUp", "Message", "MessageCitation", "MessageStatus", "Metric", "PieceVectors", "PinnedAnswer", "Rating",
    "RecoveryCode", "RiskPoint", "Secret", "SignInRule", "Staff", "StaffLink", "StaffSession", "Suggestion", "Ticket",
    "TicketEvent", "TicketEventKind", "TicketStatus", "TicketTag", "TicketVector", "TicketWatcher",
    "Erasure", "MailState", "OutgoingMail", "ReceivedMail", "TurnState", "TwoFactor", "utcnow",
    "Connector", "ConnectorDelivery", "ConnectorLink", "Delivered", "OutboxItem", "OutboxKind", "Macro", "Presence",
    "Notice", "NoticeChoice", "NoticeState", "NoticeVia", "Availability", "Routing", "Team", "TeamMember",
    "IdentityKey", "VisitorProfile",
]  # fmt: skip
