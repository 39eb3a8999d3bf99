"""Sign-in, sessions, members of staff and API keys. Passwords are argon2 hashes; tokens and keys are stored hashed."""

from __future__ import annotations

import datetime as dt
import math
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from support_bot.errors import CodeNeeded, Conflict, Invalid, LimitExceeded, Unauthorized
from support_bot.models import ApiKey, Staff, utcnow
from support_bot.services.handoff import let_go
from support_bot.services.sessions import FirstStep, open_session, token_hash
from support_bot.services.views import ApiKeyView, Assignee, SignedIn, StaffView
from support_bot.settings import Settings
from support_bot.storage.database import Database
from support_bot.values import Role

_WRONG = "E-mail address or password is wrong."
_DEACTIVATED = "This account is deactivated. Ask an admin to reactivate it."
LEAST_PASSWORD = 10
_MOST_STRANGERS = 10_000


def checked_email(email: str) -> str:
    """The address without white space around it. Raises Invalid where it is none."""
    email = email.strip()
    if "@" not in email or len(email) > 200:
        raise Invalid("That is not an e-mail address.")
    return email


def made_up_password() -> str:
    """A password that nobody guesses, to be shown once."""
    return secrets.token_urlsafe(12)


def require_unlocked(staff: Staff, now: dt.datetime) -> None:
    """Raise LimitExceeded while the account pauses after wrong passwords or codes."""
    if staff.is_locked(now) and staff.locked_until is not None:
        wait = (staff.locked_until - now).total_seconds()
        minutes = math.ceil(wait / 60)
        later = f"in {minutes} minutes" if minutes > 1 else "in a minute"
        raise LimitExceeded(f"Too many wrong passwords or codes. Try again {later}.", retry_after=wait)


def first_step(db: Database) -> FirstStep:
    """Every server of an installation takes the tickets of the others."""
    return FirstStep(db.secret("first-step"))


