"""Links that work once: an admin makes one, and whoever holds it joins the team or sets a new password.

The link itself is shown when it is made and never again; stored is its hash."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import Staff, StaffLink, utcnow
from support_bot.services.sessions import token_hash
from support_bot.services.staff import StaffService, checked_email
from support_bot.services.views import StaffView
from support_bot.settings import Settings
from support_bot.storage.database import Database, Transaction
from support_bot.values import LinkKind, Role

JOIN = "/join"
# One answer for a token that was made up, used, withdrawn or has expired: nothing is to be learned by trying.
_GONE = "This link cannot be used any more. Ask an admin for a new one."


@dataclass(frozen=True, slots=True)
class StaffLinkView:
    """A link as admins see it, without what makes it work."""

    id: int
    kind: LinkKind
    email: str
    name: str
    role: Role
    created_at: dt.datetime
    expires_at: dt.datetime

    @classmethod
    def of(cls, link: StaffLink) -> StaffLinkView:
        return cls(link.id, link.kind, link.email, link.name, link.role, link.created_at, link.expires_at)


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that was just made; `path` is its place on this server."""

    path: str
    details: StaffLinkView


class StaffLinkService:
    """Invitations and new passwords. `by` is the admin's id, None for the owner of the data folder."""

    def __init__(self, db: Database, settings: Settings, staff: StaffService) -> None:
        self._db = db
        self._life = dt.timedelta(hours=settings.security.link_hours)
        self._staff = staff

    def invite(self, email: str, name: str, role: Role, by: int | None) -> MadeLink:
        """A link by which somebody joins; an earlier one for that address ends.

        Raises Invalid for what is no address, Conflict for one of a member of the team."""
        email = checked_email(email)
        with self._db.transaction() as tx:
            tx.one_at_a_time("staff")
            if tx.staff.find_by_email(email):
                raise Conflict(f"{email} already exists.")
            return self._made(tx, LinkKind.INVITATION, Staff(email=email, name=name, role=role, password_hash=""), by)

    def offer_password(self, email: str, by: int | None) -> MadeLink:
        """A link by which somebody sets a new password; an earlier one ends, the old password works until then.

        Raises NotFound for an unknown address, Conflict for somebody who is deactivated."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("staff")
            staff = tx.staff.lock_by_email(email)
            if not staff.active:
                raise Conflict(f"{staff.email} is deactivated; reactivate them first.")
            return self._made(tx, LinkKind.NEW_PASSWORD, staff, by, staff.id)

    def page(self) -> list[StaffLinkView]:
        """The links that can still be used, the newest first."""
        with self._db.reading() as tx:
            return [StaffLinkView.of(link) for link in tx.staff_links.page_open(utcnow())]

    def withdraw(self, link_id: int) -> None:
        """End a link at once; twice is once, and one that was used stays so. Raises NotFound."""
        with self._db.transaction() as tx:
            link = tx.staff_links.lock(tx.staff_links.get(link_id).id)
            link.withdrawn_at = link.withdrawn_at or utcnow()

    def get(self, token: str) -> StaffLinkView:
        """What a link is for. Looking uses nothing up. Raises NotFound where it cannot be used (any more)."""
        with self._db.reading() as tx:
            return StaffLinkView.of(_usable(tx.staff_links.find(token_hash(token))))

    def follow(self, token: str, password: str, name: str = "") -> StaffView:
        """Use a link up: join with this name and password, or take the new password, which ends all sessions.

        Signs nobody in. Raises NotFound where the link cannot be used, Invalid for a weak password, Conflict where
        somebody with that address joined meanwhile; then the link is as it was."""
        self.get(token)  # before the password is hashed, which takes a while
        hashed = self._staff.hashed(password)
        with self._db.transaction() as tx:
            tx.one_at_a_time("staff")
            found = _usable(tx.staff_links.find(token_hash(token)))
            link = _usable(tx.staff_links.lock(found.id))
            staff = _join(tx, link, name, hashed) if link.staff_id is None else _renew(tx, link.staff_id, hashed)
            link.used_at = utcnow()
            tx.staff_links.withdraw_for(link.email, utcnow())
            return StaffView.of(staff)

    def _made(
        self, tx: Transaction, kind: LinkKind, whom: Staff, by: int | None, staff_id: int | None = None
    ) -> MadeLink:
        now, token = utcnow(), secrets.token_urlsafe(32)
        tx.staff_links.withdraw_for(whom.email, now)
        link = StaffLink(
            kind=kind, token_hash=token_hash(token), email=whom.email, name=whom.name.strip()[:200], role=whom.role,
            staff_id=staff_id, made_by=by, expires_at=now + self._life,
        )  # fmt: skip
        return MadeLink(f"{JOIN}/{token}", StaffLinkView.of(tx.staff_links.add(link)))


def _usable(link: StaffLink | None) -> StaffLink:
    if link is None or not link.is_open(utcnow()):
        raise NotFound(_GONE)
    return link


def _join(tx: Transaction, link: StaffLink, name: str, hashed: str) -> Staff:
    name = name.replace("\x00", "").strip()[:200] or link.name
    if not name:
        raise Invalid("Please tell your name: customers see it beside what you write.")
    if tx.staff.find_by_email(link.email):
        raise Conflict(f"{link.email} already exists.")
    return tx.staff.add(Staff(email=link.email, name=name, role=link.role, password_hash=hashed))


def _renew(tx: Transaction, staff_id: int, hashed: str) -> Staff:
    staff = tx.staff.lock(staff_id)
    if not staff.active:
        raise NotFound(_GONE)
    staff.password_hash = hashed
    staff.note_success()
    tx.staff.delete_sessions_of(staff.id)
    return staff
