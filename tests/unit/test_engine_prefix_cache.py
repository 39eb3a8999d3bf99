"""The tree of shared beginnings and the budget of cells, against a memory that counts every cell."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from support_bot.engine.fake_model import FakeModel
from support_bot.engine.memory import CellBudget, Need
from support_bot.engine.prefix_cache import PrefixCache, shared_beginning
from support_bot.engine.step_model import BatchToken

SLOTS = 3
ANSWER = 4


def read(model: FakeModel, sequence: int, tokens: list[int], start: int) -> None:
    model.decode([BatchToken(token, at, sequence, False) for at, token in enumerate(tokens) if at >= start])


class Tree:
    """A cache over a fake memory, with a short way to run a prompt through it."""

    def __init__(self, sequences: int = 8) -> None:
        self.model = FakeModel(str, context_tokens=100)
        self.cache = PrefixCache(self.model, range(1, 1 + sequences))

    def run(self, text: str) -> int:
        """Read a prompt of letters in sequence 0, keep it, end; how many letters were there already."""
        prompt = [ord(letter) for letter in text]
        lease = self.cache.lease(prompt)
        self.cache.lend(lease, 0)
        read(self.model, 0, prompt, lease.length)
        self.cache.keep(lease, prompt, 0)
        self.model.remove_sequence(0)
        self.cache.release(lease)
        return lease.length


class TestPrefixCache:
    def test_finds_the_longest_beginning(self) -> None:
        tree = Tree()
        assert [tree.run(text) for text in ("abcdef", "abcxyz", "abcdefgh", "abcx", "zzz")] == [0, 3, 6, 4, 0]

    def test_holds_shared_tokens_once(self) -> None:
        tree = Tree()
        for text in ("system one", "system two", "system", "system one"):
            tree.run(text)
        assert tree.cache.held == tree.model.cells == len("system one") + len("two")

    def test_the_least_recently_used_end_leaves_first(self) -> None:
        tree = Tree()
        for text in ("system one", "system two", "system one"):
            tree.run(text)
        tree.cache.free(1)
        assert tree.run("system one") == len("system one")
        assert tree.run("system two") == len("system ")

    def test_what_a_running_prompt_leans_on_stays(self) -> None:
        tree = Tree()
        tree.run("system one")
        lease = tree.cache.lease([ord(letter) for letter in "system"])
        tree.cache.free(100)
        assert tree.cache.held == len("system") and tree.cache.unused() == 0
        tree.cache.release(lease)
        tree.cache.free(100)
        assert tree.cache.held == tree.model.cells == 0

    def test_a_lease_survives_the_cutting_of_its_node(self) -> None:
        tree = Tree()
        tree.run("abcdef")
        lease = tree.cache.lease([ord(letter) for letter in "abcdef"])
        tree.run("abcxyz")
        assert tree.cache.unused() == len("xyz")
        tree.cache.free(100)
        assert tree.cache.held == len("abcdef")
        tree.cache.release(lease)
        assert tree.cache.unused() == len("abcdef")

    @pytest.mark.parametrize("sequences", [0, 1, 2])
    def test_keeps_less_where_sequences_are_few(self, sequences: int) -> None:
        tree = Tree(sequences)
        for text in ("abcdef", "abcxyz", "other", "abcdef", "abcxyz"):
            tree.run(text)
        assert tree.cache.held == tree.model.cells
        assert (tree.cache.held > 0) == (sequences > 0)

    def test_after_forgetting_all_is_new(self) -> None:
        tree = Tree()
        tree.run("abcdef")
        tree.model.clear()
        tree.cache.forget()
        assert tree.run("abcdef") == 0 and tree.cache.held == 6


class TestPutAway:
    """Long prompts over a memory for little more than one of them, with room beside it."""

    SYSTEM, FIRST, SECOND = "system" * 5, "the first article" * 2, "another article" * 2

    def begun(self, cells: CellBudget, text: str) -> int:
        """Begin a prompt, read, keep and end it; how many letters were there already, wherever they lay."""
        need = Need([ord(letter) for letter in text], ANSWER)
        assert cells.has_room(need)
        reused = cells.begin(0, need)
        assert self.model.tokens(0) == need.prompt[:reused]
        read(self.model, 0, list(need.prompt), reused)
        cells.keep(0, need.prompt)
        cells.end(0)
        assert cells.in_use == self.model.cells
        return reused

    def budget(self, put_away_bytes: int, n_cells: int = 100) -> CellBudget:
        self.model = FakeModel(str, context_tokens=n_cells, n_cells=n_cells, n_sequences=SLOTS + 8)
        self.model.put_away_bytes = put_away_bytes
        return CellBudget(self.model, SLOTS)

    def test_what_had_to_leave_comes_back(self) -> None:
        texts = [self.SYSTEM + article + "?" for article in (self.FIRST, self.SECOND, self.FIRST, self.SECOND)]
        cells = self.budget(put_away_bytes=1000)
        assert [self.begun(cells, text) for text in texts] == [0, 30, len(texts[2]) - 1, len(texts[3]) - 1]
        without = self.budget(put_away_bytes=0)
        assert sum(self.begun(without, text) for text in texts) < len(texts[2]) + len(texts[3])

    def test_another_question_about_it_takes_what_it_shares(self) -> None:
        cells = self.budget(put_away_bytes=1000)
        for text in (self.SYSTEM + self.FIRST + " until when?", self.SYSTEM + self.SECOND + " why?"):
            self.begun(cells, text)
        shared = len(self.SYSTEM + self.FIRST) + 1
        assert self.begun(cells, self.SYSTEM + self.FIRST + " how?") == shared
        assert self.begun(cells, self.SYSTEM + self.FIRST + " until when?") > shared

    def test_the_least_recently_used_run_leaves_for_good(self) -> None:
        cells = self.budget(put_away_bytes=70)
        for article in (self.FIRST, self.SECOND, "quite different" * 3):
            self.begun(cells, self.SYSTEM + article)
        assert self.begun(cells, self.SYSTEM + self.FIRST) <= len(self.SYSTEM)

    def test_idle_cells_are_few_where_there_is_room_beside_them(self) -> None:
        cells = self.budget(put_away_bytes=100_000, n_cells=4000)
        for number in range(30):
            self.begun(cells, f"{number}" + "x" * 100)
        assert cells.in_use == self.model.cells <= 512
        assert self.begun(cells, "0" + "x" * 100) == 100

    def test_cells_promised_to_others_are_not_taken_for_it(self) -> None:
        cells = self.budget(put_away_bytes=1000, n_cells=60)
        self.begun(cells, self.SYSTEM + "the tail" * 2)
        self.begun(cells, self.SECOND + "leaves no room for it")
        cells.begin(1, Need([ord("x")] * 20, ANSWER))
        assert cells.begin(0, Need([ord(letter) for letter in self.SYSTEM[:20] + "!"], ANSWER)) == 0
        assert cells.in_use <= self.model.n_cells

    def test_forgetting_forgets_what_was_put_away(self) -> None:
        cells = self.budget(put_away_bytes=1000)
        self.begun(cells, self.SYSTEM + self.FIRST)
        self.begun(cells, self.SECOND * 3)
        self.model.clear()
        cells.forget()
        assert self.begun(cells, self.SYSTEM + self.FIRST) == 0


class Budget(RuleBasedStateMachine):
    """Prompts of few letters begin, are read in pieces, and end whenever they like; some share a long beginning."""

    put_away_bytes = 0

    def __init__(self) -> None:
        super().__init__()
        self.model = FakeModel(str, context_tokens=40, n_cells=50, n_sequences=SLOTS + 5)
        self.model.put_away_bytes = self.put_away_bytes
        self.cells = CellBudget(self.model, SLOTS)
        self.running: dict[int, tuple[list[int], int]] = {}

    @precondition(lambda self: len(self.running) < SLOTS)
    @rule(prompt=st.lists(st.integers(1, 3), min_size=1, max_size=19), long=st.integers(0, 3))
    def begin(self, prompt: list[int], long: int) -> None:
        prompt = [long] * 17 * (long > 0) + prompt
        if not self.cells.has_room(Need(prompt, ANSWER)):
            assert self.running, "an idle memory takes every prompt"
            return
        sequence = next(i for i in range(SLOTS) if i not in self.running)
        reused = self.cells.begin(sequence, Need(prompt, ANSWER))
        assert 0 <= reused < len(prompt)
        assert self.model.tokens(sequence) == prompt[:reused]
        self.running[sequence] = prompt, reused

    @precondition(lambda self: self.running)
    @rule(data=st.data(), more=st.integers(1, 8))
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
    def no_cell_is_lost_or_promised_twice(self) -> None:
        assert self.model.cells <= self.cells.in_use <= self.model.n_cells
        if not self.running:
            assert self.model.cells == self.cells.in_use


class BudgetWithRoomBeside(Budget):
    """The same where what leaves is put away, and leaves there too."""

    put_away_bytes = 60


@pytest.mark.parametrize("machine", [Budget, BudgetWithRoomBeside])
def test_the_budget_holds_whatever_comes(machine: type[Budget]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=40, stateful_step_count=40, deadline=None))


def test_shared_beginning_counts_from_the_start() -> None:
    assert shared_beginning([1, 2, 3], [1, 2, 4, 5]) == 2
    assert shared_beginning([1, 2], [1, 2, 3]) == 2
    assert shared_beginning([], [1]) == 0
