"""What the runs of distillation on this machine have learnt from a customer. Shows no progress, so one may ask
meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support_bot.distillation.forget import Learnt, find, forget
from support_bot.storage.remains import search_files
from support_bot.values.customers import Remain


class LearntData:
    """Training rows and students of the runs that this data folder knows of."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    def find(self, conversations: Collection[str]) -> list[Learnt]:
        """What the runs have of these conversations."""
        return find(self._data_dir, conversations)

    def forget(self, conversations: Collection[str]) -> list[Learnt]:
        """Take out what the runs have of these conversations, and let no student that saw them serve."""
        return forget(self._data_dir, set(conversations).intersection)

    def search(self, places: Sequence[Path], words: Sequence[str]) -> list[Remain]:
        """Files there that hold one of the words."""
        return search_files(places, words)


@contextmanager
def learnt_data(data_dir: Path) -> Iterator[LearntData]:
    yield LearntData(data_dir)
