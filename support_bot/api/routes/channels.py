"""Channels: what a widget may know of one, and how an admin changes them."""

from __future__ import annotations

from fastapi import APIRouter, Request

from support_bot.api.auth import Admin
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathSlug
from support_bot.api.origins import check_origin
from support_bot.api.schemas import ChannelPublic
from support_bot.api.staff_schemas import ChannelPatch, ChannelsOut
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


@router.patch("/{slug}", responses=error_responses(400, 401, 403, 404, 413, 422, 429))
def change_channel(slug: PathSlug, body: ChannelPatch, app: Bot, admin: Admin) -> ChannelView:
    """Change texts, colour, allowed origins, or switch the channel off."""
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    return app.channels.update(slug, **changes) if changes else app.channels.get(slug)
