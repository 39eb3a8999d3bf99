"""Question and passage to the probability that the passage answers it, with a small cross-encoder in ONNX.

Knows no index and no policy. What it is good for so far: docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray
from tokenizers import Tokenizer

from support_bot.errors import WeightsError

EMBEDDER = "minilm"
"""The embedder whose weights and words the reader began with; its tokenizer is the reader's too."""

QUESTION_TOKENS = 48
PASSAGE_TOKENS = 320
_ERRORS_ONLY = 3
_CHARACTERS = 12  # a token: far more than words have, so that a huge text is cut before it is split into tokens


class Reader:
    """Cross-encoder whose lower layers see question and passage apart (MacAvaney et al. 2020). Safe to use from any
    thread."""

    def __init__(self, model: Path, tokenizer: Path, *, threads: int = 0) -> None:
        """`threads` per call, 0 takes the physical cores. Raises WeightsError when a file cannot be loaded."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or psutil.cpu_count(logical=False) or 1
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        # Waiting threads sleep: the writer needs the cores between our calls.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise WeightsError(f"{model.name} cannot be loaded ({error}); train it again.") from error
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def read(self, question: str, passages: Sequence[str]) -> list[float]:
        """A probability (0..1) for each passage; only the first 48 tokens of the question and 320 of a passage count.

        A passage is written as `title > heading: text`."""
        if not passages:
            return []
        logits = np.asarray(
            self._session.run(None, inputs([self.ids(question, passage) for passage in passages]))[0], dtype=np.float64
        )
        return [float(value) for value in 1.0 / (1.0 + np.exp(-logits))]

    def ids(self, question: str, passage: str) -> tuple[list[int], list[int]]:
        """The tokens of both that count, each with its first and last mark."""
        return self._ids(question, QUESTION_TOKENS), self._ids(passage, PASSAGE_TOKENS)

    def _ids(self, text: str, most: int) -> list[int]:
        ids = list(self._tokenizer.encode(text[: most * _CHARACTERS]).ids)
        return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]


def inputs(rows: Sequence[tuple[Sequence[int], Sequence[int]]]) -> dict[str, NDArray[np.int64]]:
    """What the network is fed for pairs of token ids, each [batch, width]: `ids` of the question and then of the
    passage, `places` counted anew in each, and `sides` (0 question, 1 passage, -1 padding)."""
    width = max(len(question) + len(passage) for question, passage in rows)
    ids = np.zeros((len(rows), width), dtype=np.int64)
    places = np.zeros_like(ids)
    sides = np.full_like(ids, -1)
    for row, (question, passage) in enumerate(rows):
        first, end = len(question), len(question) + len(passage)
        ids[row, :end] = [*question, *passage]
        places[row, :end] = [*range(first), *range(end - first)]
        sides[row, :first], sides[row, first:end] = 0, 1
    return {"ids": ids, "places": places, "sides": sides}
