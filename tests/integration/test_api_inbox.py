"""The inbox over HTTP: filters, search, and files that go out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from .api_harness import V1, Api, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


def test_a_formula_in_a_subject_goes_out_as_text(api: Api) -> None:
    number = api.start().post("/handoff").json()["ticket"]
    subject = '=HYPERLINK("x")'
    api.client.patch(f"{V1}/tickets/{number}", json={"subject": subject}, headers=api.agent)
    sent = api.client.get(f"{V1}/tickets/export", headers=api.agent)
    rows = list(csv.DictReader(io.StringIO(sent.content.decode("utf-8-sig"))))
    assert [row["subject"] for row in rows if row["id"] == str(number)] == ["'" + subject]
    as_json = api.client.get(f"{V1}/tickets/export?format=json", headers=api.agent).json()
    assert [row["subject"] for row in as_json if row["id"] == number] == [subject]
    assert api.client.get(f"{V1}/tickets/export?format=json&priority=urgent", headers=api.agent).json() == []


def test_search_and_everything_of_a_visitor(api: Api) -> None:
    body = {"channel": "web", "visitor": "quixote-7"}
    conversation = api.client.post(f"{V1}/conversations", json=body).json()["id"]
    found = api.client.get(f"{V1}/staff/conversations/found?q=quixote-7", headers=api.agent).json()
    assert [hit["conversation"]["id"] for hit in found["hits"]] == [conversation] and found["total"] == 1
    path = f"{V1}/staff/conversations/everything"
    everything = api.client.get(path, params={"visitor": "quixote-7"}, headers=api.agent).json()
    assert [view["row"]["id"] for view in everything] == [conversation]
    assert api.client.get(path, params={"visitor": "nobody"}, headers=api.agent).json() == []


@pytest.mark.parametrize("path", ["tickets/export", "staff/conversations/found?q=x", "staff/conversations/everything"])
def test_strangers_get_nothing(api: Api, path: str) -> None:
    assert api.client.get(f"{V1}/{path}").status_code == 401


@pytest.mark.parametrize("query", ["sort=none", "since=yesterday", "assignee=-1", "status=none", "before=x"])
def test_what_is_no_filter_is_refused(api: Api, query: str) -> None:
    assert api.client.get(f"{V1}/tickets?{query}", headers=api.agent).status_code in (400, 422)
