"""A part of the memory for each slot: what prompts begin with is copied, and copied only where it is the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from support_bot.engine.base import GenerationRequest
from support_bot.engine.blocks import BLOCK_TOKENS, Blocks
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.memory import Need
from support_bot.engine.own_cells import OwnCells
from support_bot.engine.saved_state import StateLayout, put_together, take_apart
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.step_model import PLAIN, AdapterUse, BatchToken, SavedSequence, StepFailed
from support_bot.errors import Cancelled

SLOTS, ANSWER = 3, 6
POLITE = AdapterUse("polite", 1.0)


def own_model(context_tokens: int = 100, put_away_bytes: int = 1000) -> FakeModel:
    model = FakeModel(str, context_tokens=context_tokens, n_cells=SLOTS * context_tokens, n_sequences=SLOTS)
    model.shares_cells, model.put_away_bytes = False, put_away_bytes
    return model


def read(model: FakeModel, sequence: int, tokens: list[int], start: int) -> None:
    model.decode([BatchToken(token, at, sequence, False) for at, token in enumerate(tokens) if at >= start])


class TestBlocks:
    def test_a_chain_is_found_as_far_as_the_tokens_are_the_same(self) -> None:
        blocks, tokens = Blocks(1000), list(range(40))
        blocks.add([(key, bytes([number])) for number, key in blocks.lacking(PLAIN, tokens).items()])
        assert blocks.find(PLAIN, tokens) == [b"\0", b"\1"]
        assert blocks.find(PLAIN, tokens[:31]) == [b"\0"]
        assert blocks.find(PLAIN, [*tokens[:20], 7, *tokens[21:]]) == [b"\0"]
        assert blocks.find(PLAIN, [7, *tokens[1:]]) == blocks.find(PLAIN, tokens[:15]) == []
        assert blocks.find(POLITE, tokens) == []

    def test_the_end_of_what_was_used_longest_ago_leaves_first(self) -> None:
        blocks, old, new = Blocks(4), list(range(32)), list(range(100, 132))
        for tokens in (old, new):
            blocks.add([(key, b"x") for key in blocks.lacking(PLAIN, tokens).values()])
        assert len(blocks.find(PLAIN, old)) == 2
        (key,) = blocks.lacking(PLAIN, [5] * BLOCK_TOKENS).values()
        blocks.add([(key, b"x")])
        assert [len(blocks.find(PLAIN, tokens)) for tokens in (old, new)] == [2, 1]
        assert blocks.held_bytes == 4

    def test_without_room_nothing_is_lacking(self) -> None:
        assert Blocks(0).lacking(PLAIN, list(range(40))) == {}


class TestOwnCells:
    def test_a_prompt_begins_with_what_another_left(self) -> None:
        model = own_model()
        cells, prompt = OwnCells(model), list(range(1, 41))
        assert cells.begin(0, Need(prompt, ANSWER)) == 0
        read(model, 0, prompt, 0)
        cells.keep(0, prompt)
        assert cells.begin(1, Need([*prompt[:36], 99, 98], ANSWER)) == 32
        assert model.tokens(1) == prompt[:32]
        cells.end(0)
        assert model.tokens(0) == [] and cells.in_use == 38 + ANSWER

    def test_the_last_token_is_read_in_any_case(self) -> None:
        model = own_model()
        cells, prompt = OwnCells(model), list(range(1, 33))
        for sequence in (0, 1):
            reused = cells.begin(sequence, Need(prompt, ANSWER))
            read(model, sequence, prompt, reused)
            cells.keep(sequence, prompt)
        assert reused == 16

    def test_copies_that_fail_are_given_up_and_nobody_notices(self, caplog: pytest.LogCaptureFixture) -> None:
        class Broken(FakeModel):
            saves = 0

            def save_blocks(self, sequence: int, size: int, numbers: object) -> list[SavedSequence]:
                self.saves += 1
                raise StepFailed("laid out as nobody knows")

        model = Broken(str, context_tokens=100, n_cells=300, n_sequences=SLOTS)
        model.shares_cells, model.put_away_bytes = False, 1000
        cells, prompt = OwnCells(model), list(range(1, 41))
        for sequence in (0, 1):
            assert cells.begin(sequence, Need(prompt, ANSWER)) == 0
            read(model, sequence, prompt, 0)
            cells.keep(sequence, prompt)
        assert model.saves == 1
        assert "not shared from now on" in caplog.text


class OwnBudget(RuleBasedStateMachine):
    """Prompts of few letters begin, are read in pieces, and end whenever they like; some share a long beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.model = own_model(context_tokens=60, put_away_bytes=5 * BLOCK_TOKENS)
        self.cells = OwnCells(self.model)
        self.running: dict[int, tuple[list[int], int]] = {}

    @precondition(lambda self: len(self.running) < SLOTS)
    @rule(prompt=st.lists(st.integers(1, 3), min_size=1, max_size=19), long=st.integers(0, 3))
    def begin(self, prompt: list[int], long: int) -> None:
        prompt = [long] * 33 * (long > 0) + prompt
        sequence = next(i for i in range(SLOTS) if i not in self.running)
        reused = self.cells.begin(sequence, Need(prompt, ANSWER))
        assert 0 <= reused < len(prompt)
        assert self.model.tokens(sequence) == prompt[:reused]
        self.running[sequence] = prompt, reused

    @precondition(lambda self: self.running)
    @rule(data=st.data(), more=st.integers(1, 30))
    def step(self, data: st.DataObject, more: int) -> None:
        sequence = data.draw(st.sampled_from(sorted(self.running)))
        prompt, position = self.running[sequence]
        end = min(position + more, len(prompt) + ANSWER, self.model.context_tokens)
        tokens = [*prompt, *[1] * ANSWER][:end]
        read(self.model, sequence, tokens, position)
        self.cells.keep(sequence, tokens)
        self.running[sequence] = prompt, end
        assert self.model.tokens(sequence) == tokens

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        sequence = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[sequence]
        self.cells.end(sequence)
        assert self.model.tokens(sequence) == []

    @precondition(lambda self: not self.running)
    @rule()
    def forget(self) -> None:
        self.model.clear()
        self.cells.forget()
        assert self.cells.in_use == 0

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.model.cells <= self.cells.in_use <= self.model.n_cells
        assert self.cells._blocks.held_bytes <= self.model.put_away_bytes


