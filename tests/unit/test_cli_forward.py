"""Requests of commands to the API, against an app that answers as it is told."""

from __future__ import annotations

import httpx
import pytest

from support_bot.commands.forward import Api
from support_bot.errors import NotFound, SupportBotError

BASE = "http://127.0.0.1:7860/api/v1"


def api(*answers: httpx.Response | Exception) -> Api:
    """An API that gives these answers, one a request."""
    left = list(answers)

    def answer(_request: httpx.Request) -> httpx.Response:
        given = left.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    return Api(httpx.Client(base_url=BASE, transport=httpx.MockTransport(answer)))


def test_an_error_is_raised_in_the_servers_own_words() -> None:
    refused = httpx.Response(409, json={"error": "conflict", "detail": "ana@example.com already exists."})
    with pytest.raises(SupportBotError, match="already exists"):
        api(refused).send("POST", "/staff", json={})


def test_an_error_without_words_names_status_and_path() -> None:
    with pytest.raises(SupportBotError, match="502 to /api/v1/staff"):
        api(httpx.Response(502, text="<h1>Bad gateway</h1>")).get("/staff")


def test_a_request_that_comes_too_often_is_tried_again() -> None:
    busy = httpx.Response(429, headers={"Retry-After": "0"}, json={"detail": "Too many requests."})
    assert api(busy, busy, httpx.Response(200, json={"staff": []})).get("/staff") == {"staff": []}


def test_an_answer_without_a_body_is_nothing() -> None:
    assert api(httpx.Response(204)).send("DELETE", "/documents/1") is None


def test_a_server_that_does_not_answer_is_named_with_what_to_do() -> None:
    with pytest.raises(SupportBotError, match=r"http://127\.0\.0\.1:7860/ owns the data folder .* restart it"):
        api(httpx.ConnectError("refused")).get("/staff")


class TestEvents:
    def test_comments_are_left_out_and_ids_are_numbers(self) -> None:
        text = (
            ": ping\n\n"
            'id: 7\nevent: text\ndata: {"sentence":"It costs: 5 euros"}\n\n'
            'event: error\ndata: {"code":"timeout","text":"Later."}\n\n'
        )
        assert list(api(httpx.Response(200, text=text)).events("/x", {}, "token")) == [
            {"id": 7, "event": "text", "data": {"sentence": "It costs: 5 euros"}},
            {"id": None, "event": "error", "data": {"code": "timeout", "text": "Later."}},
        ]

    def test_a_refusal_is_an_error(self) -> None:
        refused = httpx.Response(503, json={"error": "overloaded", "detail": "The queue is full."})
        with pytest.raises(SupportBotError, match="queue is full"):
            list(api(refused).events("/x", {}, "token"))

    def test_a_server_that_goes_away_is_an_error(self) -> None:
        with pytest.raises(SupportBotError, match="does not answer"):
            list(api(httpx.ReadError("gone")).events("/x", {}, "token"))


class TestFinding:
    FOUND = httpx.Response(200, json={"documents": [{"id": 4, "name": "a/returns.md"}]})
    END = httpx.Response(200, json={"documents": []})

    def test_a_document_is_found_by_its_whole_name(self) -> None:
        assert api(self.FOUND, self.END).find_document("a/returns.md") == 4

    def test_a_number_is_taken_as_the_id(self) -> None:
        assert api().find_document("12") == 12

    def test_a_part_of_a_name_is_not_enough_but_leads_to_it(self) -> None:
        with pytest.raises(NotFound, match=r"Did you mean a/returns\.md"):
            api(self.FOUND, self.END).find_document("returns.md")
