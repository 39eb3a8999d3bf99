"""The risk dial: from which confidence the bot answers."""

from __future__ import annotations

from fastapi import APIRouter

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.knowledge_schemas import RiskIn, RiskOut

router = APIRouter(prefix="/api/v1/risk", tags=["risk"])


@router.get("", responses=error_responses(401, 403, 429))
def show_risk(app: Bot, admin: Admin) -> RiskOut:
    """The threshold in force, and the choice made on an exam with its curve, where there is one."""
    return RiskOut(threshold=app.settings.answering.answer_threshold, chosen=app.risk.find())


@router.put("", responses=error_responses(400, 401, 403, 413, 422, 429))
def choose_risk(body: RiskIn, app: Bot, admin: Admin) -> RiskOut:
    """Answer from this confidence on after the next start; a threshold in the settings goes before it."""
    chosen = app.risk.choose(body.threshold, body.wrong_at_most, [point.point() for point in body.points])
    return RiskOut(threshold=app.settings.answering.answer_threshold, chosen=chosen)
