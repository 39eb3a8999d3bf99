"""Customer, two agents and watchdog at the same moment, each in a thread, with the bot's own workers answering.

SUPPORT_BOT_TEST_ROUNDS says how often (10, unless set)."""

from __future__ import annotations

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.engine.fake import FakeEngine
from support_bot.errors import Conflict, NotFound
from support_bot.values import HandoffReason, Mode
from tests.factories import DELIVERY, add_article, add_staff, make_app, wait_for
from tests.integration.race_promises import broken_promises

ROUNDS = int(os.environ.get("SUPPORT_BOT_TEST_ROUNDS", "10"))
SEED = 20261126
ACTIONS = 12


@pytest.fixture
def app(tmp_path: Path, database: str) -> Iterator[App]:
    app = make_app(tmp_path, FakeEngine(delay_s=0.002))
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


class Scene:
    """One conversation and those who meet in it."""

    def __init__(self, app: App, agents: list[int], seed: int) -> None:
        self.app, self.agents, self.seed = app, agents, seed
        self.id = app.chat.start("web").id
        self.said: list[str] = []
        self.done: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def play(self) -> list[str]:
        """Everybody at once; what promise was broken in the end."""
        casts: list[Callable[[random.Random], None]] = [
            self._customer, self._customer, self._watchdog, *(lambda r, a=a: self._agent(r, a) for a in self.agents)
        ]  # fmt: skip
        gate = threading.Barrier(len(casts))

        def act(number: int) -> None:
            chance = random.Random(self.seed * 100 + number)
            gate.wait()
            for _ in range(ACTIONS):
                casts[number](chance)

        with ThreadPoolExecutor(len(casts)) as pool:
            list(pool.map(act, range(len(casts)), timeout=120))
        self.app.chat.sweep()
        wait_for(self._is_at_rest, 60)
        return broken_promises(self.app, self.id, self.said, self.done)

    def _is_at_rest(self) -> bool:
        with self.app._parts.db.reading() as tx:
            return not tx.turns.find_open(self.id)

    def _customer(self, chance: random.Random) -> None:
        kind = chance.random()
        if kind < 0.7:
            text = f"How much does delivery cost? {chance.random()}"
            # Sent twice under one id, as a browser does that heard nothing.
            twice = [self.app.chat.say(self.id, text, text[-20:]).message_id for _ in range(2)]
            assert twice[0] == twice[1]
            with self._lock:
                self.said.append(text)
        elif kind < 0.85:
            self.app.handoff.request(self.id)
        elif kind < 0.95:
            self.app.chat.stop(self.id)
        else:
            self.app.chat.close(self.id)

    def _watchdog(self, chance: random.Random) -> None:
        self.app.chat.sweep()
        if chance.random() < 0.2 and self.app.chat.mode(self.id) is Mode.BOT:
            self.app.handoff.request(self.id, HandoffReason.BOT_SILENT)

    def _agent(self, chance: random.Random, agent: int) -> None:
        with self.app._parts.db.reading() as tx:
            tickets = [ticket.id for ticket in tx.tickets.of_conversation(self.id)]
        if not tickets or chance.random() < 0.3:
            self._try("", agent, lambda: self.app.handoff.take(self.id, agent))
            return
        ticket = tickets[-1]
        acts: dict[str, Callable[[], object]] = {
            "replied": lambda: self.app.tickets.reply(ticket, agent, "hello"),
            "noted": lambda: self.app.tickets.note(ticket, agent, "hm"),
            "solved": lambda: self.app.tickets.solve(ticket, agent),
            "handed_back": lambda: self.app.handoff.hand_back(ticket, agent),
            "": lambda: self.app.tickets.assign(ticket, agent, agent),
        }
        kind = chance.choice(sorted(acts))
        self._try(kind, agent, acts[kind])

    def _try(self, kind: str, agent: int, act: Callable[[], object]) -> None:
        try:
            act()
        except (Conflict, NotFound):
            return
        if kind:
            with self._lock:
                self.done[kind, agent] += 1


@pytest.mark.timeout(120 + 10 * ROUNDS)
def test_all_at_once_break_no_promise(app: App) -> None:
    agents = [add_staff(app, email=f"agent{number}@example.com").id for number in range(2)]
    for number in range(ROUNDS):
        assert Scene(app, agents, SEED + number).play() == [], f"round {number}"
