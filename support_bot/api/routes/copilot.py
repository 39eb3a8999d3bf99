"""What helps agents: drafts with their evidence, similar solved tickets, a priority, and answers flagged as wrong."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.status import HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin, Agent
from support_bot.api.copilot_schemas import FlagIn, FlagsOut, RewriteIn, SimilarOut, SuggestionsOut
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import Before, Limit, PathId
from support_bot.services.rewriting import RewriteView, rewrite
from support_bot.services.views import FlagView, PriorityView, SuggestionView
from support_bot.values import FlagReason

router = APIRouter(prefix="/api/v1", tags=["copilot"])

_ERRORS = error_responses(401, 403, 404, 422, 429)
_LIST_ERRORS = error_responses(401, 403, 422, 429)


@router.post("/tickets/{ticket_id}/suggestion", responses=error_responses(401, 403, 404, 409, 422, 429, 503))
def suggest_reply(ticket_id: PathId, app: Bot, agent: Agent) -> SuggestionView:
    """A draft for the customer's last question from public and internal articles; nothing is sent.

    Show a person each part that is `internal` before it goes to a customer: only articles for staff carry it."""
    return app.desk.copilot.suggest(ticket_id, agent.id)


@router.post("/rewrites", responses=error_responses(400, 401, 403, 413, 422, 429))
def rewrite_reply(body: RewriteIn, agent: Agent) -> RewriteView:
    """A reply in another tone, in English; nothing is sent or kept.

    Its numbers, dates, names, links and denials are those of the text; a paragraph where they would not be stays."""
    return rewrite(body.text, body.tone)


@router.get("/tickets/{ticket_id}/similar", responses=_ERRORS)
def list_similar_tickets(
    ticket_id: PathId, app: Bot, agent: Agent, limit: Annotated[int, Query(ge=1, le=20)] = 3
) -> SimilarOut:
    """Solved tickets like this one, the likest first, with the last thing an agent told the customer."""
    return SimilarOut(tickets=app.desk.similar.find(ticket_id, limit))


@router.get("/tickets/{ticket_id}/priority", responses=_ERRORS)
def suggest_priority(ticket_id: PathId, app: Bot, agent: Agent) -> PriorityView:
    """The priority that the team's own solved tickets suggest, or why there is none."""
    return app.desk.triage.priority(ticket_id)


@router.get("/suggestions", responses=_LIST_ERRORS)
def list_suggestions(app: Bot, admin: Admin, before: Before = None, limit: Limit = 50) -> SuggestionsOut:
    """Drafts that were kept, newest first, with what became of each. Empty unless the setting is on."""
    rows = app.desk.copilot.fates(before=before, limit=limit)
    last = rows[-1].id if len(rows) == limit else None
    return SuggestionsOut(kept=app.desk.copilot.keeps, suggestions=rows, counts=app.desk.copilot.counts(), next=last)


@router.put("/messages/{message_id}/flag", responses=error_responses(400, 401, 403, 404, 409, 413, 422, 429))
def flag_answer(message_id: PathId, body: FlagIn, app: Bot, agent: Agent) -> FlagView:
    """Say what is wrong with an answer of the bot; a second time replaces the first."""
    return app.desk.flags.flag(message_id, agent.id, body.reason, body.comment)


@router.delete("/messages/{message_id}/flag", status_code=HTTP_204_NO_CONTENT, responses=_ERRORS)
def unflag_answer(message_id: PathId, app: Bot, agent: Agent) -> None:
    """Take the flag back."""
    app.desk.flags.unflag(message_id)


@router.get("/flags", responses=_LIST_ERRORS)
def list_flags(
    app: Bot,
    admin: Admin,
    reason: Annotated[FlagReason | None, Query(description="Only with this reason.")] = None,
    before: Before = None,
    limit: Limit = 50,
) -> FlagsOut:
    """Answers that staff flagged, newest first, each with its trace."""
    rows = app.desk.flags.page(reason=reason, before=before, limit=limit)
    return FlagsOut(flags=rows, counts=app.desk.flags.counts(), next=rows[-1].id if len(rows) == limit else None)
