"""A backup while uploaded files are damaged or gone: everything else is in it, and nobody can overlook it."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_bot.storage.archive import opened
from support_bot.storage.blobs import BlobStore
from support_bot.storage.snapshot import find_trouble_in
from tests.factories import DELIVERY, RETURNS, add_article, make_app
from tests.integration.test_backup import left_in
from tests.integration.test_cli_commands import Run, run

__all__ = ["run"]  # a fixture


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Where the uploaded files of a data folder lie that nobody has open."""
    app = make_app(tmp_path)
    try:
        for name, text in (("delivery.md", DELIVERY), ("returns.md", RETURNS)):
            add_article(app, name, text)
    finally:
        app.close()
    stored = {file.read_text(): file for file in (tmp_path / "data" / "files").rglob("*") if file.is_file()}
    return {"delivery.md": stored[DELIVERY], "returns.md": stored[RETURNS]}


def test_a_whole_one_is_told_as_such(run: Run, tmp_path: Path, files: dict[str, Path]) -> None:
    made = run("backup", tmp_path / "b.zip", "--json")
    assert made.status == 0, made.err
    assert (made.json["ok"], made.json["missing"], made.json["damaged"], made.json["trouble"]) == (True, [], [], "")


@pytest.mark.parametrize("exam", [False, True])
def test_a_damaged_file_makes_the_exit_status_1_and_is_named(
    run: Run, tmp_path: Path, files: dict[str, Path], exam: bool
) -> None:
    files["returns.md"].write_bytes(b"half of it")
    (tmp_path / "exam.jsonl").write_text('{"id": "1", "question": "How much does standard delivery cost?"}\n')
    more = ["--exam", tmp_path / "exam.jsonl"] if exam else []
    made = run("backup", tmp_path / "b.zip", *more, "--json")
    assert (made.status, made.json["ok"], made.json["damaged"], made.json["missing"]) == (1, False, ["returns.md"], [])
    assert "1 is damaged (returns.md): upload" in made.json["trouble"]
    assert "1 is damaged (returns.md)" in run("backup", tmp_path / "c.zip").out


def test_a_file_that_is_gone_is_named_and_the_rest_is_kept(
    run: Run, tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    files["returns.md"].unlink()
    made = run("backup", tmp_path / "b.zip", "--json")
    assert (made.status, made.json["missing"], made.json["damaged"]) == (1, ["returns.md"], [])
    with opened(tmp_path / "b.zip") as backup:
        assert sum(name.startswith("files/") for name in backup.about["files"]) == 1
    monkeypatch.setenv("SUPPORT_BOT_DATA_DIR", str(tmp_path / "elsewhere"))
    back = run("restore", tmp_path / "b.zip", "--json")
    assert back.status == 0, back.err
    assert "1 is gone (returns.md)" in back.json["trouble"]
    assert BlobStore(tmp_path / "elsewhere" / "files").is_whole(files["delivery.md"].name)


@pytest.mark.parametrize("documents", [None, [], "x", {"0" * 64: 7}])
def test_a_manifest_that_names_no_documents_still_shows_what_is_damaged(documents: object) -> None:
    """Backups of earlier versions name none."""
    files = {f"files/aa/{'a' * 64}": {"sha256": "b" * 64}, f"files/cc/{'c' * 64}": {"sha256": "c" * 64}}
    found = find_trouble_in({"documents": documents, "files": files})
    assert found.damaged == ("a" * 64,) and found.missing == (("7",) if isinstance(documents, dict) else ())


def test_a_document_that_is_deleted_meanwhile_is_no_trouble(
    run: Run, tmp_path: Path, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row was copied, its file was gone before it could be kept: the next copy does not name it any more."""
    keep = BlobStore.keep

    def delete_first(store: BlobStore, sha256: str, place: Path) -> bool:
        monkeypatch.setattr(BlobStore, "keep", keep)
        app = make_app(tmp_path, start=False)
        try:
            [deleted] = [row.id for row in app.catalogue.page() if row.name == "delivery.md"]
            app.knowledge.delete(deleted)
            files["delivery.md"].unlink(missing_ok=True)
        finally:
            app.close()
        return keep(store, files["delivery.md"].name, place)

    monkeypatch.setattr(BlobStore, "keep", delete_first)
    made = run("backup", tmp_path / "b.zip", "--json")
    assert (made.status, made.json["ok"], made.json["counts"]["document"]) == (0, True, 1)
    assert not any(name.startswith(".snapshot-") for name in left_in(tmp_path / "data"))
