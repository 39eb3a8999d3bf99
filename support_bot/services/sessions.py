"""What lets a browser in: tokens as they are stored, new sessions, and the proof that a password was right."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

import jwt

from support_bot.errors import Unauthorized
from support_bot.models import Staff, StaffSession, utcnow
from support_bot.services.views import SignedIn, StaffView
from support_bot.storage.database import Transaction

_ALGORITHM = "HS256"
_TICKET_LIFE = dt.timedelta(minutes=5)
_TOO_LATE = "That took too long. Sign in again."


def token_hash(token: str) -> str:
    """What is stored of a token or key: its SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(tx: Transaction, staff: Staff, hours: float) -> SignedIn:
    """A new session of somebody who has proved everything that was asked of them."""
    now = utcnow()
    staff.note_success()
    tx.staff.delete_expired_sessions(now)
    token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    tx.staff.add_session(
        StaffSession(
            token_hash=token_hash(token),
            staff_id=staff.id,
            csrf_token=csrf,
            expires_at=now + dt.timedelta(hours=hours),
        )
    )
    return SignedIn(token, csrf, StaffView.of(staff))


class FirstStep:
    """Tickets that say whose password was right some minutes ago. They end with the password that was typed."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def ticket(self, staff: Staff) -> str:
        claims = {"sub": str(staff.id), "pw": _print(staff), "exp": utcnow() + _TICKET_LIFE}
        return jwt.encode(claims, self._secret, algorithm=_ALGORITHM)

    def whose(self, ticket: str) -> int:
        """The id it names. Raises Unauthorized for one that is not ours or too old."""
        return int(self._claims(ticket)["sub"])

    def require_same(self, ticket: str, staff: Staff) -> None:
        """Raise Unauthorized where the password was changed meanwhile or the person deactivated."""
        if self._claims(ticket)["pw"] != _print(staff) or not staff.active:
            raise Unauthorized(_TOO_LATE)

    def _claims(self, ticket: str) -> dict[str, str]:
        try:
            return dict(jwt.decode(ticket, self._secret, [_ALGORITHM], options={"require": ["sub", "pw", "exp"]}))
        except jwt.InvalidTokenError:
            raise Unauthorized(_TOO_LATE) from None


def _print(staff: Staff) -> str:
    return token_hash(staff.password_hash)[:16]
