"""Tickets, conversations, documents and search as staff use them over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support_bot.values import Role

from .api_harness import PASSWORD, QUESTION, V1, Api, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture
def ticket(api: Api) -> str:
    """The path of a new ticket."""
    return f"{V1}/tickets/{api.start().post('/handoff').json()['ticket']}"


def send(api: Api, method: str, path: str, body: Any = None) -> Any:
    answered = api.client.request(method, path, json=body, headers=api.agent)
    assert answered.is_success, answered.text
    return answered.json()


class TestTickets:
    def test_are_listed_in_pages(self, api: Api) -> None:
        for _ in range(3):
            api.start().post("/handoff")
        first = send(api, "GET", f"{V1}/tickets?limit=2")
        second = send(api, "GET", f"{V1}/tickets?limit=2&before={first['next']}")
        ids = [row["id"] for row in first["tickets"] + second["tickets"]]
        assert len(first["tickets"]) == 2 and ids == sorted(ids, reverse=True)

    def test_unknown_views_are_invalid(self, api: Api) -> None:
        assert api.client.get(f"{V1}/tickets?view=none", headers=api.agent).status_code == 422

    def test_change_subject_priority_and_assignee(self, api: Api, ticket: str) -> None:
        me = send(api, "GET", f"{V1}/me")["staff"]["id"]
        changed = send(api, "PATCH", ticket, {"subject": "Late", "priority": "high", "assignee": me})
        assert (changed["row"]["subject"], changed["row"]["priority"], changed["row"]["assignee_id"]) == (
            "Late",
            "high",
            me,
        )
        assert send(api, "PATCH", ticket, {"priority": "low"})["row"]["assignee_id"] == me
        assert send(api, "PATCH", ticket, {"assignee": None})["row"]["assignee_id"] is None

    def test_are_given_to_a_colleague(self, api: Api, ticket: str) -> None:
        colleagues = {found["name"]: found["id"] for found in send(api, "GET", f"{V1}/tickets/assignees")["assignees"]}
        given = send(api, "PATCH", ticket, {"assignee": colleagues["Admin"]})
        assert (given["row"]["assignee"], given["row"]["mode"]) == ("Admin", "waiting")
        assert [given["history"][-1][name] for name in ("kind", "by", "was", "to")] == [
            "assigned",
            "Agent",
            None,
            "Admin",
        ]

    def test_are_not_given_to_somebody_who_left_or_never_was(self, api: Api, ticket: str) -> None:
        gone = api.app.staff.add("gone@example.com", "Gone", Role.AGENT, PASSWORD).id
        api.app.staff.deactivate("gone@example.com", None)
        assert gone not in [found["id"] for found in send(api, "GET", f"{V1}/tickets/assignees")["assignees"]]
        refused = [api.client.patch(ticket, json={"assignee": who}, headers=api.agent) for who in (gone, 999_999)]
        assert [answered.status_code for answered in refused] == [409, 404]
        assert send(api, "GET", ticket)["row"]["assignee_id"] is None

    def test_given_back_to_nobody_the_customer_waits_again(self, api: Api, ticket: str) -> None:
        send(api, "POST", f"{ticket}/reply", {"text": "Hello."})
        assert send(api, "GET", ticket)["row"]["mode"] == "human"
        assert send(api, "PATCH", ticket, {"assignee": None})["row"]["mode"] == "waiting"
        send(api, "POST", f"{ticket}/reply", {"text": "Hello again."})
        assert send(api, "GET", ticket)["row"]["mode"] == "human"

    def test_refuse_priorities_that_do_not_exist(self, api: Api, ticket: str) -> None:
        assert api.client.patch(ticket, json={"priority": "yesterday"}, headers=api.agent).status_code == 422

    def test_reply_note_solve(self, api: Api, ticket: str) -> None:
        assert send(api, "POST", f"{ticket}/reply", {"text": "We look into it."})["author"] == "staff"
        assert send(api, "POST", f"{ticket}/note", {"text": "Ask Anna."})["audience"] == "internal"
        assert send(api, "POST", f"{ticket}/solve")["row"]["status"] == "solved"
        assert api.client.post(f"{ticket}/solve", headers=api.agent).status_code == 409

    def test_hand_back_to_the_bot(self, api: Api, ticket: str) -> None:
        send(api, "POST", f"{ticket}/reply", {"text": "Hello."})
        assert send(api, "POST", f"{ticket}/hand-back")["row"]["mode"] == "bot"


class TestConversations:
    def test_show_traces_and_notes(self, api: Api) -> None:
        chat = api.start()
        chat.ask()
        taken = send(api, "POST", f"{V1}/staff/conversations/{chat.id}/take")
        send(api, "POST", f"{V1}/tickets/{taken['row']['id']}/note", {"text": "Only for us."})
        whole = send(api, "GET", f"{V1}/staff/conversations/{chat.id}")
        assert whole["traces"][0]["passages"] and whole["row"]["mode"] == "human"
        assert "Only for us." in str(whole) and "Only for us." not in chat.get("/messages").text

    def test_are_listed_in_pages(self, api: Api) -> None:
        started = {api.start().id for _ in range(3)}
        found, before = set(), ""
        for _ in range(20):
            page = send(api, "GET", f"{V1}/staff/conversations?limit=2{before}")
            found |= {row["id"] for row in page["conversations"]}
            if page["next"] is None:
                break
            before = f"&before={page['next']}"
        assert started <= found

    def test_that_do_not_exist_are_not_found(self, api: Api) -> None:
        for path in ("none", "none/transcript"):
            assert api.client.get(f"{V1}/staff/conversations/{path}", headers=api.agent).status_code == 404


class TestDocuments:
    def upload(self, api: Api, *files: tuple[str, bytes], **data: str) -> list[dict[str, Any]]:
        parts = [("files", file) for file in files]
        answered = api.client.post(f"{V1}/documents", files=parts, data=data, headers=api.admin)
        assert answered.status_code == 202, answered.text
        return list(answered.json()["files"])

    def test_each_file_has_its_own_outcome(self, api: Api) -> None:
        article = b"# Gift cards\n\nThey are valid for three years.\n"
        found = self.upload(
            api, ("gifts.md", article), ("copy.md", article), ("empty.md", b""), ("x.exe", b"MZ\x00\x01")
        )
        assert [entry["outcome"] for entry in found[:3]] == ["created", "duplicate", "failed"]
        assert found[2]["error"]["detail"] and found[2]["document"] is None
        assert found[0]["document"]["id"] == found[1]["document"]["id"]
        assert self.upload(api, ("gifts.md", article))[0]["outcome"] == "unchanged"
        assert self.upload(api, ("gifts.md", article + b"\nMore.\n"))[0]["outcome"] == "replaced"

    def test_names_keep_their_folders_and_lose_their_tricks(self, api: Api) -> None:
        (taken,) = self.upload(api, ("../../en/hours.md", b"# Hours\n\nNine to five.\n"))
        assert taken["document"]["name"] == "en/hours.md"

    def test_live_from_upload_to_deletion(self, api: Api) -> None:
        document = self.upload(api, ("pods.md", b"# Pods\n\nA pod lasts ten weeks.\n"), audience="internal")[0][
            "document"
        ]
        path = f"{V1}/documents/{document['id']}"
        api.app.knowledge.process(document["id"])
        shown = send(api, "GET", path)
        assert shown["document"]["audience"] == "internal" and shown["chunks"] and "ten weeks" in shown["text"]
        assert api.client.patch(path, json={"audience": "public"}, headers=api.admin).json()["audience"] == "public"
        new = {"file": ("pods.md", b"# Pods\n\nA pod lasts eleven weeks.\n")}
        assert api.client.put(path, files=new, headers=api.admin).status_code == 202
        api.app.knowledge.process(document["id"])
        assert "eleven weeks" in send(api, "GET", path)["text"]
        assert api.client.delete(path, headers=api.admin).status_code == 204
        assert api.client.get(path, headers=api.admin).status_code == 404

    def test_are_listed_with_counts(self, api: Api) -> None:
        found = send(api, "GET", f"{V1}/documents?search=shipping&status=ready")
        assert [row["name"] for row in found["documents"]] == ["shipping.md"]
        assert set(found["counts"]) == {"pending", "processing", "ready", "failed"}

    def test_a_form_without_files_is_invalid(self, api: Api) -> None:
        answered = api.client.post(f"{V1}/documents", data={"audience": "public"}, headers=api.admin)
        assert answered.status_code == 422 and "files" in answered.json()["detail"]


class TestSearch:
    def test_shows_every_score(self, api: Api) -> None:
        found = api.client.get(f"{V1}/search", params={"q": QUESTION}, headers=api.agent).json()["passages"]
        assert found[0]["name"] == "shipping.md"
        assert set(found[0]["scores"]) == {"vector", "keyword", "fused", "rerank"}

    def test_internal_passages_only_when_asked_for(self, api: Api) -> None:
        added = api.app.knowledge.add("secret.md", b"# Supplier\n\nOur supplier is Zorblax Limited.\n")
        api.app.knowledge.process(added.document.id)
        api.client.patch(f"{V1}/documents/{added.document.id}", json={"audience": "internal"}, headers=api.admin)
        for audience, there in (("public", False), ("internal", True)):
            query = {"q": "Who is Zorblax Limited?", "audience": audience}
            answered = api.client.get(f"{V1}/search", params=query, headers=api.agent)
            assert ("Zorblax" in answered.text) is there
