"""Signing in while something else happens to the account."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import argon2
import pytest

from support_bot.assembly import App
from support_bot.errors import Invalid, LimitExceeded, Unauthorized
from support_bot.services.staff import StaffService
from support_bot.values import Role
from tests.factories import PASSWORD, add_staff, make_app

EMAIL = "ana@example.com"
OTHER = "another long password"


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[App]:
    app = make_app(tmp_path_factory.mktemp(database), start=False)
    add_staff(app)
    yield app
    app.close()


def during_the_check(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once while a password is compared."""
    compare = StaffService._matches

    def and_then(service: StaffService, hashed: str, password: str) -> bool:
        right = compare(service, hashed, password)
        monkeypatch.setattr(StaffService, "_matches", compare)
        happens()
        return right

    monkeypatch.setattr(StaffService, "_matches", and_then)


def guess_wrong(app: App, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Unauthorized):
            app.staff.sign_in(EMAIL, "wrong")


def test_guesses_at_once_are_as_few_as_one_after_another(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    during_the_check(monkeypatch, lambda: guess_wrong(app, app.settings.security.lockout_failures))
    with pytest.raises(LimitExceeded):
        app.staff.sign_in(EMAIL, PASSWORD)
    with pytest.raises(LimitExceeded):  # and the pause goes on
        app.staff.sign_in(EMAIL, PASSWORD)


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
def test_an_account_pauses_whether_it_exists_or_not(app: App, email: str) -> None:
    for _ in range(app.settings.security.lockout_failures):
        with pytest.raises(Unauthorized) as wrong:
            app.staff.sign_in(email, "wrong")
        assert "E-mail address or password" in wrong.value.detail
    with pytest.raises(LimitExceeded) as paused:
        app.staff.sign_in(f" {email.upper()} ", "wrong")
    assert 0 < (paused.value.retry_after or 0) <= app.settings.security.lockout_minutes * 60
    assert len(app.staff.page()) == 1


def test_the_old_password_opens_nothing_once_it_is_changed(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    during_the_check(monkeypatch, lambda: app.staff.set_password(EMAIL, OTHER))
    with pytest.raises(Unauthorized):
        app.staff.sign_in(EMAIL, PASSWORD)
    assert app.staff.sign_in(EMAIL, OTHER).staff.email == EMAIL


def test_passwords_are_hashed_at_full_strength(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests hash quickly, see `quick_hashes`."""
    monkeypatch.setattr("support_bot.services.staff.PasswordHasher", argon2.PasswordHasher)
    staff = StaffService(app._parts.db, app.settings)
    staff.add("bo@example.com", "Bo", Role.AGENT, PASSWORD)
    with app._parts.db.reading() as tx:
        stored = tx.staff.page()
    [strong] = [each.password_hash for each in stored if each.email == "bo@example.com"]
    assert argon2.extract_parameters(strong) == argon2.profiles.get_default_parameters()
    assert staff.sign_in("bo@example.com", PASSWORD).staff.email == "bo@example.com"


def test_a_key_that_is_revoked_twice_keeps_the_first_time(app: App) -> None:
    key, _ = app.staff.create_key("till", app.staff.page()[0].role, app.staff.page()[0].id)
    app.staff.revoke_key(key.id)
    (first,) = app.staff.keys()
    app.staff.revoke_key(key.id)
    assert app.staff.keys() == [first]


class TestOwnPassword:
    def test_the_new_one_opens_and_only_this_session_goes_on(self, app: App) -> None:
        here, there = (app.staff.sign_in(EMAIL, PASSWORD) for _ in range(2))
        app.staff.change_own_password(here.staff.id, PASSWORD, OTHER, session=here.token)
        assert app.staff.find_session(here.token) and app.staff.find_session(there.token) is None
        with pytest.raises(Unauthorized):
            app.staff.sign_in(EMAIL, PASSWORD)
        assert app.staff.sign_in(EMAIL, OTHER).staff.id == here.staff.id

    def test_somebody_elses_session_is_neither_kept_nor_ended(self, app: App) -> None:
        bo = add_staff(app, Role.AGENT, "bo@example.com")
        mine, theirs = app.staff.sign_in(EMAIL, PASSWORD), app.staff.sign_in(bo.email, PASSWORD)
        app.staff.change_own_password(mine.staff.id, PASSWORD, OTHER, session=theirs.token)
        assert app.staff.find_session(mine.token) is None and app.staff.find_session(theirs.token)

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [("wrong", OTHER, "old password is wrong"), ("", OTHER, "old password is wrong"),
         (PASSWORD, "short", "at least 10"), (PASSWORD, "", "at least 10"), (PASSWORD, "x" * 1001, "too long")],
    )  # fmt: skip
    def test_what_is_refused_changes_nothing(self, app: App, old: str, new: str, words: str) -> None:
        session = app.staff.sign_in(EMAIL, PASSWORD)
        with pytest.raises(Invalid, match=words):
            app.staff.change_own_password(session.staff.id, old, new)
        assert app.staff.find_session(session.token) and app.staff.sign_in(EMAIL, PASSWORD)

    def test_guesses_from_a_page_left_open_pause_the_account(self, app: App) -> None:
        ana = app.staff.sign_in(EMAIL, PASSWORD).staff
        for _ in range(app.settings.security.lockout_failures):
            with pytest.raises(Invalid):
                app.staff.change_own_password(ana.id, "wrong", OTHER)
        with pytest.raises(LimitExceeded):
            app.staff.change_own_password(ana.id, PASSWORD, OTHER)
        with pytest.raises(LimitExceeded):
            app.staff.sign_in(EMAIL, PASSWORD)

    def test_a_password_that_an_admin_gave_meanwhile_stays(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        ana = app.staff.sign_in(EMAIL, PASSWORD).staff
        during_the_check(monkeypatch, lambda: app.staff.set_password(EMAIL, "given by an admin"))
        with pytest.raises(Invalid):
            app.staff.change_own_password(ana.id, PASSWORD, OTHER)
        assert app.staff.sign_in(EMAIL, "given by an admin")
