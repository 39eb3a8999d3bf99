"""Messages that are more, or less, than a question: each gets its own polite answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from support_bot.answering import phrases
from support_bot.answering.intent import Intent
from support_bot.assembly import App, build_app, prepare
from support_bot.engine.embedder import Embedder
from support_bot.engine.fake import FakeEngine
from support_bot.engine.weights import WeightsStore
from support_bot.settings import Settings
from support_bot.values import AnswerEvent, Citation, HandOff, Refused, Text
from tests.factories import DELIVERY, RETURNS, add_article, ask, make_app, settings

MESSAGES: dict[str, list[str]] = json.loads(
    (Path(__file__).parents[1] / "intent_messages.json").read_text(encoding="utf-8")
)
ARTICLES = Path(__file__).parents[2] / "knowledge_base" / "articles"


class Remembering:
    """The real embedder, which reads the sentences of an article once and not with every question."""

    def __init__(self, embedder: Embedder) -> None:
        self.name, self.model_hash, self.dimension = embedder.name, embedder.model_hash, embedder.dimension
        self._embedder = embedder
        self.reads_unspaced = embedder.reads_unspaced
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        unknown = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(unknown, self._embedder.embed(unknown), strict=True) if unknown else ())
        return np.stack([self._known[text] for text in texts])

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.embed(texts)

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._embedder.likeness(cosines)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Read by the real embedder with the threshold that serves; nothing is retold."""
    chosen = settings(tmp_path_factory.mktemp("types"), write=False, answer_threshold=0.45)
    prepare(chosen)
    store = WeightsStore(Settings().weights_dir, offline=True)
    app = build_app(chosen, engine=FakeEngine(), embedder=Remembering(Embedder.load(store, "minilm")))
    for name, text in (("returns.md", RETURNS), ("delivery.md", DELIVERY)):
        add_article(app, name, text)
    add_article(app, "contact-us.md", (ARTICLES / "contact-us.md").read_text(encoding="utf-8"))
    yield app
    app.close()


def _asked(app: App, intent: Intent) -> Iterator[tuple[str, list[AnswerEvent]]]:
    for message in MESSAGES[intent]:
        yield message, ask(app, app.chat.start("web").id, message)


def _refused(events: list[AnswerEvent], *words: str) -> bool:
    return any(isinstance(event, Refused) and event.text in words for event in events)


def test_who_asks_for_a_person_gets_one(app: App) -> None:
    assert [text for text, events in _asked(app, Intent.HUMAN_REQUEST) if not _handed_off(events)] == []


def test_orders_to_the_bot_are_never_followed(app: App) -> None:
    refused = {
        text: _refused(events, phrases.DECLINED, phrases.REFUSED) for text, events in _asked(app, Intent.INJECTION)
    }
    assert [text for text, polite in refused.items() if not polite] == []


def test_what_is_not_about_the_company_is_refused(app: App) -> None:
    told = (phrases.OFF_TOPIC, phrases.REFUSED)
    assert [text for text, events in _asked(app, Intent.OFFTOPIC) if not _refused(events, *told)] == []


def test_no_question_is_handed_over_declined_or_taken_for_an_insult(app: App) -> None:
    others = (phrases.DECLINED, phrases.UPSET)
    wrong = [text for text, events in _asked(app, Intent.QUESTION) if _handed_off(events) or _refused(events, *others)]
    assert wrong == []


def _handed_off(events: list[AnswerEvent]) -> bool:
    return any(isinstance(event, HandOff) for event in events)


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


def test_a_follow_up_that_found_nothing_alone_is_searched_with_the_question_before(tmp_path: Path) -> None:
    app = make_app(tmp_path, write=False, answer_threshold=0.6)
    add_article(app, "returns.md", RETURNS)
    add_article(app, "delivery.md", DELIVERY)
    assert _refused(ask(app, app.chat.start("web").id, "Are sale jackets included?"), phrases.REFUSED)
    chat = app.chat.start("web").id
    ask(app, chat, "how long do I have to return a jacket")
    said = [event.sentence for event in ask(app, chat, "Are sale jackets included?") if isinstance(event, Text)]
    assert "Sale jackets can be exchanged" in said[0]
    assert app.tickets.conversation(chat).traces[-1].standalone.startswith("how long do I have to return a jacket Are")
    app.close()
