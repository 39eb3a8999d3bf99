"""What every engine has to keep, as tests that authors of engines inherit. Knows no engine.

class TestMyEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> Iterator[TextEngine]:
        engine = MyEngine(...)  # one answer at a time, and two may wait
        yield engine
        engine.close()
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from support_bot.engine.base import ChatTurn, Generation, GenerationRequest, GenerationStats, TextEngine
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded

LONG = "Tell me a long story about an old lighthouse and the people who live in it."


class EngineContract:
    """Inherit it and give the fixture `engine`: one slot, a queue of two, at least 512 tokens of context.

    Asked for `LONG`, it has to be able to write more than 200 tokens, and to take more than a second for them."""

    @pytest.fixture
    def engine(self) -> Iterator[TextEngine]:
        raise NotImplementedError("give the fixture `engine`")

    def test_says_what_it_is(self, engine: TextEngine) -> None:
        assert engine.name and engine.model_hash and engine.context_tokens >= 512
        assert engine.alive() and engine.queue_length() == 0
        figures = engine.figures()
        assert (figures.slots >= 1, figures.running, figures.answer_tokens) == (True, 0, 0)

    def test_writes_and_tells_how_it_went(self, engine: TextEngine) -> None:
        generation = engine.start(ask("Say hello.", max_tokens=8))
        pieces = list(generation)
        stats = figures_of(generation)
        assert "".join(pieces).strip() and all(pieces)
        assert stats.finish in ("end", "length")
        assert stats.prompt_tokens > 0 and stats.answer_tokens > 0
        assert 0 <= stats.queue_s <= stats.first_token_s <= stats.total_s
        assert generation.place() == 0 and generation.wait_s() == 0.0 and generation.wait_started(0)
        assert list(generation) == []

    def test_adds_up_what_it_has_done(self, engine: TextEngine) -> None:
        done = [finished(engine.start(ask("Say hello.", max_tokens=4))) for _ in range(2)]
        figures = engine.figures()
        assert figures.prompt_tokens == sum(stats.prompt_tokens for stats in done)
        assert figures.answer_tokens == sum(stats.answer_tokens for stats in done)

    def test_stops_at_the_last_token(self, engine: TextEngine) -> None:
        short, longer = (finished(engine.start(ask(LONG, max_tokens=count))) for count in (4, 30))
        assert short.finish == longer.finish == "length"
        assert short.answer_tokens < longer.answer_tokens

    def test_gives_nothing_out_from_a_stop_string_on(self, engine: TextEngine) -> None:
        whole = "".join(engine.start(ask(LONG, max_tokens=24)))
        stop = whole[len(whole) // 2 :][:6]
        generation = engine.start(ask(LONG, max_tokens=24, stop=(stop, "never said")))
        assert "".join(generation) == whole[: whole.index(stop)]
        assert figures_of(generation).finish == "stop"

    def test_reads_and_writes_whole_characters(self, engine: TextEngine) -> None:
        text = "".join(engine.start(ask("Schreib: Grüße aus Köln 🙂🙂🙂, 你好", max_tokens=24)))
        assert "\ufffd" not in text and text.encode()

    def test_lets_others_wait_and_tells_them_where(self, engine: TextEngine) -> None:
        running = engine.start(ask(LONG, max_tokens=200))
        next(iter(running))
        second, third = engine.start(ask("Say hello.")), engine.start(ask("Say hello."))
        assert (running.place(), second.place(), third.place()) == (0, 1, 2)
        assert third.wait_s() > second.wait_s() >= 0 and second.stats() is None
        assert not second.wait_started(0) and engine.queue_length() == 2 and engine.figures().running == 1
        with pytest.raises(Overloaded) as refused:
            engine.start(ask("Say hello."))
        assert refused.value.retry_after and refused.value.retry_after > 0
        running.cancel()
        assert second.wait_started(30) and third.place() <= 1
        assert "".join(second).strip() and "".join(third).strip()
        assert figures_of(second).queue_s > 0

    def test_work_for_nobody_lets_chats_pass(self, engine: TextEngine) -> None:
        running = engine.start(ask(LONG, max_tokens=200))
        next(iter(running))
        behind = engine.start(ask("Say hello.", background=True))
        chat = engine.start(ask("Say hello."))
        assert (chat.place(), behind.place()) == (1, 2)
        for generation in (behind, chat, running):
            generation.cancel()

    def test_ends_what_is_cancelled_and_goes_on(self, engine: TextEngine) -> None:
        running = engine.start(ask(LONG, max_tokens=200))
        next(iter(running))
        running.cancel()
        running.cancel()
        with pytest.raises(Cancelled):
            list(running)
        assert figures_of(running).finish == "cancelled"
        assert "".join(engine.start(ask("Say hello."))).strip()

    def test_ends_what_is_cancelled_before_it_began(self, engine: TextEngine) -> None:
        running = engine.start(ask(LONG, max_tokens=200))
        next(iter(running))
        waiting, behind = engine.start(ask("Say hello.")), engine.start(ask("Say hello."))
        waiting.cancel()
        with pytest.raises(Cancelled):
            list(waiting)
        assert figures_of(waiting).answer_tokens == 0 and behind.place() == 1
        behind.cancel()
        running.cancel()

    def test_cancelling_what_is_over_changes_nothing(self, engine: TextEngine) -> None:
        generation = engine.start(ask("Say hello.", max_tokens=4))
        before = finished(generation)
        generation.cancel()
        assert list(generation) == [] and generation.stats() == before

    def test_ends_at_the_deadline(self, engine: TextEngine) -> None:
        generation = engine.start(ask(LONG, max_tokens=200, deadline_s=0.2))
        with pytest.raises(EngineUnavailable):
            list(generation)
        assert figures_of(generation).finish == "deadline"
        assert "".join(engine.start(ask("Say hello."))).strip()

    def test_refuses_to_write_nothing(self, engine: TextEngine) -> None:
        with pytest.raises(Invalid):
            engine.start(ask("Say hello.", max_tokens=0))

    def test_refuses_a_prompt_that_does_not_fit(self, engine: TextEngine) -> None:
        with pytest.raises(Invalid):
            engine.start(ask("lighthouse " * 4 * engine.context_tokens))
        assert "".join(engine.start(ask("Say hello."))).strip()

    def test_counts_tokens(self, engine: TextEngine) -> None:
        assert engine.count_tokens("") == 0
        assert 0 < engine.count_tokens(LONG) < engine.count_tokens(LONG + " " + LONG)

    def test_gives_both_of_two_readers_their_own(self, engine: TextEngine) -> None:
        said: dict[int, str] = {}

        def read(number: int) -> None:
            said[number] = "".join(engine.start(ask("Say hello.", max_tokens=8)))

        readers = [threading.Thread(target=read, args=(number,)) for number in range(2)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert len(said) == 2 and len(set(said.values())) == 1

    def test_ends_everything_when_it_is_closed(self, engine: TextEngine) -> None:
        running, waiting = engine.start(ask(LONG, max_tokens=200)), engine.start(ask("Say hello."))
        next(iter(running))
        engine.close()
        engine.close()
        for generation in (running, waiting):
            with pytest.raises(Cancelled):
                list(generation)
        assert not engine.alive()
        with pytest.raises(EngineUnavailable):
            engine.start(ask("Say hello."))


def ask(text: str, *, max_tokens: int = 16, **limits: object) -> GenerationRequest:
    """A request of one message."""
    return GenerationRequest((ChatTurn("user", text),), max_tokens=max_tokens, **limits)  # type: ignore[arg-type]


def finished(generation: Generation) -> GenerationStats:
    """Read it to its end; its figures."""
    for _ in generation:
        pass
    return figures_of(generation)


def figures_of(generation: Generation) -> GenerationStats:
    """The figures of a generation that is over."""
    stats = generation.stats()
    assert stats is not None
    return stats
