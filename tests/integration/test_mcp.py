"""The library's own client against `/mcp` over HTTP and `support-bot mcp` over standard input and output."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest
import uvicorn
from mcp import Client, MCPError, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from support_bot.assembly import build_app
from support_bot.storage.data_folder import DataFolder
from support_bot.values import Audience, Role
from tests.factories import make_database

from .api_harness import QUESTION, Api, listening, running_api, settings

FACT = "three to five working days"
SECRET = "The staff discount is 30 percent on every order."
ASKED_BY_STAFF = "How much is the staff discount?"
ROOT = Path(__file__).parents[2]


@dataclass
class World:
    api: Api
    url: str
    key: str

    def token(self, role: Role) -> str:
        return self.api.keys[role]["Authorization"].removeprefix("Bearer ")

    @asynccontextmanager
    async def client(self, token: str, **options: Any) -> AsyncIterator[Client]:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30) as http,
            Client(streamable_http_client(f"{self.url}/mcp", http_client=http), **options) as client,
        ):
            yield client

    async def call(self, key: str, tool: str, /, **arguments: Any) -> Any:
        async with self.client(key) as client:
            return await client.call_tool(tool, arguments)

    def post(self, **more: Any) -> httpx.Response:
        headers = {"Accept": "application/json, text/event-stream"} | more.pop("headers", {})
        return httpx.post(f"{self.url}/mcp", headers=headers, trust_env=False, **more)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUPPORT_BOT_MCP__WRITE", "true")
        with running_api(tmp_path_factory.mktemp("data"), messages_per_minute=50) as api:
            app = api.app
            app.knowledge.process(
                app.knowledge.add(
                    "staff.md", f"# Discounts\n\n{SECRET}".encode(), audience=Audience.INTERNAL
                ).document.id
            )
            _, key = app.channels.create_key("web", "shop")
            with listening(uvicorn.Config(api.asgi, port=0, log_config=None)) as url:
                yield World(api, url, key)


def text(result: Any) -> str:
    return "".join(part.text for part in result.content)


class TestTools:
    async def test_are_those_that_the_caller_may_use(self, world: World) -> None:
        async with world.client(world.key) as client:
            names = {tool.name for tool in (await client.list_tools()).tools}
        assert names == {"search_knowledge", "ask", "get_conversation", "say"}
        async with world.client(world.token(Role.AGENT)) as client:
            tools = (await client.list_tools()).tools
        reading = {"search_knowledge", "ask", "get_conversation", "draft_reply", "summarise_ticket"}
        assert {tool.name for tool in tools} == reading | {"add_note"}
        assert {tool.name for tool in tools if tool.annotations.read_only_hint} == reading

    @pytest.mark.parametrize("mode", ["auto", "legacy"])
    async def test_search_and_answer_with_citations(self, world: World, mode: Any) -> None:
        async with world.client(world.key, mode=mode) as client:
            found = (await client.call_tool("search_knowledge", {"query": QUESTION})).structured_content
            answered = (await client.call_tool("ask", {"question": QUESTION})).structured_content
        assert FACT in found["passages"][0]["text"]
        assert answered["status"] == "answered" and FACT in answered["text"]
        assert [(c["index"], c["title"]) for c in answered["citations"]] == [(1, "Shipping")]

    async def test_asking_stores_nothing(self, world: World) -> None:
        before = len(world.api.app.tickets.conversations(limit=500))
        await world.call(world.key, "ask", question="I want to talk to a person")
        assert len(world.api.app.tickets.conversations(limit=500)) == before

    async def test_a_draft_and_a_summary_of_a_ticket(self, world: World) -> None:
        chat = world.api.start()
        chat.ask()
        ticket = chat.post("/handoff", {}).json()["ticket"]
        agent = world.token(Role.AGENT)
        world.api.app.tickets.note(ticket, 2, "Ask the carrier first.")
        drafted = (await world.call(agent, "draft_reply", ticket_id=ticket)).structured_content
        assert FACT in drafted["public_text"] and drafted["parts"][0]["sources"][0]["title"] == "Shipping"
        summed = (await world.call(agent, "summarise_ticket", ticket_id=ticket)).structured_content
        assert QUESTION in summed["summary"] and "Ask the carrier first." in summed["summary"]
        read = (await world.call(agent, "get_conversation", conversation_id=chat.id)).structured_content
        assert [m["internal"] for m in read["messages"]].count(True) == 1
        token = chat.headers["Authorization"].removeprefix("Bearer ")
        seen = await world.call(world.key, "get_conversation", conversation_id=chat.id, token=token)
        assert QUESTION in text(seen) and "carrier" not in text(seen)


class TestAudience:
    async def test_a_channels_key_never_sees_internal_passages(self, world: World) -> None:
        for tool, name in (("search_knowledge", "query"), ("ask", "question")):
            for extra in ({}, {"audience": "internal"}):
                result = await world.call(world.key, tool, **{name: ASKED_BY_STAFF}, **extra)
                assert "30 percent" not in text(result)

    async def test_staff_see_them_when_they_ask_for_them(self, world: World) -> None:
        agent = world.token(Role.AGENT)
        public = await world.call(agent, "search_knowledge", query=ASKED_BY_STAFF)
        assert "30 percent" not in text(public)
        internal = await world.call(agent, "search_knowledge", query=ASKED_BY_STAFF, audience="internal")
        assert {p["audience"] for p in internal.structured_content["passages"] if "30" in p["text"]} == {"internal"}

    async def test_conversations_of_others_stay_closed(self, world: World) -> None:
        mine, other = world.api.start(), world.api.start()
        token = other.headers["Authorization"].removeprefix("Bearer ")
        refused = await world.call(world.key, "get_conversation", conversation_id=mine.id, token=token)
        assert refused.is_error and "no such conversation" in text(refused)
        world.api.app.channels.add("till", "Till")
        _, key = world.api.app.channels.create_key("till", "till")
        refused = await world.call(key, "get_conversation", conversation_id=other.id, token=token)
        assert refused.is_error and "another channel" in text(refused)


class TestWriting:
    async def test_a_conversation_goes_on_and_reaches_people(self, world: World) -> None:
        first = (await world.call(world.key, "say", text=QUESTION)).structured_content
        assert FACT in first["text"] and first["citations"]
        same = {name: first[name] for name in ("conversation_id", "token")}
        handed = (await world.call(world.key, "say", text="I want to talk to a person", **same)).structured_content
        assert handed["status"] == "handoff"
        assert world.api.app.tickets.get(handed["ticket"]).row.conversation_id == first["conversation_id"]

    async def test_only_agents_write_notes_and_drafts(self, world: World) -> None:
        chat = world.api.start()
        ticket = chat.post("/handoff", {}).json()["ticket"]
        viewer = world.token(Role.VIEWER)
        refused = await world.call(viewer, "draft_reply", ticket_id=ticket)
        assert refused.is_error and "viewer" in text(refused)
        assert (await world.call(viewer, "add_note", ticket_id=ticket, text="x")).is_error
        await world.call(world.token(Role.AGENT), "add_note", ticket_id=ticket, text="From the assistant.")
        assert "assistant" in world.api.app.tickets.conversation(chat.id).messages[-1].text
        assert "assistant" not in chat.get("/messages").text


class TestErrors:
    @pytest.mark.parametrize(
        ("tool", "arguments", "told"),
        [
            ("ask", {"question": " "}, "The question is empty."),
            ("ask", {}, "question: Field required"),
            ("ask", {"question": "x" * 4001}, "at most 4000"),
            ("search_knowledge", {"query": "x", "limit": 0}, "limit"),
            ("summarise_ticket", {"ticket_id": 999_999}, "no ticket"),
            ("summarise_ticket", {"ticket_id": 10**30}, "ticket_id"),
            ("get_conversation", {"conversation_id": "none"}, "no such conversation"),
        ],
    )
    async def test_say_what_to_change(self, world: World, tool: str, arguments: Any, told: str) -> None:
        result = await world.call(world.token(Role.AGENT), tool, **arguments)
        assert result.is_error and told in text(result) and len(text(result)) < 300

    def test_without_a_good_key_nothing_opens(self, world: World) -> None:
        key = {"Authorization": f"Bearer {world.key}"}
        ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        for headers in (
            {},
            {"Authorization": "Basic x"},
            {"Authorization": "Bearer sb_x"},
            {"Authorization": "Bearer sbc_x"},
        ):
            refused = world.post(json=ping, headers=headers)
            assert refused.status_code == 401 and refused.headers["www-authenticate"] == "Bearer"
        foreign = world.post(json=ping, headers={**key, "Origin": "https://evil.example.com"})
        assert foreign.status_code == 403 and foreign.json()["error"] == "forbidden"
        assert world.post(json=ping, headers=key).json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
        assert world.post(content=b"x" * 1_100_000, headers=key).status_code == 413
        assert world.post(content=b"{", headers={**key, "Content-Type": "application/json"}).status_code == 400
        assert httpx.get(f"{world.url}/mcp", headers=key, trust_env=False).status_code == 405

    async def test_a_channel_that_is_off_answers_nobody(self, world: World) -> None:
        world.api.app.channels.add("off", "Off")
        _, key = world.api.app.channels.create_key("off", "x")
        world.api.app.channels.update("off", enabled=False)
        assert world.post(json={}, headers={"Authorization": f"Bearer {key}"}).status_code == 403


async def test_questions_are_limited_for_each_key(tmp_path: Path) -> None:
    with running_api(tmp_path, messages_per_minute=2) as api:
        _, key = api.app.channels.create_key("web", "shop")
        with listening(uvicorn.Config(api.asgi, port=0, log_config=None)) as url:
            world = World(api, url, key)
            answers = [await world.call(key, "ask", question=QUESTION) for _ in range(3)]
    assert [answer.is_error for answer in answers] == [False, False, True]
    assert "Try again in" in text(answers[-1])


class TestStdio:
    @asynccontextmanager
    async def client(self, folder: Path) -> AsyncIterator[Client]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SUPPORT_BOT_")}
        told = {
            "PYTHONPATH": str(ROOT), "SUPPORT_BOT_DATA_DIR": str(folder), "SUPPORT_BOT_SAMPLE_DATA": "false",
            "SUPPORT_BOT_OFFLINE": "true", "SUPPORT_BOT_ENGINE__KIND": "fake",
            "SUPPORT_BOT_ANSWERING__ANSWER_THRESHOLD": "0", "SUPPORT_BOT_ENGINE__TUNE": "off",
        }  # fmt: skip
        command = [sys.executable, "-c", "from support_bot.cli import main; main()", "mcp"]
        async with Client(StdioServerParameters(command=command[0], args=command[1:], env=kept | told)) as client:
            yield client

    async def test_works_on_its_own(self, tmp_path: Path) -> None:
        make_database(chosen := settings(tmp_path))
        app = build_app(chosen)
        app.channels.ensure_default()
        app.knowledge.process(
            app.knowledge.add("a.md", b"# Shipping\n\nDelivery takes three to five working days.").document.id
        )
        app.close()
        async with self.client(tmp_path) as client:
            assert "draft_reply" in [tool.name for tool in (await client.list_tools()).tools]
            found = await client.call_tool("search_knowledge", {"query": QUESTION})
            assert FACT in text(found)
            refused = await client.call_tool("summarise_ticket", {"ticket_id": 7})
            assert refused.is_error and "no ticket" in text(refused)
            with pytest.raises(MCPError, match="no tool"):
                await client.call_tool("say", {"text": QUESTION})

    async def test_passes_on_to_the_server_that_runs(self, tmp_path: Path) -> None:
        with (
            running_api(tmp_path) as api,
            DataFolder(tmp_path).own() as owned,
            listening(uvicorn.Config(api.asgi, port=0, log_config=None)) as url,
        ):
            owned.announce(url, api.app.owner_token)
            async with self.client(tmp_path) as client:
                answered = await client.call_tool("ask", {"question": QUESTION})
        assert FACT in answered.structured_content["text"]
