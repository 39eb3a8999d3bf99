"""A name says what a thing does; these words say nothing."""

import ast
import re
from pathlib import PurePosixPath

import pytest

from .sources import ROOT, modules

EMPTY_WORDS = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}


def words(name: str) -> set[str]:
    """`TicketManager` and `ticket_manager` are both {ticket, manager}."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


@pytest.mark.parametrize("name", ["TicketManager", "date_utils", "HTTPHelper", "common"])
def test_empty_words_are_seen_in_any_spelling(name: str) -> None:
    assert words(name) & EMPTY_WORDS


def test_no_module_is_named_with_an_empty_word() -> None:
    names = [PurePosixPath(module.name).with_suffix("").parts for module in modules("support_bot", "ui", "tests")]
    assert ["/".join(parts) for parts in names if any(words(part) & EMPTY_WORDS for part in parts)] == []


def test_no_class_or_function_is_named_with_an_empty_word() -> None:
    assert [
        f"{module.at(node)} {node.name}"
        for module in modules("support_bot", "ui")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and words(node.name) & EMPTY_WORDS
    ] == []


def test_every_package_says_in_its_docstring_what_it_is_for() -> None:
    packages = [module for module in modules("support_bot", "ui", "tests") if module.name.endswith("__init__.py")]
    assert packages, ROOT
    assert [module.name for module in packages if not module.tree.body] == []
