"""Pinned answers: a question with the team's own answer, given word for word. For admins."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId
from support_bot.api.knowledge_schemas import PinnedAnswersOut, PinnedIn, PinnedPatch
from support_bot.services.pinned import PinnedDraft
from support_bot.services.views import PinnedView

router = APIRouter(prefix="/api/v1/pinned-answers", tags=["pinned answers"])

_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.get("", responses=error_responses(401, 403, 429))
def list_pinned_answers(app: Bot, admin: Admin) -> PinnedAnswersOut:
    """All pinned answers by question, with their state: `active`, `off` or `lapsed`."""
    return PinnedAnswersOut(pinned=app.pinned.page())


@router.post("", status_code=HTTP_201_CREATED, responses=error_responses(400, 401, 403, 409, 413, 422, 429))
def pin_answer(body: PinnedIn, app: Bot, admin: Admin) -> PinnedView:
    """Pin an answer; from now on it is given to this question."""
    return app.pinned.add(_draft(body))


@router.get("/{pinned_id}", responses=error_responses(401, 403, 404, 422, 429))
def read_pinned_answer(pinned_id: PathId, app: Bot, admin: Admin) -> PinnedView:
    """One pinned answer."""
    return app.pinned.get(pinned_id)


@router.put("/{pinned_id}", responses=_CHANGE_ERRORS)
def change_pinned_answer(pinned_id: PathId, body: PinnedIn, app: Bot, admin: Admin) -> PinnedView:
    """Replace a pinned answer as a whole; one that has lapsed is good again."""
    return app.pinned.change(pinned_id, _draft(body))


@router.patch("/{pinned_id}", responses=_CHANGE_ERRORS)
def switch_pinned_answer(pinned_id: PathId, body: PinnedPatch, app: Bot, admin: Admin) -> PinnedView:
    """Switch a pinned answer on or off."""
    return app.pinned.switch(pinned_id, on=body.enabled)


@router.delete("/{pinned_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429))
def delete_pinned_answer(pinned_id: PathId, app: Bot, admin: Admin) -> None:
    """Delete a pinned answer; the question is answered from the articles again."""
    app.pinned.delete(pinned_id)


def _draft(body: PinnedIn) -> PinnedDraft:
    return PinnedDraft(body.question, body.answer, tuple(body.others), body.url, body.document_id, body.enabled)
