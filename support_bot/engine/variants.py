"""The same model in another format, made here with llama.cpp's own quantizer. Decides nothing about which is better."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import llama_cpp
from filelock import FileLock

from support_bot.engine.adapter import Adapter
from support_bot.engine.catalogue import CatalogueEntry, Kind
from support_bot.engine.digest import file_sha256
from support_bot.engine.gguf_header import read_header
from support_bot.engine.llama import core_count, quiet
from support_bot.engine.merging import merge_adapter
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WeightFormat:
    """`number` is llama.cpp's file type; a file takes at most `bytes_per_weight` for each number of the model."""

    name: str
    number: int
    bytes_per_weight: float


_WHOLE = WeightFormat("f32", llama_cpp.LLAMA_FTYPE_ALL_F32, 4.0)
FORMATS = {
    known.name: known
    for known in (
        WeightFormat("bf16", llama_cpp.LLAMA_FTYPE_MOSTLY_BF16, 2.0),
        WeightFormat("f16", llama_cpp.LLAMA_FTYPE_MOSTLY_F16, 2.0),
        WeightFormat("q8_0", llama_cpp.LLAMA_FTYPE_MOSTLY_Q8_0, 1.07),
        WeightFormat("q4_0", llama_cpp.LLAMA_FTYPE_MOSTLY_Q4_0, 0.8),
        WeightFormat("iq4_nl", llama_cpp.LLAMA_FTYPE_MOSTLY_IQ4_NL, 0.8),
    )
}


class Variants:
    """The variants of one file, with its adapter merged into each. Safe across processes."""

    def __init__(self, store: WeightsStore, parent: CatalogueEntry, adapter: Adapter | None) -> None:
        self._store = store
        self._parent = parent
        self._adapter = adapter

    def bytes_of(self, name: str) -> int:
        """About how large the file in this format is."""
        return int(self._parameters() * FORMATS[name].bytes_per_weight)

    def find(self, name: str) -> CatalogueEntry | None:
        """The whole variant in this format, or None where it is missing or damaged."""
        wanted = self._name(name)
        entry = next((entry for entry in self._store.variants() if entry.name == wanted), None)
        if entry is None or entry.parent != self._parent.sha256 or entry.adapter != self._adapter_hash:
            return None
        try:
            self._store.path(entry.name)
        except WeightsError:
            logger.error("%s is missing or damaged, and is made again from %s", entry.file, self._parent.file)
            return None
        return entry

    def make(self, name: str) -> CatalogueEntry:
        """The variant in this format, made unless it is here and whole.

        Raises WeightsError: no room on the disk, or llama.cpp cannot convert the file, or the adapter not be merged."""
        if found := self.find(name):  # also where the folder cannot be written
            return found
        source = self._store.path(self._parent.name)
        folder = self._store.workplace()
        with FileLock(folder / "variants.lock"):
            if found := self.find(name):
                return found
            with self._room(folder, name) as (whole, fresh):
                if self._adapter:
                    _quantize(source, whole, _WHOLE)
                    merge_adapter(whole, self._adapter.path)
                    source = whole
                _quantize(source, fresh, FORMATS[name])
                entry = CatalogueEntry(
                    name=self._name(name),
                    kind=Kind.VARIANT,
                    file=f"{self._parent.name}.{name}.gguf",
                    sha256=file_sha256(fresh),
                    bytes=fresh.stat().st_size,
                    licence=self._parent.licence,
                    context_tokens=self._parent.context_tokens,
                    parent=self._parent.sha256,
                    adapter=self._adapter_hash,
                )
                self._store.take_variant(entry, fresh)
                return entry

    def keep_only(self, name: str) -> None:
        """Delete all other variants of this file, also those with another adapter."""
        wanted = self._name(name)
        for entry in self._store.variants():
            if entry.parent == self._parent.sha256 and entry.name != wanted:
                self._store.drop_variant(entry)

    @property
    def _adapter_hash(self) -> str | None:
        return self._adapter.sha256 if self._adapter else None

    def _name(self, name: str) -> str:
        return ".".join((self._parent.name, name, *([self._adapter.sha256[:8]] if self._adapter else [])))

    def _parameters(self) -> int:
        return read_header(self._store.path(self._parent.name)).parameters

    @contextmanager
    def _room(self, folder: Path, name: str) -> Iterator[tuple[Path, Path]]:
        """Two places for files that are gone afterwards; what a killed process left there is overwritten."""
        whole, fresh = folder / "whole.gguf", folder / "fresh.gguf"
        try:
            for left in (whole, fresh):
                left.unlink(missing_ok=True)
            self._store.need_room(self.bytes_of(name) + (4 * self._parameters() if self._adapter else 0))
            yield whole, fresh
        finally:
            for left in (whole, fresh):
                left.unlink(missing_ok=True)


def _quantize(source: Path, target: Path, wanted: WeightFormat) -> None:
    quiet()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = wanted.number
    params.allow_requantize = True
    params.nthread = core_count()
    if llama_cpp.llama_model_quantize(os.fsencode(source), os.fsencode(target), ctypes.byref(params)) != 0:
        raise WeightsError(f"llama.cpp cannot make {wanted.name} of {source.name}: the disk is full, or it is damaged.")
