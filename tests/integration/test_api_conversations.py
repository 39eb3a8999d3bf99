"""A customer's conversation over HTTP: asking, both ways of answering, and everything around it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support_bot.values import Role

from .api_harness import AS_JSON, QUESTION, V1, Api, Chat, frames, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture
def chat(api: Api) -> Chat:
    return api.start()


class TestStarting:
    def test_answers_an_id_and_a_token(self, api: Api) -> None:
        answered = api.client.post(f"{V1}/conversations", json={"channel": "web", "visitor": "customer-7"})
        assert answered.status_code == 201
        assert set(answered.json()) == {"id", "token"}

    def test_unknown_channel_is_not_found(self, api: Api) -> None:
        answered = api.client.post(f"{V1}/conversations", json={"channel": "nowhere"})
        assert (answered.status_code, answered.json()["error"]) == (404, "not_found")

    def test_switched_off_channel_refuses(self, api: Api) -> None:
        api.app.channels.update("web", enabled=False)
        try:
            assert api.client.post(f"{V1}/conversations", json={"channel": "web"}).status_code == 403
            assert api.client.get(f"{V1}/channels/web/public").status_code == 403
        finally:
            api.app.channels.update("web", enabled=True)


class TestAsking:
    def test_streams_events_until_done(self, chat: Chat) -> None:
        answered = chat.post("/messages", {"text": QUESTION})
        assert answered.headers["content-type"].startswith("text/event-stream")
        events = frames(answered.text)
        kinds = [kind for _, kind, _ in events]
        assert kinds[-1] == "done" and {"evidence", "text", "citation"} <= set(kinds)
        ids = [number for number, _, _ in events]
        assert ids == sorted(set(ids))
        citation = next(data for _, kind, data in events if kind == "citation")
        assert {"index", "title", "heading", "quote", "url"} <= set(citation)

    def test_answers_one_object_when_asked_for_json(self, chat: Chat) -> None:
        answer = chat.ask()
        assert set(answer) == {"message_id", "status", "text", "citations"}
        assert answer["status"] == "answered" and "three to five working days" in answer["text"]
        assert answer["citations"][0]["name"] == "shipping.md"

    def test_both_ways_tell_the_same(self, chat: Chat) -> None:
        events = frames(chat.post("/messages", {"text": QUESTION, "client_message_id": "m1"}).text)
        answer = chat.ask(QUESTION, "m1")
        assert events[-1][2] == {"message_id": answer["message_id"], "status": answer["status"]}
        assert [data for _, kind, data in events if kind == "citation"] == answer["citations"]

    def test_the_same_client_message_id_twice_answers_once(self, chat: Chat) -> None:
        first, second = chat.ask(QUESTION, "only-once"), chat.ask(QUESTION, "only-once")
        assert first == second
        assert [m["author"] for m in chat.get("/messages").json()["messages"]] == ["customer", "bot"]

    def test_a_replayed_stream_carries_the_same_ids(self, chat: Chat) -> None:
        body = {"text": QUESTION, "client_message_id": "again"}
        assert frames(chat.post("/messages", body).text) == frames(chat.post("/messages", body).text)

    def test_a_wish_for_a_person_answers_a_handoff(self, chat: Chat) -> None:
        answer = chat.ask("Can I talk to a person?")
        assert answer["status"] == "handoff"
        assert answer["handoff"]["reason"] == "customer_request" and answer["handoff"]["ticket"]

    def test_while_a_person_answers_there_is_no_turn(self, chat: Chat) -> None:
        chat.post("/handoff")
        kinds = [(kind, data) for _, kind, data in frames(chat.post("/messages", {"text": "Hello?"}).text)]
        assert kinds[0] == ("state", {"mode": "waiting"})
        assert kinds[-1][0] == "done" and kinds[-1][1]["status"] == "handoff"
        assert chat.ask("Anyone?")["status"] == "handoff"


class TestReading:
    def test_messages_after_an_id_with_the_mode(self, chat: Chat) -> None:
        answer = chat.ask()
        both = chat.get("/messages").json()
        assert both["mode"] == "bot" and len(both["messages"]) == 2
        rest = chat.get(f"/messages?after={both['messages'][0]['id']}").json()["messages"]
        assert [message["id"] for message in rest] == [answer["message_id"]]

    def test_opens_the_source_at_the_passage(self, chat: Chat) -> None:
        source = chat.ask()["citations"][0]
        article = chat.get(f"/sources/{source['document_id']}/{source['chunk_id']}").json()
        assert "three to five" in article["text"][article["start"] : article["end"]]

    def test_internal_sources_are_not_found(self, api: Api, chat: Chat) -> None:
        added = api.app.knowledge.add("internal.md", b"# Margins\n\nOurs are high.\n")
        api.app.knowledge.process(added.document.id)
        api.client.patch(f"{V1}/documents/{added.document.id}", json={"audience": "internal"}, headers=api.admin)
        assert chat.get(f"/sources/{added.document.id}/1").status_code == 404

    @pytest.mark.parametrize(
        ("format", "media"), [("txt", "text/plain"), ("json", "application/json"), ("html", "text/html")]
    )
    def test_transcript_is_a_download(self, chat: Chat, format: str, media: str) -> None:
        chat.ask("<script>alert(1)</script> delivery?")
        answered = chat.get(f"/transcript?format={format}")
        assert answered.headers["content-type"].startswith(media)
        assert answered.headers["content-disposition"].startswith("attachment")
        assert format != "html" or "<script>" not in answered.text

    def test_unknown_transcript_format(self, chat: Chat) -> None:
        assert chat.get("/transcript?format=exe").status_code == 422


class TestActing:
    def test_handoff_twice_is_one_ticket(self, chat: Chat) -> None:
        first, second = chat.post("/handoff").json(), chat.post("/handoff").json()
        assert first == second and first["mode"] == "waiting"

    def test_votes_rates_types_stops_and_closes(self, chat: Chat) -> None:
        answer = chat.ask()
        vote = {"helpful": False, "reason": "wrong", "comment": "No."}
        assert chat.post(f"/messages/{answer['message_id']}/feedback", vote).status_code == 204
        assert chat.get("/messages").json()["messages"][1]["helpful"] is False
        assert chat.post("/rating", {"score": 2}).status_code == 204
        assert chat.post("/typing").status_code == 204
        assert chat.post("/stop").status_code == 204
        assert chat.post("/close").status_code == 204
        assert chat.get("/messages").json()["mode"] == "closed"
        assert chat.ask()["status"] == "answered"

    def test_a_vote_needs_a_message_of_this_conversation(self, api: Api, chat: Chat) -> None:
        other = api.start().ask()
        assert chat.post(f"/messages/{other['message_id']}/feedback", {"helpful": True}).status_code == 404

    @pytest.mark.parametrize("score", [0, 6, "5 stars", None])
    def test_ratings_go_from_1_to_5(self, chat: Chat, score: Any) -> None:
        assert chat.post("/rating", {"score": score}).status_code == 422


class TestTokens:
    """What a guessed id, a foreign token and a spoilt one see is the same, to the word."""

    @pytest.fixture
    def refusals(self, api: Api, chat: Chat) -> list[Any]:
        other = api.start()
        ids = (chat.id, "0" * 32, "nonsense")
        headers: tuple[dict[str, str], ...] = (
            {},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "Basic bm86bm8="},
            {"Authorization": other.headers["Authorization"]},
            {"Authorization": chat.headers["Authorization"][:-2] + "xx"},
            api.keys[Role.ADMIN],
        )
        return [api.client.get(f"{V1}/conversations/{i}/messages", headers=h) for i in ids for h in headers]

    def test_are_all_refused_in_the_same_words(self, refusals: list[Any]) -> None:
        assert {answered.status_code for answered in refusals} == {401}
        assert len({(a.json()["error"], a.json()["detail"]) for a in refusals}) == 1
        assert len({tuple(sorted(set(a.headers) - {"x-request-id"})) for a in refusals}) == 1

    def test_every_route_of_a_conversation_needs_its_token(self, api: Api, chat: Chat) -> None:
        other = api.start()
        for template, operations in api.asgi.openapi()["paths"].items():
            if not template.startswith(f"{V1}/conversations/{{"):
                continue
            path = template.replace("{conversation_id}", chat.id)
            for name in ("message_id", "document_id", "chunk_id"):
                path = path.replace(f"{{{name}}}", "1")
            for method in operations:
                answered = api.client.request(method, path, headers=other.headers)
                assert answered.status_code == 401, (method, path)

    def test_expire(self, database: str, tmp_path_factory: pytest.TempPathFactory) -> None:
        with running_api(tmp_path_factory.mktemp("data"), conversation_token_days=-1) as late:
            assert late.start().get("/messages").status_code == 401

    def test_are_not_taken_from_the_url(self, chat: Chat) -> None:
        token = chat.headers["Authorization"].removeprefix("Bearer ")
        answered = chat.client.get(f"{chat.path}/messages?token={token}&access_token={token}", headers=AS_JSON)
        assert answered.status_code == 401
