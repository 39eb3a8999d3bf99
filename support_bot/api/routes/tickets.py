"""Tickets as agents work on them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from starlette.status import HTTP_201_CREATED

from support_bot.api.auth import Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import Limit, PathId
from support_bot.api.inbox_query import TicketPlace, Wanted
from support_bot.api.staff_schemas import (
    AssigneesOut,
    MergeIn,
    ReplyIn,
    TagsOut,
    TextIn,
    TicketPatch,
    TicketsOut,
    TicketViewName,
)
from support_bot.api.ticket_file import EXPORT_RESPONSE, ExportFormat, ticket_file
from support_bot.services.views import MessageView, TicketView

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])

View = Annotated[TicketViewName, Query(description="Which tickets; `mine` are the caller's.")]
_LIST_ERRORS = error_responses(400, 401, 403, 422, 429)
_ERRORS = error_responses(401, 403, 404, 422, 429)
_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.get("", responses=_LIST_ERRORS)
def list_tickets(
    app: Bot, agent: Agent, wanted: Wanted, view: View = "open", before: TicketPlace = "", limit: Limit = 50
) -> TicketsOut:
    """Tickets of a view, those that the filters leave, in the order wanted."""
    rows = app.tickets.page(view=view, staff_id=agent.id, wanted=wanted, after=before, limit=limit)
    return TicketsOut(tickets=rows, next=rows[-1].place if len(rows) == limit else None)


@router.get(
    "/export", response_class=StreamingResponse, responses=error_responses(401, 403, 422, 429) | EXPORT_RESPONSE
)
def export_tickets(
    app: Bot, agent: Agent, wanted: Wanted, view: View = "open", format: ExportFormat = "csv"
) -> StreamingResponse:
    """All of them as a file. A spreadsheet runs nothing of what customers wrote."""
    return ticket_file(app.tickets.every(view=view, staff_id=agent.id, wanted=wanted), format)


@router.get("/assignees", responses=error_responses(401, 403, 429))
def list_assignees(app: Bot, agent: Agent) -> AssigneesOut:
    """Who may be given a ticket: every active agent and admin, by name."""
    return AssigneesOut(assignees=app.staff.assignees())


@router.get("/tags", responses=error_responses(401, 403, 429))
def list_tags(app: Bot, agent: Agent) -> TagsOut:
    """Every tag that some ticket has, by name."""
    return TagsOut(tags=list(app.desk.edits.tags()))


@router.get("/{ticket_id}", responses=_ERRORS)
def read_ticket(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """One ticket with its summary and history."""
    return app.tickets.get(ticket_id)


@router.patch("/{ticket_id}", responses=_CHANGE_ERRORS)
def change_ticket(ticket_id: PathId, body: TicketPatch, app: Bot, agent: Agent) -> TicketView:
    """Change what is given, all or nothing; the history says what it was. `solved` also closes the conversation."""
    return app.desk.edits.edit(ticket_id, agent.id, body.edit())


@router.put("/{ticket_id}/watchers/{staff_id}", responses=_CHANGE_ERRORS)
def watch_ticket(ticket_id: PathId, staff_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Let an active member of staff follow the ticket."""
    return app.desk.edits.watch(ticket_id, staff_id, agent.id)


@router.delete("/{ticket_id}/watchers/{staff_id}", responses=_CHANGE_ERRORS)
def unwatch_ticket(ticket_id: PathId, staff_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Let them follow it no more."""
    return app.desk.edits.watch(ticket_id, staff_id, agent.id, on=False)


@router.post("/{ticket_id}/merge", responses=_CHANGE_ERRORS)
def merge_ticket(ticket_id: PathId, body: MergeIn, app: Bot, agent: Agent) -> TicketView:
    """Close it as a part of another open ticket, which is answered; replies there are read in both conversations."""
    return app.desk.merging.merge(ticket_id, body.into, agent.id)


@router.post("/{ticket_id}/unmerge", responses=_CHANGE_ERRORS)
def unmerge_ticket(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Undo that: it has its status and assignee from before, and its customer a person."""
    return app.desk.merging.undo(ticket_id, agent.id)


@router.post("/{ticket_id}/reply", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def reply_to_customer(ticket_id: PathId, body: ReplyIn, app: Bot, agent: Agent) -> MessageView:
    """Write to the customer; takes the conversation over if nobody has yet."""
    message = app.tickets.reply(ticket_id, agent.id, body.text, body.seen)
    app.desk.copilot.sent(ticket_id, agent.id, message.id, message.text)
    return message


@router.post("/{ticket_id}/note", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def add_note(ticket_id: PathId, body: TextIn, app: Bot, agent: Agent) -> MessageView:
    """Leave a note that only staff see."""
    return app.tickets.note(ticket_id, agent.id, body.text)


@router.post("/{ticket_id}/put-off", responses=_CHANGE_ERRORS)
def put_ticket_off(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Wait for the customer: promised times stand still until they write, or until it is taken up."""
    return app.tickets.put_off(ticket_id, agent.id)


@router.post("/{ticket_id}/take-up", responses=_CHANGE_ERRORS)
def take_ticket_up(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Go on with a ticket that was put off."""
    return app.tickets.take_up(ticket_id, agent.id)


@router.post("/{ticket_id}/solve", responses=_CHANGE_ERRORS)
def solve_ticket(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Close the ticket and the conversation; the customer may write again."""
    return app.tickets.solve(ticket_id, agent.id)


@router.post("/{ticket_id}/hand-back", responses=_CHANGE_ERRORS)
def hand_back(ticket_id: PathId, app: Bot, agent: Agent) -> TicketView:
    """Give the conversation back to the bot."""
    return app.handoff.hand_back(ticket_id, agent.id)
