"""Test a question: what the bot would answer now, and how it comes to it. For admins."""

from __future__ import annotations

from fastapi import APIRouter

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.knowledge_schemas import TrialIn
from support_bot.services.views import TrialView

router = APIRouter(prefix="/api/v1/trials", tags=["search"])


@router.post("", responses=error_responses(400, 401, 403, 413, 422, 429, 503))
def try_question(body: TrialIn, app: Bot, admin: Admin) -> TrialView:
    """Every passage with every score, the sentences chosen, the decision and the answer. Nothing is stored."""
    return app.trial.ask(body.question, audience=body.audience)
