"""Data flows one way, each library has one home, and importing a module shows all it needs."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .sources import ROOT, Module, modules

# Commands import what they need when they run; plug-ins are imported when they are asked for.
IMPORT_LATE = {
    "support_bot/cli.py", "support_bot/commands/distill.py", "support_bot/commands/mcp.py", "support_bot/plugins.py",
}  # fmt: skip

# Library -> the folders and files that may import it; its types stay there.
HOMES = {
    "sqlalchemy": (
        "support_bot/models/", "support_bot/storage/", "support_bot/index/keyword.py", "support_bot/index/pieces.py",
        "support_bot/index/search_index.py",  # one select: is the hit still there, current, and for this reader?
    ),
    "alembic": ("support_bot/storage/",),
    "psycopg": ("support_bot/storage/", "support_bot/queue.py"),
    "chromadb": ("support_bot/index/vector.py",),
    "langchain_chroma": ("support_bot/index/vector.py",),
    "langchain_core": (
        "support_bot/engine/", "support_bot/index/vector.py", "support_bot/ingestion/", "support_bot/retrieval/",
    ),
    "langchain_text_splitters": ("support_bot/ingestion/",),
    "langchain_openai": ("support_bot/engine/",),
    "langsmith": ("support_bot/engine/",),
    "openai": ("support_bot/engine/",),
    "llama_cpp": ("support_bot/engine/",),
    "gradio": ("ui/",),
    "fastapi": ("support_bot/api/", "support_bot/server.py"),
    "starlette": ("support_bot/api/", "support_bot/server.py"),
    "mcp": ("support_bot/api/mcp/", "support_bot/commands/mcp_stdio.py"),
    "mcp_types": ("support_bot/api/mcp/", "support_bot/commands/mcp_stdio.py"),
    "huey": ("support_bot/queue.py",),
    "structlog": ("support_bot/observability.py",),
    "prometheus_client": ("support_bot/observability.py",),
    "torch": ("support_bot/distillation/",),
    "transformers": ("support_bot/distillation/",),
    "peft": ("support_bot/distillation/",),
    "gguf": ("support_bot/distillation/",),
}  # fmt: skip


def imported(module: Module) -> Iterator[tuple[ast.stmt, str]]:
    """Each import statement with the top-level package it names."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node, node.module.split(".")[0]


def test_the_layers_hold() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_each_library_stays_in_its_home() -> None:
    assert [
        f"{module.at(node)} imports {library}"
        for module in modules("support_bot", "ui")
        for node, library in imported(module)
        if library in HOMES and not module.name.startswith(HOMES[library])
    ] == []


def test_imports_stand_at_the_top() -> None:
    assert [
        module.at(node)
        for module in modules("support_bot", "ui")
        if module.name not in IMPORT_LATE
        for function in module.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ] == []


def test_only_the_command_line_prints() -> None:
    assert [
        module.at(node)
        for module in modules("support_bot", "ui")
        if module.name != "support_bot/cli.py"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ] == []
