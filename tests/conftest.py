"""Fixtures for every test. Nothing here knows what the product does."""

from __future__ import annotations

import functools
import gc
import ipaddress
import itertools
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import argon2
import hypothesis
import pytest

from support_bot.storage.inspection import make_newest
from tests import postgres

_NUMBERS = itertools.count(1)

hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")


def pytest_collection_finish() -> None:
    """What was imported is no garbage: to look through it again and again took a third of the tests' time."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Packed files carry the second they were made in, and all processes have to give a test the same name."""
    return argname if isinstance(val, bytes) else None


def is_loopback(address: Any) -> bool:
    """Whether a socket address stays on this machine: a Unix socket, `localhost`, 127.0.0.0/8 or ::1."""
    if not isinstance(address, tuple):
        return True
    try:
        return ipaddress.ip_address(address[0]).is_loopback
    except ValueError:
        return address[0] in ("localhost", "")


@pytest.fixture(scope="session", autouse=True)
def loopback_only() -> Iterator[None]:
    """A test that reaches for the network fails with the address it wanted."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            original = getattr(socket.socket, name)

            def guarded(self: socket.socket, address: Any, original: Any = original) -> Any:
                if not is_loopback(address):
                    raise RuntimeError(f"Tests may reach this machine only, not {address}.")
                return original(self, address)

            patch.setattr(socket.socket, name, guarded)
        yield


@pytest.fixture(scope="session", autouse=True)
def as_shipped() -> Iterator[None]:
    """Models run as shipped, whatever was tuned on this machine, and no server of a test begins to tune."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPPORT_BOT_ENGINE__TUNE", "off")
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_hashes() -> Iterator[None]:
    """Passwords of tests are worth little, and each app hashes one: a hash takes no time here."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = functools.partial(argon2.PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr("support_bot.services.staff.PasswordHasher", cheap)
        yield


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """A command that a test ran logs to a stream which is closed behind it: the next test finds the log as it was."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers = handlers
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Cluster]:
    """A real PostgreSQL server, started once, with a database `template` that has the newest schema."""
    programs = postgres.binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here; on Debian and Ubuntu: apt-get install postgresql")
    with postgres.cluster(programs, lambda url: make_newest(url)) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: postgres.Cluster) -> Iterator[str]:
    """The URL of a PostgreSQL database of this test's own, with the newest schema and no rows."""
    with _database_of(postgres_server, "template") as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: postgres.Cluster) -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    with _database_of(postgres_server, "template0") as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """Runs a test on both databases: every app it builds takes its URL from the environment. The kind of database."""
    with _in_environment(request):
        yield request.param


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def module_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The same for apps that all tests of a module share."""
    with _in_environment(request):
        yield request.param


@contextmanager
def _database_of(server: postgres.Cluster, template: str) -> Iterator[str]:
    name = f"test_{next(_NUMBERS)}"
    try:
        yield server.create(name, template)
    finally:
        server.drop(name)


@contextmanager
def _in_environment(request: pytest.FixtureRequest) -> Iterator[None]:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        if request.param == "sqlite":
            patch.delenv("SUPPORT_BOT_DATABASE_URL", raising=False)
        else:
            server = request.getfixturevalue("postgres_server")
            patch.setenv("SUPPORT_BOT_DATABASE_URL", stack.enter_context(_database_of(server, "template")))
        yield
