"""Two-factor sign-in: a code lets in once, guessing pauses the account, and who lost theirs is helped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from fastapi.testclient import TestClient

from support_bot.assembly import App
from support_bot.errors import CodeNeeded, Conflict, Invalid, LimitExceeded, NotFound, Unauthorized
from support_bot.services import two_factor
from support_bot.values import Role
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.api_harness import whole_server

ANA = "ana@example.com"
START = 1_800_000_000.0


class Clock:
    """The time that codes are made and checked by."""

    def __init__(self) -> None:
        self.now = START

    def time(self) -> float:
        return self.now

    def step(self) -> None:
        self.now += 30


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(two_factor, "time", clock)
    return clock


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[App]:
    app = make_app(tmp_path_factory.mktemp(database), start=False)
    add_staff(app)
    yield app
    app.close()


def set_up(app: App, clock: Clock, email: str = ANA) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Switch it on; the authenticator, and the recovery codes. The code that was used is old then."""
    (staff_id,) = (person.id for person in app.staff.page() if person.email == email)
    phone = pyotp.TOTP(app.accounts.two_factor.begin(staff_id, PASSWORD).secret)
    codes = app.accounts.two_factor.confirm(staff_id, phone.at(clock.now))
    clock.step()
    return phone, codes


def ticket(app: App, email: str = ANA) -> str:
    with pytest.raises(CodeNeeded) as needed:
        app.staff.sign_in(email, PASSWORD)
    return needed.value.ticket


