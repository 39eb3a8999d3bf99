"""A part of the model's memory for each slot, beginnings shared by copying. The other way is `memory.CellBudget`."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from support_bot.engine.blocks import BLOCK_TOKENS, Blocks
from support_bot.engine.memory import Need
from support_bot.engine.step_model import StepFailed, StepModel

logger = logging.getLogger(__name__)


class OwnCells:
    """Each sequence has room for a whole context of its own, so whoever has a slot may begin.

    A step looks only at the cells of the sequences in it: with many long answers under way that is worth more than
    sharing cells. What prompts begin with is copied out once it is read, and in where another begins alike. All calls
    come from the engine's thread."""

    def __init__(self, model: StepModel) -> None:
        self._model = model
        self._blocks = Blocks(model.put_away_bytes)
        self._needs: dict[int, Need] = {}
        self._failed = False

    @property
    def in_use(self) -> int:
        """Cells that are set aside."""
        return sum(self._cells(need) for need in self._needs.values())

    def known(self, need: Need) -> int:
        """How many tokens of its prompt would not have to be read."""
        return self._blocks.known(need.adapter, need.shareable) * BLOCK_TOKENS

    def has_room(self, _need: Need) -> bool:
        """A slot is room enough."""
        return True

    def begin(self, sequence: int, need: Need) -> int:
        """Copy in what is known of the prompt's beginning; how many tokens of it need not be read."""
        self._needs[sequence] = need
        blocks = self._blocks.find(need.adapter, need.shareable)
        if not blocks:
            return 0
        if self._model.load_blocks(sequence, blocks):
            return len(blocks) * BLOCK_TOKENS
        self._model.remove_sequence(sequence)
        return 0

    def keep(self, sequence: int, tokens: Sequence[int]) -> None:
        """The sequence has these tokens in its cells; once that is the whole prompt, let others begin with it."""
        need = self._needs[sequence]
        if len(tokens) < len(need.shareable) or self._failed:
            return
        lacking = self._blocks.lacking(need.adapter, tokens)
        if not lacking:
            return
        try:
            saved = self._model.save_blocks(sequence, BLOCK_TOKENS, list(lacking))
        except MemoryError:
            return  # it is read again when it is wanted; nobody's answer may end for a copy
        except StepFailed:
            logger.exception("beginnings of prompts are not shared from now on")
            self._failed = True
            return
        self._blocks.add(list(zip(lacking.values(), saved, strict=True)))

    def end(self, sequence: int) -> None:
        """The generation is over: its cells are free."""
        self._model.remove_sequence(sequence)
        del self._needs[sequence]

    def forget(self) -> None:
        """The memory was emptied, and nothing runs; what was copied out is good still."""
        self._needs.clear()

    def _cells(self, need: Need) -> int:
        return min(len(need.prompt) + need.answer_tokens, self._model.context_tokens)
