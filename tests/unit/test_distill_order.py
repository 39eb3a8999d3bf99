"""An order that is wrong is refused at once, with the place in the file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support_bot import cli
from support_bot.distillation.order import keep_order, kept_order, read_order
from support_bot.errors import Invalid

GOOD = 'name = "acme"\nfolder = "run"\n[exam]\nquestions = "exam.jsonl"\n'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "Open?"}\n')
    (tmp_path / "order.toml").write_text(GOOD)
    return tmp_path / "order.toml"


def test_paths_are_taken_from_where_the_file_lies(file: Path) -> None:
    order = read_order(file)
    assert order.folder == file.parent / "run" and order.exam.questions == file.parent / "exam.jsonl"
    assert order.exam.margin == 0.03 and order.sources.conversations and order.teacher is None


def test_what_was_ordered_is_kept_in_the_folder_also_after_it_moved(file: Path) -> None:
    order = read_order(file)
    keep_order(order)
    moved = (file.parent / "run").rename(file.parent / "elsewhere")
    assert kept_order(moved) == order.model_copy(update={"folder": moved})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "name: Field required"),
        ("name = ", "no TOML"),
        (GOOD.replace("acme", "Big Name"), "is no name"),
        (GOOD.replace("acme", "a" * 49), "name: .*48"),
        (f"{GOOD}magrin = 0.1\n", "exam.magrin: Extra"),
        (f"{GOOD}margin = 3\n", "exam.margin"),
        (f'{GOOD}[recipe]\nrank = "many"\n', "recipe.rank"),
        (f"{GOOD}[recipe]\nrank = 0\n", "recipe.rank"),
        (f"{GOOD}[teacher]\n", "teacher.model"),
        (GOOD.replace("exam.jsonl", "none.jsonl"), "exam.questions: .* does not exist"),
        (f'{GOOD}[sources]\ncompanies = "none"\n', "sources.companies: .*splits.json"),
    ],
)
def test_a_mistake_is_named_with_its_place(file: Path, text: str, complaint: str) -> None:
    file.write_text(text)
    with pytest.raises(Invalid, match=complaint):
        read_order(file)


@pytest.mark.parametrize("data", [b"\xff\xfe", None])
def test_a_file_that_cannot_be_read_is_named(file: Path, data: bytes | None) -> None:
    file.write_bytes(data) if data else file.unlink()
    with pytest.raises(Invalid, match=r"order\.toml cannot be read"):
        read_order(file)


def test_without_pytorch_it_says_so_before_it_begins(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    found = CliRunner().invoke(cli.app, ["distill", "run", str(file)])
    assert isinstance(found.exception, Invalid)
    assert "support-bot[distill]" in found.exception.detail and "--until collect" in found.exception.detail
    assert not (file.parent / "run").exists()
