"""The knowledge page's work by API: lists, versions, who was answered, a tested question, pinned answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.api_harness import ARTICLE, QUESTION, V1, Api, running_api

PIN = {"question": "Do you ship to Mars?", "answer": "Not yet.\n\nAsk again in 2090.", "others": ["Mars delivery?"]}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with running_api(tmp_path) as api:
        yield api


def call(api: Api, method: str, path: str, body: Any = None, expect: int = 200, **query: Any) -> Any:
    answered = api.client.request(method, V1 + path, headers=api.admin, json=body, params=query)
    assert answered.status_code == expect, answered.text
    return answered.json() if answered.content else None


def test_documents_are_filtered_sorted_and_counted(api: Api) -> None:
    for number in range(5):
        api.app.knowledge.process(api.app.knowledge.add(f"n{number}.md", f"# N{number}\n\nWords.".encode()).document.id)
    listed = call(api, "GET", "/documents", sort="name", descending=True, limit=2, offset=1, audience="public")
    assert [document["name"] for document in listed["documents"]] == ["n4.md", "n3.md"]
    assert (listed["total"], listed["counts"]["ready"]) == (6, 6)
    assert call(api, "GET", "/documents", audience="internal")["total"] == 0
    for wrong in ({"sort": "colour"}, {"limit": 0}, {"search": "\x00"}, {"audience": "x"}, {"search": "x" * 501}):
        call(api, "GET", "/documents", expect=422, **wrong)


def test_a_version_is_brought_back(api: Api) -> None:
    (document,) = call(api, "GET", "/documents")["documents"]
    path = f"/documents/{document['id']}"
    api.app.knowledge.replace(document["id"], ARTICLE.replace(b"9.90", b"7.70"))
    api.app.knowledge.process(document["id"])
    assert call(api, "POST", f"{path}/roll-back", {"version": 1}, 202)["status"] == "pending"
    api.app.knowledge.process(document["id"])
    assert [version["number"] for version in call(api, "GET", path)["versions"]] == [3, 2, 1]
    assert "9.90" in call(api, "GET", path)["text"]
    call(api, "POST", f"{path}/roll-back", {"version": 1}, 409)
    call(api, "POST", f"{path}/roll-back", {"version": 9}, 404)
    call(api, "POST", f"{path}/roll-back", {"version": "one"}, 422)


def test_who_was_answered_from_a_document(api: Api) -> None:
    (document,) = call(api, "GET", "/documents")["documents"]
    chats = [api.start() for _ in range(3)]
    for chat in chats:
        chat.ask()
    path = f"/documents/{document['id']}/answers"
    first = call(api, "GET", path, limit=2)
    assert [answer["conversation_id"] for answer in first["answers"]] == [chats[2].id, chats[1].id]
    rest = call(api, "GET", path, before=first["next"])
    assert [answer["question"] for answer in rest["answers"]] == [QUESTION] and rest["next"] is None
    call(api, "GET", "/documents/99/answers", expect=404)


def test_a_question_is_tested_without_a_trace(api: Api) -> None:
    tried = call(api, "POST", "/trials", {"question": QUESTION})
    assert (tried["status"], tried["decision"]) == ("answered", "answer:question")
    assert tried["passages"][0]["scores"]["vector"] is not None and tried["citations"][0]["name"] == "shipping.md"
    assert call(api, "GET", "/staff/conversations")["conversations"] == []
    for body in ({}, {"question": " "}, {"question": "x" * 5000}, {"question": "a", "audience": "both"}):
        call(api, "POST", "/trials", body, 422)


def test_a_pinned_answer_from_first_to_last(api: Api) -> None:
    pinned = call(api, "POST", "/pinned-answers", PIN, 201)
    assert (pinned["state"], pinned["others"]) == ("active", ["Mars delivery?"])
    path = f"/pinned-answers/{pinned['id']}"
    chat = api.start()
    said = chat.ask("mars delivery")
    assert (said["text"], said["status"]) == (PIN["answer"], "answered")
    (source,) = said["citations"]
    opened = chat.get(f"/sources/{source['document_id']}/{source['chunk_id']}")
    assert (opened.status_code, opened.json()["text"]) == (200, PIN["answer"])
    assert call(api, "PATCH", path, {"enabled": False})["state"] == "off"
    assert api.start().ask("mars delivery")["text"] != PIN["answer"]
    assert chat.get(f"/sources/0/{source['chunk_id']}").status_code == 404
    assert call(api, "PUT", path, PIN | {"answer": "Soon."})["state"] == "active"
    assert call(api, "GET", path)["answer"] == "Soon."
    assert [entry["id"] for entry in call(api, "GET", "/pinned-answers")["pinned"]] == [pinned["id"]]
    call(api, "DELETE", path, expect=204)
    for method in ("GET", "DELETE"):
        call(api, method, path, expect=404)


def test_what_cannot_be_pinned_is_told(api: Api) -> None:
    call(api, "POST", "/pinned-answers", PIN, 201)
    call(api, "POST", "/pinned-answers", PIN | {"question": "MARS delivery", "others": []}, 409)
    for wrong in (
        {"answer": ""},
        {"url": "javascript:x"},
        {"document_id": 99},
        {"others": ["x"] * 101},
        {"question": 3},
    ):
        call(api, "POST", "/pinned-answers", PIN | wrong, 422)
    assert len(call(api, "GET", "/pinned-answers")["pinned"]) == 1


def curve(*points: tuple[float, int, int, int]) -> dict[str, Any]:
    names = ("threshold", "n", "answered", "wrong")
    return {
        "threshold": 0.5,
        "wrong_at_most": 0.3,
        "points": [dict(zip(names, point, strict=True)) for point in points],
    }


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([(0.5, 10, 3, 4)], "threshold 0.5 with n 10, answered 3, wrong 4 cannot be"),
        ([(0.5, 10, 11, 4)], "at most n are answered"),
        ([(0.9, 10, 2, 0), (0.5, 10, 3, 4)], "answered 3, wrong 4 cannot be"),
        ([(0.9, 10, 2, 0), (0.5, 20, 3, 1)], "not of one exam"),
        ([(0.5, 10, 3, 1), (0.9, 10, 5, 1)], "a lower threshold answers all of these too"),
        ([(0.9, 10, 3, 2), (0.5, 10, 5, 1)], "a lower threshold answers all of these too"),
        ([(0.5, 10, 0, 0)], "answered"),
        ([(0.5, 0, 0, 0)], "body.points.0.n"),
        ([(1.5, 10, 3, 1)], "body.points.0.threshold"),
        ([(0.5, 10, 3, -1)], "body.points.0.wrong"),
    ],
)
def test_a_curve_that_no_exam_gives_is_refused(api: Api, points: list[tuple[float, int, int, int]], words: str) -> None:
    assert words in call(api, "PUT", "/risk", curve(*points), 422)["detail"]
    assert call(api, "GET", "/risk")["chosen"] is None


def test_a_curve_is_taken_in_any_order_and_with_thresholds_that_were_rounded_alike(api: Api) -> None:
    points = [(0.5, 10, 4, 1), (0.9, 10, 2, 0), (0.5, 10, 3, 1), (0.1, 10, 10, 4)]
    assert len(call(api, "PUT", "/risk", curve(*points))["chosen"]["points"]) == 4
    assert call(api, "PUT", "/risk", curve())["chosen"]["points"] == []


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/trials"), ("GET", "/pinned-answers"), ("POST", "/pinned-answers")]
)
def test_agents_and_strangers_may_not(api: Api, method: str, path: str) -> None:
    for headers, status in ((api.agent, 403), ({}, 401)):
        assert api.client.request(method, V1 + path, headers=headers, json=PIN).status_code == status
