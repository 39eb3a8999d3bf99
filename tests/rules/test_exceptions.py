"""Whoever catches everything is named here and logs the traceback or passes it on; nobody swallows an error."""

import ast
from collections.abc import Iterator

import pytest

from .sources import Module, modules

# file:function -> why anything may go wrong there.
MAY_CATCH_ALL = {
    "support_bot/engine/scheduler.py:_run": "the engine's thread must outlive whatever breaks in it",
    "support_bot/engine/scheduler.py:_step": "one generation that breaks must not end the others",
    "support_bot/engine/supervised.py:_watch": "the watchdog must outlive whatever breaks in what it watches",
    "support_bot/services/connector_send.py:send_due": "a plug-in that breaks holds up nothing of the others",
    "support_bot/services/connector_recall.py:_ask": "a plug-in that breaks holds up nothing of the others",
    "support_bot/services/connector_receive.py:_work_on": "a plug-in that breaks holds up nothing of the others",
    "support_bot/services/connectors.py:_round": "the thread must outlive a database that went away",
    "support_bot/services/erasure.py:finish": "the rows are gone; what is left in files is tried again each minute",
    "support_bot/services/health.py:ready": "whatever breaks a check is the check's result",
    "support_bot/services/knowledge.py:process": "a file that breaks its loader must not stop the queue",
    "support_bot/services/mail.py:_read": "whatever a stranger sends must not stop the mails behind it",
    "support_bot/services/turns.py:_run_guarded": "the customer must hear of it whatever broke",
    "support_bot/services/turns.py:_logged": "a pool swallows what its workers raise; the sweep takes up what is left",
    "support_bot/plugins.py:_load_class": "strangers' code runs while it is imported",
    "support_bot/engine/remote_call.py:_try": "strangers' chat models raise what they like",
    "support_bot/engine/sources.py:fetch": "the hub's client fails in many ways, and another source may have the file",
    "support_bot/engine/embedder.py:__init__": "the library raises bare exceptions of its own",
    "support_bot/engine/embedder.py:session": "the library raises bare exceptions of its own",
    "support_bot/engine/grammar.py:schema_grammar": "the library's converter fails in many ways on what is no schema",
    "support_bot/engine/reader.py:__init__": "two libraries raise bare exceptions of their own",
}


def is_broad(kind: ast.expr | None) -> bool:
    """`except:`, `except Exception:`, `except (KeyError, Exception):`."""
    names = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(
        name is None or (isinstance(name, ast.Name) and name.id in ("Exception", "BaseException")) for name in names
    )


def broad_handlers(module: Module) -> Iterator[tuple[str, ast.ExceptHandler]]:
    """Each broad handler that does not simply raise again, with `file:function`."""
    for function in module.functions():
        for node in ast.walk(function):
            if isinstance(node, ast.ExceptHandler) and is_broad(node.type):
                last = node.body[-1]
                if not (isinstance(last, ast.Raise) and last.exc is None):
                    yield f"{module.name}:{function.name}", node


def keeps_traceback(handler: ast.ExceptHandler) -> bool:
    """Calls `logger.exception(…)`, or any logging method with `exc_info=…`, or ends with `raise … from error`."""
    last = handler.body[-1]
    return (isinstance(last, ast.Raise) and last.cause is not None) or any(
        (isinstance(call.func, ast.Attribute) and call.func.attr == "exception")
        or any(keyword.arg == "exc_info" for keyword in call.keywords)
        for call in ast.walk(handler)
        if isinstance(call, ast.Call)
    )


def suppresses_everything(node: ast.AST) -> bool:
    """`contextlib.suppress(Exception)`."""
    return (
        isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("suppress", "contextlib.suppress")
        and any(is_broad(argument) for argument in node.args)
    )


FOUND = [entry for module in modules("support_bot", "ui") for entry in broad_handlers(module)]


def test_only_named_places_catch_everything() -> None:
    assert {where for where, _ in FOUND} == set(MAY_CATCH_ALL)


@pytest.mark.parametrize(("where", "handler"), FOUND, ids=[where for where, _ in FOUND])
def test_whoever_catches_everything_keeps_the_traceback(where: str, handler: ast.ExceptHandler) -> None:
    assert keeps_traceback(handler)


def test_nobody_suppresses_everything() -> None:
    found = [
        module.at(node)
        for module in modules("support_bot", "ui")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.expr) and suppresses_everything(node)
    ]
    assert found == []
