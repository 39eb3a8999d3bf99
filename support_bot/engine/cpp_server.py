"""llama.cpp's own server from the package `xllamacpp`, as a child process, to compare the engine with.

Serves nobody; only measurements start it, and only where the package is installed."""

from __future__ import annotations

import importlib
import importlib.util
import json
import multiprocessing
import os
from collections.abc import Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event

import httpx

from support_bot.engine.base import ChatTurn
from support_bot.engine.llama import core_count
from support_bot.errors import EngineUnavailable

_START_S = 120.0


class CppServer:
    """The same file in a C++ server with as many slots, asked over loopback."""

    def __init__(
        self, path: Path, *, context_tokens: int, slots: int, threads: int = 0, adapter: Path | None = None
    ) -> None:
        """`context_tokens` for each slot; `threads` 0 takes the physical cores. Raises EngineUnavailable."""
        spawn = multiprocessing.get_context("spawn")
        here, there = spawn.Pipe()
        self._stop = here
        given = (there, str(path), context_tokens, slots, threads or core_count(), str(adapter or ""))
        self._process = spawn.Process(target=_serve, args=given, daemon=True)
        self._process.start()
        there.close()
        try:
            address = here.recv() if here.poll(_START_S) else ""
        except EOFError:
            address = ""
        if not address:
            self.close()
            raise EngineUnavailable("The C++ server did not start.")
        self._client = httpx.Client(base_url=address, timeout=600.0, limits=httpx.Limits(max_connections=256))

    @staticmethod
    def is_installed() -> bool:
        """Whether there is something to compare with."""
        return importlib.util.find_spec("xllamacpp") is not None

    def write(self, messages: Sequence[ChatTurn], max_tokens: int) -> Iterator[str]:
        """The greedy answer in pieces."""
        body = {
            "messages": [{"role": turn.role, "content": turn.content} for turn in messages],
            "max_tokens": max_tokens,
            "temperature": 0.0,
            "stream": True,
        }
        with self._client.stream("POST", "/v1/chat/completions", json=body) as answer:
            answer.raise_for_status()
            for line in answer.iter_lines():
                said = line.removeprefix("data: ")
                if said.startswith("{") and (choices := json.loads(said).get("choices")):
                    yield choices[0]["delta"].get("content") or ""

    def close(self) -> None:
        """End the process."""
        self._stop.close()
        self._process.terminate()
        self._process.join()


def _serve(pipe: Connection, path: str, context_tokens: int, slots: int, threads: int, adapter: str) -> None:
    """In the child: start the server, tell its address, stay until the parent ends it."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)  # it tells of every request
    library = importlib.import_module("xllamacpp")
    params = library.CommonParams()
    params.model.path = path
    params.n_ctx, params.n_parallel = context_tokens * slots, slots
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    if adapter:
        lora = library.CommonAdapterLoraInfo()
        lora.path, lora.scale = adapter, 1.0
        params.lora_adapters = [lora]
    server = library.Server(params)
    pipe.send(server.listening_address)
    Event().wait()
