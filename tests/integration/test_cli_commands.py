"""Commands typed while no server runs: each makes the product in its own process."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from support_bot import cli
from support_bot.answering import intent_weights
from support_bot.storage.data_folder import DataFolder
from tests.factories import DELIVERY, RETURNS
from tests.factories_files.office import archive
from tests.factories_files.site import Site, listening_site, page


@dataclass(frozen=True)
class Outcome:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Types a command, on an installation with the fake engine and no sample company."""
    for name, value in (("DATA_DIR", tmp_path / "data"), ("CACHE_DIR", tmp_path / "cache"), ("ENGINE__KIND", "fake")):
        monkeypatch.setenv(f"SUPPORT_BOT_{name}", str(value))
    for name, value in (("SAMPLE_DATA", "false"), ("OFFLINE", "true"), ("ANSWERING__ANSWER_THRESHOLD", "0.2")):
        monkeypatch.setenv(f"SUPPORT_BOT_{name}", value)
    monkeypatch.chdir(tmp_path)
    handlers, level = logging.getLogger().handlers, logging.getLogger().level

    def type_in(*words: str | Path) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["support-bot", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
            raise SystemExit(0)
        said = capsys.readouterr()
        return Outcome(int(ended.value.code or 0), said.out, said.err)

    yield type_in
    logging.getLogger().handlers = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture
def kb(tmp_path: Path) -> Path:
    (tmp_path / "kb" / "en").mkdir(parents=True)
    (tmp_path / "kb" / "en" / "returns.md").write_text(RETURNS)
    (tmp_path / "kb" / "delivery.md").write_text(DELIVERY)
    return tmp_path / "kb"


class TestKnowledge:
    def test_a_folder_is_ingested_under_the_names_within_it(self, run: Run, kb: Path) -> None:
        found = run("ingest", kb, "--json")
        assert found.status == 0, found.err
        assert [(row["name"], row["status"], row["outcome"]) for row in found.json] == [
            ("delivery.md", "ready", "created"),
            ("en/returns.md", "ready", "created"),
        ]
        assert [row["name"] for row in run("documents", "list", "--json").json] == ["delivery.md", "en/returns.md"]

    def test_an_archive_and_a_page_are_ingested_with_a_line_for_each_file(
        self, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SUPPORT_BOT_OFFLINE", "false")
        monkeypatch.setenv("SUPPORT_BOT_INGESTION__FETCH_PRIVATE", "true")
        (tmp_path / "all.zip").write_bytes(archive({"en/returns.md": RETURNS.encode(), "x.png": b"\x89PNG"}))
        with listening_site() as port:
            Site.pages["/delivery"] = page(DELIVERY.encode(), Content_Type="text/markdown")
            found = run("ingest", tmp_path / "all.zip", f"http://127.0.0.1:{port}/delivery", "--json")
        assert found.status == 1
        assert [(row["name"], row["status"]) for row in found.json] == [
            ("en/returns.md", "ready"), ("x.png", "failed"), (f"127.0.0.1:{port}/delivery.md", "ready"),
        ]  # fmt: skip
        assert "is an image" in found.json[1]["reason"]

    def test_a_file_that_fails_is_reported_and_stops_no_other(self, run: Run, kb: Path) -> None:
        (kb / "empty.md").write_text("")
        found = run("ingest", kb)
        assert found.status == 1
        assert [line.split()[:2] for line in found.out.splitlines()[1:]] == [
            ["ready", "delivery.md"],
            ["failed", "empty.md"],
            ["ready", "en/returns.md"],
        ]
        assert "The file is empty" in found.out

    def test_internal_articles_are_not_for_customers(self, run: Run, kb: Path) -> None:
        run("ingest", kb / "en" / "returns.md", "--audience", "internal")
        assert "30 days" not in run("ask", "How long do I have to return a jacket?").out

    def test_a_document_is_shown_replaced_and_deleted_by_name(self, run: Run, kb: Path) -> None:
        run("ingest", kb / "delivery.md")
        assert "Standard delivery costs $4.90" in run("documents", "show", "delivery.md").out
        (kb / "delivery.md").write_text("# Delivery\n\nEvery parcel is free now.\n")
        replaced = run("documents", "replace", "delivery.md", kb / "delivery.md", "--json").json
        assert (replaced["version"], replaced["status"]) == (2, "ready")
        assert "free now" in run("documents", "show", "1", "--json").json["text"]
        assert run("documents", "delete", "delivery.md", "--json").json == {"deleted": 1}
        gone = run("documents", "show", "delivery.md")
        assert (gone.status, gone.out, gone.err) == (1, "", "Error: There is no document called delivery.md.\n")

    def test_reindexing_tells_how_many_chunks_there_are(self, run: Run, kb: Path) -> None:
        run("ingest", kb)
        chunks = sum(row["chunks"] for row in run("documents", "list", "--json").json)
        assert run("reindex", "--json").json == {"chunks": chunks, "conversations": 0}


class TestAsking:
    def test_the_answer_comes_with_its_source(self, run: Run, kb: Path) -> None:
        run("ingest", kb)
        said = run("ask", "How much does standard delivery cost?").out
        assert "$4.90" in said
        assert "[1] Delivery (delivery.md)" in said

    def test_json_is_one_event_a_line(self, run: Run, kb: Path) -> None:
        run("ingest", kb)
        events = [json.loads(line) for line in run("ask", "How much does delivery cost?", "--json").out.splitlines()]
        assert events[-1]["event"] == "done"
        assert events[-1]["data"]["status"] == "answered"
        assert {"evidence", "text", "citation"} <= {event["event"] for event in events}

    def test_a_channel_that_does_not_exist_is_one_line_of_error(self, run: Run) -> None:
        found = run("ask", "Hello?", "--channel", "nowhere")
        assert (found.status, found.out) == (1, "")
        assert found.err.splitlines()[-1].startswith("Error: ")
        assert "Traceback" not in found.err


class TestPeople:
    def test_the_first_admin_is_told_once_and_not_among_the_json(self, run: Run) -> None:
        first = run("staff", "list", "--json")
        assert "Sign in as admin@example.com with the password" in first.err
        assert [row["role"] for row in first.json] == ["admin"]
        assert "password" not in run("staff", "list", "--json").err

    def test_staff_are_deactivated_and_reactivated(self, run: Run) -> None:
        run("staff", "add", "ana+1@example.com", "--password", "a long enough one")
        assert run("staff", "deactivate", "ana+1@example.com", "--json").json["active"] is False
        assert {row["email"]: row["active"] for row in run("staff", "list", "--json").json} == {
            "admin@example.com": True,
            "ana+1@example.com": False,
        }
        assert run("staff", "reactivate", "ana+1@example.com", "--json").json["active"] is True

    @pytest.mark.parametrize(
        ("email", "words"), [("admin@example.com", "last active admin"), ("no?body@example.com", "There is nobody")]
    )
    def test_whoever_cannot_be_deactivated_is_told_why(self, run: Run, email: str, words: str) -> None:
        refused = run("staff", "deactivate", email)
        assert (refused.status, refused.out) == (1, "") and words in refused.err

    def test_staff_are_added_and_get_another_password(self, run: Run) -> None:
        added = run("staff", "add", "ana@example.com", "--role", "agent", "--password", "a long enough one", "--json")
        assert added.json["name"] == "ana"
        changed = run("staff", "password", "ana@example.com", "--password", "another long one", "--json")
        assert changed.json == {"changed": "ana@example.com"}

    def test_a_key_is_shown(self, run: Run) -> None:
        assert run("staff", "key", "shop", "--json").json["key"].startswith("sb_")

    def test_origins_are_allowed_and_taken_back(self, run: Run) -> None:
        shop, other = "https://shop.example.com", "https://other.example.com"
        run("channels", "allow", "web", shop)
        assert run("channels", "allow", "web", other, "--json").json["allowed_origins"] == [shop, other]
        assert run("channels", "allow", "web", shop, "--remove", "--json").json["allowed_origins"] == [other]
        assert run("channels", "show", "web", "--json").json["allowed_origins"] == [other]
        assert run("channels", "add", "till", "Till", "--json").json["allowed_origins"] == []
        assert run("channels", "add", "till", "Till").err.endswith("Error: There is a channel “till” already.\n")
        assert run("channels", "show", "nowhere").err.endswith("Error: There is no channel called nowhere.\n")


class TestInstallation:
    def test_the_database_is_made_and_checked(self, run: Run) -> None:
        assert run("db", "check").status == 1
        newest = run("db", "upgrade", "--json").json
        assert newest["current"] == newest["head"]
        assert run("db", "check").status == 0
        assert run("db", "current", "--json").json == newest

    def test_weights_of_the_recogniser_are_fitted_into_a_file(self, run: Run, tmp_path: Path) -> None:
        (row,) = run("models", "fit-intents", tmp_path / "fitted.npz", "--json").json
        assert (row["name"], row["examples"]) == ("hashing", intent_weights.count())
        with np.load(tmp_path / "fitted.npz") as fitted:
            assert fitted["hashing"].shape == (385, 7)

    def test_models_are_listed_without_any_weights_here(self, run: Run) -> None:
        rows = {row["name"]: row for row in run("models", "list", "--json").json}
        assert rows["smollm2-135m"]["in_use"]
        assert not rows["smollm2-135m"]["present"]

    def test_weights_that_are_not_here_cannot_be_chosen_or_fetched_offline(self, run: Run) -> None:
        assert "models pull smollm2-135m" in run("models", "use", "smollm2-135m").err
        assert "SUPPORT_BOT_OFFLINE" in run("models", "pull", "--for-tests").err
        assert "the catalogue has" in run("models", "verify", "nothing").err

    def test_a_file_of_weights_is_taken_in_and_checked(self, run: Run, tmp_path: Path) -> None:
        (tmp_path / "own.gguf").write_bytes(b"GGUF" + b"0" * 100)
        refused = run("models", "import", tmp_path / "own.gguf")
        assert (refused.status, "--licence" in refused.err) == (1, True)
        run("models", "import", tmp_path / "own.gguf", "--name", "own", "--licence", "MIT")
        assert run("models", "verify", "--json").json == [{"name": "own", "ok": True}]
        run("models", "use", "own")
        assert [row["name"] for row in run("models", "list", "--json").json if row["in_use"]] == ["minilm", "own"]

    def test_the_doctor_says_what_to_do_and_then_that_all_is_well(self, run: Run) -> None:
        sick = run("doctor")
        assert sick.status == 1
        assert "support-bot db upgrade" in sick.out
        run("db", "upgrade")
        well = run("doctor", "--json")
        assert well.status == 0, well.out
        assert {row["name"] for row in well.json} >= {"python", "data folder", "port", "database", "index"}

    def test_a_wrong_setting_is_one_line(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SUPPORT_BOT_SERVER__PORT", "seventy")
        found = run("doctor")
        assert (found.status, found.err.count("\n")) == (1, 1)
        assert "server.port" in found.err

    def test_a_second_command_waits_and_then_says_who_has_the_folder(self, run: Run, tmp_path: Path) -> None:
        with DataFolder(tmp_path / "data").own():
            assert "is in use by process" in run("staff", "list").err
