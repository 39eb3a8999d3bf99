"""OpenAI-compatible servers on this machine: a real one in a child process, and one that misbehaves by script."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

KEY = "sk-a-key-of-tests"


@contextmanager
def llama_server(weights: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """llama-cpp-python's server with these weights: its URL, and its process, which a test may kill."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "llama_cpp.server",
        "--model",
        str(weights),
        "--port",
        str(port),
        "--n_ctx",
        "1024",
    ]
    # Without the last option a new request breaks off the one before it.
    command += ["--api_key", KEY, "--verbose", "False", "--interrupt_requests", "False"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/v1"
        _wait_until_it_answers(url, process)
        yield url, process
    finally:
        process.kill()
        process.wait()


def _wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server has ended"
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/models", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False).is_success:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


Script = Callable[[socket.socket], None]
"""What a server does with one request that it has read; the connection is closed behind it."""

_LENGTH = b"content-length:"
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class ScriptedServer:
    """A server that treats each request by the next script, and by the last one from then on.

    `requests` are the texts of the requests; `left` is set once a client has hung up on a script that still talked."""

    def __init__(self, *scripts: Script) -> None:
        self.requests: list[str] = []
        self.left = threading.Event()
        self._scripts = scripts
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes up `accept`
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(ConnectionError):
            head, _, body = _read(client).partition(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(_LENGTH)), 0)
            while len(body) < length:
                body += _read(client)
            script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
            self.requests.append((head + b"\r\n\r\n" + body).decode())
            try:
                script(client)
            except ConnectionError:
                self.left.set()


def _read(client: socket.socket) -> bytes:
    if data := client.recv(65536):
        return data
    raise ConnectionResetError("the client has hung up before it asked")


def says(*words: str, finish: str | None = "stop", usage: tuple[int, int] | None = None) -> Script:
    """Streams these words. Without `finish` it breaks off as a process does that ends."""
    events = [{"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]} for word in words]
    if finish:
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    if usage:
        read, wrote = usage
        counted = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
        events.append({"choices": [], "usage": counted | {"prompt_tokens_details": {"cached_tokens": read // 2}}})
    lines = "".join(
        f"data: {json.dumps({'id': '1', 'object': 'chat.completion.chunk', **event})}\n\n" for event in events
    )
    return sends(_HEAD + lines.encode() + (b"data: [DONE]\n\n" if finish else b""))


def sends(data: bytes) -> Script:
    """Sends these bytes and closes."""
    return lambda client: client.sendall(data)


def refuses(status: int, body: str = "{}", **headers: str) -> Script:
    """Answers with a status; `retry_after="1"` is a header."""
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{lines}"
    return sends(f"{head}Connection: close\r\n\r\n{body}".encode())


def is_silent(client: socket.socket) -> None:
    """Says nothing until the client hangs up."""
    if not client.recv(1):
        raise ConnectionError


def talks_for_ever(client: socket.socket) -> None:
    """Streams words until the client hangs up."""
    client.sendall(_HEAD)
    event = {"id": "1", "object": "chat.completion.chunk"}
    choice = {"index": 0, "delta": {"content": "word "}, "finish_reason": None}
    while True:
        client.sendall(f"data: {json.dumps({**event, 'choices': [choice]})}\n\n".encode())
        time.sleep(0.01)
