"""A member of staff who left: no way in any more, nothing of theirs is lost, and somebody can always let others in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, NotFound, SupportBotError, Unauthorized
from support_bot.services.staff import StaffService
from support_bot.services.views import StaffView
from support_bot.values import Mode, Role
from tests.factories import PASSWORD, add_staff, make_app

ANA, BOSS = "ana@example.com", "boss@example.com"


@pytest.fixture
def app(tmp_path_factory: pytest.TempPathFactory, database: str) -> Iterator[App]:
    app = make_app(tmp_path_factory.mktemp(database), start=False)
    app.channels.ensure_default()
    yield app
    app.close()


@pytest.fixture
def ana(app: App) -> StaffView:
    return add_staff(app, Role.AGENT, ANA)


@pytest.fixture
def boss(app: App) -> StaffView:
    return add_staff(app, Role.ADMIN, BOSS)


def at_once(*doing: Callable[[], object]) -> None:
    """Do all of it at the same moment; what is refused is refused."""
    ready = threading.Barrier(len(doing))

    def begin(do: Callable[[], object]) -> None:
        ready.wait()
        with suppress(Conflict):
            do()

    threads = [threading.Thread(target=begin, args=(do,)) for do in doing]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def active(app: App) -> dict[str, bool]:
    return {staff.email: staff.active for staff in app.staff.page()}


class TestAccess:
    def test_sessions_and_keys_end_at_once(self, app: App, ana: StaffView, boss: StaffView) -> None:
        session = app.staff.sign_in(ANA, PASSWORD)
        _, key = app.staff.create_key("till", Role.AGENT, ana.id)
        assert not app.staff.deactivate(f" {ANA.upper()} ", boss.id).active
        assert app.staff.find_session(session.token) is None
        assert app.staff.find_key(key) is None
        with pytest.raises(Unauthorized, match="deactivated"):
            app.staff.sign_in(ANA, PASSWORD)

    def test_who_does_not_know_the_password_is_told_nothing(self, app: App, ana: StaffView, boss: StaffView) -> None:
        app.staff.deactivate(ANA, boss.id)
        with pytest.raises(Unauthorized, match="E-mail address or password is wrong"):
            app.staff.sign_in(ANA, "wrong")

    def test_what_ended_stays_ended_when_they_come_back(self, app: App, ana: StaffView, boss: StaffView) -> None:
        session = app.staff.sign_in(ANA, PASSWORD)
        _, key = app.staff.create_key("till", Role.AGENT, ana.id)
        app.staff.deactivate(ANA, boss.id)
        assert app.staff.reactivate(ANA).active
        assert (app.staff.find_session(session.token), app.staff.find_key(key)) == (None, None)
        assert app.staff.sign_in(ANA, PASSWORD).staff.id == ana.id

    def test_coming_back_ends_the_pause_after_wrong_passwords(self, app: App, ana: StaffView, boss: StaffView) -> None:
        for _ in range(app.settings.security.lockout_failures):
            with pytest.raises(Unauthorized):
                app.staff.sign_in(ANA, "wrong")
        app.staff.deactivate(ANA, boss.id)
        app.staff.reactivate(ANA)
        assert app.staff.sign_in(ANA, PASSWORD).staff.id == ana.id

    def test_no_key_is_made_for_somebody_who_left(self, app: App, ana: StaffView, boss: StaffView) -> None:
        app.staff.deactivate(ANA, boss.id)
        with pytest.raises(SupportBotError):
            app.staff.create_key("till", Role.AGENT, ana.id)

    def test_a_sign_in_that_has_begun_does_not_outlive_it(
        self, app: App, ana: StaffView, boss: StaffView, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        compare = StaffService._matches

        def and_then(service: StaffService, hashed: str, password: str) -> bool:
            monkeypatch.setattr(StaffService, "_matches", compare)
            service.deactivate(ANA, boss.id)
            return compare(service, hashed, password)

        monkeypatch.setattr(StaffService, "_matches", and_then)
        with pytest.raises(Unauthorized):
            app.staff.sign_in(ANA, PASSWORD)

    def test_twice_is_once(self, app: App, ana: StaffView, boss: StaffView) -> None:
        key, _ = app.staff.create_key("till", Role.AGENT, ana.id)
        assert app.staff.deactivate(ANA, boss.id) == app.staff.deactivate(ANA, boss.id)
        keys = app.staff.keys()
        assert keys[0].id == key.id and keys[0].revoked_at is not None
        app.staff.deactivate(ANA, boss.id)
        assert app.staff.keys() == keys
        assert app.staff.reactivate(ANA) == app.staff.reactivate(ANA)

    @pytest.mark.parametrize("email", ["", "nobody@example.com", "%", "x" * 500])
    def test_an_address_that_nobody_has_is_named(self, app: App, boss: StaffView, email: str) -> None:
        with pytest.raises(NotFound, match="There is nobody with the address"):
            app.staff.deactivate(email, boss.id)
        with pytest.raises(NotFound):
            app.staff.reactivate(email)


class TestWhoStays:
    def test_nobody_deactivates_themselves(self, app: App, boss: StaffView) -> None:
        add_staff(app, Role.ADMIN, "second@example.com")
        with pytest.raises(Conflict, match="yourself"):
            app.staff.deactivate(BOSS, boss.id)
        assert active(app)[BOSS]

    def test_the_last_active_admin_stays(self, app: App, ana: StaffView, boss: StaffView) -> None:
        second = add_staff(app, Role.ADMIN, "second@example.com")
        app.staff.deactivate("second@example.com", boss.id)
        for by in (None, ana.id, second.id):
            with pytest.raises(Conflict, match="last active admin"):
                app.staff.deactivate(BOSS, by)
        assert app.staff.sign_in(BOSS, PASSWORD).staff.id == boss.id

    def test_the_owner_of_the_data_folder_may_deactivate_any_other_admin(self, app: App, boss: StaffView) -> None:
        add_staff(app, Role.ADMIN, "second@example.com")
        assert not app.staff.deactivate(BOSS, None).active

    def test_of_two_admins_who_deactivate_each_other_one_stays(self, app: App, boss: StaffView) -> None:
        second = add_staff(app, Role.ADMIN, "second@example.com")
        ready = threading.Barrier(2)

        def deactivate(email: str, by: int) -> None:
            ready.wait()
            try:
                app.staff.deactivate(email, by)
            except Conflict:
                refused.append(email)

        refused: list[str] = []
        threads = [
            threading.Thread(target=deactivate, args=pair) for pair in ((BOSS, second.id), (second.email, boss.id))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1 and sorted(active(app).values()) == [False, True]


class TestTheirWork:
    def test_open_tickets_go_to_nobody_and_the_name_stays(self, app: App, ana: StaffView, boss: StaffView) -> None:
        conversation = app.chat.start("web").id
        ticket = app.handoff.take(conversation, ana.id).row.id
        app.tickets.reply(ticket, ana.id, "I look into it.")
        app.staff.deactivate(ANA, boss.id)
        assert [row.id for row in app.tickets.page(view="unassigned")] == [ticket]
        said = app.tickets.conversation(conversation).messages
        assert [message.name for message in said if message.text == "I look into it."] == ["Ana"]
        assert app.tickets.get(ticket).history[-1].by == "Boss"
        app.tickets.reply(ticket, boss.id, "I go on.")

    @pytest.mark.parametrize("owner", [False, True])
    def test_whom_they_spoke_with_waits_for_somebody_else(
        self, app: App, ana: StaffView, boss: StaffView, owner: bool
    ) -> None:
        conversation = app.chat.start("web").id
        ticket = app.handoff.take(conversation, ana.id).row.id
        app.staff.deactivate(ANA, None if owner else boss.id)
        assert app.chat.mode(conversation) is Mode.WAITING
        assert [row.id for row in app.tickets.page(view="waiting")] == [ticket]
        last = app.tickets.get(ticket).history[-1]
        assert (last.kind, last.by, last.was, last.to) == ("assigned", None if owner else "Boss", "Ana", None)
        assert last.detail["deactivated"] is True
        assert app.chat.messages(conversation)[-1].text == "Somebody else from our team will answer here."
        app.chat.say(conversation, "Are you there?")
        assert app.chat.mode(conversation) is Mode.WAITING  # and the bot stays silent
        assert app.handoff.take(conversation, boss.id).row.assignee_id == boss.id

    def test_who_waits_already_is_told_nothing(self, app: App, ana: StaffView, boss: StaffView) -> None:
        conversation = app.chat.start("web").id
        ticket = app.handoff.request(conversation).row.id
        app.tickets.assign(ticket, ana.id, boss.id)
        before = app.chat.messages(conversation)
        app.staff.deactivate(ANA, boss.id)
        assert app.chat.mode(conversation) is Mode.WAITING and app.chat.messages(conversation) == before
        assert app.tickets.get(ticket).row.assignee_id is None

    def test_what_somebody_else_has_taken_over_goes_on(self, app: App, ana: StaffView, boss: StaffView) -> None:
        conversation = app.chat.start("web").id
        app.tickets.assign(app.handoff.request(conversation).row.id, ana.id, boss.id)
        app.handoff.take(conversation, boss.id)
        app.staff.deactivate(ANA, boss.id)
        assert app.chat.mode(conversation) is Mode.HUMAN

    def test_a_take_over_that_comes_too_late_is_refused(self, app: App, ana: StaffView, boss: StaffView) -> None:
        conversation = app.chat.start("web").id
        app.staff.deactivate(ANA, boss.id)
        with pytest.raises(Conflict, match="Ana is deactivated"):
            app.handoff.take(conversation, ana.id)
        assert app.chat.mode(conversation) is Mode.BOT

    def test_no_ticket_is_left_with_somebody_who_leaves_at_the_same_moment(
        self, app: App, ana: StaffView, boss: StaffView
    ) -> None:
        for _ in range(5):
            ticket = app.handoff.request(app.chat.start("web").id).row.id
            at_once(
                lambda number=ticket: app.tickets.assign(number, ana.id, boss.id),  # type: ignore[misc]
                lambda: app.staff.deactivate(ANA, boss.id),
            )
            assert app.tickets.get(ticket).row.assignee_id is None
            app.staff.reactivate(ANA)

    def test_two_who_give_each_other_tickets_do_not_wait_in_a_ring(
        self, app: App, ana: StaffView, boss: StaffView
    ) -> None:
        one, other = (app.handoff.request(app.chat.start("web").id).row.id for _ in range(2))
        at_once(lambda: app.tickets.assign(one, ana.id, boss.id), lambda: app.tickets.assign(other, boss.id, ana.id))
        assert [app.tickets.get(ticket).row.assignee for ticket in (one, other)] == ["Ana", "Boss"]

    def test_solved_tickets_stay_theirs(self, app: App, ana: StaffView, boss: StaffView) -> None:
        ticket = app.handoff.take(app.chat.start("web").id, ana.id).row.id
        app.tickets.solve(ticket, ana.id)
        app.staff.deactivate(ANA, boss.id)
        assert app.tickets.get(ticket).row.assignee_id == ana.id

    def test_they_get_no_new_tickets(self, app: App, ana: StaffView, boss: StaffView) -> None:
        ticket = app.handoff.take(app.chat.start("web").id, boss.id).row.id
        app.staff.deactivate(ANA, boss.id)
        with pytest.raises(Conflict, match="Ana is deactivated"):
            app.tickets.assign(ticket, ana.id, boss.id)
