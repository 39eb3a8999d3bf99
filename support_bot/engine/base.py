"""The words every engine and its callers share: a request, a running generation, its figures. Knows no model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

REMOTE = "remote:"
"""What the hash of a model begins with that has none, since it runs elsewhere; its host and name follow."""


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One message of a prompt; `role` is `system`, `user` or `assistant`, `content` is plain text, never markup."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """What to write, and the limits it has to keep.

    `max_tokens` counts the answer; `temperature` 0 is greedy; text from the first `stop` string on is not given out.
    `deadline_s` counts seconds of running, not of waiting in the queue. The same `seed` and temperature give the same
    answer, but for rounding that depends on what else runs; `top_p` (0..1] only matters above temperature 0. Nobody
    waits for `background` work, so it lets chats pass.

    `scored` is a text to score instead of writing: `Generation.logprobs` then lists its tokens and last the end of the
    answer. With `choices`, nothing is written either: it lists the first token of each choice, after the prompt. Both
    leave out what only concerns writing. `logprobs` is how many of the likeliest tokens are listed for each token; 0
    lists none for an answer, and the tokens alone for a score.

    `grammar` (GBNF, begun by its rule `root`) or `json_schema` (a JSON schema, as text) binds what is written; at most
    one of them. The answer keeps to it as far as it comes: one that ends by `length` or `stop` is a beginning. An
    engine that cannot bind its model raises Invalid instead of writing freely; the scripted one checks nothing, its
    script is the answer.

    `adapter` names a loaded adapter; empty is the engine's default, `none` the plain base. `adapter_scale` (0..4)
    multiplies what it adds to the weights."""

    messages: tuple[ChatTurn, ...]
    max_tokens: int = 160
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    deadline_s: float = 60.0
    seed: int = 0
    top_p: float = 0.95
    background: bool = False
    adapter: str = ""
    adapter_scale: float = 1.0
    logprobs: int = 0
    scored: str = ""
    choices: tuple[str, ...] = ()
    grammar: str = ""
    json_schema: str = ""

    def is_special(self) -> bool:
        """Whether it asks for what not every engine can do."""
        return bool(self.adapter or self.logprobs or self.scored or self.choices or self.grammar or self.json_schema)


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """A token in its place, and the natural logarithm of the probability that the model gave it there.

    It is the model's own distribution: before temperature, `top_p` and grammar. `piece` is the bytes the token stands
    for, maybe a part of a character, nothing for the end; `top` the likeliest tokens there, likeliest first."""

    token: int
    piece: bytes
    logprob: float
    top: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class GenerationStats:
    """The figures of a generation that is over, however it ended.

    Times are seconds from `start()`: until it ran (`queue_s`), until the first piece of text (0.0 if there was none),
    until the end. `reused_tokens` of `prompt_tokens` were still in memory; `accepted_tokens` of the answer were guessed
    right, out of `drafted_tokens`. Where a remote server counts no tokens, they are estimated. `finish` is `end` (the
    model was done), `stop` (a stop string), `length` (no tokens left), `deadline`, `cancelled` or `failed`. `model` is
    the label of the model that wrote it, where that is not the engine's own."""

    prompt_tokens: int
    reused_tokens: int
    answer_tokens: int
    queue_s: float
    first_token_s: float
    total_s: float
    finish: str = "end"
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """How an engine stands, and what it has done since it started.

    `running` of `slots` answers are written now; `cells_used` of `cells` tokens of its memory are taken. The counts are
    those of GenerationStats, summed over all generations that are over; `fallbacks` had to be taken over by
    another engine."""

    slots: int
    running: int
    cells: int
    cells_used: int
    prompt_tokens: int = 0
    reused_tokens: int = 0
    answer_tokens: int = 0
    drafted_tokens: int = 0
    accepted_tokens: int = 0
    failed_steps: int = 0
    fallbacks: int = 0


class Generation(Protocol):
    """A generation that waits, runs or is over. One reader iterates it; any thread may cancel it."""

    def place(self) -> int:
        """0 while it runs or is over, 1 if it is the next, 2 …"""
        ...

    def wait_s(self) -> float:
        """Seconds until it is expected to start; 0.0 once it has."""
        ...

    def wait_started(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s` seconds; True once it runs or is over."""
        ...

    def __iter__(self) -> Iterator[str]:
        """Pieces of text as they are written, whole characters only.

        Raises Cancelled after `cancel()` or when the engine closes, EngineUnavailable when the engine broke or the
        deadline has passed, Invalid where the grammar goes on with nothing that the model could write or only a remote
        server could tell that the prompt does not fit."""
        ...

    def cancel(self) -> None:
        """End it; the engine is free within one step. Does nothing when it is over."""
        ...

    def stats(self) -> GenerationStats | None:
        """The figures, or None while it is not over."""
        ...

    def logprobs(self) -> tuple[TokenLogprob, ...]:
        """What the request's `logprobs`, `scored` or `choices` ask for, so far.

        The tokens of an answer with those that a stop string holds back, without the end token; maybe ahead of what
        was iterated."""
        ...


class TextEngine(Protocol):
    """Something that writes text from chat messages. Safe to use from any thread."""

    @property
    def name(self) -> str: ...

    @property
    def model_hash(self) -> str: ...

    @property
    def context_tokens(self) -> int: ...

    def start(self, request: GenerationRequest) -> Generation:
        """Queue a request.

        Raises Overloaded (`retry_after` in seconds) when the queue is full, Invalid when the prompt does not fit or
        the engine cannot do what is asked (an adapter that it has not), EngineUnavailable when it is closed or broken.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of this text, without the chat template around it."""
        ...

    def queue_length(self) -> int:
        """How many generations wait, without the running ones."""
        ...

    def figures(self) -> EngineFigures:
        """How it stands now."""
        ...

    def alive(self) -> bool:
        """Whether `start` can work."""
        ...

    def close(self) -> None:
        """End everything; generations that run or wait raise Cancelled. May be called twice."""
        ...


def model_label(engine: TextEngine) -> str:
    """`name:hash` for traces, each hash cut to 12 letters; of a remote model its place. At most 100 letters."""
    parts = engine.model_hash.split("+")
    if engine.model_hash.startswith(REMOTE):
        return engine.model_hash[:100]
    return f"{engine.name}:{'+'.join(part[:12] for part in parts)}"[:100]
