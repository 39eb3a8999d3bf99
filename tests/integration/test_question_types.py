"""Messages that are more, or less, than a question: each gets its own polite answer."""

from __future__ import annotations

from pathlib import Path

from support_bot.answering import phrases
from support_bot.values import Citation, Refused, Text
from tests.factories import DELIVERY, add_article, ask, make_app


def test_a_question_about_ones_own_order_gets_the_article_and_the_truth_about_accounts(tmp_path: Path) -> None:
    app = make_app(tmp_path, write=False)
    add_article(app, "delivery.md", DELIVERY)
    events = ask(app, app.chat.start("web").id, "how many business days does standard delivery of order 55281 take")
    said = [event.sentence for event in events if isinstance(event, Text)]
    assert said[0] == phrases.IN_GENERAL
    assert "3 to 5 business days" in said[1]
    assert [event.source.name for event in events if isinstance(event, Citation)] == ["delivery.md"]
    app.close()


def test_without_an_article_the_bot_says_what_it_cannot_see_and_offers_a_person(tmp_path: Path) -> None:
    app = make_app(tmp_path, answer_threshold=0.99)
    add_article(app, "delivery.md", DELIVERY)
    chat = app.chat.start("web").id
    assert Refused(phrases.NO_ACCOUNTS, phrases.OFFER_PERSON) in ask(app, chat, "unlock my account")
    assert Refused(phrases.UPSET, phrases.OFFER_PERSON) in ask(app, chat, "fuck you")
    app.close()
