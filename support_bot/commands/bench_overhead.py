"""Measure what a turn costs around the model, as `support-bot bench overhead` orders it: HTTP, chain, SQL, events.

A server of its own with the scripted engine answers real requests over loopback; what searching costs is measured apart
and taken off."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import psutil

from support_bot.assembly import build_app, prepare
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.errors import EngineUnavailable
from support_bot.evaluation.dataset import read_questions
from support_bot.server import run_server
from support_bot.services.sample_company import sample_company
from support_bot.settings import SecuritySettings, ServerSettings, Settings

_CUSTOMERS = 8
_TURNS = 12
_START_S = 120.0


def measure_overhead(runs: int) -> dict[str, float]:
    """Milliseconds of processor time for one turn, without the search, and turns per second; medians of `runs`.

    Raises EngineUnavailable where the server does not start."""
    questions = [question.question for question in read_questions(sample_company() / "exam.jsonl")]
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    with tempfile.TemporaryDirectory(prefix="support-bot-bench-", ignore_cleanup_errors=True) as folder:
        child = spawn.Process(target=_serve, args=(there, folder, questions), daemon=True)
        child.start()
        there.close()
        try:
            url, search_ms = here.recv() if here.poll(_START_S) else ("", 0.0)
        except EOFError:
            url, search_ms = "", 0.0
        try:
            if not url:
                raise EngineUnavailable("The server to be measured did not start.")
            _talk(url, questions)  # what is read and compiled for the first time only
            rounds = [_round(url, questions, psutil.Process(child.pid)) for _ in range(runs)]
        finally:
            child.terminate()
            child.join()
    spent, speed = (statistics.median(column) for column in zip(*rounds, strict=True))
    return {
        "cpu_ms_per_turn": round(spent - search_ms, 1),
        "search_cpu_ms": round(search_ms, 1),
        "turns_per_s": round(speed, 1),
    }


def _round(url: str, questions: list[str], server: psutil.Process) -> tuple[float, float]:
    """Milliseconds of the server's processor time for a turn, and turns per second."""
    before, began = _spent_s(server), time.monotonic()
    with ThreadPoolExecutor(_CUSTOMERS) as customers:
        turns = sum(customers.map(lambda at: _talk(url, questions[at * _TURNS :]), range(_CUSTOMERS)))
    return 1000 * (_spent_s(server) - before) / turns, turns / (time.monotonic() - began)


def _talk(url: str, questions: list[str]) -> int:
    """One customer who asks one thing after another; how many were answered."""
    with httpx.Client(base_url=f"{url}/api/v1", timeout=60.0, headers={"Accept": "application/json"}) as client:
        opened = client.post("/conversations", json={"channel": "web"}).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {opened['token']}"
        for at, question in enumerate(questions[:_TURNS]):
            body = {"text": question, "client_message_id": f"message-{at}"}
            client.post(f"/conversations/{opened['id']}/messages", json=body).raise_for_status()
    return len(questions[:_TURNS])


def _spent_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _serve(pipe: Connection, folder: str, questions: list[str]) -> None:
    """In the child: a server over the sample company's articles; tells its URL and what one search costs."""
    often = 1_000_000
    settings = Settings(
        data_dir=Path(folder, "data"),
        cache_dir=Path(folder, "cache"),
        sample_data=False,
        offline=True,
        log_level="ERROR",
        server=ServerSettings(port=0),
        security=SecuritySettings(conversations_per_minute=often, messages_per_minute=often, requests_per_minute=often),
    )
    settings.engine.kind = "fake"
    prepare(settings)
    embedder = HashingEmbedder()
    app = build_app(settings, engine=FakeEngine(slots=settings.engine.slots), embedder=embedder)
    with closing(app):
        added = [
            app.knowledge.add(path.name, path.read_bytes()).document.id
            for path in sorted((sample_company() / "articles").glob("*.md"))
        ]
        for document in added:
            app.knowledge.process(document)
        retriever = app.langchain().retriever
        for question in questions[:5]:
            retriever.invoke(question)
        began = time.process_time()
        for question in questions:
            retriever.invoke(question)
        search_ms = 1000 * (time.process_time() - began) / len(questions)
        run_server(app, lambda url: pipe.send((url, search_ms)))
