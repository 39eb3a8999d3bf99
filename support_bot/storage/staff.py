"""All SQL about staff, their sessions and API keys."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import ApiKey, Staff, StaffSession
from support_bot.values import Role


class StaffRepository:
    """Staff, sessions and keys."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, staff: Staff) -> Staff:
        self._session.add(staff)
        self._session.flush()
        return staff

    def get(self, staff_id: int) -> Staff:
        found = self._session.get(Staff, staff_id)
        if found is None:
            raise NotFound(f"There is no member of staff {staff_id}.")
        return found

    def find_by_email(self, email: str) -> Staff | None:
        # Both sides by the database: SQLite's `lower` leaves Þ as it is, Python's does not.
        query = select(Staff).where(func.lower(Staff.email) == func.lower(email.strip()))
        return self._session.scalars(query).one_or_none()

    def lock(self, staff_id: int) -> Staff:
        """The member of staff, read again and locked until the transaction ends."""
        query = select(Staff).where(Staff.id == staff_id).with_for_update()
        return self._session.scalars(query.execution_options(populate_existing=True)).one()

    def hold(self, staff_id: int) -> Staff:
        """The member of staff, read again; nobody changes who they are until the transaction ends. Raises NotFound.

        Others may hold them, too, so that agents who give each other tickets at once do not wait in a ring."""
        query = select(Staff).where(Staff.id == staff_id).with_for_update(read=True)
        found = self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise NotFound(f"There is no member of staff {staff_id}.")
        return found

    def lock_by_email(self, email: str) -> Staff:
        """The same by address. Raises NotFound."""
        found = self.find_by_email(email)
        if found is None:
            raise NotFound(f"There is nobody with the address {email}.")
        return self.lock(found.id)

    def count_other_admins(self, staff_id: int) -> int:
        """Active admins beside this person."""
        others = (Staff.id != staff_id, Staff.role == Role.ADMIN, Staff.active)
        return self._session.scalar(select(func.count()).select_from(Staff).where(*others)) or 0

    def page(self) -> Sequence[Staff]:
        return self._session.scalars(select(Staff).order_by(Staff.name)).all()

    def names(self) -> dict[int, str]:
        return {row[0]: row[1] for row in self._session.execute(select(Staff.id, Staff.name))}

    def add_session(self, session: StaffSession) -> StaffSession:
        self._session.add(session)
        self._session.flush()
        return session

    def find_session(self, token_hash: str) -> StaffSession | None:
        return self._session.get(StaffSession, token_hash)

    def delete_session(self, token_hash: str) -> None:
        self._session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash))

    def delete_sessions_of(self, staff_id: int, *, but: str = "") -> None:
        """End every session of this person, but the one with this token's hash."""
        ended = (StaffSession.staff_id == staff_id, StaffSession.token_hash != but)
        self._session.execute(delete(StaffSession).where(*ended))

    def delete_expired_sessions(self, now: dt.datetime) -> None:
        self._session.execute(delete(StaffSession).where(StaffSession.expires_at < now))

    def add_key(self, key: ApiKey) -> ApiKey:
        self._session.add(key)
        self._session.flush()
        return key

    def get_key(self, key_id: int) -> ApiKey:
        found = self._session.get(ApiKey, key_id)
        if found is None:
            raise NotFound(f"There is no API key {key_id}.")
        return found

    def find_key(self, key_hash: str) -> ApiKey | None:
        """The key, unless it was revoked."""
        query = select(ApiKey).where(ApiKey.key_hash == key_hash, ApiKey.revoked_at.is_(None))
        return self._session.scalars(query).one_or_none()

    def revoke_keys_of(self, staff_id: int, now: dt.datetime) -> None:
        """Make every key that acts for this person useless; those revoked before keep their time."""
        mine = (ApiKey.staff_id == staff_id, ApiKey.revoked_at.is_(None))
        self._session.execute(update(ApiKey).where(*mine).values(revoked_at=now))

    def page_keys(self) -> Sequence[ApiKey]:
        return self._session.scalars(select(ApiKey).order_by(ApiKey.id)).all()
