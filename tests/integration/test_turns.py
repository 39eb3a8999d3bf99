"""Turns of the bot that nobody works on: after a crash, after a failure, given out twice, read by nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.engine.fake import FakeEngine
from support_bot.models import TurnState
from support_bot.services.turns import _Begun, _Next
from support_bot.storage.database import Database
from support_bot.values import AnswerStatus, Done, Evidence, HandOff, HandoffReason, Text
from tests.factories import DELIVERY, add_article, add_staff, ask, make_app, wait_for

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


class TestSweep:
    def test_a_turn_that_no_worker_holds_is_taken_up(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        chat = app.chat.start("web")
        with monkeypatch.context() as patched:
            patched.setattr(app._parts.runner, "submit", lambda turn_id: None)
            started = app.chat.say(chat.id, "How much does standard delivery cost?")
        assert app.chat.sweep() == 1
        last = list(app.chat.follow(started, timeout_s=20))[-1].event
        assert isinstance(last, Done)
        assert last.status is AnswerStatus.ANSWERED
        assert app.chat.sweep() == 0

    def test_a_turn_submitted_twice_is_run_once(self, app: App) -> None:
        chat = app.chat.start("web")
        started = app.chat.say(chat.id, "How much does standard delivery cost?")
        assert started.turn_id is not None
        app._parts.runner.submit(started.turn_id)
        events = [logged.event for logged in app.chat.follow(started, timeout_s=20)]
        wait_for(lambda: not app._parts.runner._held)
        assert sum(isinstance(event, Evidence) for event in events) == 1
        assert len(app.tickets.conversation(chat.id).traces) == 1


class TestSilence:
    """One turn by hand, each of its transactions when the test says."""

    @pytest.fixture
    def turn(self, tmp_path: Path) -> Iterator[tuple[App, str, int, _Begun]]:
        app = make_app(tmp_path, start=False)
        app._parts.runner.submit = lambda turn_id: None  # type: ignore[method-assign]
        chat = app.chat.start("web").id
        turn_id = app.chat.say(chat, "How much does delivery cost?").turn_id
        assert turn_id is not None
        begun = app._parts.runner._begin(turn_id, TurnState.WAITING)
        assert begun is not None
        yield app, chat, turn_id, begun
        app.close()

    def test_after_its_own_hand_off_a_turn_says_nothing_more(self, turn: tuple[App, str, int, _Begun]) -> None:
        app, chat, turn_id, begun = turn
        app._parts.runner._offer(turn_id, begun, HandOff(HandoffReason.NO_EVIDENCE, "I'm passing you on."))
        assert app._parts.runner._offer(turn_id, begun, Text("And one more thing.")) is _Next.STOP
        assert not [e for e in app.chat.events(chat) if isinstance(e.event, Text)]

    def test_taking_over_takes_back_at_once_what_was_half_said(self, turn: tuple[App, str, int, _Begun]) -> None:
        app, chat, turn_id, begun = turn
        app._parts.runner._offer(turn_id, begun, Text("Delivery costs"))
        app.handoff.take(chat, add_staff(app).id)
        assert not [message for message in app.chat.messages(chat) if message.author == "bot"]
        kinds = [logged.event.kind for logged in app.chat.events(chat)]
        assert kinds[kinds.index("text") :] == ["text", "retract", "done", "state", "message"]

    def test_what_was_taken_back_stays_so_when_the_worker_ends(self, turn: tuple[App, str, int, _Begun]) -> None:
        app, chat, turn_id, begun = turn
        app._parts.runner._offer(turn_id, begun, Text("Delivery costs"))
        app.handoff.take(chat, add_staff(app).id)
        app._parts.runner._finish(turn_id, begun, None)
        assert not [message for message in app.chat.messages(chat) if message.author == "bot"]


class TestRestart:
    def test_a_turn_cut_off_by_a_crash_says_so_and_the_chat_goes_on(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        app = make_app(tmp_path, FakeEngine(delay_s=5))
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web")
        app.chat.say(chat.id, "How much does delivery cost?")
        wait_for(lambda: any(isinstance(e.event, Evidence) for e in app.chat.events(chat.id)))
        # The first one's worker still hangs, but a server that was killed has no connection left to be seen by.
        monkeypatch.setattr(Database, "others_serve", lambda self: False)
        again = make_app(tmp_path)
        kinds = [logged.event.kind for logged in again.chat.events(chat.id)]
        assert kinds[-2:] == ["error", "done"]
        events = ask(again, chat.id, "How much does delivery cost?")
        assert isinstance(events[-1], Done)
        assert events[-1].status is AnswerStatus.ANSWERED
        app.close()
        again.close()

    def test_nobody_reading_ends_the_turn(self, tmp_path: Path) -> None:
        app = make_app(tmp_path, FakeEngine(delay_s=0.3, default="word " * 60), reader_timeout_s=1.0)
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web")
        started = app.chat.say(chat.id, "How much does delivery cost?")
        time.sleep(4)
        assert app.chat.answer(chat.id, started.message_id).done
        app.close()
