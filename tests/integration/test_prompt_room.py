"""Long questions, long histories, small contexts: what does not fit is left out by rule, or the article is quoted."""

from __future__ import annotations

from pathlib import Path

from support_bot.answering.prompt import ECHOES, instructions
from support_bot.engine.fake import FakeEngine
from support_bot.values import AnswerEvent, Author, Text, Turn
from tests.factories import DELIVERY, add_article, make_app

QUESTION = "How much does standard delivery cost?"
LONG = f"{QUESTION} " + "Delivery matters to me and standard delivery is what I want. " * 28
SAID = "I ordered a jacket and a pair of shoes, and the shoes are too small for my brother. "


def asked(folder: Path, engine: FakeEngine, question: str, turns: list[Turn]) -> list[AnswerEvent]:
    app = make_app(folder, engine)
    add_article(app, "delivery.md", DELIVERY)
    _, started = app.chat.ask_anew("web", turns, question)
    events = [logged.event for logged in app.chat.follow(started, timeout_s=30)]
    app.close()
    return events


def test_a_long_question_after_a_huge_history_is_asked_whole(tmp_path: Path) -> None:
    engine = FakeEngine(default="Standard delivery costs $4.90 [1].", context_tokens=700)
    turns = [Turn(Author.CUSTOMER if number % 2 == 0 else Author.BOT, SAID * 40) for number in range(30)]
    events = asked(tmp_path, engine, LONG, turns)
    assert len(LONG.split()) > 300
    (request,) = engine.requests
    system, user = request.messages
    assert system.content == instructions() and "$4.90" in user.content
    assert user.content.endswith(f"{ECHOES[0]} {LONG.strip()}")
    assert any("$4.90" in event.sentence for event in events if isinstance(event, Text))


def test_a_context_too_small_for_the_prompt_quotes_the_article(tmp_path: Path) -> None:
    engine = FakeEngine(context_tokens=90)
    events = asked(tmp_path, engine, LONG, [])
    assert engine.requests == []
    assert any("$4.90" in event.sentence for event in events if isinstance(event, Text))
