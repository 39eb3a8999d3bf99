"""What services show to pages, routes and commands: frozen copies, so that no caller holds a database row."""

from support_bot.services.views.access import (
    ApiKeyView,
    Assignee,
    ChannelKeyView,
    ChannelView,
    ModelRow,
    SignedIn,
    StaffView,
)
from support_bot.services.views.conversations import (
    Answer,
    ConversationRow,
    ConversationView,
    MessageView,
    SearchHit,
    SearchPage,
    TicketHistoryLine,
    TicketRow,
    TicketView,
    TraceView,
    Watcher,
)
from support_bot.services.views.documents import Added, ChunkView, DocumentDetail, DocumentView, SourceView, VersionView
from support_bot.services.views.knowledge import CitedAnswer, PinnedView, TrialView
from support_bot.services.views.sla import HANDOFF_TEXTS, METRICS, WEEKDAYS, SlaView

__all__ = [
    "HANDOFF_TEXTS",
    "METRICS",
    "WEEKDAYS",
    "Added",
    "Answer",
    "ApiKeyView",
    "Assignee",
    "ChannelKeyView",
    "ChannelView",
    "ChunkView",
    "CitedAnswer",
    "ConversationRow",
    "ConversationView",
    "DocumentDetail",
    "DocumentView",
    "MessageView",
    "ModelRow",
    "PinnedView",
    "SearchHit",
    "SearchPage",
    "SignedIn",
    "SlaView",
    "SourceView",
    "StaffView",
    "TicketHistoryLine",
    "TicketRow",
    "TicketView",
    "TraceView",
    "TrialView",
    "VersionView",
    "Watcher",
]
