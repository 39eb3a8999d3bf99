"""Texts as the states that the reader's lower layers make of them, computed once: these layers are not trained."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from support_bot.distillation.reader_network import Network
from support_bot.engine.reader import PASSAGE_TOKENS, QUESTION_TOKENS

_BATCH = 32


class Texts:
    """Passages by key, with the states and the place in the text of each of their tokens."""

    def __init__(self, tokenizer: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._states: dict[Hashable, Any] = {}
        self._places: dict[Hashable, list[tuple[int, int]]] = {}

    def put(self, network: Network, passages: Mapping[Hashable, str]) -> None:
        """Read passages, those of like length together."""
        encoded = {key: self._tokenizer.encode(text) for key, text in passages.items()}
        rows = {key: _cut(item.ids, PASSAGE_TOKENS) for key, item in encoded.items()}
        self._places |= {key: item.offsets[: len(rows[key])] for key, item in encoded.items()}
        by_length = sorted(rows, key=lambda key: len(rows[key]))
        for start in range(0, len(by_length), _BATCH):
            keys = by_length[start : start + _BATCH]
            states = _below(network, [rows[key] for key in keys])[0]
            self._states |= {key: states[n, : len(rows[key])].half() for n, key in enumerate(keys)}

    def states(self, key: Hashable, span: tuple[int, int]) -> Any:
        """States [tokens, width] of part of a passage."""
        return self._states[key][span[0] : span[1]]

    def length(self, key: Hashable) -> int:
        """The passage's tokens."""
        return len(self._places[key])

    def tokens(self, key: Hashable, begin: int, end: int) -> tuple[int, int] | None:
        """The tokens that show these characters of a passage; None where it was cut off before them."""
        inside = [n for n, (first, last) in enumerate(self._places[key]) if last > begin and first < end > last - 1]
        inside = [n for n in inside if self._places[key][n][1] > self._places[key][n][0]]
        return (inside[0], inside[-1] + 1) if inside else None

    def question_states(self, network: Network, questions: Sequence[str]) -> tuple[Any, Any]:
        """States [questions, most tokens, width] with their mask."""
        return _below(network, [_cut(self._tokenizer.encode(text).ids, QUESTION_TOKENS) for text in questions])


def _below(network: Network, rows: Sequence[Sequence[int]]) -> tuple[Any, Any]:
    ids = torch.zeros(len(rows), max(map(len, rows)), dtype=torch.long)
    mask = torch.zeros(ids.shape)
    for number, row in enumerate(rows):
        ids[number, : len(row)], mask[number, : len(row)] = torch.tensor(row), 1
    was_training = network.training
    network.eval()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        states = network.below(ids, mask).float()
    network.train(was_training)
    return states, mask


def _cut(ids: Sequence[int], most: int) -> list[int]:
    return list(ids) if len(ids) <= most else [*ids[: most - 1], ids[-1]]
