"""Release a turn's events: the bot's message grows, a hand-off opens its ticket, a failure is told. Under the lock."""

from __future__ import annotations

from dataclasses import replace

from support_bot.models import BotTurn, Message, MessageStatus
from support_bot.services.handoff import open_ticket
from support_bot.services.handoff_words import handoff_words
from support_bot.storage.database import Transaction
from support_bot.values import (
    AnswerEvent,
    AnswerStatus,
    Asked,
    Author,
    Citation,
    Done,
    Failed,
    HandOff,
    Refused,
    Text,
    event_payload,
)


def joined(before: str, more: str) -> str:
    """Two released texts as one: sentences flow, blocks (lists, tables) stand apart."""
    if not before:
        return more
    return f"{before}\n\n{more}" if "\n" in more or "\n" in before else f"{before} {more}"


def bot_message(tx: Transaction, turn: BotTurn) -> Message:
    """The bot's message of this turn, made with its first event so that a retract can name it."""
    if turn.bot_message_id is not None:
        return tx.conversations.get_message(turn.bot_message_id)
    message = tx.conversations.add_message(
        Message(
            conversation_id=turn.conversation_id,
            author=Author.BOT,
            text="",
            status=MessageStatus.STREAMING,
            reply_to_id=turn.message_id,
        )
    )
    turn.bot_message_id = message.id
    return message


def apply(tx: Transaction, message: Message, event: AnswerEvent) -> AnswerEvent:
    """Let the message grow by the event; a hand-off opens its ticket in the same transaction."""
    match event:
        case Text(sentence):
            message.text = joined(message.text, sentence)
            message.answer_status = AnswerStatus.ANSWERED
        case Citation(source):
            if all(known["index"] != source.index for known in message.citations):
                message.citations = [*message.citations, event_payload(event)]
                if source.document_id:
                    tx.citations.add(source.document_id, message.id)
        case Refused(text, _):
            message.text, message.answer_status = text, AnswerStatus.REFUSED
        case Asked(text, _):
            message.text, message.answer_status = text, AnswerStatus.ASKED
        case HandOff(reason):
            conversation = tx.conversations.get(message.conversation_id)
            ticket = open_ticket(tx, conversation, reason)
            text = handoff_words(tx, conversation, reason)
            message.text, message.answer_status = text, AnswerStatus.HANDOFF
            return replace(event, text=text, ticket=ticket.id)
        case _:
            pass
    return event


def fail(tx: Transaction, turn: BotTurn, code: str, text: str) -> None:
    """End a turn that cannot go on; the customer is told, what was half said is taken back."""
    message_id = turn.message_id
    if turn.bot_message_id is not None:
        message = tx.conversations.get_message(turn.bot_message_id)
        message_id = message.id
        if message.text:
            message.status = MessageStatus.FINAL
        else:
            message.retract()
    tx.events.append(turn.conversation_id, Failed(code, text), turn_id=turn.id)
    turn.end(AnswerStatus.FAILED)
    tx.events.append(turn.conversation_id, Done(message_id, AnswerStatus.FAILED), turn_id=turn.id)
