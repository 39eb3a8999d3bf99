"""Macros on the pages: written by an admin, chosen and sent by an agent."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.assembly import App
from support_bot.services.identity import Claim
from support_bot.values import MacroDraft, Role, TicketStatus
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.test_ui_handlers import event, prepared, request
from tests.integration.test_ui_ticket_fields import Seen
from ui.pages.desk_state import Desk
from ui.pages.knowledge import KnowledgePage
from ui.pages.shelf import Shelf

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    add_staff(app, Role.AGENT)
    yield app
    app.close()


class TestWriting:
    @pytest.fixture
    def shelf(self) -> Shelf:
        return Shelf(view="macros")

    @pytest.fixture
    def press(self, app: App, shelf: Shelf) -> Any:
        add_staff(app, Role.ADMIN, "al@example.com")
        asked = request(app.staff.sign_in("al@example.com", PASSWORD).token)
        page = prepared(KnowledgePage, app)

        def press(act: str, /, **data: str) -> dict[Any, str]:
            shelf.shown = {}
            shown = page.act(event(action=act, **data), shelf, asked)
            return {piece.elem_id: html for piece, html in shown.items()}

        return press

    def test_a_macro_is_written_changed_and_deleted(self, app: App, press: Any) -> None:
        assert "No macros yet" in press("view", view="macros")["admin-pins"]
        press("macro-new")
        fields = {"name": "Paid back", "text": SCRIPT, "kind": "note", "status": "on_hold", "priority": "high"}
        press("macro-save", macro="0", tags="a b, c,", assign="yes", **fields)
        (macro,) = app.desk.macros.page()
        assert (macro.note, macro.status, macro.priority, macro.tags) == (True, "on_hold", "high", ("a-b", "c"))
        shown = press("macro-open", macro=str(macro.id))
        assert "<script" not in "".join(shown.values()) and 'value="a-b, c"' in shown["admin-pin"]
        press("macro-save", macro=str(macro.id), name="Paid", text="Done", kind="reply")
        (macro,) = app.desk.macros.page()
        assert (macro.name, macro.note, macro.status, macro.tags, macro.assign) == ("Paid", False, None, (), False)
        assert "Delete “Paid”?" in press("macro-ask-delete", macro=str(macro.id))["admin-dialog"]
        press("macro-delete", macro=str(macro.id))
        assert app.desk.macros.page() == []

    def test_what_is_refused_stays_in_the_form_with_the_reason(self, app: App, press: Any, shelf: Shelf) -> None:
        form = press("macro-save", macro="0", name="Hi", text="{{visitor}} hello", kind="reply")["admin-pin"]
        assert "There is no variable {{visitor}}" in form and "{{visitor}} hello" in form
        assert app.desk.macros.page() == []
        form = press("macro-save", macro="7", name="Hi", text="Hello")["admin-pin"]
        assert "deleted meanwhile" in form and shelf.macro is not None and shelf.macro.id == 0


class TestUsing:
    def test_the_palette_has_the_words_filled_and_says_what_they_do(self, app: App) -> None:
        seen = Seen(app)
        assert "There are no macros yet" in seen.shown()["desk-macros"]
        app.desk.macros.add(
            MacroDraft(SCRIPT, "{{ticket_number}} for {{customer_name}}", status=TicketStatus.SOLVED, tags=("x",))
        )
        palette = seen.shown()["desk-macros"]
        assert f'data-text="#{seen.ticket} for ⟦customer name⟧"' in palette and "<script" not in palette
        assert 'data-does="adds #x · status solved"' in palette
        assert 'data-action="open-macros"' in seen.shown()["desk-composer"]
        app.tickets.solve(seen.ticket, 1)
        assert seen.shown()["desk-macros"] == ""

    def test_a_palette_that_is_open_is_not_sent_again(self, app: App) -> None:
        seen = Seen(app)
        seen.press("kind")
        assert seen.page.macros in seen.page.tick(seen.desk, seen.asked)
        seen.press("priority", value="high")
        seen.page.tick(seen.desk, seen.asked)
        assert seen.page.macros not in seen.page.tick(seen.desk, seen.asked)

    def test_words_are_sent_with_what_the_macro_does(self, app: App) -> None:
        seen = Seen(app)
        macro = app.desk.macros.add(MacroDraft("Paid", "Hello {{customer_name}}", priority="high"))
        chosen = {"macro": str(macro.id), "version": "1", "kind": "reply", "seen": "0"}
        seen.press("write", text="Hello ⟦customer name⟧", **chosen)
        assert "⟦customer name⟧ is not known here" in seen.desk.told and seen.desk.sent == 0
        seen.press("write", text="Hello Zoe", **chosen)
        assert seen.desk.told == "" and seen.desk.sent == 1
        shown = seen.shown()
        assert "Ana used the macro “Paid”" in shown["desk-context"] and "Hello Zoe" in shown["desk-talk"]
        assert app.tickets.get(seen.ticket).row.priority == "high"

    @pytest.mark.parametrize("data", [{"macro": "x"}, {"macro": "99", "version": "1"}, {"macro": "-1"}])
    def test_a_macro_that_there_is_not_sends_nothing(self, app: App, data: dict[str, str]) -> None:
        seen = Seen(app)
        seen.press("write", text="Hello", kind="reply", **data)
        assert "no such macro" in seen.desk.told and len(app.tickets.get(seen.ticket).history) == 1

    def test_a_reply_after_a_colleagues_is_asked_about_once(self, app: App) -> None:
        seen = Seen(app)
        bo = add_staff(app, Role.AGENT, "bo@example.com")
        begun = max(message.id for message in app.tickets.conversation(seen.desk.conversation).messages)
        app.tickets.reply(seen.ticket, bo.id, "I have it")
        seen.press("write", text="Me too", kind="reply", seen=str(begun))
        assert seen.desk.told.startswith("Bo answered") and "send anyway?" in seen.desk.told
        assert "Send anyway" in seen.shown()["desk-composer"]
        app.tickets.reply(seen.ticket, bo.id, "Once more")
        seen.press("write", text="Me too", kind="reply", seen=str(begun))
        assert seen.desk.told.startswith("Bo answered")
        seen.press("write", text="Me too", kind="reply", seen=str(begun))
        assert seen.desk.told == "" and "Me too" in seen.shown()["desk-talk"]
        assert "Send anyway" not in seen.shown()["desk-composer"]


class TestSeveralTickets:
    def test_the_chosen_ones_are_changed_and_the_rest_is_told_with_the_reason(self, app: App) -> None:
        seen = Seen(app)
        other = app.handoff.request(app.chat.start("web").id).row.id
        app.tickets.solve(other, 1)
        assert f'data-pick="{seen.ticket}"' in seen.shown()["desk-list"]
        chosen = f"{seen.ticket},{other}"
        seen.press("ask-bulk", tickets="")
        assert seen.desk.dialog == ""
        app.desk.macros.add(MacroDraft(SCRIPT, "Hello", priority="high"))
        seen.press("ask-bulk", tickets=chosen)
        dialog = seen.shown()["desk-dialog"]
        assert "Change 2 tickets" in dialog and "(a reply, priority high)" in dialog and "<script" not in dialog
        seen.press("bulk", tickets=chosen)
        assert "Choose what is to change" in seen.shown()["desk-dialog"] and seen.desk.changed_many == 0
        seen.press("bulk", tickets=chosen, status="on_hold", assign="me", tags="a b,", priority="", macro="")
        told = seen.shown()["desk-dialog"]
        assert "1 ticket changed" in told and f"#{other}: Ticket {other} is already solved." in told
        row = app.tickets.get(seen.ticket).row
        assert (row.status, row.assignee, row.tags) == ("on_hold", "Ana", ("a-b",))
        assert 'data-bulk="1"' in seen.shown()["desk-list"]

    @pytest.mark.parametrize("tickets", ["x", "-1", "1;2", "9" * 30, "," * 90])
    def test_what_is_no_ticket_changes_nothing(self, app: App, tickets: str) -> None:
        seen = Seen(app)
        seen.press("bulk", tickets=tickets, priority="high")
        assert app.tickets.get(seen.ticket).row.priority == "normal"

    def test_a_macro_is_used_on_each(self, app: App) -> None:
        seen = Seen(app)
        macro = app.desk.macros.add(MacroDraft("Told", "Ticket {{ticket_number}} waits.", note=True))
        seen.press("bulk", tickets=str(seen.ticket), macro=str(macro.id))
        assert f"Ticket #{seen.ticket} waits." in seen.shown()["desk-talk"]


class TestPresence:
    def test_two_tabs_see_each_other_until_one_looks_elsewhere(self, app: App) -> None:
        add_staff(app, Role.AGENT, "bo@example.com")
        ana = Seen(app)
        page, asked = ana.page, request(app.staff.sign_in("bo@example.com", PASSWORD).token)
        bo = Desk(view="all", conversation=ana.desk.conversation)
        assert "is here" not in ana.shown()["desk-head"]
        assert "Ana is here" in {piece.elem_id: html for piece, html in page.tick(bo, asked).items()}["desk-head"]
        assert "Bo is here" in ana.shown()["desk-head"]
        page.typing(bo, asked)
        assert "Bo is writing" in ana.shown()["desk-head"]
        page.act(event(action="back"), bo, asked)
        assert "Bo is" not in ana.shown()["desk-head"]

    def test_a_viewer_reads_without_being_told_of(self, app: App) -> None:
        add_staff(app, Role.VIEWER, "vi@example.com")
        ana = Seen(app)
        asked = request(app.staff.sign_in("vi@example.com", PASSWORD).token)
        shown = ana.page.tick(Desk(view="all", conversation=ana.desk.conversation), asked)
        listed = next(html for piece, html in shown.items() if piece.elem_id == "desk-list")
        assert "data-pick" not in listed and "data-bulk" not in listed
        assert "Vi is here" not in ana.shown()["desk-head"]


class TestPressedTwice:
    def test_a_reply_goes_out_once_and_the_same_words_again_from_the_next_composer(self, app: App) -> None:
        seen = Seen(app)
        words = {"text": "Ok", "kind": "reply", "seen": "0"}

        def replies() -> int:
            return sum(message.text == "Ok" for message in app.tickets.conversation(seen.desk.conversation).messages)

        seen.press("write", sent="0", **words)
        seen.press("write", sent="0", **words)
        assert replies() == 1 and seen.desk.told == "" and seen.desk.sent == 1
        seen.press("write", sent="1", **words)
        assert replies() == 2

    def test_what_was_refused_may_be_sent_again_as_it_is(self, app: App) -> None:
        seen = Seen(app)
        bo = add_staff(app, Role.AGENT, "bo@example.com")
        begun = max(message.id for message in app.tickets.conversation(seen.desk.conversation).messages)
        app.tickets.reply(seen.ticket, bo.id, "I have it")
        seen.press("write", text="Me too", kind="reply", seen=str(begun), sent="0")
        assert seen.desk.told.startswith("Bo answered") and seen.desk.sent == 0
        seen.press("write", text="Me too", kind="reply", seen=str(begun), sent="0")
        assert seen.desk.told == "" and seen.desk.sent == 1

    def test_many_tickets_are_changed_once(self, app: App) -> None:
        seen = Seen(app)
        macro = app.desk.macros.add(MacroDraft("Told", "We are on it."))
        seen.press("ask-bulk", tickets=str(seen.ticket))
        assert f'data-ask="{seen.desk.serial}"' in seen.shown()["desk-dialog"]
        asked = {"tickets": str(seen.ticket), "macro": str(macro.id), "ask": str(seen.desk.serial)}
        seen.press("bulk", **asked)
        seen.press("bulk", **asked)
        said = [message.text for message in app.tickets.conversation(seen.desk.conversation).messages]
        assert said.count("We are on it.") == 1 and "1 ticket changed" in seen.shown()["desk-dialog"]


def test_the_palette_knows_a_customer_once_the_site_has_said_who_they_are(app: App) -> None:
    seen = Seen(app)
    app.desk.macros.add(MacroDraft("Hi", "Hello {{customer_name}}"))
    assert "Hello ⟦customer name⟧" in seen.shown()["desk-macros"]
    _, secret = app.desk.identity.create_key("web")
    proof = hmac.new(secret.encode(), b"u-1", "sha256").hexdigest()
    app.desk.identity.identify(seen.desk.conversation, Claim(user_id="u-1", user_hash=proof, name="Zoe"))
    assert "Hello Zoe" in seen.shown()["desk-macros"]


def test_a_note_in_another_tone_is_not_kept_for_a_reply(app: App) -> None:
    seen = Seen(app)
    seen.press("rewrite", text="I am sure they lie.", value="friendlier")
    assert "Use it" in seen.shown()["desk-aid"]
    seen.press("write", text="I am sure they lie.", kind="note", seen="0", sent="0")
    assert "they lie" not in seen.shown()["desk-aid"]
