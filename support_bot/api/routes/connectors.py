"""Connectors to other help desks: their webhooks come in here, and admins set them up."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathSlug
from support_bot.services.connector_views import ConnectorView

router = APIRouter(prefix="/api/v1/connectors", tags=["connectors"])


class ConnectorIn(BaseModel):
    """A connector as an admin writes it down; a token that is left out stays as it was."""

    kind: str = Field(max_length=40)
    url: str = Field(max_length=500)
    queue: str = Field("", max_length=200)
    user: str = Field("", max_length=200)
    token: str | None = Field(None, max_length=1000)


class ConnectorSwitch(BaseModel):
    """What to change; what is left out stays."""

    enabled: bool | None = None
    safe: bool | None = None


class ConnectorsOut(BaseModel):
    kinds: list[str]
    connectors: list[ConnectorView]


class SecretOut(BaseModel):
    """The only place where the secret is shown."""

    secret: str


class TestOut(BaseModel):
    said: str


class RetriedOut(BaseModel):
    retried: int


class TakenOut(BaseModel):
    """`new` is false where this delivery came before; then nothing is done."""

    new: bool


@router.post("/{slug}/events", responses=error_responses(401, 404, 413, 422))
async def take_webhook(slug: PathSlug, request: Request, app: Bot) -> TakenOut:
    """Take a webhook of a help desk: verified and stored at once, worked on in the background."""
    body = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}
    return TakenOut(new=await run_in_threadpool(app.connectors.take, slug, headers, body))


@router.get("", responses=error_responses(401, 403, 429))
def list_connectors(app: Bot, admin: Admin) -> ConnectorsOut:
    """Every connector with its queue, and the kinds there are."""
    return ConnectorsOut(kinds=list(app.connectors.kinds), connectors=app.connectors.page())


@router.get("/{slug}", responses=error_responses(401, 403, 404, 422, 429))
def show_connector(slug: PathSlug, app: Bot, admin: Admin) -> ConnectorView:
    """One connector with what waits or failed in either direction, at most 100 of each, the oldest first."""
    return app.connectors.get(slug)


@router.put("/{slug}", responses=error_responses(400, 401, 403, 409, 413, 422, 429))
def save_connector(slug: PathSlug, body: ConnectorIn, app: Bot, admin: Admin) -> ConnectorView:
    """Add a connector, switched off and in safe mode, or change one."""
    return app.connectors.save(slug, body.kind, url=body.url, queue=body.queue, user=body.user, token=body.token)


@router.patch("/{slug}", responses=error_responses(400, 401, 403, 404, 413, 422, 429))
def switch_connector(slug: PathSlug, body: ConnectorSwitch, app: Bot, admin: Admin) -> ConnectorView:
    """Switch a connector on or off, or its safe mode."""
    return app.connectors.switch(slug, enabled=body.enabled, safe=body.safe)


@router.post("/{slug}/secret", responses=error_responses(401, 403, 404, 422, 429))
def new_connector_secret(slug: PathSlug, app: Bot, admin: Admin) -> SecretOut:
    """Make a signing secret; the one before stays good until the next is made."""
    return SecretOut(secret=app.connectors.new_secret(slug))


@router.post("/{slug}/test", responses=error_responses(401, 403, 404, 422, 429))
def test_connector(slug: PathSlug, app: Bot, admin: Admin) -> TestOut:
    """Sign in over there and look; nothing changes."""
    return TestOut(said=app.connectors.test(slug))


@router.post("/{slug}/retry", responses=error_responses(401, 403, 404, 422, 429))
def retry_connector(slug: PathSlug, app: Bot, admin: Admin) -> RetriedOut:
    """Try again what went wrong for good, in either direction."""
    return RetriedOut(retried=app.connectors.retry(slug))


@router.delete("/{slug}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429))
def remove_connector(slug: PathSlug, app: Bot, admin: Admin) -> None:
    """Forget a connector and its queue; nothing changes over there."""
    app.connectors.remove(slug)
