"""The second factor at the sign-in: codes of an authenticator (TOTP, RFC 6238), each good once, and recovery codes.

Wrong codes count as wrong passwords do and pause the account."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

import pyotp

from support_bot.errors import Conflict, Invalid, Unauthorized
from support_bot.models import Staff, TwoFactor, utcnow
from support_bot.services.sessions import FirstStep, open_session, token_hash
from support_bot.services.staff import StaffService, require_unlocked
from support_bot.services.views import SignedIn, StaffView
from support_bot.settings import Settings
from support_bot.storage.database import Database, Transaction

RECOVERY_CODES = 10
_STEP_S = 30
_SETUP_STEPS = 22  # ten minutes, and the two by which a beginning counts as older
_WRONG = "The code is wrong, or was used before."
_NOT_ON = "Two-factor sign-in is not switched on."


@dataclass(frozen=True, slots=True)
class TwoFactorState:
    """How it stands for one person; `required` is what admins ask of everybody."""

    on: bool
    required: bool
    codes_left: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What goes into an authenticator: by hand the secret (Base32), as a picture the address."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """What one's own page shows: how it stands, what is being set up, codes that were just made, what went wrong."""

    staff: StaffView
    state: TwoFactorState
    setup: Setup | None = None
    codes: tuple[str, ...] = ()
    error: str = ""


class TwoFactorService:
    """Setting a second factor up, signing in with it, and what admins do about it."""

    def __init__(self, db: Database, settings: Settings, staff: StaffService, first: FirstStep) -> None:
        self._db = db
        self._settings = settings
        self._staff = staff
        self._first = first

    # ---- one's own

    def state(self, staff_id: int) -> TwoFactorState:
        with self._db.reading() as tx:
            factor = tx.two_factor
            return TwoFactorState(factor.is_on(staff_id), factor.is_required(), factor.count_codes(staff_id))

    def begin(self, staff_id: int, password: str) -> Setup:
        """A new secret, which counts once a code of it was given. Raises Conflict where one is on already.

        A wrong password is Invalid and counts as one at the sign-in does."""
        self._staff.require_password(staff_id, password)
        with self._db.transaction() as tx:
            staff = tx.staff.lock(staff_id)
            if tx.two_factor.is_on(staff_id):
                raise Conflict("Two-factor sign-in is on already; switch it off first.")
            row = TwoFactor(staff_id=staff_id, secret=pyotp.random_base32(), last_step=_step() - 2)
            tx.two_factor.put(row)
            return self._setup(staff, row)

    def find_setup(self, staff_id: int) -> Setup | None:
        """What was begun in the last ten minutes and not confirmed yet."""
        with self._db.reading() as tx:
            row = tx.two_factor.find(staff_id)
            return self._setup(tx.staff.get(staff_id), row) if row and _is_open(row) else None

    def confirm(self, staff_id: int, code: str, *, session: str = "") -> tuple[str, ...]:
        """Switch it on with a first code; every other session ends. The recovery codes, shown only now.

        Raises Conflict where nothing was begun, Invalid for a wrong code, which counts."""
        with self._db.transaction() as tx:
            staff = tx.staff.lock(staff_id)
            require_unlocked(staff, utcnow())
            row = tx.two_factor.find(staff_id)
            if row is None or not _is_open(row):
                raise Conflict("Begin with your password.")
            if _takes(row, code):
                row.confirmed_at = utcnow()
                tx.staff.delete_sessions_of(staff_id, but=token_hash(session))
                return _new_codes(tx, staff_id)
            self._staff.note_failure(staff)
        raise Invalid(_WRONG)

    def renew_codes(self, staff_id: int, code: str) -> tuple[str, ...]:
        """New recovery codes in the place of the old ones. Raises Invalid for a wrong code, as `switch_off` does."""
        self._require_code(staff_id, code)
        with self._db.transaction() as tx:
            tx.staff.lock(staff_id)
            if not tx.two_factor.is_on(staff_id):
                raise Conflict(_NOT_ON)
            return _new_codes(tx, staff_id)

    def switch_off(self, staff_id: int, code: str) -> None:
        """Do without. Raises Conflict where everybody needs it, Invalid for a wrong code, which counts."""
        with self._db.reading() as tx:
            if tx.two_factor.is_required():
                raise Conflict("Everybody needs two-factor sign-in here.")
        self._require_code(staff_id, code)
        with self._db.transaction() as tx:
            tx.staff.lock(staff_id)
            tx.two_factor.remove(staff_id)

    # ---- the sign-in

    def sign_in(self, ticket: str, code: str) -> SignedIn:
        """The second step, with the ticket of the first. Raises Unauthorized, or LimitExceeded during a pause."""
        staff_id = self._first.whose(ticket)
        with self._db.transaction() as tx:
            staff = tx.staff.lock(staff_id)
            self._first.require_same(ticket, staff)
            require_unlocked(staff, utcnow())
            if _accepted(tx, staff_id, code):
                return open_session(tx, staff, self._settings.security.session_hours)
            self._staff.note_failure(staff)
        raise Unauthorized(_WRONG)

    # ---- admins

    def who(self) -> set[int]:
        """Ids of those who have it on."""
        with self._db.reading() as tx:
            return tx.two_factor.who()

    def is_required(self) -> bool:
        with self._db.reading() as tx:
            return tx.two_factor.is_required()

    def require(self, on: bool, by: int | None) -> None:
        """Ask it of everybody, or no longer: who has none can do nothing but set it up. Keys go on.

        `by` is the admin's id, None for the data folder's owner. Raises Conflict for an admin without their own."""
        with self._db.transaction() as tx:
            if on and by is not None and not tx.two_factor.is_on(by):
                raise Conflict("Set up your own two-factor sign-in first.")
            tx.two_factor.require(on)

    def reset(self, email: str, by: int | None) -> None:
        """Take away the second factor of somebody who lost it; they are signed out.

        Raises NotFound, Conflict for oneself."""
        with self._db.transaction() as tx:
            staff = tx.staff.lock_by_email(email)
            if staff.id == by:
                raise Conflict("You switch off your own with a code; another admin can reset it.")
            tx.two_factor.remove(staff.id)
            tx.staff.delete_sessions_of(staff.id)

    # ---- within

    def _setup(self, staff: Staff, row: TwoFactor) -> Setup:
        uri = pyotp.TOTP(row.secret).provisioning_uri(name=staff.email, issuer_name=self._settings.company)
        return Setup(row.secret, uri)

    def _require_code(self, staff_id: int, code: str) -> None:
        with self._db.transaction() as tx:
            staff = tx.staff.lock(staff_id)
            require_unlocked(staff, utcnow())
            if not tx.two_factor.is_on(staff_id):
                raise Conflict(_NOT_ON)
            if _accepted(tx, staff_id, code):
                return
            self._staff.note_failure(staff)
        raise Invalid(_WRONG)


