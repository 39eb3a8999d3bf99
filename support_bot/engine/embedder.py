"""Texts to unit vectors with a sentence model in ONNX. Knows no index and no document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import psutil
from numpy.typing import NDArray
from tokenizers import Tokenizer

from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError

MAX_TOKENS = 256
# Measured with 150-word texts on two cores: 26 texts/s one by one, 28 at 16; larger batches gain nothing more.
_BATCH = 16
_ERRORS_ONLY = 3


class TextEmbedder(Protocol):
    """Something that turns texts into unit vectors. Safe to use from any thread.

    `reads_unspaced` tells whether it knows languages without spaces between words, such as Chinese."""

    name: str
    model_hash: str
    dimension: int
    reads_unspaced: bool

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), dimension] of what is to be found, in the order of the texts."""
        ...

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same of what is asked: some models are told which of the two a text is."""
        ...

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of its vectors on the scale of MiniLM's, which weights and thresholds were fitted on."""
        ...


class Embedder:
    """Mean-pooled, L2-normalised sentence vectors (Reimers & Gurevych 2019). Safe to use from any thread."""

    reads_unspaced = False

    def __init__(self, model: Path, tokenizer: Path, *, name: str, model_hash: str, threads: int = 0) -> None:
        """`threads` per call, 0 takes the physical cores. Raises WeightsError when a file cannot be loaded."""
        self._session = session(str(model), name, threads)
        try:
            self._tokenizer = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # the library raises bare exceptions
            raise WeightsError(f"{tokenizer.name} cannot be loaded ({error}); pull {name} again.") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._inputs = {item.name for item in self._session.get_inputs()}
        self.name = name
        self.model_hash = model_hash
        self.dimension = int(self._session.get_outputs()[0].shape[-1])

    @classmethod
    def load(cls, store: WeightsStore, name: str, *, threads: int = 0) -> Embedder:
        """The catalogued embedder with its tokenizer. Raises NotFound, or WeightsError when it is not pulled."""
        entry = store.get(name)
        return cls(
            store.path(name),
            store.path(name, file="tokenizer.json"),
            name=name,
            model_hash=entry.sha256,
            threads=threads,
        )

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), dimension], in the order of the texts; only the first 256 tokens of each count."""
        # One by one: `encode_batch` starts threads that complain when the process forks later.
        ids = [self._tokenizer.encode(text).ids for text in texts]
        return by_length(ids, self._embed_batch, self.dimension)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The same: this model does not tell questions from what answers them."""
        return self.embed(texts)

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """The cosines."""
        return cosines

    def _embed_batch(self, ids: list[list[int]]) -> NDArray[np.float32]:
        width = max(len(row) for row in ids)
        tokens = np.zeros((len(ids), width), dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int64)
        for i, row in enumerate(ids):
            tokens[i, : len(row)] = row
            mask[i, : len(row)] = 1
        feeds = {"input_ids": tokens, "attention_mask": mask, "token_type_ids": np.zeros_like(tokens)}
        states = self._session.run(None, {key: value for key, value in feeds.items() if key in self._inputs})[0]
        return mean_pool(np.asarray(states, dtype=np.float32), mask)


def session(model: str | bytes, name: str, threads: int) -> onnxruntime.InferenceSession:
    """A graph, by its path or as bytes, ready to run on the processor. Raises WeightsError when it cannot be loaded."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or psutil.cpu_count(logical=False) or 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Waiting threads sleep: the writer needs the cores between our calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises bare exceptions
        raise WeightsError(f"{name} cannot be loaded ({error}); verify or pull {name} again.") from error


def by_length(
    ids: Sequence[list[int]], embed: Callable[[list[list[int]]], NDArray[np.float32]], dimension: int
) -> NDArray[np.float32]:
    """Vectors [len(ids), dimension] of rows of tokens, embedded in batches of like length, in the order given."""
    vectors = np.zeros((len(ids), dimension), dtype=np.float32)
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        vectors[rows] = embed([ids[row] for row in rows])
    return vectors


def mean_pool(states: NDArray[np.float32], mask: NDArray[np.integer]) -> NDArray[np.float32]:
    """Mean over the tokens that count, scaled to L2 norm 1: [batch, width].

    states [batch, tokens, width], mask [batch, tokens] of 0 and 1."""
    weights = mask[:, :, None].astype(np.float32)
    mean = (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
    norm = np.linalg.norm(mean, axis=1, keepdims=True)
    return np.asarray(mean / np.maximum(norm, 1e-12), dtype=np.float32)
