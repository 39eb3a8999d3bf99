"""Fixtures for every test. Nothing here knows what the product does."""

from __future__ import annotations

import ipaddress
import itertools
import socket
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest

from support_bot.storage.inspection import make_newest
from tests import postgres

_NUMBERS = itertools.count(1)

hypothesis.settings.register_profile("house", deadline=None, derandomize=True)
hypothesis.settings.load_profile("house")


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
    name = f"test_{next(_NUMBERS)}"
    yield postgres_server.create(name, "template")
    postgres_server.drop(name)


@pytest.fixture
def empty_postgres_url(postgres_server: postgres.Cluster) -> Iterator[str]:
    """The URL of a PostgreSQL database without tables."""
    name = f"empty_{next(_NUMBERS)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Runs a test on both databases: every app it builds takes its URL from the environment. The kind of database."""
    if request.param == "postgresql":
        monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", request.getfixturevalue("postgres_url"))
    else:
        monkeypatch.delenv("SUPPORT_BOT_DATABASE_URL", raising=False)
    return str(request.param)
