"""What a teacher foresees at each token of an answer, and the files that keep it. Knows no engine and no student."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_bot.engine.base import TokenLogprob
from support_bot.errors import Invalid


@dataclass(frozen=True, slots=True)
class SoftLabels:
    """`tokens` of the teacher spell an answer, the last one ends it; token i ends at byte `ends[i]` of the text.

    `top[i]` are the likeliest tokens there with their log-probabilities (nats), the wanted one always among them.
    `pieces` has the bytes of each token named; a control token has none."""

    tokens: tuple[int, ...]
    ends: tuple[int, ...]
    top: tuple[tuple[tuple[int, float], ...], ...]
    pieces: Mapping[int, bytes]

    @property
    def nats(self) -> float:
        """How unlikely the answer is to the teacher, without its end."""
        return -sum(dict(top)[token] for token, top in zip(self.tokens[:-1], self.top[:-1], strict=True))


def label_key(teacher: str, prompt: Sequence[str], answer: str, top: int) -> str:
    """The same for the same question to the same teacher; `prompt` are the texts of its messages."""
    return hashlib.sha256(json.dumps([teacher, list(prompt), answer, top]).encode()).hexdigest()[:32]


def labels_of(found: Sequence[TokenLogprob], answer: str) -> SoftLabels:
    """Of a scored answer. Raises Invalid where its tokens do not spell it, since then nothing says where they stand."""
    if b"".join(one.piece for one in found) != answer.encode():
        raise Invalid(f"The teacher's tokens do not spell the answer {answer[:60]!r}; take another teacher.")
    ends, end = [], 0
    pieces: dict[int, bytes] = {}
    top = []
    for one in found:
        end += len(one.piece)
        ends.append(end)
        best = {each.token: each for each in (*one.top, one)}
        pieces.update((each.token, each.piece) for each in best.values())
        top.append(tuple((each.token, round(each.logprob, 3)) for each in best.values()))
    return SoftLabels(tuple(one.token for one in found), tuple(ends), tuple(top), pieces)


def append_labels(file: Path, key: str, labels: SoftLabels) -> None:
    """One more line, on the disk when this returns."""
    with file.open("a", encoding="utf-8") as out:
        out.write(_line(key, labels))
        out.flush()
        os.fsync(out.fileno())


def mend(file: Path) -> None:
    """Drop a last line of which only a part was written."""
    if file.exists() and not (text := file.read_bytes()).endswith(b"\n"):
        file.write_bytes(text[: text.rfind(b"\n") + 1])


def pack_labels(file: Path, labels: Iterable[tuple[str, SoftLabels]]) -> None:
    """Write them compressed; the same labels give the same bytes."""
    with file.open("wb") as raw, gzip.GzipFile("", "wb", mtime=0, fileobj=raw) as out:
        for key, each in labels:
            out.write(_line(key, each).encode())


def read_labels(file: Path) -> Iterator[tuple[str, SoftLabels]]:
    """What `append_labels` or `pack_labels` wrote, by key. Raises Invalid for anything else."""
    try:
        with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
            for line in lines:
                record = json.loads(line)
                yield record["key"], _labels(record)
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Invalid(f"{file} cannot be read as soft labels ({error}); delete it.") from error


def _line(key: str, labels: SoftLabels) -> str:
    record = {
        "key": key,
        "tokens": labels.tokens,
        "ends": labels.ends,
        "top": labels.top,
        "pieces": {token: piece.decode("latin-1") for token, piece in labels.pieces.items()},  # a letter for each byte
    }
    return json.dumps(record, separators=(",", ":")) + "\n"


def _labels(record: Mapping[str, Any]) -> SoftLabels:
    return SoftLabels(
        tokens=tuple(record["tokens"]),
        ends=tuple(record["ends"]),
        top=tuple(tuple((int(token), float(value)) for token, value in row) for row in record["top"]),
        pieces={int(token): piece.encode("latin-1") for token, piece in record["pieces"].items()},
    )
