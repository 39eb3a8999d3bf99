"""What services show to pages, routes and commands: frozen copies, so that no caller holds a database row."""

from support_bot.services.views.access import ApiKeyView, ChannelKeyView, ChannelView, ModelRow, SignedIn, StaffView
from support_bot.services.views.conversations import (
    Answer,
    ConversationRow,
    ConversationView,
    MessageView,
    TicketHistoryLine,
    TicketRow,
    TicketView,
    TraceView,
)
from support_bot.services.views.documents import Added, ChunkView, DocumentDetail, DocumentView, SourceView, VersionView

__all__ = [
    "Added",
    "Answer",
    "ApiKeyView",
    "ChannelKeyView",
    "ChannelView",
    "ChunkView",
    "ConversationRow",
    "ConversationView",
    "DocumentDetail",
    "DocumentView",
    "MessageView",
    "ModelRow",
    "SignedIn",
    "SourceView",
    "StaffView",
    "TicketHistoryLine",
    "TicketRow",
    "TicketView",
    "TraceView",
    "VersionView",
]
