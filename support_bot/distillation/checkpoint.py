"""Where a training stands, on the disk every few steps, so that one that was stopped goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch

EVERY = 10
"""Steps."""


class Checkpoint:
    """One file; `key` tells the training it belongs to, and that of another is not read."""

    def __init__(self, file: Path, key: str) -> None:
        self._file = file
        self._key = key

    def save(self, step: int, state: dict[str, Any]) -> None:
        """After `step` steps; `state` holds tensors and plain values. The file is whole at any time. Raises OSError."""
        fresh = self._file.with_suffix(".new")
        try:
            torch.save({"key": self._key, "step": step, "state": state}, fresh)
        except RuntimeError as error:  # PyTorch's word for a disk that takes no more; it does not say why
            raise OSError(errno.ENOSPC, str(error), str(fresh)) from error
        os.replace(fresh, self._file)

    def load(self) -> tuple[int, dict[str, Any]] | None:
        """Steps done and the state then; None where there is none of this training."""
        if not self._file.exists():
            return None
        try:
            found = torch.load(self._file, map_location="cpu", weights_only=True)
            return (int(found["step"]), dict(found["state"])) if found["key"] == self._key else None
        except (OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError, UnpicklingError):
            return None  # a damaged file costs time only

    def remove(self) -> None:
        """The training is over."""
        self._file.unlink(missing_ok=True)
