"""Pages by their web address, through the API and the command line, from a real server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.api.app import build_api
from support_bot.assembly import App, build_app
from support_bot.settings import IngestionSettings
from support_bot.values import Role
from tests.factories_files.office import archive, xlsx
from tests.factories_files.site import Site, listening_site, page
from tests.integration.api_harness import PASSWORD, V1, CheckedClient, settings

HTML = """<!doctype html><html lang="en"><head><title>Lockers – Help</title></head><body><nav>Menu</nav><main>
<h1>Parcel lockers</h1><p>A locker keeps a parcel for seven days. <a href="/fees">Fees</a></p></main></body></html>"""


@pytest.fixture
def site() -> Iterator[int]:
    with listening_site() as port:
        yield port


def made(folder: Path, *, private: bool = True, offline: bool = False) -> tuple[App, CheckedClient]:
    """An app that may fetch, and an admin's client of its API."""
    chosen = settings(folder).model_copy(
        update={"offline": offline, "ingestion": IngestionSettings(fetch_private=private)}
    )
    app = build_app(chosen)
    admin = app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    _, key = app.staff.create_key("key", Role.ADMIN, admin.id)
    return app, CheckedClient(build_api(app), headers={"Authorization": f"Bearer {key}"})


def fetch(client: CheckedClient, *urls: str) -> list[dict[str, Any]]:
    answered = client.post(f"{V1}/documents", data={"urls": list(urls)})
    assert answered.status_code == 202, answered.text
    return list(answered.json()["files"])


def test_a_page_becomes_a_document_that_links_to_it_and_again_is_its_next_version(site: int, tmp_path: Path) -> None:
    app, client = made(tmp_path)
    url = f"http://127.0.0.1:{site}/help/lockers"
    Site.pages["/help/lockers"] = page(HTML.encode())
    try:
        (first,) = fetch(client, f" {url}#top ")
        app.knowledge.process(first["document"]["id"])
        found = app.catalogue.get(first["document"]["id"])
        assert (found.document.name, found.document.url) == (f"127.0.0.1:{site}/help/lockers.html", url)
        assert (found.document.title, found.document.language) == ("Parcel lockers", "en")
        assert f"[Fees](http://127.0.0.1:{site}/fees)" in found.text
        assert "Menu" not in found.text
        assert [each["outcome"] for each in fetch(client, url, url)] == ["unchanged", "unchanged"]
        Site.pages["/help/lockers"] = page(HTML.replace("seven", "nine").encode())
        assert fetch(client, url)[0]["outcome"] == "replaced"
        app.knowledge.process(first["document"]["id"])
        assert "nine days" in app.knowledge.search("parcel locker")[0].text
        assert app.knowledge.search("parcel locker")[0].url == url
        assert len(app.catalogue.page()) == 1
    finally:
        app.close()


def test_the_type_that_the_server_tells_decides_who_reads_it(site: int, tmp_path: Path) -> None:
    app, client = made(tmp_path)
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    Site.pages |= {
        "/": page(HTML.encode()),
        "/fees": page(xlsx({"Fees": [["Country", "Fee"], ["Spain", "$5"]]}), Content_Type=sheet),
        "/notes.md": page(b"# Notes\n\nWords.", Content_Type="text/plain; charset=utf-8"),
        "/all": page(archive({"in/a.md": b"# A\n\nWords."}), Content_Type="application/zip"),
        "/get?id=7": page(b"Some words.", Content_Type="text/plain"),
        "/logo": page(b"\x89PNG", Content_Type="image/png"),
    }
    try:
        host = f"127.0.0.1:{site}"
        found = fetch(client, *(f"http://{host}{path}" for path in [*Site.pages, "/gone"]))
        assert [each["name"] for each in found[:5]] == [
            f"{host}/index.html", f"{host}/fees.xlsx", f"{host}/notes.md", "in/a.md", f"{host}/get?id=7.txt",
        ]  # fmt: skip
        assert "type image/png, which cannot be read" in found[5]["error"]["detail"]
        assert "answered 404" in found[6]["error"]["detail"]
    finally:
        app.close()


def test_by_default_no_private_address_is_fetched_and_nothing_offline(site: int, tmp_path: Path) -> None:
    Site.pages["/"] = page(HTML.encode())
    for folder, private, offline, reason in (("a", False, False, "private network"), ("b", True, True, "OFFLINE")):
        app, client = made(tmp_path / folder, private=private, offline=offline)
        try:
            (found,) = fetch(client, f"http://127.0.0.1:{site}/")
            assert reason in found["error"]["detail"]
            assert found["error"]["error"] == "forbidden"
            assert app.catalogue.page() == []
        finally:
            app.close()
    assert Site.hosts == []


def test_an_agent_may_not_fetch(site: int, tmp_path: Path) -> None:
    app, client = made(tmp_path)
    agent = app.staff.add("ana@example.com", "Ana", Role.AGENT, PASSWORD)
    _, key = app.staff.create_key("key", Role.AGENT, agent.id)
    answered = client.post(
        f"{V1}/documents", data={"urls": "http://x.example/"}, headers={"Authorization": f"Bearer {key}"}
    )
    app.close()
    assert answered.status_code == 403
