"""Channels: what a widget may know of one, how an admin changes them, and the keys of programs that ask there."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId, PathSlug
from support_bot.api.origins import check_origin
from support_bot.api.schemas import ChannelPublic
from support_bot.api.staff_schemas import (
    ChannelIn,
    ChannelKeyCreated,
    ChannelKeyIn,
    ChannelKeysOut,
    ChannelPatch,
    ChannelsOut,
)
from support_bot.errors import ChannelOff
from support_bot.services.views import ChannelView

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])


@router.get("/{slug}/public", response_model=ChannelPublic, responses=error_responses(403, 404, 422))
def show_channel(slug: PathSlug, request: Request, app: Bot) -> ChannelView:
    """Name, greeting, suggested questions and colour of a channel, for its widget."""
    channel = app.channels.get(slug)
    check_origin(request, app, slug)
    if not channel.enabled:
        raise ChannelOff("This chat is switched off at the moment.")
    return channel


@router.get("", responses=error_responses(401, 403, 429))
def list_channels(app: Bot, admin: Admin) -> ChannelsOut:
    """Every channel with its settings."""
    return ChannelsOut(channels=app.channels.page())


@router.post("", status_code=HTTP_201_CREATED, responses=error_responses(400, 401, 403, 409, 413, 422, 429))
def add_channel(body: ChannelIn, app: Bot, admin: Admin) -> ChannelView:
    """Add a channel, which no other site may use until its origins are listed."""
    return app.channels.add(body.slug, body.name)


@router.patch("/{slug}", responses=error_responses(400, 401, 403, 404, 413, 422, 429))
def change_channel(slug: PathSlug, body: ChannelPatch, app: Bot, admin: Admin) -> ChannelView:
    """Change texts, colour, allowed origins, or switch the channel off."""
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    return app.channels.update(slug, **changes) if changes else app.channels.get(slug)


@router.get("/{slug}/keys", responses=error_responses(401, 403, 404, 422, 429))
def list_channel_keys(slug: PathSlug, app: Bot, admin: Admin) -> ChannelKeysOut:
    """Keys of programs that ask on this channel, by name and prefix, revoked ones too."""
    return ChannelKeysOut(keys=app.channels.keys(slug))


@router.post("/{slug}/keys", status_code=HTTP_201_CREATED, responses=error_responses(400, 401, 403, 404, 413, 422, 429))
def create_channel_key(slug: PathSlug, body: ChannelKeyIn, app: Bot, admin: Admin) -> ChannelKeyCreated:
    """Make a key with which a program may ask on this channel; the answer is the only place where it is shown."""
    details, key = app.channels.create_key(slug, body.name)
    return ChannelKeyCreated(key=key, details=details)


@router.delete(
    "/{slug}/keys/{key_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429)
)
def revoke_channel_key(slug: PathSlug, key_id: PathId, app: Bot, admin: Admin) -> None:
    """Make a key useless at once."""
    app.channels.revoke_key(slug, key_id)
