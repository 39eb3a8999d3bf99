"""Macros: admins write them, agents use them on tickets."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin, Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId
from support_bot.api.macro_schemas import MacroIn, MacrosOut, MacroUseIn
from support_bot.services.views import MacroSent, MacroView
from support_bot.values import Audience

router = APIRouter(prefix="/api/v1", tags=["macros"])

_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.get("/macros", responses=error_responses(401, 403, 429))
def list_macros(app: Bot, agent: Agent) -> MacrosOut:
    """All macros by name, as they were written."""
    return MacrosOut(macros=app.desk.macros.page())


@router.post("/macros", status_code=HTTP_201_CREATED, responses=error_responses(400, 401, 403, 409, 413, 422, 429))
def add_macro(body: MacroIn, app: Bot, admin: Admin) -> MacroView:
    """Write a macro for the team."""
    return app.desk.macros.add(body.draft())


@router.get("/macros/{macro_id}", responses=error_responses(401, 403, 404, 422, 429))
def read_macro(macro_id: PathId, app: Bot, agent: Agent) -> MacroView:
    """One macro, as it was written."""
    return app.desk.macros.get(macro_id)


@router.put("/macros/{macro_id}", responses=_CHANGE_ERRORS)
def change_macro(macro_id: PathId, body: MacroIn, app: Bot, admin: Admin) -> MacroView:
    """Replace a macro as a whole."""
    return app.desk.macros.change(macro_id, body.draft())


@router.delete(
    "/macros/{macro_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429)
)
def delete_macro(macro_id: PathId, app: Bot, admin: Admin) -> None:
    """Delete a macro; histories keep its name."""
    app.desk.macros.delete(macro_id)


@router.get("/tickets/{ticket_id}/macros", responses=error_responses(401, 403, 404, 422, 429))
def list_ready_macros(ticket_id: PathId, app: Bot, agent: Agent) -> MacrosOut:
    """All macros with their variables filled for this ticket and the caller; what is not known is marked `⟦…⟧`."""
    return MacrosOut(macros=list(app.desk.macros.ready(ticket_id, agent.id)))


@router.post("/tickets/{ticket_id}/macro", responses=_CHANGE_ERRORS)
def use_macro(ticket_id: PathId, body: MacroUseIn, app: Bot, agent: Agent) -> MacroSent:
    """Send a macro's words and do what it says, all or nothing. 422 while something in the text is marked `⟦…⟧`."""
    sent = app.desk.macros.use(ticket_id, agent.id, body.use())
    if sent.message is not None and sent.message.audience is Audience.PUBLIC:
        app.desk.copilot.sent(ticket_id, agent.id, sent.message.id, sent.message.text)
    return sent