def test_cells_of_ones_own_hold_whatever_comes() -> None:
    run_state_machine_as_test(OwnBudget, settings=settings(max_examples=40, stateful_step_count=40, deadline=None))


def echo(prompt: str) -> str:
    return f"You said: {prompt}"


WORDS = st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=40).map(" ".join)
ASKED = st.tuples(WORDS, st.sampled_from(["stay", "stay", "cancel"]))


@settings(max_examples=30, deadline=None)
@given(asked=st.lists(ASKED, min_size=1, max_size=12), slots=st.integers(1, 4))
def test_everybody_is_served_out_of_memories_of_their_own(asked: list[tuple[str, str]], slots: int) -> None:
    model = FakeModel(echo, context_tokens=200, n_cells=200 * slots, n_sequences=slots)
    model.shares_cells, model.put_away_bytes = False, 200
    scheduler = Scheduler(model, slots=slots, step_tokens=16)
    generations = [scheduler.submit(model.prompt(text), GenerationRequest((), max_tokens=50)) for text, _ in asked]
    for (_, fate), generation in zip(asked, generations, strict=True):
        if fate == "cancel":
            generation.cancel()
    for (text, fate), generation in zip(asked, generations, strict=True):
        try:
            assert "".join(generation) == echo(text)
        except Cancelled:
            assert fate == "cancel"
    assert scheduler.close()
    assert model.cells == scheduler._cells.in_use == 0


LAYOUT = StateLayout(b"statemrk", before=2, after=1, layers=2, tensors=((1, 6), (1, 6), (8, 10), (8, 10)))


class TestSavedState:
    def test_taken_apart_and_put_together_it_is_the_same(self) -> None:
        rows = np.random.default_rng(7).integers(0, 256, (5, LAYOUT.token_bytes), dtype=np.uint8)
        state = put_together(LAYOUT, rows)
        layout, again = take_apart(state)
        assert layout == LAYOUT and (again == rows).all()
        assert (take_apart(put_together(LAYOUT, rows[:3]))[1] == rows[:3]).all()

    @pytest.mark.parametrize("cut", [1, 4, 30, 100])
    def test_what_is_cut_is_refused(self, cut: int) -> None:
        state = put_together(LAYOUT, np.zeros((5, LAYOUT.token_bytes), dtype=np.uint8))
        with pytest.raises(ValueError):
            take_apart(state[:-cut])

    def test_other_positions_and_transposed_values_are_refused(self) -> None:
        rows = np.zeros((5, LAYOUT.token_bytes), dtype=np.uint8)
        cells = 8 + 4 * 4  # the mark, the number of streams, three counts
        moved = put_together(LAYOUT, rows)
        moved[cells] = 1
        with pytest.raises(ValueError, match="positions"):
            take_apart(moved)
        transposed = put_together(LAYOUT, rows)
        transposed[cells + 5 * 12] = 1
        with pytest.raises(ValueError, match="transposed"):
            take_apart(transposed)
