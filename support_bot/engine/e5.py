"""Texts in about a hundred languages to unit vectors, with multilingual-e5-small. Knows no index and no document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, models, pre_tokenizers

from support_bot.engine.e5_graph import encoder
from support_bot.engine.embedder import by_length, mean_pool, session
from support_bot.engine.packed_e5 import PackedE5, unpacked
from support_bot.engine.weights import WeightsStore

_QUESTION, _PASSAGE = "query: ", "passage: "
_SPACES = re.compile(" {2,}")
_PADDING = 1
# All its cosines lie between 0.7 and 0.95. With this line the mean and the spread of the closest piece's cosine, over
# the questions of the training companies, are those of MiniLM (docs/benchmarks.md).
_SLOPE, _NOTHING_ALIKE = 5.9, 0.782


class E5Embedder:
    """Mean-pooled, L2-normalised vectors (Wang et al. 2024), which ask and are found by different prefixes.

    The words' vectors stay in the file as they are packed; only the encoder is unpacked, into a graph that lives in
    memory. Safe to use from any thread."""

    reads_unspaced = True

    def __init__(self, model: Path, *, name: str, model_hash: str, threads: int = 0) -> None:
        """`threads` per call, 0 takes the physical cores. Raises WeightsError when the file cannot be loaded."""
        packed = PackedE5(model)
        self._session = session(encoder(packed), name, threads)
        self._scales, self._nibbles = packed.blocks("emb.word")
        width = packed.shape.width
        self._positions = packed.vector("emb.pos").reshape(-1, width) + packed.vector("emb.type")[:width]
        vocabulary = packed.vocabulary
        self._characters = vocabulary.characters
        self._begin, self._end = vocabulary.begin, vocabulary.end
        self._tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, vocabulary.unknown, byte_fallback=False))
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
        self.name = name
        self.model_hash = model_hash
        self.dimension = width

    @classmethod
    def load(cls, store: WeightsStore, name: str, *, threads: int = 0) -> E5Embedder:
        """The catalogued embedder. Raises NotFound, or WeightsError when it is not pulled."""
        return cls(store.path(name), name=name, model_hash=store.get(name).sha256, threads=threads)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), dimension] of what is to be found; only the first 512 tokens of each count."""
        return self._embed(texts, _PASSAGE)

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [len(texts), dimension] of what is asked."""
        return self._embed(texts, _QUESTION)

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """About -0.5..1 for what its cosines are in use."""
        return _SLOPE * (cosines - np.float32(_NOTHING_ALIKE))

    def tokens(self, text: str) -> list[int]:
        """The ids of a text with its begin and end, at most as many as the model has positions."""
        normal = _SPACES.sub(" ", text.translate(self._characters))
        ids = self._tokenizer.encode(normal, add_special_tokens=False).ids[: len(self._positions) - 2]
        return [self._begin, *ids, self._end]

    def _embed(self, texts: Sequence[str], prefix: str) -> NDArray[np.float32]:
        return by_length([self.tokens(prefix + text) for text in texts], self._embed_batch, self.dimension)

    def _embed_batch(self, ids: list[list[int]]) -> NDArray[np.float32]:
        width = max(map(len, ids))
        tokens = np.full((len(ids), width), _PADDING, dtype=np.int64)
        mask = np.zeros((len(ids), width), dtype=np.int32)
        for i, row in enumerate(ids):
            tokens[i, : len(row)] = row
            mask[i, : len(row)] = 1
        flat = tokens.ravel()
        words = unpacked(self._scales[flat], self._nibbles[flat]).reshape(*tokens.shape, -1)
        states = self._session.run(None, {"embedded": words + self._positions[:width], "mask": mask})[0]
        return mean_pool(np.asarray(states, dtype=np.float32), mask)
