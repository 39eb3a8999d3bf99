"""Which pieces of a passage answer a question: a small cross-encoder in ONNX. Knows no index and no document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from support_bot.engine.embedder import cpu_session
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError

MOST_TOKENS = 320
QUESTION_TOKENS = 64
_BATCH = 8


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a passage; only what `counts` is judged, the rest (titles, headings, labels) is context."""

    text: str
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """How likely (0..1) each counting part is evidence, in order, and how likely the passage answers at all.

    Parts behind the first 320 tokens of question and passage were not read: NaN."""

    parts: NDArray[np.float32]
    answers: float


class PassageReader(Protocol):
    """Something that reads passages with a question in mind. Safe to use from any thread."""

    name: str
    model_hash: str

    def read(self, question: str, passages: Sequence[Sequence[Part]]) -> list[Reading]:
        """One reading a passage, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Sheet:
    """A question and a passage as the model sees them: token ids, 0 for the question's and 1 for the passage's, and
    from where to where (`spans`, end exclusive, empty where cut off) each counting part stands."""

    ids: list[int]
    types: list[int]
    spans: list[tuple[int, int]]


class SheetMaker:
    """From texts to sheets, for serving and for training alike."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._begin, self._end = (tokenizer.token_to_id(token) for token in ("[CLS]", "[SEP]"))

    def make(self, question: str, parts: Sequence[Part]) -> Sheet:
        """`[CLS] question [SEP] part part … [SEP]`, at most 320 tokens, 64 of them the question's."""
        ids = [self._begin, *self._ids(question)[:QUESTION_TOKENS], self._end]
        types = [0] * len(ids)
        spans: list[tuple[int, int]] = []
        for part in parts:
            begin = len(ids)
            ids += self._ids(part.text)
            if part.counts:
                spans.append((begin, len(ids)))
        ids = [*ids[: MOST_TOKENS - 1], self._end]
        last = len(ids) - 1
        types += [1] * (len(ids) - len(types))
        return Sheet(ids, types, [(min(begin, last), min(end, last)) for begin, end in spans])

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=False).ids)


class Reader:
    """MiniLM over question and passage together; a part's logit is the mean of its tokens' (docs/model-card.md)."""

    def __init__(self, model: Path, tokenizer: Path, *, name: str, model_hash: str, threads: int = 0) -> None:
        """`threads` per call, 0 takes the physical cores. Raises WeightsError when a file cannot be loaded."""
        try:
            self._session = cpu_session(model, threads)
            self._sheets = SheetMaker(Tokenizer.from_file(str(tokenizer)))
        except Exception as error:  # both libraries raise bare exceptions of their own
            raise WeightsError(f"{model.name} cannot be loaded ({error}); verify or pull {name} again.") from error
        self.name = name
        self.model_hash = model_hash

    @classmethod
    def load(cls, store: WeightsStore, name: str, *, threads: int = 0) -> Reader:
        """The catalogued reader with its tokenizer. Raises NotFound, or WeightsError when it is not pulled."""
        tokenizer = store.path(name, file="tokenizer.json")
        return cls(store.path(name), tokenizer, name=name, model_hash=store.get(name).sha256, threads=threads)

    def read(self, question: str, passages: Sequence[Sequence[Part]]) -> list[Reading]:
        """One reading a passage, in order; about 50 ms each on two cores."""
        sheets = [self._sheets.make(question, parts) for parts in passages]
        return [
            reading
            for begin in range(0, len(sheets), _BATCH)
            for reading in self._read_batch(sheets[begin : begin + _BATCH])
        ]

    def _read_batch(self, sheets: Sequence[Sheet]) -> list[Reading]:
        width = max(len(sheet.ids) for sheet in sheets)
        feeds = {
            name: np.zeros((len(sheets), width), dtype=np.int64)
            for name in ("input_ids", "attention_mask", "token_type_ids")
        }
        for row, sheet in enumerate(sheets):
            count = len(sheet.ids)
            feeds["input_ids"][row, :count] = sheet.ids
            feeds["attention_mask"][row, :count] = 1
            feeds["token_type_ids"][row, :count] = sheet.types
        tokens, answers = self._session.run(["token_logits", "answer_logits"], feeds)
        return [
            Reading(_sigmoid(part_logits(logits, sheet.spans)), float(_sigmoid(answer)))
            for sheet, logits, answer in zip(sheets, tokens, answers, strict=True)
        ]


def part_logits(tokens: NDArray[np.float32], spans: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """The mean of each span's token logits [tokens]; NaN for an empty span."""
    return np.array(
        [tokens[begin:end].mean() if end > begin else np.nan for begin, end in spans], dtype=np.float32
    )


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), dtype=np.float32)
