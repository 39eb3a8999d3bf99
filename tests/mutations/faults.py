"""The faults, in one table. `old` stands exactly once in `file`; with `new` in its place one of `tests` must fail."""

from __future__ import annotations

from dataclasses import dataclass

_POLICY = "support_bot/answering/policy.py"
_CITATIONS = "support_bot/answering/citations.py"
_GROUNDING = "support_bot/answering/grounding.py"
_CHAIN = "support_bot/answering/chain.py"
_HANDOFF = "support_bot/services/handoff.py"
_TURNS = "support_bot/services/turns.py"
_CHAT = "support_bot/services/chat.py"
_TICKET = "support_bot/models/ticket.py"
_INDEX = "support_bot/index/search_index.py"
_KEYWORD = "support_bot/index/keyword.py"
_CONVERSATIONS = "support_bot/storage/conversations.py"
_EVENTS = "support_bot/storage/events.py"
_KNOWLEDGE = "support_bot/services/knowledge.py"
_RESTORING = "support_bot/storage/restoring.py"
_REMOTE = "support_bot/engine/remote.py"
_REMOTE_CALL = "support_bot/engine/remote_call.py"
_REMOTE_ERRORS = "support_bot/engine/remote_errors.py"
_FALLBACK = "support_bot/engine/fallback.py"

_UNIT_POLICY = ("tests/unit/test_policy.py",)
_UNIT_CITATIONS = ("tests/unit/test_citations.py",)
_UNIT_GROUNDING = ("tests/unit/test_grounding.py",)
_TEST_CHAT = ("tests/integration/test_chat.py",)
_TEST_TURNS = ("tests/integration/test_turns.py",)
_TEST_API = ("tests/integration/test_api_conversations.py",)
_TEST_KNOWLEDGE = ("tests/integration/test_knowledge.py", "tests/integration/test_survival.py")
_TEST_SURVIVAL = ("tests/integration/test_survival.py",)
_TEST_BACKUP = ("tests/integration/test_backup.py",)

_TEST_REMOTE = ("tests/integration/test_remote_engine.py",)
_UNIT_FALLBACK = ("tests/unit/test_engine_fallback.py",)


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken promise; `name` says which."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


