"""Conversations as staff see them: with notes, retracted answers, and how the bot came to each answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response, StreamingResponse

from support_bot.api.auth import Agent
from support_bot.api.customer_schemas import ZIP_RESPONSE, zip_file
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import Key, Limit, Line, SearchWords
from support_bot.api.staff_schemas import ConversationsOut, FoundOut
from support_bot.api.ticket_file import EVERYTHING_RESPONSE, visitor_file
from support_bot.api.transcripts import TRANSCRIPT_RESPONSE, TranscriptFormat, transcript_file
from support_bot.services.views import ConversationView, TicketView
from support_bot.values import Mode

router = APIRouter(prefix="/api/v1/staff/conversations", tags=["staff conversations"])

_ERRORS = error_responses(401, 403, 404, 422, 429)
VisitorName = Annotated[Line, Query(description="The id of the visitor that your site gave.")]
ConversationKey = Annotated[Key, Path()]


@router.get("", responses=_ERRORS)
def list_conversations(
    app: Bot,
    agent: Agent,
    mode: Annotated[Mode | None, Query(description="Only those where this one speaks.")] = None,
    before: Annotated[Key | None, Query(description="Only what is older than this conversation.")] = None,
    limit: Limit = 50,
) -> ConversationsOut:
    """Conversations, newest first."""
    rows = app.tickets.conversations(mode=mode, before=before, limit=limit)
    return ConversationsOut(conversations=rows, next=rows[-1].id if len(rows) == limit else None)


@router.get("/found", responses=_ERRORS)
def search_conversations(
    app: Bot,
    agent: Agent,
    q: SearchWords,
    before: Annotated[Key | None, Query(description="Only what is older than this conversation.")] = None,
    limit: Limit = 50,
) -> FoundOut:
    """Conversations in which all of the words are: said, noted, in a ticket, in the visitor's name."""
    page = app.tickets.search(q, before=before, limit=limit)
    last = page.hits[-1].conversation.id if len(page.hits) == limit else None
    return FoundOut(hits=list(page.hits), total=page.total, next=last)


@router.get("/everything", response_class=Response, responses=_ERRORS | EVERYTHING_RESPONSE)
def export_visitor(app: Bot, agent: Agent, visitor: VisitorName) -> StreamingResponse:
    """Everything of one visitor, by the name your site gave them: every conversation with notes, tickets and traces."""
    return visitor_file(app.tickets.everything_of(visitor))


@router.get("/{conversation_id}", responses=_ERRORS)
def read_conversation(conversation_id: ConversationKey, app: Bot, agent: Agent) -> ConversationView:
    """One conversation with every message and the trace of every answer."""
    return app.tickets.conversation(conversation_id)


@router.post("/{conversation_id}/take", responses=error_responses(401, 403, 404, 409, 422, 429))
def take_conversation(conversation_id: ConversationKey, app: Bot, agent: Agent) -> TicketView:
    """Take the conversation over; an answer the bot is giving at this moment is taken back."""
    return app.handoff.take(conversation_id, agent.id)


@router.get("/{conversation_id}/customer", response_class=Response, responses=_ERRORS | ZIP_RESPONSE)
def download_customer(conversation_id: ConversationKey, app: Bot, agent: Agent) -> Response:
    """Everything of the customer whose conversation this is, as a ZIP: JSON, pages to read, mails as they came."""
    return zip_file(app.desk.customers.export(conversation_id))


@router.get("/{conversation_id}/transcript", response_class=Response, responses=_ERRORS | TRANSCRIPT_RESPONSE)
def download_transcript(
    conversation_id: ConversationKey, app: Bot, agent: Agent, format: TranscriptFormat = "txt"
) -> Response:
    """The conversation as its customer sees it, as a file."""
    return transcript_file(app, conversation_id, format)
