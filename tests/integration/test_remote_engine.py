"""What a remote engine makes of servers that die, keep silent, refuse or talk nonsense."""

from __future__ import annotations

import json
import logging
import threading
import time
from contextlib import ExitStack
from email.utils import formatdate

import pytest

from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Cancelled, EngineUnavailable, Invalid
from support_bot.settings import Settings
from support_bot.testing.engine import LONG, ask, figures_of, finished
from tests.factories import wait_for
from tests.openai_servers import (
    KEY,
    Script,
    free_port,
    is_silent,
    llama_server,
    refuses,
    says,
    sends,
    talks_for_ever,
)
from tests.remote_engines import remote


class TestAnswers:
    def test_are_asked_for_with_all_their_limits(self, serve) -> None:
        server, engine = serve(says("Hello", " there"))
        assert list(engine.start(ask("Hi", max_tokens=7, temperature=0.5, seed=3, top_p=0.9))) == ["Hello", " there"]
        (request,) = server.requests
        assert f"authorization: bearer {KEY}" in request.lower() and request.startswith("POST /v1/chat/completions")
        for part in ('"model":"writer"', '"max_tokens":7', '"temperature":0.5', '"seed":3', '"top_p":0.9'):
            assert part in request
        assert '"stream":true' in request and '"messages":[{"content":"Hi","role":"user"}]' in request

    def test_are_counted_as_the_server_counts(self, serve) -> None:
        _, engine = serve(says("Hello", " there", usage=(40, 3)))
        stats = finished(engine.start(ask("Hi")))
        assert (stats.prompt_tokens, stats.reused_tokens, stats.answer_tokens, stats.finish) == (40, 20, 3, "end")
        assert engine.figures().prompt_tokens == 40 and engine.figures().reused_tokens == 20

    def test_are_counted_by_estimate_where_it_does_not(self, serve) -> None:
        _, engine = serve(says("x" * 30, finish="length"))
        stats = finished(engine.start(ask("y" * 90)))
        assert (stats.prompt_tokens, stats.answer_tokens, stats.finish) == (30, 10, "length")

    def test_with_half_a_character_are_whole(self, serve) -> None:
        server, engine = serve(says("Gr", "\ud83d", "üße"))
        assert "".join(engine.start(ask("Hi \ud83d, Grüße"))) == "Gr?üße"
        assert '"content":"Hi ?, Grüße"' in server.requests[0]

    def test_that_go_on_behind_a_stop_string_are_hung_up_on(self, serve) -> None:
        server, engine = serve(talks_for_ever)
        generation = engine.start(ask("Hi", max_tokens=400, stop=("d word word",)))
        assert "".join(generation) == "wor" and figures_of(generation).finish == "stop"
        assert server.left.wait(10)
        assert "stop" not in server.requests[0].partition("messages")[0]

    def test_that_nobody_wants_any_more_are_hung_up_on(self, serve) -> None:
        server, engine = serve(talks_for_ever, says("next"), slots=1)
        running, waiting = engine.start(ask("Hi")), engine.start(ask("Hi"))
        next(iter(running))
        running.cancel()
        with pytest.raises(Cancelled):
            list(running)
        assert server.left.wait(10) and list(waiting) == ["next"]

    def test_that_take_too_long_are_hung_up_on(self, serve) -> None:
        server, engine = serve(talks_for_ever)
        generation = engine.start(ask("Hi", deadline_s=2.0))
        with pytest.raises(EngineUnavailable, match="longer"):
            list(generation)
        assert server.left.wait(10) and figures_of(generation).finish == "deadline"

    def test_are_as_many_at_once_as_there_are_slots(self, serve) -> None:
        server, engine = serve(talks_for_ever, slots=3)
        running = [engine.start(ask("Hi")) for _ in range(4)]
        for generation in running[:3]:
            next(iter(generation))
        assert len(server.requests) == 3 and running[3].place() == 1 and engine.figures().running == 3
        engine.close()
        assert server.left.wait(10)


