"""A throw-away PostgreSQL server for tests: its own folder, user, port and password; gone when the tests end."""

from __future__ import annotations

import functools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

USER = "bot"
PASSWORD = "keep it quiet"
# Nothing here has to survive a power cut; a crash of the server alone loses nothing.
_OPTIONS = "-F -c full_page_writes=off -c max_connections=200 -c listen_addresses=127.0.0.1"


def binaries() -> Path | None:
    """The folder of PostgreSQL's own programs, the newest version that is installed; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@dataclass(frozen=True)
class Cluster:
    """A running server."""

    programs: Path
    folder: Path
    port: int

    def url(self, name: str, *, password: str = PASSWORD, scheme: str = "postgresql+psycopg") -> str:
        return f"{scheme}://{USER}:{password.replace(' ', '%20')}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        options = f"{_OPTIONS} -p {self.port} -k {self.folder}"
        self._control("start", "-w", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """End it at once, as a crash of the machine would."""
        self._control("stop", "-m", "immediate")

    def restart(self) -> None:
        self.stop()
        self.start()

    def create(self, name: str, template: str = "template0") -> str:
        """A new database; its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {self._copying}')
        return self.url(name)

    def drop(self, name: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run a statement from outside the product; its rows."""
        url = self.url(database, scheme="postgresql")
        with psycopg.connect(url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @functools.cached_property
    def _copying(self) -> str:
        """Files are copied more than twice as fast as pages; up to version 14 there is no other way and no word."""
        [(version,)] = self.execute("SELECT current_setting('server_version_num')")
        return "STRATEGY FILE_COPY" if int(str(version)) >= 150_000 else ""

    def _control(self, verb: str, *arguments: str) -> None:
        _run(self.programs / "pg_ctl", verb, "-D", str(self.folder / "data"), *arguments)


@contextmanager
def cluster(programs: Path, prepare: Callable[[str], None]) -> Iterator[Cluster]:
    """A fresh server with a database `template` that `prepare` was given the URL of."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    server = Cluster(programs, folder, free_port())
    try:
        word = folder / "password"
        word.write_text(PASSWORD)
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            for path in (folder, word):
                shutil.chown(path, "postgres")
        arguments = ("-U", USER, "--auth=scram-sha-256", f"--pwfile={word}", "--locale=C.UTF-8", "-E", "UTF8", "-N")
        _run(programs / "initdb", "-D", str(folder / "data"), *arguments)
        server.start()
        prepare(server.create("template"))
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(*command: str | Path) -> None:
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    # Output goes to a file: a server that was started keeps a pipe open for ever.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run([*as_owner, *map(str, command)], stdout=said, stderr=said, check=False, cwd="/")
        said.seek(0)
        assert done.returncode == 0, said.read()
