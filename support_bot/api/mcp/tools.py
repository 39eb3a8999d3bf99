"""The tools themselves. A channel's program gets what its customers get, staff what their role may see."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import AfterValidator, Field

from support_bot.api.auth import Caller
from support_bot.api.fields import storable
from support_bot.api.mcp import results
from support_bot.api.sse import TURN_TIMEOUT_S
from support_bot.assembly import App
from support_bot.errors import EngineUnavailable, Forbidden, NotFound, SupportBotError, Unauthorized
from support_bot.services.views import ChannelKeyView
from support_bot.values import Audience, Role

Who = Caller | ChannelKeyView
CALLER = "support_bot.caller"
"""Key in the request's scope under which the door puts who calls."""

Question = Annotated[str, Field(max_length=4000, description="The question, in the customer's words.")]
Limit = Annotated[int, Field(ge=1, le=20, description="Most passages answered.")]
Readers = Annotated[Audience, Field(description="`internal` also uses articles that customers must not read.")]
TicketId = Annotated[int, Field(ge=1, le=2**31 - 1, description="Number of the ticket.")]
ConversationId = Annotated[str, Field(max_length=64, description="Id of the conversation.")]
Token = Annotated[str, Field(max_length=2000, description="The token that came with the conversation.")]
Note = Annotated[str, Field(max_length=20_000, description="What to note."), AfterValidator(storable)]


class ChannelTools:
    """For a program with a channel's key: public articles only, and conversations of which it holds the token."""

    def __init__(self, app: App) -> None:
        self._app = app

    def search_knowledge(self, query: Question, limit: Limit = 5) -> results.Found:
        """Find passages of the help articles for a question, best first."""
        return _found(self._app, query, Audience.PUBLIC, limit)

    def ask(self, question: Question, ctx: Context[Any, Any]) -> results.Answered:
        """Answer a question from the help articles, each fact with its citation. Stores nothing.

        `status` tells `answered` from `refused` (the articles do not say), `asked` (it needs to know more) and
        `handoff` (a person should answer). The question has to stand alone."""
        _count(self._app, caller(ctx))
        return results.Answered.of(self._app.trial.ask(question))

    def get_conversation(
        self, conversation_id: ConversationId, token: Token, ctx: Context[Any, Any]
    ) -> results.Conversation:
        """Read a conversation as its customer sees it: what people answered since, too."""
        self._enter(conversation_id, token, _key(ctx))
        messages = [results.ReadMessage.of(message) for message in self._app.chat.messages(conversation_id)]
        return results.Conversation(conversation_id, self._app.chat.mode(conversation_id).value, None, messages)

    def say(
        self,
        text: Question,
        ctx: Context[Any, Any],
        conversation_id: ConversationId = "",
        token: Token = "",
    ) -> results.Said:
        """Say something for a customer in a conversation, which is stored and may be handed over to a person.

        Without an id a new one begins; to go on send its id and token. Where people answer, the bot is silent: read
        their answer with get_conversation."""
        key, chat = _key(ctx), self._app.chat
        if conversation_id:
            self._enter(conversation_id, token, key)
            self._app.limits.count_message(conversation_id)
            started = chat.say(conversation_id, text)
        else:
            _count(self._app, key)
            begun, started = chat.ask_anew(key.channel, [], text)
            conversation_id, token = begun.id, begun.token
        for _ in chat.follow(started, timeout_s=TURN_TIMEOUT_S):
            pass
        answer = chat.answer(conversation_id, started.message_id)
        if not answer.done:
            # Without these two nobody could read it, and whoever says it again says it twice.
            later = f"read it later with get_conversation: conversation_id {conversation_id}, token {token}"
            raise EngineUnavailable(f"No answer in time; {later}")
        return results.Said.of(conversation_id, token, answer)

    def _enter(self, conversation_id: str, token: str, key: ChannelKeyView) -> None:
        chat = self._app.chat
        try:
            chat.authorize(conversation_id, token)
        except Unauthorized:
            raise NotFound("There is no such conversation, or its token is not valid.") from None
        if chat.channel_of(conversation_id).slug != key.channel:
            raise NotFound("This conversation belongs to another channel than the key.")


