"""Adapter tensors as a GGUF file that llama.cpp lays over the model they were trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

from support_bot.distillation.llama_layout import llama_tensors

_BLOCK = 32  # numbers that Q8_0 packs together


@dataclass(frozen=True, slots=True)
class About:
    """What the file says of itself: the model it was trained on by SHA-256, `alpha` of the LoRA, heads of the model."""

    name: str
    licence: str
    parent: str
    alpha: int
    heads: int
    kv_heads: int


def write_adapter(tensors: Mapping[str, NDArray[np.float32]], file: Path, about: About) -> None:
    """Write the tensors (named as in `llama_layout`) in Q8_0 where their rows allow it, else in half precision."""
    writer = gguf.GGUFWriter(str(file), "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_name(about.name)
    writer.add_license(about.licence)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(about.alpha))
    writer.add_string("support_bot.parent", about.parent)
    for name, values in llama_tensors(tensors, heads=about.heads, kv_heads=about.kv_heads).items():
        if values.shape[-1] % _BLOCK:
            writer.add_tensor(name, values.astype(np.float16))
            continue
        packed = gguf.quants.quantize(values.astype(np.float32), gguf.GGMLQuantizationType.Q8_0)
        writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
