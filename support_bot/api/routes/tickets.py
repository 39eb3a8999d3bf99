"""Tickets as agents work on them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.status import HTTP_201_CREATED

from support_bot.api.auth import Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import Before, Limit, PathId, SearchWords
from support_bot.api.staff_schemas import AssigneesOut, TextIn, TicketPatch, TicketsOut, TicketViewName
from support_bot.services.views import MessageView, TicketView

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])

_ERRORS = error_responses(401, 403, 404, 422, 429)
_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.get("", responses=error_responses(401, 403, 422, 429))
def list_tickets(
    app: Bot,
    agent: Agent,
    view: Annotated[TicketViewName, Query(description="Which tickets; `mine` are the caller's.")] = "open",
    search: SearchWords = "",
    before: Before = None,
    limit: Limit = 50,
) -> TicketsOut:
    """Tickets, newest first."""
    rows = app.tickets.page(view=view, staff_id=agent.id, search=search, before=before, limit=limit)
    return TicketsOut(tickets=rows, next=rows[-1].id if len(rows) == limit else None)


@router.get("/assignees", responses=error_responses(401, 403, 429))
def list_assignees(app: Bot, agent: Agent) -> AssigneesOut:
    """Who may be given a ticket: every active member of staff, by name."""
    return AssigneesOut(assignees=app.staff.assignees())


@router.get("/{ticket_id}", responses=_ERRORS)
def read_ticket(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """One ticket with its summary and history."""
    return app.tickets.get(ticket_id)


@router.patch("/{ticket_id}", responses=_CHANGE_ERRORS)
def change_ticket(ticket_id: PathId, body: TicketPatch, app: Bot, agent: Agent) -> TicketView:
    """Change subject or priority, or give the ticket to an active member of staff (`null`: to nobody)."""
    if body.subject is not None or body.priority is not None:
        app.tickets.change(ticket_id, agent.id, subject=body.subject, priority=body.priority)
    if "assignee" in body.model_fields_set:
        app.tickets.assign(ticket_id, body.assignee, agent.id)
    return app.tickets.get(ticket_id)


@router.post("/{ticket_id}/reply", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def reply_to_customer(ticket_id: PathId, body: TextIn, app: Bot, agent: Agent) -> MessageView:
    """Write to the customer; takes the conversation over if nobody has yet."""
    message = app.tickets.reply(ticket_id, agent.id, body.text)
    app.copilot.sent(ticket_id, agent.id, message.id, message.text)
    return message


@router.post("/{ticket_id}/note", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def add_note(ticket_id: PathId, body: TextIn, app: Bot, agent: Agent) -> MessageView:
    """Leave a note that only staff see."""
    return app.tickets.note(ticket_id, agent.id, body.text)


@router.post("/{ticket_id}/solve", responses=_CHANGE_ERRORS)
def solve_ticket(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Close the ticket and the conversation; the customer may write again."""
    return app.tickets.solve(ticket_id, agent.id)


@router.post("/{ticket_id}/hand-back", responses=_CHANGE_ERRORS)
def hand_back(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Give the conversation back to the bot."""
    return app.handoff.hand_back(ticket_id, agent.id)
