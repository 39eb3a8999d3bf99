"""Customer, bot, two agents and watchdog in every order that Hypothesis can think of, one transaction at a time.

SUPPORT_BOT_TEST_INTERLEAVINGS says how many orders (100, unless set); `python -m tests.interleavings 10000` is the
long run."""

from __future__ import annotations

import datetime as dt
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from support_bot.assembly import App
from support_bot.errors import Conflict
from support_bot.models import TurnState, utcnow
from support_bot.services.terms import Promise
from support_bot.services.turns import _Begun, _Next
from support_bot.values import Evidence, HandOff, HandoffReason, Mode, Refused, Text, TicketEdit
from tests.factories import add_staff, make_app
from tests.integration.race_promises import broken_promises

INTERLEAVINGS = int(os.environ.get("SUPPORT_BOT_TEST_INTERLEAVINGS", "100"))
STEPS = 25
PROMISE = Promise(
    targets={"normal": {"first_reply": 60, "next_reply": 30, "resolution": 480}, "urgent": {"first_reply": 1}}
)
AGENTS = st.sampled_from([0, 1])


@pytest.fixture
def app(tmp_path: Path, database: str) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    yield app
    app.close()


class Conversation(RuleBasedStateMachine):
    """One conversation of `app`; the bot's turns are run by hand, each of their transactions a step of its own."""

    app: ClassVar[App]
    agents: ClassVar[list[int]]
    submitted: ClassVar[list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.submitted.clear()
        self.id = self.app.chat.start("web").id
        self.said: list[str] = []
        self.done: Counter[tuple[str, int]] = Counter()
        self.begun: dict[int, _Begun] = {}
        self.number = itertools.count()

    # ---- the customer

    @rule()
    def write(self) -> None:
        text = f"question {next(self.number)}"
        self.app.chat.say(self.id, text)
        self.said.append(text)

    @precondition(lambda self: self.said)
    @rule()
    def write_the_last_again(self) -> None:
        name = f"c{len(self.said)}"
        first = self.app.chat.say(self.id, "twice", name)
        again = self.app.chat.say(self.id, "twice", name)
        assert again.duplicate
        assert again.message_id == first.message_id
        if not first.duplicate:
            self.said.append("twice")

    @rule()
    def ask_for_a_person(self) -> None:
        first = self.app.handoff.request(self.id).row.id
        assert self.app.handoff.request(self.id).row.id == first

    @rule()
    def leave(self) -> None:
        self.app.chat.close(self.id)

    @rule()
    def stop(self) -> None:
        self.app.chat.stop(self.id)

    # ---- the bot, whose worker may be anywhere in a turn

    @precondition(lambda self: self.submitted)
    @rule(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        turn_id = data.draw(st.sampled_from(sorted(set(self.submitted))))
        if begun := self.app._parts.runner._begin(turn_id, TurnState.WAITING):
            self.begun[turn_id] = begun
        self.submitted.remove(turn_id)

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), kind=st.sampled_from(["text", "text", "evidence", "refused", "handoff"]))
    def speak(self, data: st.DataObject, kind: str) -> None:
        turn_id = data.draw(st.sampled_from(sorted(self.begun)))
        event = {
            "text": Text(f"Sentence {next(self.number)}."),
            "evidence": Evidence(()),
            "refused": Refused("I could not find that.", "Talk to a person"),
            "handoff": HandOff(HandoffReason.NO_EVIDENCE, "I'm passing you on."),
        }[kind]
        outcome = self.app._parts.runner._offer(turn_id, self.begun[turn_id], event)
        if outcome is _Next.START_OVER:
            again = self.app._parts.runner._begin(turn_id, TurnState.RUNNING)
            if again:
                self.begun[turn_id] = again
            else:
                del self.begun[turn_id]

    @precondition(lambda self: self.begun)
    @rule(data=st.data(), breaks=st.booleans())
    def finish(self, data: st.DataObject, breaks: bool) -> None:
        turn_id = data.draw(st.sampled_from(sorted(self.begun)))
        begun = self.begun.pop(turn_id)
        if breaks:
            self.app._parts.runner._end_broken(turn_id)
        else:
            self.app._parts.runner._finish(turn_id, begun, None)
        self.app._parts.runner._start_next(turn_id)

    # ---- the watchdog

    @rule()
    def sweep(self) -> None:
        self.app._parts.runner.sweep()

    @precondition(lambda self: self.begun)
    @rule()
    def think_all_workers_dead(self) -> None:
        self.app._parts.runner.recover()

    @rule(minutes=st.sampled_from([0, 2, 50, 5000]))
    def look_by_the_clock(self, minutes: int) -> None:
        now = utcnow() + dt.timedelta(minutes=minutes)
        self.app.desk.watch.look(now)
        assert self.app.desk.watch.look(now) == 0  # everything is told once

    @rule()
    def find_the_bot_silent(self) -> None:
        if self.app.chat.mode(self.id) is Mode.BOT:
            self.app.handoff.request(self.id, HandoffReason.BOT_SILENT)

    # ---- two agents, each of whom may look at a page that is out of date

    @rule(agent=AGENTS)
    def take(self, agent: int) -> None:
        self._try(lambda: self.app.handoff.take(self.id, self.agents[agent]))

    @rule(
        agent=AGENTS,
        action=st.sampled_from(["reply", "note", "solve", "hand back", "assign", "put off", "take up", "priority"]),
        data=st.data(),
    )
    def act(self, agent: int, action: str, data: st.DataObject) -> None:
        with self.app._parts.db.reading() as tx:
            tickets = [ticket.id for ticket in tx.tickets.of_conversation(self.id)]
        if not tickets:
            return
        ticket, by = data.draw(st.sampled_from(tickets[-2:])), self.agents[agent]
        match action:
            case "reply":
                kind, did = "replied", self._try(lambda: self.app.tickets.reply(ticket, by, "hello"))
            case "note":
                kind, did = "noted", self._try(lambda: self.app.tickets.note(ticket, by, "hm"))
            case "solve":
                kind, did = "solved", self._try(lambda: self.app.tickets.solve(ticket, by))
            case "hand back":
                kind, did = "handed_back", self._try(lambda: self.app.handoff.hand_back(ticket, by))
            case "put off":
                kind, did = "", self._try(lambda: self.app.tickets.put_off(ticket, by))
            case "take up":
                kind, did = "", self._try(lambda: self.app.tickets.take_up(ticket, by))
            case "priority":
                name = data.draw(st.sampled_from(["low", "normal", "urgent"]))
                kind, did = "", self._try(lambda: self.app.desk.edits.edit(ticket, by, TicketEdit(priority=name)))
            case _:
                to = data.draw(st.sampled_from([None, *self.agents]))
                kind, did = "", self._try(lambda: self.app.tickets.assign(ticket, to, by))
        if did and kind:
            self.done[kind, by] += 1

    def _try(self, action: object) -> bool:
        """Whether it was done; what the state does not allow is refused and changes nothing."""
        assert callable(action)
        try:
            action()
        except Conflict:
            return False
        return True

    @invariant()
    def no_promise_is_broken(self) -> None:
        assert broken_promises(self.app, self.id, self.said, self.done) == []

    def teardown(self) -> None:
        """Let the bot come to an end: nothing may be stuck."""
        for turn_id in list(self.begun):
            self.app._parts.runner._finish(turn_id, self.begun.pop(turn_id), None)
        while self.submitted or self.app._parts.runner.recover():
            turn_id = self.submitted.pop()
            if begun := self.app._parts.runner._begin(turn_id, TurnState.WAITING):
                self.app._parts.runner._finish(turn_id, begun, None)
        assert broken_promises(self.app, self.id, self.said, self.done) == []


@pytest.mark.timeout(120 + INTERLEAVINGS)
def test_no_order_of_events_breaks_a_promise(app: App) -> None:
    play(app, INTERLEAVINGS)


def play(app: App, interleavings: int) -> None:
    """Let customer, bot, agents and watchdog meet in so many orders; raises AssertionError at a broken promise."""
    app.desk.promises.replace("web", PROMISE)
    agents = [add_staff(app, email=f"agent{number}@example.com").id for number in range(2)]
    submitted: list[int] = []
    app._parts.runner.submit = submitted.append  # type: ignore[method-assign]
    run_state_machine_as_test(
        type("OnThisApp", (Conversation,), {"app": app, "agents": agents, "submitted": submitted}),
        settings=settings(
            max_examples=interleavings,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
