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
    TicketHistoryLine,
    TicketRow,
    TicketView,
    TraceView,
)
from support_bot.services.views.copilot import (
    DraftPart,
    DraftSource,
    FateView,
    FlagView,
    PriorityView,
    SimilarTicket,
    SuggestionView,
)
from support_bot.services.views.documents import Added, ChunkView, DocumentDetail, DocumentView, SourceView, VersionView
from support_bot.services.views.knowledge import CitedAnswer, PinnedView, TrialView

__all__ = [
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
    "DraftPart",
    "DraftSource",
    "FateView",
    "FlagView",
    "MessageView",
    "ModelRow",
    "PinnedView",
    "PriorityView",
    "SignedIn",
    "SimilarTicket",
    "SourceView",
    "StaffView",
    "SuggestionView",
    "TicketHistoryLine",
    "TicketRow",
    "TicketView",
    "TraceView",
    "TrialView",
    "VersionView",
]
