"""Macros on both databases: what may be written, what is filled in, and that using one is all or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import ReceivedMail
from support_bot.services.views import StaffView
from support_bot.values import Audience, MacroDraft, MacroUse, Mode, TicketStatus
from tests.factories import add_staff, make_app

RAW = b"From: =?utf-8?q?Zo=C3=AB?= Meyer <zoe@shop.example>\r\nTo: help@acme.example\r\nSubject: Box\r\n\r\nIt broke."


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    yield app
    app.close()


@pytest.fixture
def ana(app: App) -> StaffView:
    return add_staff(app)


@pytest.fixture
def ticket(app: App) -> int:
    """A ticket whose customer waits."""
    return app.handoff.request(app.chat.start("web").id).row.id


def kinds(app: App, ticket: int) -> list[str]:
    return [line.kind for line in app.tickets.get(ticket).history]


def know(app: App, ticket: int, raw: bytes = RAW) -> None:
    """The customer's first words came by mail."""
    with app._parts.db.transaction() as tx:
        conversation = tx.conversations.get(tx.tickets.get(ticket).conversation_id)
        tx.mails.add_received(
            ReceivedMail(
                channel_id=conversation.channel_id, key="<1@shop.example>", sender="zoe@shop.example",
                conversation_id=conversation.id, raw=raw,
            )
        )  # fmt: skip


class TestWriting:
    def test_a_macro_is_kept_trimmed_and_with_tags_as_they_are_written(self, app: App) -> None:
        made = app.desk.macros.add(MacroDraft("  Refund   sent ", " Done. ", tags=("Re Fund", "#vip"), assign=True))
        assert (made.name, made.text, made.tags, made.version) == ("Refund sent", "Done.", ("re-fund", "vip"), 1)
        changed = app.desk.macros.change(made.id, MacroDraft("Refund", note=True, priority="high"))
        assert (changed.text, changed.note, changed.priority, changed.tags, changed.version) == (
            "",
            True,
            "high",
            (),
            2,
        )
        assert [macro.name for macro in app.desk.macros.page()] == ["Refund"]
        app.desk.macros.delete(made.id)
        with pytest.raises(NotFound):
            app.desk.macros.get(made.id)

    @pytest.mark.parametrize(
        "draft",
        [
            MacroDraft("", "x"), MacroDraft("  \x00 ", "x"), MacroDraft("n" * 101, "x"), MacroDraft("nothing", " \n"),
            MacroDraft("a", "{{visitor}}"), MacroDraft("a", "{{ }}"), MacroDraft("a", "x" * 20_001),
            MacroDraft("a", "x", status=TicketStatus.CLOSED), MacroDraft("a", priority="soon"),
            MacroDraft("a", tags=("a,b",)),
        ],
    )  # fmt: skip
    def test_what_cannot_be_used_is_refused(self, app: App, draft: MacroDraft) -> None:
        with pytest.raises(Invalid):
            app.desk.macros.add(draft)
        assert app.desk.macros.page() == []

    def test_no_two_have_the_same_name(self, app: App) -> None:
        app.desk.macros.add(MacroDraft("Refund", "x"))
        other = app.desk.macros.add(MacroDraft("Straße", "x"))
        for name in ("refund", " REFUND "):
            with pytest.raises(Conflict):
                app.desk.macros.add(MacroDraft(name, "y"))
            with pytest.raises(Conflict):
                app.desk.macros.change(other.id, MacroDraft(name, "y"))
        assert app.desk.macros.get(other.id).text == "x"


class TestFilling:
    WORDS = "{{ customer_name }} {{customer_email}} {{agent_name}} {{ticket_number}} {{subject}} {{company}} {{"

    def test_what_the_ticket_knows_stands_there_and_the_rest_is_marked(
        self, app: App, ana: StaffView, ticket: int
    ) -> None:
        app.desk.macros.add(MacroDraft("All", self.WORDS))
        (ready,) = app.desk.macros.ready(ticket, ana.id)
        subject = app.tickets.get(ticket).row.subject
        assert ready.text == f"⟦customer name⟧ ⟦customer e-mail⟧ Ana #{ticket} {subject} Acme {{{{"

    def test_name_and_address_are_known_from_a_mail(self, app: App, ana: StaffView, ticket: int) -> None:
        know(app, ticket)
        app.desk.macros.add(MacroDraft("All", "{{customer_name}}, {{customer_email}}"))
        assert app.desk.macros.ready(ticket, ana.id)[0].text == "Zoë Meyer, zoe@shop.example"

    @pytest.mark.parametrize("raw", [b"", b"\xff\x00", b"From: <a@b.example>\r\n\r\n", b"From: a@b.c <a@b.c>\r\n\r\n"])
    def test_a_mail_that_tells_no_name_leaves_the_mark(self, app: App, ana: StaffView, ticket: int, raw: bytes) -> None:
        know(app, ticket, raw)
        app.desk.macros.add(MacroDraft("All", "{{customer_name}}"))
        assert app.desk.macros.ready(ticket, ana.id)[0].text == "⟦customer name⟧"

    def test_the_address_left_in_the_chat_is_known(self, app: App, ana: StaffView, ticket: int) -> None:
        app.desk.follow_up.leave_address(app.tickets.get(ticket).row.conversation_id, "zoe@home.example")
        app.desk.macros.add(MacroDraft("All", "{{customer_email}}"))
        assert app.desk.macros.ready(ticket, ana.id)[0].text == "zoe@home.example"

    def test_the_name_with_which_the_site_signed_them_in_comes_first(
        self, app: App, ana: StaffView, ticket: int
    ) -> None:
        know(app, ticket)
        conversation = app.tickets.get(ticket).row.conversation_id
        with app._parts.db.transaction() as tx:
            profile = tx.visitors.ensure(conversation)
            profile.name, profile.email, profile.signed = "Zoë M. Meyer", "zoe@site.example", True
        app.desk.macros.add(MacroDraft("All", "{{customer_name}}, {{customer_email}}"))
        assert app.desk.macros.ready(ticket, ana.id)[0].text == "Zoë M. Meyer, zoe@shop.example"

    def test_what_a_value_says_is_not_filled_again(self, app: App, ana: StaffView, ticket: int) -> None:
        know(app, ticket, b'From: "{{company}}" <a@b.example>\r\n\r\n')
        app.desk.macros.add(MacroDraft("All", "{{customer_name}}"))
        assert app.desk.macros.ready(ticket, ana.id)[0].text == "{{company}}"