class TestFailures:
    def test_a_server_that_is_killed_while_it_writes(self, made: ExitStack) -> None:
        weights = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull("smollm2-135m")
        url, process = made.enter_context(llama_server(weights))
        engine = remote(url, timeout_s=60)
        made.callback(engine.close)
        generation = engine.start(ask(LONG, max_tokens=300))
        pieces = iter(generation)
        assert next(pieces)
        process.kill()
        with pytest.raises(EngineUnavailable, match="broke off"):
            list(pieces)
        assert figures_of(generation).finish == "failed" and figures_of(generation).answer_tokens > 0
        with pytest.raises(EngineUnavailable, match="no answer"):
            list(engine.start(ask("Say hello.")))

    def test_an_answer_that_ends_without_an_end(self, serve) -> None:
        server, engine = serve(says("Half an", " ans", finish=None))
        generation = engine.start(ask("Hi"))
        with pytest.raises(EngineUnavailable, match="broke off"):
            assert list(generation) == ["never"]
        assert len(server.requests) == 1  # text has come, so it is not asked for again

    def test_nobody_listens(self, made: ExitStack) -> None:
        engine = remote(f"http://127.0.0.1:{free_port()}/v1", retries=1)
        made.callback(engine.close)
        generation = engine.start(ask("Hi"))
        with pytest.raises(EngineUnavailable, match="gives no answer"):
            list(generation)
        assert figures_of(generation).first_token_s == 0.0 and engine.figures().prompt_tokens == 0
        assert engine.alive()

    def test_a_server_that_accepts_and_never_answers_is_asked_once(self, serve) -> None:
        server, engine = serve(is_silent, timeout_s=0.3)
        with pytest.raises(EngineUnavailable, match=r"silent for 0\.3 s"):
            list(engine.start(ask("Hi")))
        assert len(server.requests) == 1 and server.left.wait(10)

    def test_a_server_that_falls_silent(self, serve) -> None:
        begins = says("Half an answer", finish=None)
        server, engine = serve(lambda client: (begins(client), is_silent(client)), timeout_s=0.5)
        pieces = iter(engine.start(ask("Hi")))
        assert next(pieces) == "Half an answer"
        with pytest.raises(EngineUnavailable, match="silent"):
            next(pieces)
        assert server.left.wait(10)

    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    def test_a_passing_failure_is_tried_again(self, serve, status: int) -> None:
        server, engine = serve(refuses(status, retry_after="0"), refuses(status, retry_after="0"), says("Hello"))
        assert list(engine.start(ask("Hi"))) == ["Hello"]
        assert len(server.requests) == 3

    def test_it_is_tried_again_as_often_as_set(self, serve) -> None:
        server, engine = serve(refuses(503, retry_after="0"), retries=3)
        with pytest.raises(EngineUnavailable, match="503"):
            list(engine.start(ask("Hi")))
        assert len(server.requests) == 4

    def test_the_wait_it_asks_for_is_kept(self, serve) -> None:
        _, engine = serve(refuses(429, retry_after="1"), says("Hello"))
        began = time.monotonic()
        assert list(engine.start(ask("Hi"))) == ["Hello"]
        assert time.monotonic() - began >= 1

    @pytest.mark.parametrize("after", ["3600", formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "date"])
    def test_a_long_wait_is_told_and_not_waited_for(self, serve, after: str) -> None:
        server, engine = serve(refuses(429, retry_after=after))
        with pytest.raises(EngineUnavailable, match="too much to do") as told:
            list(engine.start(ask("Hi")))
        assert 60 < told.value.retry_after <= 3601 and len(server.requests) == 1

    @pytest.mark.parametrize("nonsense", ["soon", "", "-5", "1e9", "Mon, 99 Foo 2026"])
    def test_a_wait_that_nobody_understands_is_ours(self, serve, nonsense: str) -> None:
        _, engine = serve(refuses(503, retry_after=nonsense), says("Hello"))
        assert list(engine.start(ask("Hi"))) == ["Hello"]

    @pytest.mark.parametrize(
        "bytes_sent",
        [
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {not json, account 4711\n\n",
            b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: {"choices": 4711}\n\n',
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: \xff\xfe\x00 4711\n\n",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h1>Welcome, account 4711</h1>",
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n",
            b"SSH-2.0-OpenSSH account 4711\r\n",
            b"",
        ],
        ids=["not json", "other json", "not text", "a page", "nothing", "no http", "hangs up"],
    )
    def test_nonsense_is_a_failure_that_quotes_nothing(self, serve, caplog, bytes_sent: bytes) -> None:
        server, engine = serve(sends(bytes_sent), retries=1)
        with caplog.at_level(logging.DEBUG, logger="support_bot"), pytest.raises(EngineUnavailable) as told:
            list(engine.start(ask("Hi, my secret is 0815")))
        assert len(server.requests) == 2 and caplog.records
        for secret in ("4711", "0815", KEY):
            assert secret not in caplog.text + told.value.detail

    @pytest.mark.parametrize(
        ("status", "words"), [(401, "refuses the key"), (403, "refuses the key"), (404, "not there")]
    )
    def test_a_refusal_is_not_tried_again_and_shows_no_key(self, serve, caplog, status: int, words: str) -> None:
        server, engine = serve(refuses(status, f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}'))
        with (
            caplog.at_level(logging.DEBUG, logger="support_bot"),
            pytest.raises(EngineUnavailable, match=words) as told,
        ):
            list(engine.start(ask("Hi")))
        assert len(server.requests) == 1
        assert KEY not in caplog.text + told.value.detail + repr(told.value.__cause__)

    @pytest.mark.parametrize(
        ("status", "error"),
        [
            (400, {"code": "context_length_exceeded", "message": "too many tokens"}),
            (400, {"type": "exceed_context_size_error", "code": 400, "message": "too many tokens"}),
            (400, {"message": "This model's maximum context length is 4 tokens.", "type": "BadRequestError"}),
            (413, {}),
        ],
        ids=["OpenAI", "llama-server", "vLLM", "a proxy"],
    )
    def test_a_prompt_that_only_the_server_finds_too_long(self, serve, status: int, error: dict[str, object]) -> None:
        server, engine = serve(refuses(status, json.dumps({"error": error})))
        with pytest.raises(Invalid, match="too long"):
            list(engine.start(ask("Hi")))
        assert len(server.requests) == 1

    def test_the_next_request_goes_on_after_any_of_them(self, serve) -> None:
        _, engine = serve(refuses(401), says("Half", finish=None), sends(b"\0"), says("Hello"), retries=0, slots=1)
        for _ in range(3):
            with pytest.raises(EngineUnavailable):
                list(engine.start(ask("Hi")))
        assert list(engine.start(ask("Hi"))) == ["Hello"] and engine.figures().running == 0


class TestPause:
    """After a failure the server is left alone, so that one customer waits for it and not each."""

    @pytest.mark.parametrize("failing", [is_silent, refuses(500), refuses(401), refuses(404), sends(b"")])
    def test_a_server_that_answers_nobody_is_left_alone(self, serve, failing: Script) -> None:
        server, engine = serve(failing, says("Hello"), retries=0, timeout_s=0.5, pause_s=60)
        with pytest.raises(EngineUnavailable):
            list(engine.start(ask("Hi")))
        with pytest.raises(EngineUnavailable, match="asked again in") as told:
            engine.start(ask("Hi"))
        assert 50 < told.value.retry_after <= 60 and len(server.requests) == 1 and engine.alive()

    def test_as_long_as_it_asks_for(self, serve) -> None:
        _, engine = serve(refuses(429, retry_after="600"), pause_s=1)
        with pytest.raises(EngineUnavailable):
            list(engine.start(ask("Hi")))
        with pytest.raises(EngineUnavailable) as told:
            engine.start(ask("Hi"))
        assert told.value.retry_after > 500

    @pytest.mark.parametrize("failing", [refuses(400), refuses(413), says("Half", finish=None)])
    def test_but_not_for_what_one_request_did(self, serve, failing: Script) -> None:
        _, engine = serve(failing, says("Hello"), pause_s=60)
        with pytest.raises((EngineUnavailable, Invalid)):
            list(engine.start(ask("Hi")))
        assert list(engine.start(ask("Hi"))) == ["Hello"]

    def test_who_waits_already_is_told_at_once(self, serve) -> None:
        server, engine = serve(is_silent, timeout_s=1, slots=1, pause_s=60)
        running, *waiting = (engine.start(ask("Hi")) for _ in range(3))
        for generation in (running, *waiting):
            with pytest.raises(EngineUnavailable, match="silent"):
                list(generation)
        assert len(server.requests) == 1 and engine.queue_length() == 0

    def test_then_one_tries_and_the_others_follow_once_it_gets_text(self, serve) -> None:
        go_on = threading.Event()
        hello = says("Hello")
        server, engine = serve(refuses(500), lambda client: (go_on.wait(10), hello(client)), retries=0, pause_s=0.5)
        with pytest.raises(EngineUnavailable):
            list(engine.start(ask("Hi")))
        time.sleep(0.6)
        trying = engine.start(ask("Hi"))
        with pytest.raises(EngineUnavailable, match="asked again"):
            engine.start(ask("Hi"))
        go_on.set()
        assert list(trying) == ["Hello"] and list(engine.start(ask("Hi"))) == ["Hello"]
        assert len(server.requests) == 3

    @pytest.mark.parametrize("leaves", [True, False])
    def test_one_that_tries_and_tells_nothing_lets_another_try(self, serve, leaves: bool) -> None:
        server, engine = serve(
            refuses(500), is_silent if leaves else refuses(400), says("Hello"), retries=0, pause_s=0.5
        )
        with pytest.raises(EngineUnavailable):
            list(engine.start(ask("Hi")))
        time.sleep(0.6)
        trying = engine.start(ask("Hi"))
        if leaves:
            wait_for(lambda: len(server.requests) == 2)
            trying.cancel()
        with pytest.raises(Cancelled if leaves else EngineUnavailable):
            list(trying)
        wait_for(lambda: engine.figures().running == 0)
        assert list(engine.start(ask("Hi"))) == ["Hello"]
