"""All SQL about links by which people join the team or set a new password."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import StaffLink


class StaffLinkRepository:
    """Links that work once; only the hashes of their tokens are known."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, link: StaffLink) -> StaffLink:
        self._session.add(link)
        self._session.flush()
        return link

    def get(self, link_id: int) -> StaffLink:
        found = self._session.get(StaffLink, link_id)
        if found is None:
            raise NotFound(f"There is no link {link_id}.")
        return found

    def find(self, token_hash: str) -> StaffLink | None:
        return self._session.scalars(select(StaffLink).where(StaffLink.token_hash == token_hash)).one_or_none()

    def lock(self, link_id: int) -> StaffLink:
        """The link, read again and locked until the transaction ends."""
        query = select(StaffLink).where(StaffLink.id == link_id).with_for_update()
        return self._session.scalars(query.execution_options(populate_existing=True)).one()

    def page_open(self, now: dt.datetime) -> Sequence[StaffLink]:
        """Those that can still be used, the newest first."""
        usable = (StaffLink.used_at.is_(None), StaffLink.withdrawn_at.is_(None), StaffLink.expires_at > now)
        return self._session.scalars(select(StaffLink).where(*usable).order_by(StaffLink.id.desc())).all()

    def withdraw_for(self, email: str, now: dt.datetime) -> None:
        """End every link for this address that was not used."""
        self._withdraw(func.lower(StaffLink.email) == func.lower(email), now)

    def withdraw_around(self, staff_id: int, now: dt.datetime) -> None:
        """End the links that this person was given, and those that they made for others."""
        self._withdraw(or_(StaffLink.staff_id == staff_id, StaffLink.made_by == staff_id), now)

    def _withdraw(self, which: ColumnElement[bool], now: dt.datetime) -> None:
        unused = (StaffLink.used_at.is_(None), StaffLink.withdrawn_at.is_(None))
        self._session.execute(update(StaffLink).where(which, *unused).values(withdrawn_at=now))
