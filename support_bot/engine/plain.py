"""One answer at a time from `llama_cpp.Llama` behind a lock, as chains usually run it, to compare the engine with.

Serves nobody; only measurements load it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from llama_cpp import Llama

from support_bot.engine.base import ChatTurn
from support_bot.engine.llama import core_count


class PlainEngine:
    """The same file with the library's own loop: it keeps the last prompt, and everybody else waits."""

    def __init__(self, path: Path, *, context_tokens: int, threads: int = 0, adapter: Path | None = None) -> None:
        """`threads` 0 takes the physical cores."""
        count = threads or core_count()
        self._llama = Llama(
            str(path),
            n_ctx=context_tokens,
            n_threads=count,
            n_threads_batch=count,
            lora_path=str(adapter) if adapter else None,
            verbose=False,
        )
        self._free = threading.Lock()

    def write(self, messages: Sequence[ChatTurn], max_tokens: int) -> Iterator[str]:
        """The greedy answer in pieces, once it is this caller's turn."""
        said: Any = [{"role": turn.role, "content": turn.content} for turn in messages]
        with self._free:
            chunks: Any = self._llama.create_chat_completion(
                said, max_tokens=max_tokens, temperature=0.0, repeat_penalty=1.0, stream=True
            )
            for chunk in chunks:
                yield chunk["choices"][0]["delta"].get("content") or ""

    def close(self) -> None:
        """Free the memory."""
        with self._free:
            self._llama.close()
