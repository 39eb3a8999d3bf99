"""The long run of tests/integration/test_races.py: `python -m tests.interleavings 10000 [--postgresql]`.

Customer, bot, two agents and watchdog in as many random orders as are asked for, new ones each time. Ends with status 1
and the shortest order that breaks a promise."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

import hypothesis

from support_bot.storage.inspection import make_newest
from tests import postgres
from tests.factories import make_app
from tests.integration.test_races import STEPS, play


def main() -> None:
    """Play, and say how many orders there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("interleavings", type=int, nargs="?", default=10_000)
    parser.add_argument("--postgresql", action="store_true", help="on a throw-away server instead of SQLite")
    given = parser.parse_args()
    hypothesis.settings.register_profile("long", deadline=None, derandomize=False, database=None)
    hypothesis.settings.load_profile("long")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if given.postgresql:
            programs = postgres.binaries()
            if programs is None:
                sys.exit("PostgreSQL is not installed here.")
            server = stack.enter_context(postgres.cluster(programs, lambda url: make_newest(url)))
            os.environ["SUPPORT_BOT_DATABASE_URL"] = server.create("interleavings", "template")
        app = stack.enter_context(closing(make_app(folder, start=False)))
        began = time.monotonic()
        play(app, given.interleavings)
        seconds = time.monotonic() - began
        sys.stdout.write(f"{given.interleavings} orders of up to {STEPS} steps in {seconds:.0f} s: no promise broken\n")


if __name__ == "__main__":
    main()
