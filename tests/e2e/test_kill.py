"""`kill -9` at random moments of a real server's life: nothing acknowledged is lost, nothing is done twice.

SUPPORT_BOT_TEST_KILLS says how often (10, unless set); SUPPORT_BOT_TEST_SEED at which moments."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support_bot.storage.database import Database
from support_bot.storage.inspection import inspect
from support_bot.storage.migrations import downgrade, is_known
from tests.e2e.kill_checks import problems, unrest
from tests.e2e.kill_load import Ledger, Load, Person, people
from tests.e2e.kill_server import Nursery
from tests.factories import wait_for

ARTIFACTS = Path(__file__).parents[2] / "test-artifacts"
KILLS = int(os.environ.get("SUPPORT_BOT_TEST_KILLS", "10"))
SEED = int(os.environ.get("SUPPORT_BOT_TEST_SEED", "20261126"))
STARTS_WITHIN_S, RESTS_WITHIN_S = 90, 60


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    with Nursery(tmp_path) as nursery:
        yield nursery


class Life:
    """One data folder whose server is killed and started again and again."""

    def __init__(self, nursery: Nursery, data: Path, random: random.Random) -> None:
        self._nursery, self.data, self._random = nursery, data, random
        self._pid = 0

    def start(self) -> tuple[str, str]:
        """Start it and wait until it answers: its address, and its owner's token."""
        self._pid = self._nursery.start(self.data)
        deadline = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < deadline:
            try:
                record = json.loads((self.data / "server.json").read_text())
            except (OSError, ValueError):
                record = {}
            if record.get("pid") == self._pid and record["url"]:
                return record["url"], record["token"]
            assert self._lives(), self.log()
            time.sleep(0.02)
        raise AssertionError(f"it did not start:\n{self.log()}")

    def kill_while_starting(self) -> None:
        self._pid = self._nursery.start(self.data)
        time.sleep(self._random.uniform(0, 2.5))
        self.kill()

    def kill(self) -> None:
        assert self._lives(), f"it died by itself:\n{self.log()}"
        os.kill(self._pid, signal.SIGKILL)
        while self._lives():
            time.sleep(0.005)

    def rest(self) -> None:
        """Wait until nothing is left to do."""
        deadline = time.monotonic() + RESTS_WITHIN_S
        while unrest(self.data) and time.monotonic() < deadline:
            time.sleep(0.05)

    def log(self) -> str:
        return self.data.with_suffix(".log").read_text(errors="replace")[-4000:]

    def _lives(self) -> bool:
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return False
        return True


def kill_and_come_back(life: Life, everybody: list[Person], chance: random.Random, seen: Callable[[], bool]) -> str:
    """One kill, at work or while starting, and the start after it; which it was. The work goes on at least until it has
    `seen` something, however slow the machine is."""
    kind = "while starting" if chance.random() < 0.25 else "at work"
    url, token = life.start()
    with Load(everybody, url, token):
        wait_for(seen, RESTS_WITHIN_S)
        time.sleep(chance.uniform(0.05, 2.5))
        life.kill()
    if kind == "while starting":
        life.kill_while_starting()
    life.start()
    life.rest()
    return kind


def _something_more(ledger: Ledger) -> Callable[[], bool]:
    """Whether a message more than now is acknowledged, and a hand-over at all."""
    before = len(ledger.acknowledged)
    return lambda: len(ledger.acknowledged) > before and bool(ledger.handoffs)


def kill_while_the_schema_is_made(nursery: Nursery, data: Path, chance: random.Random) -> None:
    """The very first start of a folder, and where there is an older schema the step from that one, are cut off."""
    life = Life(nursery, data, chance)
    life.kill_while_starting()
    life.start()
    life.kill()
    url = f"sqlite:///{data / 'support-bot.db'}"
    head = inspect(url)
    assert head.is_newest
    assert not problems(data, Ledger())
    if head.current and int(head.current) > 1 and is_known(before := f"{int(head.current) - 1:04d}"):
        db = Database(url)
        downgrade(db.engine, before)
        db.close()
        life.kill_while_starting()
        life.start()
        life.kill()
        assert inspect(url).is_newest
        assert not problems(data, Ledger())


@pytest.mark.timeout(120 + 40 * KILLS)
def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(tmp_path: Path, nursery: Nursery) -> None:
    ARTIFACTS.mkdir(exist_ok=True)
    chance = random.Random(SEED)
    life = Life(nursery, tmp_path / "data", chance)
    ledger, everybody = people(SEED)
    kinds: Counter[str] = Counter()
    patient = 0  # lives that went on until a message more was acknowledged
    for number in range(KILLS):
        if number % 10 == 9:
            kill_while_the_schema_is_made(nursery, tmp_path / f"fresh-{number}" / "data", chance)
            kinds["while the schema is made"] += 1
            continue
        seen = _something_more(ledger) if number % 2 == 0 else lambda: True
        patient += number % 2 == 0
        kinds[kill_and_come_back(life, everybody, chance, seen)] += 1
        assert problems(life.data, ledger) == [], f"after kill {number + 1} ({dict(kinds)}):\n{life.log()}"
        life.kill()
    (ARTIFACTS / "kills.txt").write_text(
        f"{dict(kinds)}: {len(ledger.acknowledged)} messages, {len(ledger.handoffs)} tickets, "
        f"{len(ledger.replies)} replies, {len(ledger.documents)} documents\n"
    )
    assert len(ledger.acknowledged) >= patient
    assert ledger.handoffs
