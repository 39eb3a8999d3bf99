"""The stages of a run. Imports nothing slow: the command line reads it."""

from __future__ import annotations

import enum


class Stage(enum.StrEnum):
    """The stages in their order."""

    COLLECT = "collect"
    TEACH = "teach"
    TRAIN = "train"
    EXPORT = "export"
    EXAM = "exam"
    PROMOTE = "promote"
