"""The customer's conversation as one piece of HTML, made from messages and the bot's running turns. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.services.views import ChannelView, MessageView
from support_bot.values import AnswerStatus, Asked, Author, Mode, Refused, SourceRef
from ui.parts.html import action, attributes, escape, plural, progress
from ui.parts.icons import icon
from ui.parts.live import LiveTurn, running, written
from ui.parts.markdown import answer, plain, safe_markdown, source_data
from ui.parts.messages import body, byline, kind_of, source_list, spoken, system_line

_ASSISTANT = (
    f'<header class="byline"><span class="avatar bot" aria-hidden="true">{icon("spark")}</span>'
    '<b>Assistant</b> <span class="role">automated</span></header>'
)


@dataclass(frozen=True)
class Unsent:
    """A message that did not get through, why, and the key it was sent under."""

    text: str
    reason: str
    key: str = ""


@dataclass(frozen=True)
class Thread:
    """All that the customer's page shows of a conversation."""

    channel: ChannelView
    messages: tuple[MessageView, ...] = ()
    turns: tuple[LiveTurn, ...] = ()
    mode: Mode = Mode.BOT
    person_typing: bool = False
    unsent: Unsent | None = None
    rated: int | None = None
    name_of_person: str = ""
    serial: int = 0


def thread(view: Thread) -> str:
    """The scrolling part of the page: greeting, messages, what is being written now."""
    live = running(view.turns)
    done = written(view.turns)
    parts = [_greeting(view)]
    told = max(done, default=0)  # a running turn's message may be final already while the log is read
    shown = [m for m in view.messages if not (live and m.id > told and m.author is Author.BOT and m.reply_to_id)]
    last_answer = max((m.id for m in shown if m.author is Author.BOT), default=0)
    previous: MessageView | None = None
    for message in shown:
        newest = message.id == last_answer and message is shown[-1] and view.mode is Mode.BOT
        parts.append(_message(message, done.get(message.id), newest=newest, follows=_same(previous, message)))
        previous = message
    parts += [_live(turn) for turn in live]
    parts.append(_trouble(view, live))
    parts.append(_unsent(view.unsent))
    parts.append(_typing(view))
    values = attributes({"role": "log", "aria_live": "off", "aria_label": "Conversation", "data_serial": view.serial})
    return f'<div class="thread"{values}>{"".join(parts)}</div>'


def _same(previous: MessageView | None, message: MessageView) -> bool:
    """Whether the same person goes on speaking, so that the name need not stand there again."""
    return (
        previous is not None
        and previous.author is message.author
        and previous.name == message.name
        and (message.created_at - previous.created_at).total_seconds() < 300
    )


def _greeting(view: Thread) -> str:
    if view.messages or view.unsent:
        asked = ""
    else:
        chips = "".join(
            action(question, "ask", kind="chip", text=question) for question in view.channel.suggested_questions
        )
        asked = f'<div class="chips" role="group" aria-label="Suggested questions">{chips}</div>' if chips else ""
    words = view.channel.greeting or "Hello. What can I help you with?"
    # The first message says what answers here, whatever the channel's greeting says.
    note = "" if "automated" in words.casefold() else '<p class="small">I am an automated assistant.</p>'
    bubble = f'<div class="bubble">{spoken(words)}{note}</div>'
    return f'<section class="message bot greeting">{_ASSISTANT}{bubble}{asked}</section>'


def _message(message: MessageView, turn: LiveTurn | None, *, newest: bool, follows: bool) -> str:
    if message.author is Author.SYSTEM:
        return system_line(message)
    extras = _feedback(message) if message.author is Author.BOT else ""
    if newest:
        extras += _endings(message, turn)
    head = "" if follows else byline(message)
    values = attributes({"data_message": message.id, "data_author": message.author.value})
    return (
        f'<article class="message {kind_of(message)}{" follows" if follows else ""}"{values}>{head}'
        f'<div class="bubble">{body(message, turn)}</div>{extras}</article>'
    )


