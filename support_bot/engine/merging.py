"""A LoRA adapter added to the weights themselves, so that it costs nothing while the model runs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.gguf_header import GgufHeader, TensorPlace, read_header
from support_bot.errors import WeightsError

_A, _B = ".lora_a", ".lora_b"
_F32, _F16, _Q8_0, _BF16 = 0, 1, 8, 30
_TYPES: dict[int, np.dtype[Any]] = {
    _F32: np.dtype("<f4"),
    _F16: np.dtype("<f2"),
    _Q8_0: np.dtype([("scale", "<f2"), ("values", "i1", 32)]),
    _BF16: np.dtype("<u2"),
}


def merge_adapter(model: Path, adapter: Path) -> None:
    """Change a GGUF file whose tensors are all 32-bit floats in place: W += alpha / rank * B A (Hu et al. 2021).

    Raises WeightsError where the adapter does not fit this model, before anything is changed; OSError."""
    base, lora = read_header(model), read_header(adapter)
    names = [name.removesuffix(_A) for name in lora.tensors if name.endswith(_A)]
    if not names or len(lora.tensors) != 2 * len(names) or not all(_fits(base, lora, name) for name in names):
        raise WeightsError(f"{adapter.name} does not fit this model, or is not of a kind that can be merged.")
    alpha = float(lora.facts.get("adapter.lora.alpha", 0.0))
    with model.open("r+b") as file:  # not mapped into memory: a full disk is then an error, not the end of the process
        for name in names:
            a, b = (_values(adapter, lora.tensors[name + part]) for part in (_A, _B))
            weight = _values(model, base.tensors[name]) + (alpha / len(a) if alpha else 1.0) * (b @ a)
            file.seek(base.tensors[name].offset)
            file.write(weight.astype("<f4").tobytes())


def _fits(base: GgufHeader, lora: GgufHeader, name: str) -> bool:
    a, b, weight = lora.tensors[name + _A], lora.tensors.get(name + _B), base.tensors.get(name)
    if b is None or weight is None or weight.kind != _F32 or not {a.kind, b.kind} <= set(_TYPES):
        return False
    return (len(a.shape), len(b.shape)) == (2, 2) and (*b.shape, *a.shape) == (
        weight.shape[0], a.shape[0], a.shape[0], weight.shape[-1],
    )  # fmt: skip


def _values(path: Path, place: TensorPlace) -> NDArray[np.float32]:
    """A tensor as 32-bit floats. Raises WeightsError where the file ends before it."""
    count = math.prod(place.shape)
    kind = _TYPES[place.kind]
    raw = np.fromfile(path, kind, count // 32 if place.kind == _Q8_0 else count, offset=place.offset)
    if place.kind == _Q8_0:
        found = raw["scale"].astype(np.float32)[:, None] * raw["values"]
    elif place.kind == _BF16:
        found = (raw.astype(np.uint32) << 16).view(np.float32)
    else:
        found = raw.astype(np.float32)
    if found.size != count:
        raise WeightsError(f"{path.name} is cut off.")
    return np.asarray(found, dtype=np.float32).reshape(place.shape)