class TestUsing:
    def test_words_and_actions_happen_together_and_the_history_names_the_macro(
        self, app: App, ana: StaffView, ticket: int
    ) -> None:
        draft = MacroDraft("Refund", "Ticket {{ticket_number}} is paid back.", status=TicketStatus.SOLVED,
                           priority="high", tags=("refund",), assign=True)  # fmt: skip
        macro = app.desk.macros.add(draft)
        sent = app.desk.macros.use(ticket, ana.id, MacroUse(macro.id))
        row = sent.ticket.row
        assert sent.message is not None and sent.message.text == f"Ticket #{ticket} is paid back."
        assert (row.status, row.priority, row.tags, row.assignee) == ("solved", "high", ("refund",), "Ana")
        assert kinds(app, ticket) == ["opened", "macro_used", "assigned", "replied", "changed", "solved"]
        assert app.tickets.get(ticket).history[1].detail == {"macro": "Refund"}
        assert app.chat.mode(row.conversation_id) is Mode.CLOSED

    def test_a_note_is_for_the_team_and_an_agent_may_change_the_words(
        self, app: App, ana: StaffView, ticket: int
    ) -> None:
        macro = app.desk.macros.add(MacroDraft("Ask", "Look at {{subject}}", note=True, status=TicketStatus.ON_HOLD))
        sent = app.desk.macros.use(ticket, ana.id, MacroUse(macro.id, text="Look here", version=macro.version))
        assert sent.message is not None and sent.message.audience is Audience.INTERNAL
        assert sent.message.text == "Look here" and sent.ticket.row.status == "on_hold"
        customer = app.chat.messages(sent.ticket.row.conversation_id)
        assert "Look here" not in [message.text for message in customer]

    def test_a_macro_without_words_only_does_something(self, app: App, ana: StaffView, ticket: int) -> None:
        macro = app.desk.macros.add(MacroDraft("Mine", assign=True))
        assert app.desk.macros.use(ticket, ana.id, MacroUse(macro.id, text=" ")).message is None
        assert app.tickets.get(ticket).row.assignee == "Ana"

    def test_a_mark_that_is_left_is_not_sent_and_nothing_happens(self, app: App, ana: StaffView, ticket: int) -> None:
        macro = app.desk.macros.add(MacroDraft("Hi", "Dear {{customer_name}}", priority="urgent"))
        with pytest.raises(Invalid, match="⟦customer name⟧ is not known here"):
            app.desk.macros.use(ticket, ana.id, MacroUse(macro.id))
        with pytest.raises(Invalid, match="⟦subject⟧"):
            app.tickets.reply(ticket, ana.id, "About ⟦subject⟧")
        with pytest.raises(Invalid):
            app.tickets.note(ticket, ana.id, "About ⟦subject⟧")
        assert kinds(app, ticket) == ["opened"] and app.tickets.get(ticket).row.priority == "normal"
        app.tickets.reply(ticket, ana.id, "⟦other brackets⟧")

    def test_where_an_action_is_refused_nothing_is_said(self, app: App, ana: StaffView, ticket: int) -> None:
        macro = app.desk.macros.add(MacroDraft("Tag", "Hello", tags=tuple(f"new{n}" for n in range(20))))
        one = app.desk.macros.add(MacroDraft("One", tags=("first",)))
        app.desk.macros.use(ticket, ana.id, MacroUse(one.id))
        with pytest.raises(Invalid, match="at most 20 tags"):
            app.desk.macros.use(ticket, ana.id, MacroUse(macro.id))
        assert "replied" not in kinds(app, ticket)
        app.tickets.solve(ticket, ana.id)
        with pytest.raises(Conflict):
            app.desk.macros.use(ticket, ana.id, MacroUse(macro.id))

    def test_a_macro_that_changed_or_went_meanwhile_is_not_used(self, app: App, ana: StaffView, ticket: int) -> None:
        macro = app.desk.macros.add(MacroDraft("Hi", "Hello"))
        app.desk.macros.change(macro.id, MacroDraft("Hi", "Hello", status=TicketStatus.SOLVED))
        with pytest.raises(Conflict, match="was changed meanwhile"):
            app.desk.macros.use(ticket, ana.id, MacroUse(macro.id, text="Hello", version=macro.version))
        app.desk.macros.delete(macro.id)
        with pytest.raises(NotFound):
            app.desk.macros.use(ticket, ana.id, MacroUse(macro.id, text="Hello", version=2))
        with pytest.raises(Invalid, match="empty"):
            kept = app.desk.macros.add(MacroDraft("Hi", "Hello"))
            app.desk.macros.use(ticket, ana.id, MacroUse(kept.id, text=""))
        assert kinds(app, ticket) == ["opened"]