def _feedback(message: MessageView) -> str:
    """The thumbs, for answers only: a refusal or a hand-off is not voted on."""
    if message.answer_status is not AnswerStatus.ANSWERED:
        return ""
    choices = (("Yes", "up", True), ("No", "down", False))
    buttons = "".join(
        action(
            label, "vote", kind="vote", symbol=symbol, message=message.id, helpful="yes" if value else "no",
            aria_pressed="true" if message.helpful is value else "false",
        )
        for label, symbol, value in choices
    )  # fmt: skip
    words = "Helpful?" if message.helpful is None else "Thank you for telling us."
    return f'<div class="feedback" role="group" aria-label="Was this helpful?"><span>{words}</span>{buttons}</div>'


def _endings(message: MessageView, turn: LiveTurn | None) -> str:
    """What the customer can do after a refusal or a question back: one click each."""
    ending = turn.ending if turn else None
    if message.answer_status is AnswerStatus.REFUSED:
        offer = ending.offer if isinstance(ending, Refused) else "Talk to a person"
        return f'<div class="chips">{action(offer, "person", kind="primary", symbol="person")}</div>'
    if isinstance(ending, Asked) and ending.options:
        chips = "".join(action(option, "ask", kind="chip", text=option) for option in ending.options)
        return f'<div class="chips" role="group" aria-label="Possible replies">{chips}</div>'
    return ""


def _live(turn: LiveTurn) -> str:
    """The answer that is being written: place in the queue, evidence, then the released sentences."""
    inner = ""
    if turn.parts:
        inner = (
            f'<div class="bubble">{answer(turn.text, turn.citations)}{source_list(turn.citations)}{progress()}</div>'
        )
    elif turn.ending:
        inner = f'<div class="bubble">{safe_markdown(turn.ending.text)}</div>'
    elif turn.evidence:
        inner = evidence_cards(turn.evidence) + progress("Writing the answer from these passages")
    elif turn.queued:
        inner = progress(_queue_words(turn.queued.place, turn.queued.wait_s))
    else:
        inner = progress("Searching the help articles")
    stop = action("Stop", "stop", kind="vote")
    return f'<article class="message bot live" aria-busy="true">{_ASSISTANT}{inner}{stop}</article>'


def evidence_cards(citations: Sequence[SourceRef]) -> str:
    """The passages the answer will rest on, readable at once."""
    cards = "".join(
        f'<li><button type="button" class="card"{attributes(source_data(source))}>'
        f'<span class="where">{escape(source.title)}{" › " + escape(source.heading) if source.heading else ""}</span>'
        f'<span class="quote">{escape(plain(source.quote))}</span></button></li>'
        for source in citations
    )
    return f'<p class="small found">Found in {plural(len(citations), "passage")}</p><ul class="cards">{cards}</ul>'


def _queue_words(place: int, wait_s: float) -> str:
    ahead = "You are next" if place <= 1 else f"{place - 1} ahead of you"
    wait = f", about {max(1, round(wait_s))} s" if wait_s < 90 else f", about {round(wait_s / 60)} min"
    return ahead + (wait if wait_s else "")


def _trouble(view: Thread, live: Sequence[LiveTurn]) -> str:
    """The last turn broke: what happened, what is safe, what to do."""
    last = view.turns[-1] if view.turns else None
    if live or last is None or last.failed is None or view.mode is not Mode.BOT:
        return ""
    person = action("Talk to a person", "person", kind="primary", symbol="person")
    return (
        f'<div class="trouble">{icon("alert")}<div><p>{escape(last.failed.text)}</p>'
        f'<p class="small">Your message is saved. You can ask again or talk to a person.</p>{person}</div></div>'
    )


def _unsent(unsent: Unsent | None) -> str:
    if unsent is None:
        return ""
    again = action("Send again", "ask", kind="quiet", text=unsent.text, message_key=unsent.key or None)
    return (
        f'<article class="message customer unsent"><div class="bubble">{spoken(unsent.text)}</div>'
        f'<p class="reason">{icon("alert")}<span>Not sent. {escape(unsent.reason)}</span>{again}</p></article>'
    )


def _typing(view: Thread) -> str:
    if not view.person_typing or view.mode is not Mode.HUMAN:
        return ""
    return progress(f"{view.name_of_person or 'A person'} is writing")