class StaffTools:
    """For somebody of the staff: every article and conversation, drafts and summaries."""

    def __init__(self, app: App) -> None:
        self._app = app

    def search_knowledge(self, query: Question, audience: Readers = Audience.PUBLIC, limit: Limit = 5) -> results.Found:
        """Find passages of the help articles for a question, best first."""
        return _found(self._app, query, audience, limit)

    def ask(self, question: Question, ctx: Context[Any, Any], audience: Readers = Audience.PUBLIC) -> results.Answered:
        """Answer a question as the bot would answer a customer, each fact with its citation. Stores nothing."""
        _count(self._app, caller(ctx))
        return results.Answered.of(self._app.trial.ask(question, audience=audience))

    def draft_reply(self, ticket_id: TicketId, ctx: Context[Any, Any]) -> results.Drafted:
        """Draft a reply to the customer's last question in a ticket, from public and internal articles.

        Nothing is sent. A part that is `internal` rests on articles that customers must not read."""
        agent = _agent(ctx)
        _count(self._app, agent)
        return results.Drafted.of(self._app.desk.copilot.suggest(ticket_id, agent.id))

    def summarise_ticket(self, ticket_id: TicketId) -> results.Summarised:
        """Sum up where a ticket stands: why a person is needed, what the customer wrote, what was answered."""
        return results.Summarised.of(self._app.desk.briefing.of(ticket_id))

    def get_conversation(self, conversation_id: ConversationId) -> results.Conversation:
        """Read a whole conversation with the notes of the staff, which are `internal`."""
        view = self._app.tickets.conversation(conversation_id)
        messages = [results.ReadMessage.of(message) for message in view.messages]
        return results.Conversation(view.row.id, view.row.mode.value, view.row.ticket_id, messages)

    def add_note(self, ticket_id: TicketId, text: Note, ctx: Context[Any, Any]) -> results.Noted:
        """Write a note into a ticket, which only staff will ever see."""
        return results.Noted(self._app.tickets.note(ticket_id, _agent(ctx).id, text).id)


_WRITING = frozenset({"say", "add_note"})
_MOST_THREADS = 32
_own_threads: RunVar[CapacityLimiter] = RunVar("mcp_threads")


def tools_of(app: App) -> tuple[dict[str, Tool], dict[str, Tool]]:
    """The tools of a channel's program and those of staff, by name; what stores something only where that is on."""
    channel, staff = ChannelTools(app), StaffTools(app)
    for_channel = (channel.search_knowledge, channel.ask, channel.get_conversation, channel.say)
    for_staff = (
        staff.search_knowledge, staff.ask, staff.draft_reply, staff.summarise_ticket, staff.get_conversation,
        staff.add_note,
    )  # fmt: skip
    return _offered(app, for_channel), _offered(app, for_staff)


def caller(ctx: Context[Any, Any]) -> Who:
    """Whoever calls, as the door found out."""
    request = ctx.request_context.request
    assert request is not None
    who: Who = request.scope[CALLER]
    return who


def _offered(app: App, functions: Sequence[Callable[..., Any]]) -> dict[str, Tool]:
    offered = {}
    for function in functions:
        name = getattr(function, "__name__", "")
        if name in _WRITING and not app.settings.mcp.write:
            continue
        told = ToolAnnotations(read_only_hint=name not in _WRITING, open_world_hint=False, destructive_hint=False)
        offered[name] = Tool.from_function(_telling(function), annotations=told, structured_output=True)
    return offered


def _telling(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same in a thread of ours, with our own errors as what a tool tells its caller."""

    @functools.wraps(function)
    async def run(*args: Any, **given: Any) -> Any:
        try:
            return await to_thread.run_sync(functools.partial(function, *args, **given), limiter=_threads())
        except SupportBotError as error:
            wait = f" Try again in {error.retry_after:.0f} seconds." if error.retry_after else ""
            raise ToolError(f"{error.detail}{wait}") from error

    return run


def _threads() -> CapacityLimiter:
    """Those that tools may hold: an answer holds one until it is there, and the API's own must stay free."""
    try:
        return _own_threads.get()
    except LookupError:
        _own_threads.set(limiter := CapacityLimiter(_MOST_THREADS))
        return limiter


def _found(app: App, query: str, audience: Audience, limit: int) -> results.Found:
    searched = Audience.PUBLIC if audience is Audience.PUBLIC else None
    passages = app.knowledge.search(query, audience=searched, limit=limit)
    return results.Found([results.FoundPassage.of(passage) for passage in passages])


def _count(app: App, who: Who) -> None:
    """One more question that the model answers."""
    kind = "key" if isinstance(who, ChannelKeyView) else "staff"
    app.limits.count_message(f"mcp {kind} {who.id}")


def _key(ctx: Context[Any, Any]) -> ChannelKeyView:
    who = caller(ctx)
    assert isinstance(who, ChannelKeyView)
    return who


def _agent(ctx: Context[Any, Any]) -> Caller:
    who = caller(ctx)
    assert isinstance(who, Caller)
    if not who.staff.may(Role.AGENT):
        raise Forbidden("A viewer may read everything here, and change nothing.")
    return who
