"""What prompts begin with, kept to be shared: a radix tree over tokens in spare sequences of the model's memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from support_bot.engine.put_away import PutAway, PutAwayRuns
from support_bot.engine.step_model import PLAIN, AdapterUse, StepFailed, StepModel


@dataclass(slots=True, eq=False)
class Node:
    """A run of tokens from position `start` on, read under `adapter`, whose cells carry `sequence`; `users` running
    prompts lean on it."""

    start: int
    tokens: list[int]
    sequence: int
    parent: Node | None
    children: dict[int, Node] = field(default_factory=dict)
    users: int = 0
    used_at: int = 0
    adapter: AdapterUse = PLAIN

    @property
    def end(self) -> int:
        """The position after its last token."""
        return self.start + len(self.tokens)

    def path(self) -> Iterator[Node]:
        """This node and those above it, without the root."""
        node: Node | None = self
        while node is not None and node.parent is not None:
            yield node
            node = node.parent


@dataclass(slots=True, eq=False)
class Lease:
    """The beginning of one running prompt that is shared: `length` tokens, down to `node`, which must not leave.

    `root` is the tree it belongs to."""

    node: Node
    length: int
    root: Node


class PrefixCache:
    """Radix trees as in SGLang's RadixAttention (Zheng et al. 2024), one for each adapter and scale.

    The trees share nothing but the room: sequences, cells and one order of who was used longest ago.

    Each node owns a sequence of the model's memory that marks the cells of its own tokens. A prompt that begins like a
    path of the tree gets these cells by `copy_sequence`: nothing is computed or stored twice. What no running prompt
    leans on leaves from the leaves on, least recently used first, so that what many prompts begin with stays longest.
    What leaves is put away outside the model's memory, where that has room, and brought back when a prompt goes on
    with it: a copy takes a hundredth of reading it. All calls come from the engine's thread."""

    def __init__(self, model: StepModel, sequences: Iterable[int]) -> None:
        """`sequences` are free for the nodes; without any, nothing is kept."""
        self._model = model
        self._sequences = list(sequences)
        self._clock = count(1)
        self._nodes: set[Node] = set()
        self._roots: dict[AdapterUse, Node] = {}
        self._spare: list[int] = []
        self._away = PutAwayRuns(model.put_away_bytes)
        self.held = 0
        self.forget()

    def forget(self) -> None:
        """Start anew, when the model's memory was emptied. Leases given before are void."""
        self._roots.clear()
        self._nodes.clear()
        self._spare = self._sequences[::-1]
        self._away.clear()
        self.held = 0

    # ---- what a prompt may take

    def lease(self, prompt: Sequence[int], adapter: AdapterUse = PLAIN) -> Lease:
        """Hold on to the longest beginning of the prompt that is kept, maybe of no length, until `release`.

        A node is cut where the prompt leaves it, so that a lease holds no cell that its prompt does not share."""
        root = self._root(adapter)
        root.users += 1
        node, length = _walk(root, prompt)
        self._touch(node)
        lease = Lease(node, length, root)
        _lean(node, 1)
        if length < node.end and node.parent is not None:
            self._move(lease, self._split(node, length) if self._have_spare(1) else node.parent)
            lease.length = lease.node.end
        return lease

    def known(self, prompt: Sequence[int], adapter: AdapterUse = PLAIN) -> int:
        """How long a lease would be; changes nothing."""
        root = self._roots.get(adapter)
        return _walk(root, prompt)[1] if root else 0

    def lend(self, lease: Lease, target: int) -> None:
        """Let the empty sequence `target` share the cells of a new lease."""
        for node in lease.node.path():
            self._model.copy_sequence(node.sequence, target, node.start, node.end)

    def put_away(self, lease: Lease, prompt: Sequence[int]) -> PutAway | None:
        """What the prompt goes on with behind its lease, where that was put away."""
        if lease.length < len(prompt) and prompt[lease.length] in lease.node.children:
            return None  # no sequence was left to cut it, so none is for this
        return self._away.find(lease.root.adapter, prompt, lease.length)

    def bring_back(self, lease: Lease, prompt: Sequence[int], run: PutAway) -> bool:
        """Put `run` into free cells and let the lease cover what the prompt shares of it; False where it cannot be."""
        if not self._have_spare(2):
            return False
        sequence = self._spare.pop()
        if not self._model.load_sequence(sequence, run.saved):
            self._model.remove_sequence(sequence)
            self._spare.append(sequence)
            self._away.remove(run.key)
            return False
        leaf = self._hang(lease.node, Node(lease.length, list(run.tokens), sequence, lease.node))
        shared = lease.length + shared_beginning(run.tokens, prompt[lease.length :])
        self._move(lease, self._split(leaf, shared) if shared < leaf.end else leaf)
        lease.length = lease.node.end
        self.held += len(run.tokens)
        return True

    def release(self, lease: Lease) -> None:
        """The prompt is over; what it leaned on may leave."""
        _lean(lease.node, -1)
        lease.root.users -= 1

    # ---- what is kept

    def keep(self, lease: Lease, tokens: Sequence[int], source: int) -> int:
        """Keep these tokens, whose cells `source` has from position 0 on, and let the lease cover them.

        Gives the number of cells that the tree holds now and did not before. Where no sequence is left for a new node,
        nothing is kept."""
        node, length = _walk(lease.root, tokens)
        self._touch(node)
        self._move(lease, node)
        rest = list(tokens[length:])
        if not rest:
            return 0
        inside = length < node.end
        if not inside and not node.children and node is not lease.root:
            node.tokens += rest
        else:
            if not self._have_spare(2 if inside else 1):
                return 0
            if inside:
                node = self._split(node, length)
            node = self._hang(node, Node(length, rest, self._spare.pop(), node))
            self._move(lease, node)
        self._model.copy_sequence(source, node.sequence, length, node.end)
        self.held += len(rest)
        return len(rest)

    def unused(self) -> int:
        """Cells that `free` could free now: those no running prompt leans on."""
        return sum(len(node.tokens) for node in self._nodes if not node.users)

    def free(self, cells: int) -> None:
        """Let at least so many cells go, or all that are unused."""
        least = self.held - cells
        while self.held > least and self._drop_oldest():
            pass

    def settle(self, most_unused: int) -> None:
        """Put away what nobody leans on, but for so many cells: each one that is taken slows every step down."""
        if self._away.keeps:
            self.free(self.unused() - most_unused)

    # ---- inside

    def _root(self, adapter: AdapterUse) -> Node:
        if adapter not in self._roots:
            # Scales are numbers that callers choose, so trees that are empty go.
            self._roots = {use: root for use, root in self._roots.items() if root.children or root.users}
            self._roots[adapter] = Node(0, [], -1, None, adapter=adapter)
        return self._roots[adapter]

    def _hang(self, parent: Node, leaf: Node) -> Node:
        leaf.adapter = parent.adapter
        parent.children[leaf.tokens[0]] = leaf
        self._nodes.add(leaf)
        self._touch(leaf)
        return leaf

    def _touch(self, node: Node) -> None:
        now = next(self._clock)
        for above in node.path():
            above.used_at = now

    def _move(self, lease: Lease, node: Node) -> None:
        _lean(node, 1)
        _lean(lease.node, -1)
        lease.node = node

    def _split(self, node: Node, at: int) -> Node:
        """Cut a node before position `at`; gives the new upper part. The lower stays the node that leases name."""
        cut = at - node.start
        parent, lower_sequence = node.parent, self._spare.pop()
        self._model.copy_sequence(node.sequence, lower_sequence, at, node.end)
        self._model.remove_sequence(node.sequence, at)
        upper = Node(node.start, node.tokens[:cut], node.sequence, parent, {node.tokens[cut]: node}, node.users)
        upper.used_at, upper.adapter = node.used_at, node.adapter
        assert parent is not None  # the root has no tokens to cut
        parent.children[upper.tokens[0]] = upper
        node.start, node.tokens, node.sequence, node.parent = at, node.tokens[cut:], lower_sequence, upper
        self._nodes.add(upper)
        return upper

    def _have_spare(self, sequences: int) -> bool:
        while len(self._spare) < sequences:
            if not self._drop_oldest():
                return False
        return True

    def _drop_oldest(self) -> bool:
        """Let the leaf go that was used longest ago; False where every leaf is in use."""
        unused = (node for node in self._nodes if not node.children and not node.users)
        node = min(unused, key=lambda leaf: leaf.used_at, default=None)
        if node is None or node.parent is None:
            return False
        self._keep_away(node)
        self._model.remove_sequence(node.sequence)
        self._spare.append(node.sequence)
        self._nodes.remove(node)
        del node.parent.children[node.tokens[0]]
        self.held -= len(node.tokens)
        return True

    def _keep_away(self, node: Node) -> None:
        before = [token for above in reversed(list(node.path())[1:]) for token in above.tokens]
        if self._away.wants(node.adapter, before, node.tokens):
            try:
                saved = self._model.save_sequence(node.sequence)
            except (StepFailed, MemoryError):
                return  # it is read again when it is wanted; nobody's answer may end for a copy
            self._away.add(node.adapter, before, node.tokens, saved)


def shared_beginning(left: Sequence[int], right: Sequence[int]) -> int:
    """How many tokens two sequences share from the beginning."""
    for i, (a, b) in enumerate(zip(left, right, strict=False)):
        if a != b:
            return i
    return min(len(left), len(right))


def _walk(root: Node, tokens: Sequence[int]) -> tuple[Node, int]:
    """The deepest node that these tokens enter, and how many of them the tree has."""
    node, length = root, 0
    while length < len(tokens) and (child := node.children.get(tokens[length])):
        node = child
        length += shared_beginning(node.tokens, tokens[length : length + len(node.tokens)])
        if length < node.end:
            break
    return node, length


def _lean(node: Node, more: int) -> None:
    for above in node.path():
        above.users += more
