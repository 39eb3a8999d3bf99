"""Work on several tickets at once, and who else is at one."""

from __future__ import annotations

from fastapi import APIRouter

from support_bot.api.auth import Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId
from support_bot.api.macro_schemas import BulkIn, PresenceIn, PresenceOut
from support_bot.services.views import BulkResult

router = APIRouter(prefix="/api/v1/tickets", tags=["tickets"])

_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.post("/bulk", responses=_CHANGE_ERRORS)
def change_tickets(body: BulkIn, app: Bot, agent: Agent) -> BulkResult:
    """Change several tickets, each wholly or not at all; the answer says which were not changed, and why."""
    return app.desk.bulk.change(body.tickets, agent.id, body.change(agent.id))


@router.get("/{ticket_id}/presence", responses=error_responses(401, 403, 404, 422, 429))
def list_present(ticket_id: PathId, app: Bot, agent: Agent) -> PresenceOut:
    """Which colleagues have the ticket's conversation open, and who of them is writing."""
    conversation = app.tickets.get(ticket_id).row.conversation_id
    return PresenceOut(present=list(app.desk.presence.others(conversation, agent.id)))


@router.put("/{ticket_id}/presence", responses=_CHANGE_ERRORS)
def tell_presence(ticket_id: PathId, body: PresenceIn, app: Bot, agent: Agent) -> PresenceOut:
    """Tell them that the caller is there, for ten seconds; the same answer."""
    conversation = app.tickets.get(ticket_id).row.conversation_id
    app.desk.presence.look(conversation, agent.id, writing=body.writing)
    return PresenceOut(present=list(app.desk.presence.others(conversation, agent.id)))
