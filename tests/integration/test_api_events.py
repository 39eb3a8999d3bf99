"""Server-sent events over a real socket: resuming, endless reading, heart-beats, and readers that go away."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx
import pytest
import uvicorn

from support_bot.api import sse

from .api_harness import AS_JSON, QUESTION, V1, Api, Chat, listening, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture(scope="module")
def url(api: Api) -> Iterator[str]:
    config = uvicorn.Config(api.asgi, port=0, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    with listening(config) as url:
        yield url


@pytest.fixture
def chat(api: Api) -> Chat:
    return api.start()


@pytest.fixture
def http(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=20, trust_env=False) as http:
        yield http


def events(response: httpx.Response) -> Iterator[tuple[int, str, Any]]:
    """Events of a stream as they come."""
    fields: dict[str, str] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line and name:
            fields[name] = value
        elif not line and "event" in fields:
            yield int(fields["id"]), fields["event"], json.loads(fields["data"])
            fields = {}


def read(http: httpx.Client, chat: Chat, count: int, **more: Any) -> list[tuple[int, str, Any]]:
    """The first `count` events that the endless stream has."""
    headers = chat.headers | more.pop("headers", {})
    with http.stream("GET", f"{chat.path}/events", headers=headers, **more) as response:
        assert response.status_code == 200
        return list(islice(events(response), count))


class TestEvents:
    def test_begin_with_the_history(self, http: httpx.Client, chat: Chat) -> None:
        answer = chat.ask()
        found = read(http, chat, 5)
        assert [kind for _, kind, _ in found] == ["message", "evidence", "text", "citation", "done"]
        assert found[0][2]["author"] == "customer" and found[-1][2]["message_id"] == answer["message_id"]

    @pytest.mark.parametrize("by", ["header", "query"])
    def test_resume_behind_a_position(self, http: httpx.Client, chat: Chat, by: str) -> None:
        chat.ask()
        whole = read(http, chat, 5)
        seen = whole[2][0]
        more = {"headers": {"Last-Event-ID": str(seen)}} if by == "header" else {"params": {"after": seen}}
        assert read(http, chat, 2, **more) == whole[3:]

    def test_the_header_wins_over_the_address(self, http: httpx.Client, chat: Chat) -> None:
        chat.ask()
        whole = read(http, chat, 5)
        more = {"headers": {"Last-Event-ID": str(whole[3][0])}, "params": {"after": 0}}
        assert read(http, chat, 1, **more) == whole[4:]

    def test_a_position_that_is_no_number_is_invalid(self, chat: Chat) -> None:
        assert chat.get("/events", headers={"Last-Event-ID": "abc"}).status_code == 422

    def test_arrive_while_one_listens(self, api: Api, http: httpx.Client, chat: Chat) -> None:
        ticket = api.app.handoff.request(chat.id).row.id
        position = api.app.chat.events(chat.id)[-1].id
        agent = api.app.staff.page()[0].id
        later = threading.Timer(0.5, lambda: api.app.tickets.reply(ticket, agent, "Good morning!"))
        later.start()
        found = read(http, chat, 3, params={"after": position})
        later.join()
        said = [data for _, kind, data in found if kind == "message" and data["author"] == "staff"]
        assert said[0]["text"] == "Good morning!" and said[0]["name"]
        assert ("state", {"mode": "human"}) in [(kind, data) for _, kind, data in found]

    def test_a_message_wakes_a_quiet_stream(
        self, http: httpx.Client, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The widget reads this stream only: what it sends must not wait for an idle reader's next look."""
        monkeypatch.setattr(sse._Pace, "until_next_look", lambda self: 60.0)
        with http.stream("GET", f"{chat.path}/events", headers=chat.headers) as response:
            time.sleep(0.5)  # the reader has looked, and looks again in a minute
            http.post(f"{chat.path}/messages", json={"text": QUESTION}, headers=chat.headers | AS_JSON)
            assert next(events(response))[1] == "message"

    def test_never_show_notes_of_staff(self, api: Api, http: httpx.Client, chat: Chat) -> None:
        ticket = api.app.handoff.request(chat.id).row.id
        agent = api.app.staff.page()[0].id
        api.app.tickets.note(ticket, agent, "Difficult customer.")
        api.app.tickets.reply(ticket, agent, "Hello.")
        found = read(http, chat, len(api.app.chat.events(chat.id)))
        assert found[-1][2]["text"] == "Hello." and "Difficult" not in str(found)

    def test_a_quiet_stream_has_heart_beats(
        self, http: httpx.Client, chat: Chat, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sse, "HEARTBEAT_S", 0.2)
        with http.stream("GET", f"{chat.path}/events", headers=chat.headers) as response:
            assert next(response.iter_lines()).startswith(": ")


class TestReadersThatGoAway:
    def test_cancel_nothing(self, http: httpx.Client, chat: Chat) -> None:
        body = {"text": QUESTION, "client_message_id": "lost"}
        with http.stream("POST", f"{chat.path}/messages", json=body, headers=chat.headers) as response:
            assert response.status_code == 200
        answer = chat.ask(QUESTION, "lost")
        assert answer["status"] == "answered" and "three to five" in answer["text"]

    def test_resume_the_answer_where_they_were(self, http: httpx.Client, chat: Chat) -> None:
        with http.stream("POST", f"{chat.path}/messages", json={"text": QUESTION}, headers=chat.headers) as response:
            first = next(events(response))
        rest = read(http, chat, 3, headers={"Last-Event-ID": str(first[0])})
        assert first[1] == "evidence" and [kind for _, kind, _ in rest] == ["text", "citation", "done"]


class TestManyReaders:
    def test_hold_no_threads(self, api: Api, url: str) -> None:
        """More readers than the thread pool has threads, and ordinary requests are still answered."""
        chats = [api.start() for _ in range(60)]
        limits = httpx.Limits(max_connections=100)
        with httpx.Client(base_url=url, timeout=20, trust_env=False, limits=limits) as http:
            streams = [http.stream("GET", f"{chat.path}/events", headers=chat.headers) for chat in chats]
            opened = [stream.__enter__() for stream in streams]
            try:
                assert {response.status_code for response in opened} == {200}
                asked = http.post(
                    f"{chats[0].path}/messages", json={"text": QUESTION}, headers=chats[0].headers | AS_JSON
                )
                assert asked.json()["status"] == "answered"
                assert http.get("/health").status_code == 200
            finally:
                for stream in streams:
                    stream.__exit__(None, None, None)


class TestSlowAnswers:
    def test_are_told_so_and_go_on(self, api: Api, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sse, "TURN_TIMEOUT_S", 0.0)
        streamed = chat.post("/messages", {"text": QUESTION, "client_message_id": "slow"})
        assert "event: error" in streamed.text and '"code":"timeout"' in streamed.text
        monkeypatch.undo()
        assert (
            api.client.post(
                f"{V1}/conversations/{chat.id}/messages",
                json={"text": QUESTION, "client_message_id": "slow"},
                headers=chat.headers | AS_JSON,
            ).json()["status"]
            == "answered"
        )
