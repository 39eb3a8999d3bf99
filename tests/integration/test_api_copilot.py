"""Drafts, similar tickets, priorities and flags as staff and programs use them over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .api_harness import V1, Api, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


def asked(api: Api) -> tuple[int, str]:
    """The bot's answer to a question, and the path of the ticket that followed."""
    chat = api.start()
    answer = chat.ask()["message_id"]
    return answer, f"{V1}/tickets/{chat.post('/handoff').json()['ticket']}"


def test_a_draft_comes_with_its_evidence_and_is_not_sent(api: Api) -> None:
    _, ticket = asked(api)
    found = api.client.post(f"{ticket}/suggestion", headers=api.agent).json()
    assert "three to five working days" in found["text"]
    assert found["parts"][0]["sources"][0]["audience"] == "public"
    history = api.client.get(ticket, headers=api.agent).json()["history"]
    assert [line["kind"] for line in history] == ["opened"]


def test_what_helps_is_for_staff_and_lists_are_for_admins(api: Api) -> None:
    answer, ticket = asked(api)
    for method, path in (
        ("POST", f"{ticket}/suggestion"),
        ("GET", f"{ticket}/similar"),
        ("GET", f"{ticket}/priority"),
        ("DELETE", f"{V1}/messages/{answer}/flag"),
    ):
        assert api.client.request(method, path).status_code == 401
    for path in ("flags", "suggestions"):
        assert api.client.get(f"{V1}/{path}", headers=api.agent).status_code == 403
        assert api.client.get(f"{V1}/{path}", headers=api.admin).status_code == 200


def test_a_reply_is_said_in_another_tone(api: Api) -> None:
    said = {"text": "We cannot send it before 12 May. Thank you for your patience.", "tone": "shorter"}
    found = api.client.post(f"{V1}/rewrites", json=said, headers=api.agent).json()
    assert found == {"text": "We cannot send it before 12 May.", "tone": "shorter", "changed": True, "note": ""}
    for wrong, status in (({"text": " "}, 422), ({"tone": "rude"}, 422), ({"text": "word " * 10_000}, 422)):
        assert api.client.post(f"{V1}/rewrites", json=said | wrong, headers=api.agent).status_code == status
    assert api.client.post(f"{V1}/rewrites", json=said).status_code == 401


def test_a_solved_ticket_gets_no_draft(api: Api) -> None:
    _, ticket = asked(api)
    api.client.post(f"{ticket}/solve", headers=api.agent)
    assert api.client.post(f"{ticket}/suggestion", headers=api.agent).status_code == 409
    assert api.client.post(f"{V1}/tickets/999999/suggestion", headers=api.agent).status_code == 404


def test_a_similar_ticket_shows_how_it_ended(api: Api) -> None:
    _, old = asked(api)
    api.client.post(f"{old}/reply", json={"text": "It is on its way."}, headers=api.agent)
    api.client.post(f"{old}/solve", headers=api.agent)
    api.app.desk.similar.sweep()
    _, new = asked(api)
    found = api.client.get(f"{new}/similar?limit=1", headers=api.agent).json()["tickets"]
    assert [ticket["outcome"] for ticket in found] == ["It is on its way."]
    assert api.client.get(f"{new}/similar?limit=0", headers=api.agent).status_code == 422
    assert "too few" in api.client.get(f"{new}/priority", headers=api.agent).json()["note"]


def test_a_flag_is_listed_with_the_trace_until_it_is_taken_back(api: Api) -> None:
    answer, _ = asked(api)
    path = f"{V1}/messages/{answer}/flag"
    assert api.client.put(path, json={"reason": "rude"}, headers=api.agent).status_code == 422
    assert api.client.put(path, json={"reason": "tone", "comment": "Too short"}, headers=api.agent).status_code == 200
    listed = api.client.get(f"{V1}/flags?reason=tone", headers=api.admin).json()
    assert listed["flags"][0]["message_id"] == answer and listed["flags"][0]["trace"]["standalone"]
    assert listed["counts"]["tone"] == 1
    assert api.client.delete(path, headers=api.agent).status_code == 204
    assert api.client.delete(path, headers=api.agent).status_code == 404
