"""All SQL about second factors, recovery codes, and whether everybody needs them."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from support_bot.models import RecoveryCode, SignInRule, TwoFactor

_ONLY = 1


class TwoFactorRepository:
    """Who has a second factor. Changes are made under the lock of the member of staff."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, staff_id: int) -> TwoFactor | None:
        """Theirs, confirmed or being set up, as it is now."""
        return self._session.get(TwoFactor, staff_id, populate_existing=True)

    def is_on(self, staff_id: int) -> bool:
        found = self.find(staff_id)
        return found is not None and found.confirmed_at is not None

    def who(self) -> set[int]:
        """Ids of those who have one."""
        return set(self._session.scalars(select(TwoFactor.staff_id).where(TwoFactor.confirmed_at.is_not(None))))

    def put(self, row: TwoFactor) -> None:
        """In place of whatever they had."""
        self.remove(row.staff_id)
        self._session.add(row)
        self._session.flush()

    def remove(self, staff_id: int) -> None:
        self._session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
        self._session.execute(delete(TwoFactor).where(TwoFactor.staff_id == staff_id))

    def set_codes(self, staff_id: int, hashes: list[str]) -> None:
        """These and no others from now on."""
        self._session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
        self._session.add_all([RecoveryCode(staff_id=staff_id, code_hash=code_hash) for code_hash in hashes])
        self._session.flush()

    def find_code(self, staff_id: int, code_hash: str) -> RecoveryCode | None:
        """A code of theirs that was not used."""
        wanted = (RecoveryCode.staff_id == staff_id, RecoveryCode.code_hash == code_hash)
        return self._session.scalars(select(RecoveryCode).where(*wanted, RecoveryCode.used_at.is_(None))).first()

    def count_codes(self, staff_id: int) -> int:
        """How many are left."""
        left = (RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None))
        return self._session.scalar(select(func.count()).select_from(RecoveryCode).where(*left)) or 0

    def is_required(self) -> bool:
        rule = self._session.get(SignInRule, _ONLY)
        return rule is not None and rule.two_factor

    def require(self, on: bool) -> None:
        self._session.merge(SignInRule(id=_ONLY, two_factor=on))
