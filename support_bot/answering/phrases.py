"""What the bot says that is not a fact: greetings, refusals, hand-offs. Never a number, price or promise of its own."""

from __future__ import annotations

import re

from support_bot.answering.intent import Intent
from support_bot.values import HandoffReason

OFFER_PERSON = "Talk to a person"
REFUSED = "I couldn't find that in our help articles, so I won't guess. A person on our team can help you."
OFF_TOPIC = "I can only help with questions about our products and services. If I misunderstood, a person can help you."
NO_ACCOUNTS = (
    "I can't see accounts, orders or payments, so I can't look at yours. A person on our team can; "
    'choose "Talk to a person" and they will see this conversation.'
)
IN_GENERAL = (
    "I can't see accounts, orders or payments; a person on our team can look at yours. What our help articles say:"
)
UPSET = "I'm sorry that this is so frustrating. Tell me what went wrong and I'll look it up, or talk to a person."
DECLINED = "I can't do that. I answer questions from our help articles; a person can help you with anything else."

_REFUSALS = {Intent.OFFTOPIC: OFF_TOPIC, Intent.ACCOUNT: NO_ACCOUNTS, Intent.ABUSE: UPSET}

PLACES = ("{when}", "{next}", "{name}")
"""What is filled in: when somebody answers (a sentence, or nothing), where the reply appears, who has joined."""

_NEXT = "the reply appears in this chat"
_SOMEBODY = "A person"

HANDOFF: dict[HandoffReason, str] = {
    HandoffReason.CUSTOMER_REQUEST: "I'm passing you to a person now. They see this conversation, so you won't need "
    "to repeat yourself. {when} You can keep writing here; {next}.",
    HandoffReason.NO_EVIDENCE: "I couldn't find this in our help articles, so I'm passing you to a person. "
    "{when} Keep this conversation: {next}.",
    HandoffReason.LOW_CONFIDENCE: "I'm not sure enough to answer this, so I'm passing you to a person. "
    "{when} Keep this conversation: {next}.",
    HandoffReason.UNSUPPORTED_REQUEST: "This needs somebody who can look at your account, so I'm passing you to a "
    "person. {when} Keep this conversation: {next}.",
    HandoffReason.POLICY: "This is something a person has to decide. I've passed your conversation on; {next}. {when}",
    HandoffReason.TOOL_FAILURE: "Something on our side isn't working, so I'm passing you to a person. "
    "Your messages are safe; {next}. {when}",
    HandoffReason.BOT_SILENT: "I took too long to answer, so I'm passing you to a person. "
    "Your messages are safe; {next}. {when}",
    HandoffReason.AGENT_PULL: "{name} from our team has joined the conversation.",
}

_SMALL_TALK: tuple[tuple[str, str], ...] = (
    (r"\b(thank|thanks|thx|ty|cheers|gracias|merci|danke|great|perfect|awesome|worked)\b",
     "You're welcome. Is there anything else you'd like to know?"),
    (r"\b(bye|goodbye|good night|have a (nice|good)|see you|that'?s all)\b", "Goodbye, and come back any time."),
    (r"\b(who are you|are you a|robot|bot|real|your name|human)\b",
     "I'm an automated assistant. I answer from our help articles and can pass you to a person at any time."),
    (r"\b(what (can|do) you (do|help))\b",
     "I answer questions from our help articles and show where each answer stands. I can also pass you to a person."),
)  # fmt: skip


def refusal(intent: Intent) -> str:
    """What is said where nothing was found, by what the message seemed to want."""
    return _REFUSALS.get(intent, REFUSED)


def handed_off(reason: HandoffReason, text: str = "", *, when: str = "", name: str = "") -> str:
    """What a customer is told at a hand-off: the channel's own `text`, or ours, with its places filled in."""
    filled = text or HANDOFF[reason]
    for place, words in zip(PLACES, (when, _NEXT, name or _SOMEBODY), strict=True):
        filled = filled.replace(place, words)
    return re.sub(r"[ \t]{2,}", " ", filled).strip()


def unknown_places(text: str) -> str:
    """The first `{place}` that nobody fills in; empty for none."""
    return next((found for found in re.findall(r"\{[^{}]*\}", text) if found not in PLACES), "")


def small_talk(message: str) -> str:
    """A short friendly answer that states no fact about the company."""
    for pattern, answer in _SMALL_TALK:
        if re.search(pattern, message, re.IGNORECASE):
            return answer
    return "Hello. What can I help you with?"