def _accepted(tx: Transaction, staff_id: int, code: str) -> bool:
    """Whether the code is right, which uses it up. Call it with the member of staff locked."""
    row = tx.two_factor.find(staff_id)
    if row is None or row.confirmed_at is None:
        return False
    if _takes(row, code):
        return True
    spare = tx.two_factor.find_code(staff_id, _spare_hash(code))
    if spare is None:
        return False
    spare.used_at = utcnow()
    return True


def _is_open(row: TwoFactor) -> bool:
    """Whether it is being set up; a secret that was left lying is shown to nobody who lacks the password."""
    return row.confirmed_at is None and _step() - row.last_step <= _SETUP_STEPS


def _step() -> int:
    return int(time.time()) // _STEP_S


def _takes(row: TwoFactor, code: str) -> bool:
    """Whether it is the authenticator's code of now, a step before or after, and newer than the last one used."""
    typed = "".join(code.split())[:20].encode()
    totp, now = pyotp.TOTP(row.secret), _step()
    for step in range(max(now - 1, row.last_step + 1), now + 2):
        if secrets.compare_digest(totp.at(step * _STEP_S).encode(), typed):
            row.last_step = step
            return True
    return False


def _new_codes(tx: Transaction, staff_id: int) -> tuple[str, ...]:
    codes = tuple(secrets.token_hex(8) for _ in range(RECOVERY_CODES))
    tx.two_factor.set_codes(staff_id, [_spare_hash(code) for code in codes])
    return tuple("-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in codes)


def _spare_hash(code: str) -> str:
    return token_hash("".join(code.split()).replace("-", "").lower()[:100])
