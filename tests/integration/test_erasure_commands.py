"""Erasing and exporting by command and over HTTP; after a restore; in training data; on the pages."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import gradio as gr
import pytest

from support_bot.distillation.forget import find, forget
from support_bot.distillation.manifest import opened
from support_bot.errors import Conflict, Invalid
from support_bot.storage.students import remember, to_be_retrained
from support_bot.values import Role
from tests.factories import RETURNS, UNUSED_PLACES, add_article, add_staff, ask, make_app
from tests.integration.api_harness import V1, Api, running_api
from tests.integration.gradio_loop import built
from tests.integration.test_cli_commands import Run, run
from tests.integration.test_ui_handlers import event, request
from ui.pages.chat import ChatPage
from ui.pages.erasing import EraseTable
from ui.pages.shelf import Shelf
from ui.pages.tab import EMPTY, Tab

__all__ = ["run"]  # a fixture

EMAIL = "zoe@example.net"
ASKED = "Can I return my Peregrine jacket, order QX-55120?"


@pytest.fixture
def chat(tmp_path: Path) -> str:
    """A conversation of a customer in the data folder, which nobody has open; somebody else has one, too."""
    with closing(make_app(tmp_path)) as app:
        add_staff(app, Role.ADMIN)
        add_article(app, "returns.md", RETURNS)
        mine, other = app.chat.start("web", visitor=EMAIL).id, app.chat.start("web", visitor="other").id
        ask(app, mine, ASKED)
        ask(app, other, "How long do refunds take?")
    return mine


def left(places: list[str]) -> list[str]:
    """Without Chroma's graph: its unused places are what lay in this process's memory."""
    return [place for place in places if not any(name in place for name in UNUSED_PLACES)]


def training_run(data: Path, conversation: str) -> Path:
    """What a run has left behind that learnt from this conversation and from another."""
    folder = data.parent / "run"
    (folder / "collected" / "companies").mkdir(parents=True)
    (folder / "trained").mkdir()
    (folder / "trained" / "soft_labels.jsonl.gz").write_bytes(b"labels")
    rows = [{"question": ASKED, "conversation": conversation}, {"question": "Open?", "conversation": "0" * 32}]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "collected" / "companies" / "own.qa.jsonl").write_text(text)
    remember(data, folder, "acme.toml", "a" * 64, [conversation, "0" * 32])
    return folder


class TestByCommand:
    def test_looking_erases_nothing(self, run: Run, tmp_path: Path, chat: str) -> None:
        training_run(tmp_path / "data", chat)
        looked = run("erase", EMAIL, "--dry-run", "--json")
        assert looked.status == 0, looked.err
        assert looked.json["erased"] == "no" and looked.json["counts"]["message"] == 2
        assert looked.json["students"] == ["a" * 64] and len(looked.json["training_rows"]) == 1
        assert run("erase", EMAIL, "--dry-run", "--json").json == looked.json

    def test_nothing_is_left_down_to_the_training_data(self, run: Run, tmp_path: Path, chat: str) -> None:
        folder = training_run(tmp_path / "data", chat)
        (tmp_path / "server.log").write_text("QX-55120\n")
        done = run("erase", EMAIL, "--yes", "--json", "--look-in", tmp_path / "server.log")
        assert done.status == 1 and left(done.json["found_in"]) == [f"{tmp_path / 'server.log'} (1)"], done.err
        assert done.json["retrain"] == ["support-bot distill run acme.toml"]
        assert not (folder / "trained").exists()
        assert "Open?" in (folder / "collected/companies/own.qa.jsonl").read_text()
        again = run("erase", EMAIL, "--yes", "--json")
        assert left(again.json["found_in"]) in ([], ["nothing"]), again.err
        assert list(to_be_retrained(tmp_path / "data")) == ["a" * 64]

    def test_a_slip_of_the_pen_erases_nobody(self, run: Run, chat: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO("zoe@example.com\n"))
        assert run("erase", EMAIL).status == 1
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{EMAIL}\n"))
        done = run("erase", EMAIL)
        assert "erased" in done.out and "message 2" in done.out, done.err

    def test_everything_of_a_customer_is_in_the_file(self, run: Run, tmp_path: Path, chat: str) -> None:
        made = run("export", EMAIL, tmp_path / "zoe.zip", "--json")
        assert made.status == 0, made.err
        with zipfile.ZipFile(tmp_path / "zoe.zip") as archive:
            assert {"customer.json", "index.html", f"conversations/{chat}.html"} == set(archive.namelist())
            records = json.loads(archive.read("customer.json"))["records"]
            assert ASKED in archive.read(f"conversations/{chat}.html").decode()
        assert records["message"][0]["text"] == ASKED and records["answer_trace"]
        assert run("export", EMAIL, tmp_path / "zoe.zip").status == 1  # it is there already
        assert run("export", "nobody@example.net", tmp_path / "none.zip").status == 1

    def test_a_backup_that_is_restored_is_erased_again(self, run: Run, tmp_path: Path, chat: str) -> None:
        assert run("backup", tmp_path / "b.zip").status == 0
        run("erase", EMAIL, "--yes")
        restored = run("restore", tmp_path / "b.zip", "--replace", "--json")
        assert restored.status == 0, restored.err
        assert restored.json["erased_again"] == 1
        with closing(make_app(tmp_path, start=False)) as app:
            assert app.desk.erasure.gone([chat]) == {chat} and len(app.tickets.conversations()) == 1
            later = app.chat.start("web", visitor=EMAIL).id
            assert app.desk.erasure.apply_again() == 0 and app.desk.erasure.gone([later]) == set()


KILLED = """
import os, signal, sys
from pathlib import Path
from support_bot.services import erasure
from support_bot.storage.customers import CustomerRepository
from tests.factories import make_app

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