class TestSignIn:
    def test_needs_the_code_after_the_password(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        signed_in = app.accounts.two_factor.sign_in(
            ticket(app), f" {phone.at(clock.now)[:3]} {phone.at(clock.now)[3:]} "
        )
        assert app.staff.find_session(signed_in.token)
        with pytest.raises(Unauthorized) as wrong:
            app.staff.sign_in(ANA, "wrong")
        assert not isinstance(wrong.value, CodeNeeded)

    def test_takes_a_code_once_and_none_from_before(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        used, proof = phone.at(clock.now), ticket(app)
        app.accounts.two_factor.sign_in(proof, used)
        for code in (used, phone.at(clock.now - 30), phone.at(clock.now + 60), "", "000000x", "٠١٢٣٤٥"):
            with pytest.raises(Unauthorized):
                app.accounts.two_factor.sign_in(ticket(app), code)
            app.staff.set_password(ANA, PASSWORD)  # no pause

    def test_takes_the_code_of_a_clock_that_is_half_a_minute_off(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        clock.step()
        assert app.accounts.two_factor.sign_in(ticket(app), phone.at(clock.now - 30))
        assert app.accounts.two_factor.sign_in(ticket(app), phone.at(clock.now + 30))

    def test_takes_one_of_many_who_send_the_same_code_at_once(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        proof, code = ticket(app), phone.at(clock.now)

        def enter(_: int) -> bool:
            try:
                return bool(app.accounts.two_factor.sign_in(proof, code))
            except Unauthorized:
                return False

        with ThreadPoolExecutor(4) as threads:
            assert sorted(threads.map(enter, range(4))) == [False, False, False, True]

    def test_pauses_after_wrong_codes_although_the_password_is_right_each_time(self, app: App, clock: Clock) -> None:
        _phone, _ = set_up(app, clock)
        for _ in range(app.settings.security.lockout_failures):
            with pytest.raises(Unauthorized):
                app.accounts.two_factor.sign_in(ticket(app), "not it")
        with pytest.raises(LimitExceeded):
            app.staff.sign_in(ANA, PASSWORD)

    def test_of_a_pause_holds_for_tickets_from_before(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        proof = ticket(app)
        for _ in range(app.settings.security.lockout_failures):
            with pytest.raises(Unauthorized):
                app.staff.sign_in(ANA, "wrong")
        with pytest.raises(LimitExceeded):
            app.accounts.two_factor.sign_in(proof, phone.at(clock.now))

    def test_takes_no_ticket_of_another_password_person_or_maker(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        old = ticket(app)
        app.staff.set_password(ANA, "another long password")
        for proof in (old, "", "made-up", old[:-4] + "AAAA", old + "é"):
            with pytest.raises(Unauthorized):
                app.accounts.two_factor.sign_in(proof, phone.at(clock.now))

    def test_lets_nobody_in_who_was_deactivated_meanwhile(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        proof = ticket(app)
        app.staff.deactivate(ANA, None)
        with pytest.raises(Unauthorized):
            app.accounts.two_factor.sign_in(proof, phone.at(clock.now))

    def test_of_a_new_password_by_a_link_still_needs_the_code(self, app: App, clock: Clock) -> None:
        set_up(app, clock)
        path = app.accounts.links.offer_password(ANA, None).path
        app.accounts.links.follow(path.removeprefix("/join/"), "another long password")
        with pytest.raises(CodeNeeded):
            app.staff.sign_in(ANA, "another long password")


class TestRecoveryCodes:
    def test_let_in_once_each_however_they_are_typed(self, app: App, clock: Clock) -> None:
        _, codes = set_up(app, clock)
        assert len(set(codes)) == two_factor.RECOVERY_CODES
        assert app.accounts.two_factor.sign_in(ticket(app), codes[0])
        assert app.accounts.two_factor.sign_in(ticket(app), codes[1].upper().replace("-", " "))
        (ana,) = app.staff.page()
        assert app.accounts.two_factor.state(ana.id).codes_left == two_factor.RECOVERY_CODES - 2
        with pytest.raises(Unauthorized):
            app.accounts.two_factor.sign_in(ticket(app), codes[0])

    def test_are_replaced_with_a_code(self, app: App, clock: Clock) -> None:
        phone, codes = set_up(app, clock)
        (ana,) = app.staff.page()
        with pytest.raises(Invalid):
            app.accounts.two_factor.renew_codes(ana.id, "not it")
        fresh = app.accounts.two_factor.renew_codes(ana.id, phone.at(clock.now))
        with pytest.raises(Unauthorized):
            app.accounts.two_factor.sign_in(ticket(app), codes[0])
        assert app.accounts.two_factor.sign_in(ticket(app), fresh[0])

    def test_of_one_person_do_not_let_another_in(self, app: App, clock: Clock) -> None:
        add_staff(app, email="bo@example.com")
        _, codes = set_up(app, clock)
        set_up(app, clock, "bo@example.com")
        with pytest.raises(Unauthorized):
            app.accounts.two_factor.sign_in(ticket(app, "bo@example.com"), codes[0])


class TestSetUp:
    def test_needs_password_and_a_code_and_ends_other_sessions(self, app: App, clock: Clock) -> None:
        here, there = (app.staff.sign_in(ANA, PASSWORD) for _ in range(2))
        mine = here.staff.id
        with pytest.raises(Invalid):
            app.accounts.two_factor.begin(mine, "wrong")
        with pytest.raises(Conflict):
            app.accounts.two_factor.confirm(mine, "123456")
        phone = pyotp.TOTP(app.accounts.two_factor.begin(mine, PASSWORD).secret)
        with pytest.raises(Invalid):
            app.accounts.two_factor.confirm(mine, "not it")
        assert app.staff.sign_in(ANA, PASSWORD), "what is not confirmed asks for nothing"
        app.accounts.two_factor.confirm(mine, phone.at(clock.now), session=here.token)
        assert app.staff.find_session(here.token) and app.staff.find_session(there.token) is None
        with pytest.raises(Conflict):
            app.accounts.two_factor.begin(mine, PASSWORD)
        assert app.accounts.two_factor.find_setup(mine) is None, "the secret is not shown again"

    def test_that_is_left_lying_is_shown_to_nobody_and_begins_anew(self, app: App, clock: Clock) -> None:
        (staff_id,) = (person.id for person in app.staff.page())
        factor = app.accounts.two_factor
        phone = pyotp.TOTP(factor.begin(staff_id, PASSWORD).secret)
        clock.now += 590
        assert factor.find_setup(staff_id) is not None
        clock.now += 90
        assert factor.find_setup(staff_id) is None
        with pytest.raises(Conflict, match="Begin with your password"):
            factor.confirm(staff_id, phone.at(clock.now))
        phone = pyotp.TOTP(factor.begin(staff_id, PASSWORD).secret)
        assert factor.confirm(staff_id, phone.at(clock.now))

    def test_counts_wrong_codes(self, app: App, clock: Clock) -> None:
        (staff_id,) = (person.id for person in app.staff.page())
        factor = app.accounts.two_factor
        phone = pyotp.TOTP(factor.begin(staff_id, PASSWORD).secret)
        for _ in range(app.settings.security.lockout_failures):
            with pytest.raises(Invalid):
                factor.confirm(staff_id, "000000")
        with pytest.raises(LimitExceeded, match="or codes"):
            factor.confirm(staff_id, phone.at(clock.now))

    def test_is_undone_with_a_code(self, app: App, clock: Clock) -> None:
        phone, _ = set_up(app, clock)
        (ana,) = app.staff.page()
        with pytest.raises(Invalid):
            app.accounts.two_factor.switch_off(ana.id, "not it")
        app.accounts.two_factor.switch_off(ana.id, phone.at(clock.now))
        assert app.staff.sign_in(ANA, PASSWORD)
        with pytest.raises(Conflict):
            app.accounts.two_factor.switch_off(ana.id, phone.at(clock.now))


class TestAdmins:
    def test_require_it_of_everybody_once_they_have_it_themselves(self, app: App, clock: Clock) -> None:
        al = app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
        ana = app.staff.sign_in(ANA, PASSWORD)
        with pytest.raises(Conflict):
            app.accounts.two_factor.require(True, al.id)
        phone, _ = set_up(app, clock, "al@example.com")
        app.accounts.two_factor.require(True, al.id)
        assert app.staff.find_session(ana.token) is None
        assert app.staff.find_session(ana.token, setting_up=True)
        with pytest.raises(Conflict):
            app.accounts.two_factor.switch_off(al.id, phone.at(clock.now))
        secret = app.accounts.two_factor.begin(ana.staff.id, PASSWORD).secret
        app.accounts.two_factor.confirm(ana.staff.id, pyotp.TOTP(secret).at(clock.now), session=ana.token)
        assert app.staff.find_session(ana.token)
        app.accounts.two_factor.require(False, al.id)
        assert not app.accounts.two_factor.is_required()

    def test_reset_it_for_others_only(self, app: App, clock: Clock) -> None:
        al = app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
        _phone, codes = set_up(app, clock)
        session = app.accounts.two_factor.sign_in(ticket(app), codes[0])
        app.accounts.two_factor.reset(ANA.upper(), al.id)
        assert app.staff.find_session(session.token) is None and app.staff.sign_in(ANA, PASSWORD)
        with pytest.raises(Conflict):
            app.accounts.two_factor.reset("al@example.com", al.id)
        app.accounts.two_factor.reset("al@example.com", None)
        with pytest.raises(NotFound):
            app.accounts.two_factor.reset("nobody@example.com", al.id)


def test_the_pages_lead_through_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    app = make_app(tmp_path_factory.mktemp("site"), start=False)
    add_staff(app)
    app.accounts.two_factor.require(True, None)
    browser = TestClient(whole_server(app), follow_redirects=False)
    try:
        assert browser.get("/two-factor").headers["location"] == "/login?next=/two-factor"
        browser.post("/login", data={"email": ANA, "password": PASSWORD, "next": "/desk"})
        page = {"Accept": "text/html"}
        assert browser.get("/desk/", headers=page).headers["location"] == "/two-factor"
        assert browser.get("/api/v1/tickets").status_code == 403
        begun = browser.post("/two-factor", data={"doing": "begin", "password": PASSWORD})
        secret = begun.text.split("<code>")[1].split("</code>")[0]
        assert "<svg" in begun.text and begun.headers["cache-control"] == "no-store"
        foreign = browser.post("/two-factor", data={"doing": "off"}, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403
        assert browser.post("/two-factor", data={"doing": "confirm", "code": "1"}).status_code == 422
        phone = pyotp.TOTP(secret)
        done = browser.post("/two-factor", data={"doing": "confirm", "code": phone.at(time.time())})
        codes = [part.split("</code>")[0] for part in done.text.split("<li><code>")[1:]]
        assert len(codes) == two_factor.RECOVERY_CODES
        assert secret not in browser.get("/two-factor").text and codes[0] not in browser.get("/two-factor").text
        assert browser.get("/desk/", headers=page).status_code == 200

        fresh = TestClient(browser.app, follow_redirects=False)
        asked = fresh.post("/login", data={"email": ANA, "password": PASSWORD, "next": "//evil.example"})
        assert asked.status_code == 200 and "set-cookie" not in asked.headers and "evil" not in asked.text
        proof = asked.text.split('name="ticket" value="')[1].split('"')[0]
        assert fresh.post("/login-code", data={"ticket": proof, "code": "wrong"}).status_code == 401
        entered = fresh.post("/login-code", data={"ticket": proof, "code": codes[0], "next": "//evil.example"})
        assert entered.status_code == 303 and entered.headers["location"] == "/desk"
        assert "httponly" in entered.headers["set-cookie"].lower()
        assert fresh.get("/desk/", headers=page).status_code == 200
    finally:
        app.close()
