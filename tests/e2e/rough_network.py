"""A TCP proxy that delays what passes and breaks connections in the middle, in either direction."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
import time

_PIECE = 2048
_RESET = struct.pack("ii", 1, 0)  # closing sends a reset at once


class RoughNetwork:
    """Between a browser and a server. `roughness` is the share of connections that break; 0 lets everything pass.

    A broken connection dies after some bytes of the answer, so a request may have been done and nobody is told."""

    def __init__(self, port: int, *, seed: int) -> None:
        self.roughness = 0.0
        self.broken = 0
        self._target = port
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._door = socket.create_server(("127.0.0.1", 0), backlog=512)
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def close(self) -> None:
        self._door.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with self._lock:
            breaks = self._random.random() < self.roughness
            # Before the request is whole, before its answer begins, or somewhere inside it.
            budget = self._random.choice((0, 1, 300, 700, 1500, 6000)) if breaks else None
            delay = self._random.random() * 0.1 if self.roughness else 0.0
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        if breaks:
            self.broken += 1
        both = (client, server)
        if budget == 0:
            time.sleep(delay)
            return self._cut(*both)
        up = threading.Thread(target=self._pump, args=(client, server, None, delay), daemon=True)
        up.start()
        self._pump(server, client, budget, delay)
        self._cut(*both)

    def _pump(self, source: socket.socket, sink: socket.socket, budget: int | None, delay: float) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                time.sleep(delay)
                if budget is not None and passed + len(piece) >= budget:
                    sink.sendall(piece[: budget - passed])
                    return
                passed += len(piece)
                sink.sendall(piece)

    def _cut(self, *ends: socket.socket) -> None:
        for end in ends:
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RDWR)
            end.close()