setattr(erasure if sys.argv[2] == "drop_traces" else CustomerRepository, sys.argv[2], die)
make_app(Path(sys.argv[1]), start=False).desk.erasure.erase(sys.argv[3])
"""


@pytest.mark.parametrize(("where", "there"), [("erase", True), ("drop_traces", False)])
def test_killed_in_the_middle_it_is_begun_or_ended_by_the_next(
    tmp_path: Path, chat: str, where: str, there: bool
) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), where, EMAIL], check=False)
    assert killed.returncode == -signal.SIGKILL
    with closing(make_app(tmp_path, start=False)) as app:
        erasure = app.desk.erasure
        assert (erasure.gone([chat]) == set()) is there
        erasure.erase(EMAIL)
        assert erasure.gone([chat]) == {chat} and erasure.count() == 1
        assert erasure.finish() == 0 and left([one.place for one in erasure.search([EMAIL, "QX-55120"])]) == []


class TestStudents:
    def test_a_run_that_works_is_left_alone_and_told(self, tmp_path: Path) -> None:
        folder = training_run(tmp_path / "data", "1" * 32)
        with opened(folder):
            (learnt,) = forget(tmp_path / "data", {"1" * 32}.intersection)
        assert learnt.busy and len(learnt.rows) == 1
        (learnt,) = forget(tmp_path / "data", {"1" * 32}.intersection)
        assert not learnt.busy and find(tmp_path / "data", ["1" * 32]) == []

    def test_cut_off_while_it_forgets_nothing_of_them_is_kept_the_next_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        folder = training_run(tmp_path / "data", "1" * 32)
        with monkeypatch.context() as patch:
            patch.setattr("support_bot.distillation.forget.shutil.rmtree", None)
            with pytest.raises(TypeError):
                forget(tmp_path / "data", {"1" * 32}.intersection)
        (learnt,) = forget(tmp_path / "data", {"1" * 32}.intersection)
        assert len(learnt.rows) == 1 and not (folder / "trained").exists()

    def test_a_student_that_saw_somebody_erased_may_not_serve(self, tmp_path: Path) -> None:
        with closing(make_app(tmp_path, start=False)) as app:
            other = next(row for row in app.models.page() if row.kind == "writer")
            remember(app.settings.data_dir, tmp_path / "run", "acme.toml", other.sha256, ["1" * 32])
            forget(app.settings.data_dir, {"1" * 32}.intersection)
            with pytest.raises(Conflict, match=r"distill run acme\.toml"):
                app.models.require_usable(other.name)


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path) as api:
        yield api


class TestOverHttp:
    def test_only_admins_erase_and_only_who_is_typed_twice(self, api: Api) -> None:
        chat = api.app.chat.start("web", visitor=EMAIL).id
        ask(api.app, chat, "My order is QX-55120")
        wanted = {"customer": EMAIL, "confirm": EMAIL}
        assert api.client.post(f"{V1}/customers/erase", json=wanted, headers=api.agent).status_code == 403
        wrong = api.client.post(f"{V1}/customers/erase", json=wanted | {"confirm": "x"}, headers=api.admin)
        assert wrong.status_code == 422
        found = api.client.post(f"{V1}/customers/find", json={"customer": EMAIL}, headers=api.admin).json()
        assert found["counts"]["message"] == 2 and "QX-55120" in found["words"]
        file = api.client.get(f"{V1}/staff/conversations/{chat}/customer", headers=api.agent)
        assert zipfile.ZipFile(io.BytesIO(file.content)).testzip() is None
        done = api.client.post(f"{V1}/customers/erase", json=wanted, headers=api.admin).json()
        assert done["counts"] == found["counts"]
        remains = api.client.post(f"{V1}/customers/remains", json={"words": found["words"]}, headers=api.admin)
        assert left([one["place"] for one in remains.json()["found"]]) == []
        exported = api.client.post(f"{V1}/customers/export", json={"customer": EMAIL}, headers=api.agent)
        assert exported.status_code == 404


class TestPages:
    def test_the_page_shows_what_there_is_asks_again_and_proves_it(self, api: Api) -> None:
        admin = add_staff(api.app, Role.ADMIN, "boss@example.com")
        ask(api.app, api.app.chat.start("web", visitor="<b>zoe").id, "My order is QX-55120")
        table, shelf = EraseTable(api.app), Shelf()
        acts = table.acts(admin)
        acts["erase-find"](shelf, {"customer": "<b>zoe"})
        assert "<b>zoe" not in table.page(shelf) and "messages</td><td>2" in table.page(shelf)
        with pytest.raises(Invalid):
            acts["erase-go"](shelf, {"confirm": "zoe"})
        acts["erase-go"](shelf, {"confirm": "<b>zoe"})
        assert "is erased" in table.page(shelf) and "message." not in table.page(shelf)
        acts["erase-find"](shelf, {"customer": "nobody"})
        assert "Nothing is known" in table.page(shelf)

    def test_a_customer_who_is_erased_goes_on_in_a_new_conversation(self, api: Api) -> None:
        page, tab = ChatPage(api.app), Tab()

        def lay() -> gr.Blocks:
            with gr.Blocks() as blocks:
                page.build(blocks)
            return blocks

        built(lay)
        page.send(event(text="Hello there", key="k1"), EMPTY, tab, request())
        first = tab.id
        api.app.desk.erasure.erase(first)
        page.send(event(text="Are you there?", key="k2"), tab.remembered, tab, request())
        assert tab.unsent is None and tab.id not in ("", first)
        assert next(message.text for message in api.app.chat.messages(tab.id)) == "Are you there?"
