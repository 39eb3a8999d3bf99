"""Who is calling: a customer with a conversation's token, a program with a channel's key, or staff.

Staff send a key, a session's cookie or the owner's token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from support_bot.api.deps import Bot, RequestLimits
from support_bot.api.origins import check_origin
from support_bot.assembly import App
from support_bot.errors import ChannelOff, Forbidden, Unauthorized
from support_bot.services.limits import Limits
from support_bot.services.views import ChannelKeyView, StaffView
from support_bot.values import Role

SESSION_COOKIE = "support_bot_session"
CHANNEL_KEY = "sbc_"
CSRF_HEADER = "X-CSRF-Token"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

_token_scheme = HTTPBearer(
    scheme_name="conversationToken", auto_error=False, description="The `token` that starting a conversation answered."
)
_key_scheme = HTTPBearer(scheme_name="apiKey", auto_error=False, description="An API key of an integrator.")
_session_scheme = APIKeyCookie(
    name=SESSION_COOKIE,
    scheme_name="staffSession",
    auto_error=False,
    description=f"A signed-in browser. Changes also need `{CSRF_HEADER}` with the token from `GET /api/v1/me`.",
)
_channel_scheme = HTTPBearer(
    scheme_name="channelKey", auto_error=False, description="A key of one channel, for programs that ask."
)
Bearer = HTTPAuthorizationCredentials | None


@dataclass(frozen=True, slots=True)
class Caller:
    """A member of staff, or a program acting for one. `csrf_token` and `session` are there for a browser."""

    staff: StaffView
    csrf_token: str | None = None
    is_owner: bool = False
    session: str = field(default="", repr=False)

    @property
    def id(self) -> int:
        return self.staff.id


def conversation_of_token(
    conversation_id: Annotated[str, Path(max_length=64)],
    request: Request,
    app: Bot,
    limits: RequestLimits,
    bearer: Annotated[Bearer, Security(_token_scheme)],
) -> str:
    """The conversation in the path, if the token is for it; whether a guessed id exists is not to be seen."""
    app.chat.authorize(conversation_id, bearer.credentials if bearer else "")
    limits.count_request(f"conversation {conversation_id}")
    check_origin(request, app, app.chat.channel_of(conversation_id).slug)
    return conversation_id


def calling_staff(
    request: Request,
    app: Bot,
    limits: RequestLimits,
    bearer: Annotated[Bearer, Security(_key_scheme)],
    session: Annotated[str | None, Security(_session_scheme)],
) -> Caller:
    """Whoever the key or the session belongs to. A key that is given is never made good by a session."""
    if bearer is not None:
        caller = _by_bearer(app, bearer.credentials)
        limits.count_request(bearer.credentials)
        return caller
    if session is None:
        raise Unauthorized("Sign in, or send an API key as `Authorization: Bearer`.")
    signed_in = app.staff.find_session(session)
    if signed_in is None and app.staff.find_session(session, setting_up=True):
        raise Forbidden("Everybody needs two-factor sign-in here: set yours up at /two-factor.")
    if signed_in is None:
        raise Unauthorized("This session has ended; sign in again.")
    limits.count_request(session)
    given = request.headers.get(CSRF_HEADER, "")
    if request.method not in _READING and not _same(given, signed_in.csrf_token):
        raise Forbidden(f"Changes from a browser need the header {CSRF_HEADER}; GET /api/v1/me has its value.")
    return Caller(signed_in.staff, signed_in.csrf_token, session=session)


def channel_of_key(
    app: Bot, limits: RequestLimits, bearer: Annotated[Bearer, Security(_channel_scheme)]
) -> ChannelKeyView:
    """The channel's key that was sent. Raises Forbidden while its channel is switched off."""
    if bearer is None:
        raise Unauthorized("Send a key of the channel as `Authorization: Bearer`.")
    return _by_channel_key(app, limits, bearer.credentials)


def caller_of(app: App, limits: Limits, secret: str) -> Caller | ChannelKeyView:
    """Whoever a bearer token belongs to, be it staff, the owner of the data folder or a channel's program.

    Raises Unauthorized, ChannelOff, LimitExceeded."""
    if secret.startswith(CHANNEL_KEY):
        return _by_channel_key(app, limits, secret)
    caller = _by_bearer(app, secret)
    limits.count_request(secret)
    return caller


def calling_agent(request: Request, caller: Annotated[Caller, Depends(calling_staff)]) -> Caller:
    """The caller, if they may do this: whoever only reads needs to be no more than a viewer."""
    if request.method not in _READING and not caller.staff.may(Role.AGENT):
        raise Forbidden("A viewer may read everything here, and change nothing.")
    return caller


def calling_admin(caller: Annotated[Caller, Depends(calling_staff)]) -> Caller:
    """The caller, if an admin."""
    if caller.staff.role is not Role.ADMIN:
        raise Forbidden("Only an admin may do this.")
    return caller


def calling_owner(caller: Annotated[Caller, Depends(calling_staff)]) -> Caller:
    """The caller, if it is a command of the user who owns the data folder; an admin's key is not enough."""
    if not caller.is_owner:
        raise Forbidden("Only the owner of the data folder may do this; run the command where the server runs.")
    return caller


def _by_channel_key(app: App, limits: Limits, secret: str) -> ChannelKeyView:
    key = app.channels.find_key(secret)
    if key is None:
        raise Unauthorized("This key is not known, or was revoked; keys of channels begin with `sbc_`.")
    limits.count_request(secret)
    if not app.channels.get(key.channel).enabled:
        raise ChannelOff("This channel is switched off at the moment.")
    return key


def _by_bearer(app: App, secret: str) -> Caller:
    if _same(secret, app.owner_token):
        return Caller(_first_admin(app), is_owner=True)
    staff = app.staff.find_key(secret)
    if staff is None:
        raise Unauthorized("This API key is not known, or was revoked.")
    return Caller(staff)


def _first_admin(app: App) -> StaffView:
    """Whom the owner of the data folder acts as."""
    for staff in app.staff.page():
        if staff.active and staff.role is Role.ADMIN:
            return staff
    raise Unauthorized("There is no active admin to act as.")


def _same(given: str, expected: str) -> bool:
    return bool(expected) and secrets.compare_digest(given.encode(), expected.encode())


ConversationId = Annotated[str, Depends(conversation_of_token)]
AskingProgram = Annotated[ChannelKeyView, Depends(channel_of_key)]
Member = Annotated[Caller, Depends(calling_staff)]
"""Anybody of the staff, for what concerns only themselves; everything else asks for one of those below."""
Agent = Annotated[Caller, Depends(calling_agent)]
Admin = Annotated[Caller, Depends(calling_admin)]
Owner = Annotated[Caller, Depends(calling_owner)]
