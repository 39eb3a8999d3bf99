"""Weights into which an adapter was merged: there is no plain base under them."""

from __future__ import annotations

from pathlib import Path

import pytest

from support_bot.engine.adapter import Adapter
from support_bot.engine.adapters import LoadedAdapters
from support_bot.engine.step_model import PLAIN
from support_bot.errors import Invalid


def test_weights_with_an_adapter_in_them_take_no_other() -> None:
    merged = LoadedAdapters(merged=True)
    assert merged.find("", 1.0) == PLAIN
    for name, scale in (("none", 1.0), ("", 0.5), ("", 0.0)):
        with pytest.raises(Invalid, match="part of these weights"):
            merged.find(name, scale)
    with pytest.raises(Invalid, match="part of these weights"):
        merged.is_new("second", Adapter(Path("second.gguf"), "5" * 64))
