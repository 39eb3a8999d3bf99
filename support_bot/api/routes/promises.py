"""What a channel promises: hours, reply times, the words at a hand-off."""

from __future__ import annotations

from fastapi import APIRouter

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathSlug
from support_bot.api.promise_schemas import PromiseIn, PromiseOut
from support_bot.services.terms import Promise

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])


@router.get("/{slug}/promises", response_model=PromiseOut, responses=error_responses(401, 403, 404, 422, 429))
def read_promises(slug: PathSlug, app: Bot, admin: Admin) -> Promise:
    """Hours, reply times and hand-off texts; the defaults where nothing was set."""
    return app.desk.promises.get(slug)


@router.put("/{slug}/promises", response_model=PromiseOut, responses=error_responses(400, 401, 403, 404, 413, 422, 429))
def change_promises(slug: PathSlug, body: PromiseIn, app: Bot, admin: Admin) -> Promise:
    """Promise this from now on; open tickets are due anew."""
    return app.desk.promises.replace(slug, Promise(**body.model_dump()))
