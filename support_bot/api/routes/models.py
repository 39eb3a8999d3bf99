"""Models: what is here, what answers now, and switching."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.staff_schemas import ModelsOut
from support_bot.services.views import ModelRow

router = APIRouter(prefix="/api/v1/models", tags=["models"])


@router.get("", responses=error_responses(401, 403, 429))
def list_models(app: Bot, admin: Admin) -> ModelsOut:
    """Every model of the catalogue: whether its file is here, and which one is in use."""
    return ModelsOut(models=app.models.page())


@router.post("/rollback", responses=error_responses(401, 403, 409, 422, 429, 503))
def roll_back_model(app: Bot, admin: Admin) -> ModelRow:
    """Answer with the model that was chosen before the one in use; otherwise as `/{name}/use`."""
    return app.switch.roll_back()


@router.post("/{name}/use", responses=error_responses(401, 403, 404, 409, 422, 429, 503))
def use_model(name: Annotated[str, Path(max_length=200)], app: Bot, admin: Admin) -> ModelRow:
    """Answer with this model from now on. Its file is verified, and it is loaded beside the old one and asked a few
    questions, which takes a while; where it fails, the old one goes on."""
    return app.switch.use(name)
