"""A test never skips itself green, and never leaves this machine."""

import ast
import socket

import pytest

from .sources import modules


def test_nothing_is_skipped_but_for_a_missing_postgresql_server_help_desk_or_npm_package() -> None:
    """Weights, browsers and models come from set-up; a test without them fails."""
    assert [
        module.at(node)
        for module in modules("tests")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).rpartition(".")[2] in ("skip", "skipif", "importorskip")
        and not any(reason in ast.unparse(node) for reason in ("PostgreSQL", "cannot be installed here"))
    ] == []


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("2001:db8::1", 80), ("example.com", 80)])
def test_other_machines_are_out_of_reach(address: tuple[str, int]) -> None:
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with socket.socket(family) as other, pytest.raises(RuntimeError, match="this machine only"):
        other.connect(address)


def test_this_machine_is_within_reach() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()
