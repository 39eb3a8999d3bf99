"""What Gradio calls, called directly: staff's handlers refuse strangers, the customer's handlers follow the log."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import gradio as gr
import pytest
from gradio.utils import get_upload_folder

from support_bot.assembly import App
from support_bot.errors import Invalid
from support_bot.values import Author, Mode, Role
from tests.factories import DELIVERY, PASSWORD, add_article, add_staff, make_app
from tests.factories_files.office import archive
from tests.integration.gradio_loop import built
from ui.desk_app import build_admin_app, build_desk_app
from ui.pages.chat import ChatPage
from ui.pages.desk import DeskPage
from ui.pages.desk_state import Desk
from ui.pages.knowledge import KnowledgePage, read_upload
from ui.pages.shelf import Shelf
from ui.pages.tab import Tab
from ui.sessions import COOKIE, require

QUESTION = "How much does standard delivery cost?"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


def build(make: Any, app: App) -> gr.Blocks:
    page: gr.Blocks = built(lambda: make(app))
    return page


def request(token: str | None = None, address: str = "127.0.0.1") -> Any:
    cookies = {COOKIE: token} if token else {}
    return SimpleNamespace(cookies=cookies, client=SimpleNamespace(host=address), query_params={})


def event(**data: Any) -> Any:
    return SimpleNamespace(_data=data)


def handlers(page: gr.Blocks) -> list[Any]:
    return [dependency for dependency in page.fns.values() if dependency.fn is not None]


def call_as_stranger(handler: Any, token: str | None) -> Any:
    """Call a handler as Gradio would for somebody who never opened the page."""
    hints = get_type_hints(handler)
    stand_ins = {gr.Request: request(token), gr.EventData: event(action="solve", ticket="1", document="1", name="x")}
    given = {
        name: stand_ins[hints[name]] if hints.get(name) in stand_ins else hints[name]()
        for name in inspect.signature(handler).parameters
    }
    return handler(**given)


class TestDoors:
    @pytest.mark.parametrize("make", [build_desk_app, build_admin_app])
    @pytest.mark.parametrize("token", [None, "made-up"])
    def test_every_handler_refuses_a_stranger(self, app: App, make: Any, token: str | None) -> None:
        found = handlers(build(make, app))
        assert len(found) >= 4
        for dependency in found:
            with pytest.raises(gr.Error):
                call_as_stranger(dependency.fn, token)

    def test_every_handler_of_the_admin_refuses_an_agent(self, app: App) -> None:
        add_staff(app, Role.AGENT)
        token = app.staff.sign_in("ana@example.com", PASSWORD).token
        for dependency in handlers(build(build_admin_app, app)):
            with pytest.raises(gr.Error, match="Only an admin"):
                call_as_stranger(dependency.fn, token)

    def test_an_agent_may_use_the_desk_until_signing_out(self, app: App) -> None:
        staff = add_staff(app, Role.AGENT)
        token = app.staff.sign_in("ana@example.com", PASSWORD).token
        assert require(app, request(token), Role.AGENT).staff.id == staff.id
        app.staff.sign_out(token)
        with pytest.raises(gr.Error, match="signed out"):
            require(app, request(token), Role.AGENT)

    @pytest.mark.parametrize("make", [build_desk_app, build_admin_app])
    def test_no_handler_is_offered_to_programs(self, app: App, make: Any) -> None:
        page = build(make, app)
        assert {dependency.api_visibility for dependency in page.fns.values()} == {"private"}
        assert page.get_api_info()["named_endpoints"] == {}


class TestDesk:
    def test_what_an_older_look_painted_over_is_sent_again(self, app: App) -> None:
        """A look in the background that began before a click may arrive after it, with what was true before."""
        add_staff(app, Role.AGENT)
        asked = request(app.staff.sign_in("ana@example.com", PASSWORD).token)
        chat = app.chat.start("web")
        ticket = app.handoff.request(chat.id).row.id
        page, desk = prepared(DeskPage, app), Desk(view="open", conversation=chat.id)
        page.tick(desk, asked)
        page.act(event(action="priority", ticket=str(ticket), value="high"), desk, asked)
        again = page.tick(desk, asked)
        assert "high" in again[page.list]
        assert page.composer not in again, "what an agent is typing in stays as it is"
        assert page.list not in page.tick(desk, asked)


class TestKnowledge:
    def test_what_an_older_look_painted_over_is_sent_again(self, app: App) -> None:
        add_staff(app, Role.ADMIN)
        document = add_article(app, "delivery.md", DELIVERY)
        asked = request(app.staff.sign_in("ana@example.com", PASSWORD).token)
        page, shelf = prepared(KnowledgePage, app), Shelf()
        page.tick(shelf, asked)
        page.act(event(action="open", document=str(document)), shelf, asked)
        again = page.tick(shelf, asked)
        assert "Delivery" in again[page.detail]
        assert page.detail not in page.tick(shelf, asked)
        page.act(event(action="view", view="pinned"), shelf, asked)
        page.act(event(action="pin-new", question="When?"), shelf, asked)
        assert "When?" in page.tick(shelf, asked)[page.pin]


class TestUploads:
    def test_only_a_file_that_was_just_uploaded_is_read_and_it_is_gone_then(self, tmp_path: Path) -> None:
        room = Path(get_upload_folder()) / "0123"
        room.mkdir(parents=True, exist_ok=True)
        (room / "a.md").write_bytes(b"# A")
        assert read_upload(str(room / "a.md")) == b"# A"
        assert not (room / "a.md").exists()

    @pytest.mark.parametrize("path", ["", "/etc/passwd", "../../etc/passwd"])
    def test_no_other_file_of_the_machine_is_read(self, path: str) -> None:
        with pytest.raises(Invalid):
            read_upload(path)

    def test_a_refused_file_is_told_and_the_others_go_on(self, app: App) -> None:
        page = prepared(KnowledgePage, app)
        app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
        token = app.staff.sign_in("al@example.com", PASSWORD).token
        shelf = Shelf()
        packed = archive({"a/shops.md": b"# Shops\n\nIn Bonn.", "b.zip": archive({"x.md": b"x"})})
        hours = b"# Hours\n\nOpen from nine to five."
        for name, content in (("empty.md", b"  "), ("hours.md", hours), ("all.zip", packed)):
            path = Path(get_upload_folder()) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            page.take(event(name=name, path=str(path), document=""), shelf, request(token))
        assert [(upload.name, bool(upload.problem)) for upload in shelf.uploads] == [
            ("a/shops.md", False),
            ("b.zip", True),
            ("hours.md", False),
            ("empty.md", True),
        ]
        assert {"a/shops.md", "hours.md"} <= {document.name for document in app.catalogue.page()}


def prepared(kind: Any, app: App) -> Any:
    """A page object whose pieces exist."""
    page = kind(app)

    def make(_: App) -> gr.Blocks:
        blocks = gr.Blocks(analytics_enabled=False)
        with blocks:
            page.build(blocks)
        return blocks

    build(make, app)
    return page


class TestCustomer:
    @pytest.fixture
    def page(self, app: App) -> ChatPage:
        page: ChatPage = prepared(ChatPage, app)
        return page

    def say(self, page: ChatPage, tab: Tab, text: str, stored: Any = None) -> list[dict[Any, Any]]:
        sent = page.send(event(text=text, key=f"k{len(text)}"), stored, tab, request())
        return [sent, *page.follow(stored, tab)]

    def test_an_answer_is_shown_as_it_comes_and_announced_once(self, page: ChatPage) -> None:
        tab = Tab()
        changes = self.say(page, tab, QUESTION)
        threads = [change[page.thread] for change in changes if page.thread in change]
        assert "Searching the help articles" in threads[0] and QUESTION in threads[0]
        assert 'class="card"' in "".join(threads) and 'class="cite"' in threads[-1]
        spoken = [change[page.live] for change in changes if "Assistant:" in str(change.get(page.live, ""))]
        assert len(spoken) == 1

    def test_the_same_conversation_is_there_after_a_reload(self, page: ChatPage) -> None:
        first = self.say(page, Tab(), QUESTION)
        stored = next(change[page.stored] for change in first if page.stored in change)
        opened = page.opened(stored, Tab())
        assert QUESTION in opened[page.thread] and 'class="cite"' in opened[page.thread]
        assert page.stored not in opened

    @pytest.mark.parametrize("token", ["", "made-up"])
    def test_a_bad_token_shows_nothing_and_begins_anew(self, app: App, page: ChatPage, token: str) -> None:
        tab = Tab()
        self.say(page, tab, QUESTION)
        opened = page.opened({"id": tab.id, "token": token}, Tab())
        assert QUESTION not in opened[page.thread]
        assert opened[page.stored] == {"id": "", "token": ""}

    def test_a_tab_that_shows_an_answer_already_takes_no_second_place(self, page: ChatPage) -> None:
        tab = Tab()
        page.send(event(text=QUESTION, key="k1"), None, tab, request())
        following = page.follow(None, tab)
        next(following)
        page.send(event(text="And express delivery?", key="k2"), None, tab, request())
        assert list(page.follow(None, tab)) == [page._nothing()]
        last = [change[page.thread] for change in following if page.thread in change][-1]
        assert "And express delivery?" in last
        assert 'class="cite"' in last
        assert tab.followers == 0

    def test_ending_again_and_again_is_limited_as_writing_is(self, page: ChatPage, app: App) -> None:
        tab = Tab()
        page.act(event(action="person"), None, tab, request())
        for _ in range(app.settings.security.messages_per_minute):
            page.act(event(action="end"), None, tab, request())
        page.act(event(action="person"), None, tab, request())
        assert app.chat.mode(tab.id) is Mode.CLOSED
        assert "Too many messages" in tab.told

    def test_an_idle_look_sends_nothing(self, page: ChatPage) -> None:
        tab = Tab()
        self.say(page, tab, QUESTION)
        assert list(page.tick(tab.remembered, tab)) == [page.live]

    def test_asking_for_a_person_as_the_very_first_act_makes_a_ticket(self, app: App, page: ChatPage) -> None:
        tab = Tab()
        changes = page.act(event(action="person"), None, tab, request())
        assert "Waiting for a person" in changes[page.state]
        assert app.chat.mode(tab.id) is Mode.WAITING
        assert len(app.tickets.page(view="waiting")) == 1

    def test_a_persons_reply_and_writing_appear(self, app: App, page: ChatPage) -> None:
        tab, agent = Tab(), add_staff(app)
        page.act(event(action="person"), None, tab, request())
        (ticket,) = app.tickets.page(view="waiting")
        app.handoff.take(tab.id, agent.id)
        page.tick(tab.remembered, tab)
        app.chat.typing(tab.id, Author.STAFF)
        assert "is writing" in page.tick(tab.remembered, tab)[page.thread]
        app.tickets.reply(ticket.id, agent.id, "Hello from Ana")
        assert "Hello from Ana" in page.tick(tab.remembered, tab)[page.thread]

    def test_what_was_not_taken_can_be_sent_again(self, page: ChatPage) -> None:
        change = self.say(page, Tab(), "x" * 5000)[0]
        assert "Not sent. The message is too long" in change[page.thread]

    def test_one_address_cannot_begin_conversations_without_end(self, app: App, page: ChatPage) -> None:
        most = app.settings.security.conversations_per_minute
        for _ in range(most):
            page.act(event(action="person"), None, Tab(), request())
        changes = page.act(event(action="person"), None, Tab(), request())
        assert "Too many conversations" in changes[page.notice]
        assert "Waiting" in page.act(event(action="person"), None, Tab(), request(address="127.0.0.2"))[page.state]

    def test_the_article_opens_at_the_passage_and_says_so_when_it_is_gone(self, app: App, page: ChatPage) -> None:
        tab = Tab()
        self.say(page, tab, QUESTION)
        source = app.chat.messages(tab.id)[-1].citations[0]
        open_it = event(action="source", document=str(source.document_id), chunk=str(source.chunk_id))
        assert 'class="cited"' in page.act(open_it, None, tab, request())[page.panel]
        app.knowledge.delete(source.document_id)
        assert 'class="cited"' not in page.act(open_it, None, tab, request())[page.panel]

    def test_a_closed_conversation_can_be_rated_and_saved(self, app: App, page: ChatPage) -> None:
        tab = Tab()
        self.say(page, tab, QUESTION)
        assert "has ended" in page.act(event(action="end"), None, tab, request())[page.state]
        assert "Thank you" in page.act(event(action="rate", score="4"), None, tab, request())[page.state]
        assert QUESTION in page.act(event(action="transcript"), None, tab, request())[page.file]

    def test_a_button_pressed_without_a_conversation_breaks_nothing(self, page: ChatPage) -> None:
        for action in ("source", "vote", "stop", "end", "rate", "transcript", "new", "nonsense", None):
            data = event(action=action, message="x", document="-1", chunk="9" * 40, score="9")
            page.act(data, {"id": 3}, Tab(), request())