FAULTS = (
    # policy
    Fault("weak evidence is answered", _POLICY, "and sure >= _needed(recognised, threshold)", "", _UNIT_POLICY),
    Fault("nothing found is answered", _POLICY, "found.piece > 0 and sure", "sure", _UNIT_POLICY),
    Fault(
        "a wish for a person is refused", _POLICY,
        "Intent.HUMAN_REQUEST: Step.HAND_OFF", "Intent.HUMAN_REQUEST: Step.REFUSE", _UNIT_POLICY,
    ),
    Fault(
        "off-topic needs no better evidence", _POLICY,
        "sure >= _needed(recognised, threshold)", "sure >= threshold", _UNIT_POLICY,
    ),
    Fault(
        "orders are answered on strong evidence", _POLICY,
        "recognised.intent not in _OTHERWISE or recognised.score < CERTAIN", "True", _UNIT_POLICY,
    ),
    # citations and grounding
    Fault("every source is cited", _CITATIONS, "if source.index in wanted]", "if wanted]", _UNIT_CITATIONS),
    Fault("sources count from 0", _CITATIONS, "enumerate(excerpts, start=1)", "enumerate(excerpts)", _UNIT_CITATIONS),
    Fault(
        "invented numbers are released", _GROUNDING,
        "if missing := numbers(sentence) - numbers(evidence):", "if missing := set[str]():", _UNIT_GROUNDING,
    ),
    Fault(
        "changed units are released", _GROUNDING,
        "if foreign := foreign_unit(sentence, evidence):", "if foreign := str():", _UNIT_GROUNDING,
    ),
    Fault("invented links are released", _GROUNDING, "and fact not in have:", "and not fact:", _UNIT_GROUNDING),
    Fault(
        "a sentence that fails is released", _CHAIN,
        "            if verdict.ok:\n                gate.held", "            if verdict:\n                gate.held",
        _TEST_CHAT,
    ),
    # hand-off
    Fault(
        "a second ticket is opened", _HANDOFF,
        "if ticket := tx.tickets.find_open(conversation.id):", "if ticket := None:", _TEST_CHAT,
    ),
    Fault(
        "taking over leaves the half answer", _HANDOFF,
        "    retract_running_turn(tx, conversation)\n"
        "    ticket = open_ticket(tx, conversation, HandoffReason.AGENT_PULL)",
        "    ticket = open_ticket(tx, conversation, HandoffReason.AGENT_PULL)", _TEST_TURNS,
    ),
    Fault(
        "the bot speaks while a person is waited for", _TURNS,
        "            if not conversation.bot_may_speak:\n                retract_turn(tx, turn)\n"
        "                return _Next.STOP\n",
        "", _TEST_TURNS,
    ),
    Fault(
        "a retracted answer comes back at its end", _TURNS,
        "            if turn.state is TurnState.ENDED:\n                return\n            if message is None",
        "            if message is None", _TEST_TURNS,
    ),
    Fault(
        "the bot answers what is said to a person", _CHAT,
        "        if not conversation.bot_may_speak:\n            return None, False\n", "", _TEST_CHAT,
    ),
    Fault(
        "handing back leaves no line in the history", _TICKET,
        "        self.record(TicketEventKind.HANDED_BACK, by)\n", "", _TEST_CHAT,
    ),
    # audience
    Fault(
        "hits are not asked again who may see them", _INDEX,
        "            query = query.where(Document.audience == audience)\n", "            pass\n", _TEST_SURVIVAL,
    ),
    Fault(
        "internal words crowd out public ones", _KEYWORD,
        "document.audience = :audience)", "1 = 1)", _TEST_SURVIVAL,
    ),
    Fault(
        "customers open internal articles", _CHAT,
        "if document.audience is not Audience.PUBLIC or document.version == 0:", "if document.version == 0:", _TEST_API,
    ),
    Fault(
        "customers read notes", _CONVERSATIONS,
        "query.where(Message.audience == Audience.PUBLIC, Message.status", "query.where(Message.status", _TEST_CHAT,
    ),
    Fault(
        "customers are sent notes", _EVENTS,
        "query = query.where(ConversationEvent.audience == Audience.PUBLIC)", "pass", _TEST_CHAT,
    ),
    Fault(
        "an index for other readers counts as whole", _INDEX,
        "if vectors.get(number) != audience}", "if number not in vectors}", _TEST_SURVIVAL,
    ),
    # storage
    Fault(
        "another conversation's message counts as sent", _CONVERSATIONS,
        "            Message.conversation_id == conversation_id, Message.client_message_id == client_message_id\n",
        "            Message.client_message_id == client_message_id\n", _TEST_SURVIVAL,
    ),
    Fault(
        "deleting leaves the words in the index", _KNOWLEDGE,
        "            self._index.remove_keywords(tx.connection, document_id)\n", "", _TEST_SURVIVAL,
    ),
    Fault(
        "deleting takes a file that another document needs", _KNOWLEDGE,
        "for sha256 in blobs if not tx.documents.blob_in_use(sha256)]", "for sha256 in blobs]", _TEST_SURVIVAL,
    ),
    Fault(
        "what a crash cut off is not read again", _KNOWLEDGE,
        "            self._jobs.enqueue(Job.PROCESS_DOCUMENT, document_id)\n        return len(waiting)",
        "            pass\n        return len(waiting)", _TEST_SURVIVAL,
    ),
    Fault(
        "an old log is applied to a restored database", _RESTORING,
        '_BESIDE = ("-wal", "-shm", "-journal")', '_BESIDE = ("-journal",)', _TEST_BACKUP,
    ),
    # remote engines
    Fault(
        "customers' words go to another program's tracing", _REMOTE,
        "tracing_context(enabled=False)", "tracing_context()", _TEST_REMOTE,
    ),
    Fault(
        "another server's key is sent", "support_bot/engine/openai_server.py",
        'remote.api_key or SecretStr("none")', "remote.api_key", _TEST_REMOTE,
    ),
    Fault("what a server said is logged", _REMOTE_CALL, '"%s", told.detail', '"%s", error', _TEST_REMOTE),
    Fault(
        "an answer that breaks off counts as whole", _REMOTE_CALL,
        "(self._source.says_end or not self._said)", "not self._said", _TEST_REMOTE,
    ),
    Fault(
        "a server that is asked too much is asked again at once", _REMOTE_CALL,
        "_backoff(state) if asked is None else asked", "0.0", _TEST_REMOTE,
    ),
    Fault("one odd request silences a server for all", _REMOTE_ERRORS, "status not in _OF_ONE", "True", _TEST_REMOTE),
    Fault(
        "each waits for a silent server", _REMOTE,
        "waiting = self._line.drain()\n        logger", "waiting = []\n        logger", _TEST_REMOTE,
    ),
    Fault(
        "all try a server that has failed", _REMOTE,
        "self._left_alone_until = now + self._settings.pause_s", "pass", _TEST_REMOTE,
    ),
    Fault("an answer is written twice", _FALLBACK, "if self._settled or not", "if not", _UNIT_FALLBACK),
    Fault(
        "the second engine takes the whole time again", _FALLBACK,
        "replace(self._request, deadline_s=left)", "self._request", _UNIT_FALLBACK,
    ),
)  # fmt: skip
