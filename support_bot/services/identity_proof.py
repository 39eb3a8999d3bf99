"""What proves who a visitor is: a token that the site has signed, or the plain hash of the site's own user id."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from support_bot.errors import IdentityRefused

ALGORITHM = "HS256"
LONGEST_LIFE = dt.timedelta(hours=1)
_CLOCKS_DIFFER = 30  # seconds
_NEEDED = ("sub", "aud", "exp")


@dataclass(frozen=True, slots=True)
class Identity:
    """A customer as the site knows them. `signed` says whether name and e-mail were proved with the id."""

    subject: str
    name: str | None = None
    email: str | None = None
    signed: bool = False


def read_token(token: str, keys: Mapping[str, str], *, audience: str, now: dt.datetime) -> Identity:
    """Who the token names; `keys` are the live secrets by `kid`. Raises IdentityRefused, which says what is wrong."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM:
            raise IdentityRefused(f"The token must be signed with {ALGORITHM}.")
        secret = keys.get(str(header.get("kid", "")))
        if secret is None:
            raise IdentityRefused("The token's `kid` names none of this channel's live identity keys.")
        options: Any = {"require": [*_NEEDED]}
        claims = jwt.decode(
            token, secret, [ALGORITHM], audience=audience, leeway=_CLOCKS_DIFFER, options=options
        )  # fmt: skip
    except jwt.InvalidTokenError as error:
        raise IdentityRefused(_reason(error, audience)) from None
    if int(claims["exp"]) > now.timestamp() + LONGEST_LIFE.total_seconds() + _CLOCKS_DIFFER:
        raise IdentityRefused("The token's `exp` is more than an hour away; make a fresh token for each page.")
    return Identity(
        _subject(claims["sub"], "sub"), _optional(claims, "name", 200), _optional(claims, "email", 254), signed=True
    )


def check_hash(user_id: str, given: str, secrets: Sequence[str]) -> Identity:
    """Whoever `given`, the hexadecimal HMAC-SHA256 of the id under a live secret, proves. Raises IdentityRefused."""
    subject = _subject(user_id, "user_id")
    mine = [hmac.new(secret.encode(), user_id.encode(), hashlib.sha256).hexdigest() for secret in secrets]
    matches = [hmac.compare_digest(one.encode(), given.strip().lower().encode()) for one in mine]
    if not any(matches):
        raise IdentityRefused("The hash does not belong to this id under any of this channel's live identity keys.")
    return Identity(subject)


def _reason(error: jwt.InvalidTokenError, audience: str) -> str:
    if isinstance(error, jwt.ExpiredSignatureError):
        return "The token has expired; make a fresh one for each page."
    if isinstance(error, jwt.InvalidAudienceError):
        return f"The token is for another channel: its `aud` must be “{audience}”."
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The token lacks `{error.claim}`."
    if isinstance(error, jwt.InvalidSignatureError):
        return "The token is not signed with the key that its `kid` names."
    if isinstance(error, jwt.ImmatureSignatureError):
        return "The token is not valid yet; is the site's clock right?"
    return "This is no token that can be read."


def _subject(value: Any, name: str) -> str:
    """An id as it was signed: without its spaces it may be somebody else's."""
    subject = _line(value, name, 200)
    if subject != value:
        raise IdentityRefused(f"`{name}` must not begin or end with a space.")
    return subject


def _optional(claims: Mapping[str, Any], name: str, most: int) -> str | None:
    return None if claims.get(name) in (None, "") else _line(claims[name], name, most)


def _line(value: Any, name: str, most: int) -> str:
    usable = isinstance(value, str) and 0 < len(value.strip()) <= most and value.isprintable()
    if not usable:
        raise IdentityRefused(f"`{name}` must be one line of text, at most {most} characters.")
    return str(value).strip()