class StaffService:
    """Who may come in, and as what."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._hasher = PasswordHasher()
        self._first = first_step(db)
        # Checked when nobody has that address, so that the answer takes as long and tells nothing.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        self._strangers: dict[str, Staff] = {}

    # ---- sessions

    def sign_in(self, email: str, password: str) -> SignedIn:
        """A new session. Raises Unauthorized, or LimitExceeded while the account pauses after wrong passwords.

        With a second factor it is CodeNeeded, and `TwoFactorService.sign_in` goes on."""
        now = utcnow()
        with self._db.reading() as tx:
            found = tx.staff.find_by_email(email)
        known = found or self._stranger(email)
        require_unlocked(known, now)
        checked = known.password_hash
        right = self._matches(checked, password)
        with self._db.transaction() as tx:
            staff = tx.staff.lock(found.id) if found is not None else known
            require_unlocked(staff, now)  # others may have guessed meanwhile, or the password was changed
            if staff.password_hash != checked:
                raise Unauthorized(_WRONG)
            if not right:
                self.note_failure(staff)
            elif not staff.active:
                raise Unauthorized(_DEACTIVATED)  # only who knows the password is told
            else:
                if tx.two_factor.is_on(
                    staff.id
                ):  # wrong passwords and codes from before stay counted until it is given
                    raise CodeNeeded("Type the code of your authenticator.", self._first.ticket(staff))
                return open_session(tx, staff, self._settings.security.session_hours)
        raise Unauthorized(_WRONG)

    def _stranger(self, email: str) -> Staff:
        """Somebody who cannot come in, but pauses after wrong passwords as members of staff do."""
        if len(self._strangers) >= _MOST_STRANGERS:
            self._strangers.clear()
        unlikely = Staff(email=email, name="", role=Role.AGENT, password_hash=self._nobody, active=False)
        return self._strangers.setdefault(email.strip().lower()[:200], unlikely)

    def find_session(self, token: str, *, setting_up: bool = False) -> SignedIn | None:
        """Who is signed in with this cookie; None when nobody is (any more).

        Who needs a second factor and has none is signed in only for `setting_up` one."""
        with self._db.reading() as tx:
            session = tx.staff.find_session(token_hash(token))
            if session is None or session.expires_at < utcnow():
                return None
            staff = tx.staff.get(session.staff_id)
            if not setting_up and tx.two_factor.is_required() and not tx.two_factor.is_on(staff.id):
                return None
            return SignedIn(token, session.csrf_token, StaffView.of(staff)) if staff.active else None

    def sign_out(self, token: str) -> None:
        with self._db.transaction() as tx:
            tx.staff.delete_session(token_hash(token))

    # ---- people

    def add(self, email: str, name: str, role: Role, password: str) -> StaffView:
        """A new member of staff. Raises Conflict for an address that is taken, Invalid for a weak password."""
        email = checked_email(email)
        hashed = self.hashed(password)
        with self._db.transaction() as tx:
            tx.one_at_a_time("staff")
            if tx.staff.find_by_email(email):
                raise Conflict(f"{email} already exists.")
            shown = name.strip()[:200] or email
            return StaffView.of(tx.staff.add(Staff(email=email, name=shown, role=role, password_hash=hashed)))

    def page(self) -> list[StaffView]:
        with self._db.reading() as tx:
            return [StaffView.of(staff) for staff in tx.staff.page()]

    def assignees(self) -> list[Assignee]:
        """Who may be given a ticket: active agents and admins, by name."""
        return [Assignee(staff.id, staff.name, staff.email) for staff in self.page() if staff.may(Role.AGENT)]

    def set_password(self, email: str, password: str) -> None:
        """A new password; every session of that person ends. Keys that act for them stay until they are revoked."""
        hashed = self.hashed(password)
        with self._db.transaction() as tx:
            staff = tx.staff.find_by_email(email)
            if staff is None:
                raise Invalid(f"There is nobody with the address {email}.")
            staff.password_hash = hashed
            staff.note_success()
            tx.staff.delete_sessions_of(staff.id)

    def change_own_password(self, staff_id: int, old: str, new: str, *, session: str = "") -> None:
        """A new password in the place of the old one; every session of that person ends, but `session` (a token).

        Raises Invalid where the old one is wrong or the new one weak; guesses count as those at the sign-in do, and at
        the limit raise LimitExceeded."""
        hashed = self.hashed(new)
        proved = self.require_password(staff_id, old, "The old password is wrong.")
        with self._db.transaction() as tx:
            staff = tx.staff.lock(staff_id)
            if staff.password_hash != proved:
                raise Invalid("The password was changed meanwhile.")
            staff.password_hash = hashed
            staff.note_success()
            tx.staff.delete_sessions_of(staff.id, but=token_hash(session))

    def require_password(self, staff_id: int, password: str, wrong: str = "The password is wrong.") -> str:
        """Somebody who is signed in proves once more who they are; the hash that was compared.

        Raises Invalid, which counts as a wrong password at the sign-in does, or LimitExceeded."""
        with self._db.reading() as tx:
            known = tx.staff.get(staff_id)
        require_unlocked(known, utcnow())
        right = self._matches(known.password_hash, password)
        with self._db.transaction() as tx:
            staff = tx.staff.lock(staff_id)
            require_unlocked(staff, utcnow())
            if right and staff.password_hash == known.password_hash:
                return known.password_hash
            self.note_failure(staff)
        raise Invalid(wrong)

    def deactivate(self, email: str, by: int | None) -> StaffView:
        """End somebody's access at once: sessions end, keys that act for them are revoked, open tickets go to nobody.

        Customers they spoke with wait for somebody else. `by` is the admin's id, None for the owner of the data
        folder. Twice is once. Raises NotFound for an unknown address, Conflict for oneself and the last admin."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("staff")  # two admins who deactivate each other: the second is the last one
            staff = tx.staff.lock_by_email(email)
            staff.deactivate(by=by, other_admins=tx.staff.count_other_admins(staff.id))
            tx.staff.delete_sessions_of(staff.id)
            tx.staff.revoke_keys_of(staff.id, utcnow())
            tx.staff_links.withdraw_around(staff.id, utcnow())
            view = StaffView.of(staff)
        # Each under its conversation's lock, which nobody may ask for while they hold the row of a member of staff.
        with self._db.reading() as tx:
            left = [ticket.id for ticket in tx.tickets.open_of(view.id)]
        for ticket_id in left:
            with self._db.transaction() as tx:
                let_go(tx, ticket_id, view.id, by)
        return view

    def reactivate(self, email: str) -> StaffView:
        """Let somebody sign in again; sessions and keys that ended stay so. Raises NotFound for an unknown address."""
        with self._db.transaction() as tx:
            staff = tx.staff.lock_by_email(email)
            staff.reactivate()
            return StaffView.of(staff)

    def ensure_admin(self) -> str | None:
        """Make the first admin where there is nobody yet; the password if one was made up, to be shown once."""
        with self._db.reading() as tx:
            if tx.staff.page():
                return None
        given = self._settings.admin_password
        password = given.get_secret_value() if given else made_up_password()
        try:
            self.add(self._settings.admin_email, "Admin", Role.ADMIN, password)
        except Conflict:  # another server, which started at the same moment, was first and tells
            return None
        return None if given else password

    # ---- keys

    def create_key(self, name: str, role: Role, staff_id: int) -> tuple[ApiKeyView, str]:
        """A key that acts as this person with this role; the key itself is shown only now."""
        key = f"sb_{secrets.token_urlsafe(32)}"
        with self._db.transaction() as tx:
            if not tx.staff.lock(staff_id).may(role):  # or it would be added while they are being deactivated
                raise Invalid("A key cannot do more than the person it belongs to.")
            row = ApiKey(
                name=name.strip()[:200] or "key",
                prefix=key[:10],
                key_hash=token_hash(key),
                role=role,
                staff_id=staff_id,
            )
            return ApiKeyView.of(tx.staff.add_key(row)), key

    def keys(self) -> list[ApiKeyView]:
        with self._db.reading() as tx:
            return [ApiKeyView.of(key) for key in tx.staff.page_keys()]

    def revoke_key(self, key_id: int) -> None:
        with self._db.transaction() as tx:
            key = tx.staff.get_key(key_id)
            key.revoked_at = key.revoked_at or utcnow()

    def find_key(self, key: str) -> StaffView | None:
        """Whom a key acts for, with the key's own role; None for an unknown or revoked key."""
        with self._db.reading() as tx:
            found = tx.staff.find_key(token_hash(key))
            if found is None:
                return None
            staff = tx.staff.get(found.staff_id)
            if not staff.may(found.role):
                return None
            return StaffView(staff.id, staff.email, staff.name, found.role, staff.active)

    def note_failure(self, staff: Staff) -> None:
        """Count a wrong password or code."""
        security = self._settings.security
        pause = dt.timedelta(minutes=security.lockout_minutes)
        staff.note_failure(utcnow(), limit=security.lockout_failures, pause=pause)

    def hashed(self, password: str) -> str:
        """What is stored of a password. Raises Invalid for a weak one."""
        if len(password) < LEAST_PASSWORD:
            raise Invalid(f"A password has at least {LEAST_PASSWORD} characters.")
        if len(password) > 1000:
            raise Invalid("The password is too long.")
        return self._hasher.hash(password)

    def _matches(self, hashed: str, password: str) -> bool:
        try:
            return self._hasher.verify(hashed, password[:1000])
        except (VerificationError, InvalidHashError):
            return False
