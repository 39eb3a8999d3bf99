"""Conversations as customers and widgets see them: start, talk, ask for a person, rate, leave."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse, Response
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import ConversationId
from support_bot.api.deps import Address, Bot, ConversationBells, RequestLimits, conversation_bells
from support_bot.api.errors import error_responses
from support_bot.api.fields import LARGEST_ID, After, PathId, SourceId
from support_bot.api.origins import check_origin
from support_bot.api.schemas import (
    AnswerOut,
    ConversationIn,
    ConversationStarted,
    EmailIn,
    FeedbackIn,
    HandoffRequested,
    MessageIn,
    MessageOut,
    MessagesOut,
    RatingIn,
    SourceOut,
)
from support_bot.api.sse import TURN_TIMEOUT_S, conversation_frames, event_stream, turn_events, turn_frames
from support_bot.api.transcripts import TRANSCRIPT_RESPONSE, TranscriptFormat, transcript_file
from support_bot.assembly import App
from support_bot.errors import EngineUnavailable
from support_bot.services.chat import StartedConversation, TurnStarted
from support_bot.services.views import SourceView
from support_bot.values import Author, Failed

router = APIRouter(prefix="/api/v1/conversations", tags=["conversations"])

_ERRORS = error_responses(401, 403, 404, 422, 429)
_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)
_STREAM: dict[str, Any] = {"text/event-stream": {}}  # OpenAPI 3.1 cannot describe single events; docs/api.md does


@router.post(
    "",
    status_code=HTTP_201_CREATED,
    response_model=ConversationStarted,
    responses=error_responses(400, 403, 404, 413, 422, 429),
)
def start_conversation(
    body: ConversationIn, request: Request, app: Bot, limits: RequestLimits, address: Address
) -> StartedConversation:
    """Start a conversation on a channel; the token answered is needed for everything about it."""
    check_origin(request, app, body.channel)
    limits.count_conversation(address)
    return app.chat.start(body.channel, visitor=body.visitor)


@router.post(
    "/{conversation_id}/messages",
    response_model=AnswerOut,
    responses=error_responses(400, 401, 403, 404, 409, 413, 422, 429, 503)
    | {
        200: {
            "content": _STREAM,
            "description": "The answer as events, or as one object with `Accept: application/json`.",
        }
    },
)
async def send_message(
    conversation_id: ConversationId, body: MessageIn, request: Request, app: Bot, limits: RequestLimits
) -> Response:
    """Say something. Answers the events of this turn until `done`; the turn goes on if the reader goes away.

    With `Accept: application/json` it answers one object when the turn is over."""
    limits.count_message(conversation_id)
    started = await to_thread.run_sync(app.chat.say, conversation_id, body.text, body.client_message_id)
    conversation_bells(request).ring(conversation_id)
    if not _wants_json(request):
        return event_stream(turn_frames(app, started))
    answer = await _whole_answer(app, started)
    left_out = None if answer.handoff else {"handoff"}
    return JSONResponse(answer.model_dump(mode="json", exclude=left_out))


@router.get("/{conversation_id}/events", response_class=Response, responses=_ERRORS | {200: {"content": _STREAM}})
async def read_events(
    conversation_id: ConversationId,
    app: Bot,
    bells: ConversationBells,
    after: After = 0,
    last_event_id: Annotated[int | None, Header(ge=0, le=LARGEST_ID, description="Resumes behind this event.")] = None,
) -> Response:
    """Everything that happens in the conversation as server-sent events, without end."""
    position = after if last_event_id is None else last_event_id
    return event_stream(conversation_frames(app, bells, conversation_id, position))


@router.get("/{conversation_id}/messages", responses=_ERRORS)
def list_messages(conversation_id: ConversationId, app: Bot, after: After = 0) -> MessagesOut:
    """The messages behind an id, for those who poll."""
    messages = app.chat.messages(conversation_id, after=after)
    return MessagesOut(
        messages=[MessageOut.model_validate(message) for message in messages], mode=app.chat.mode(conversation_id)
    )


@router.post("/{conversation_id}/handoff", responses=_CHANGE_ERRORS)
def request_person(conversation_id: ConversationId, app: Bot, limits: RequestLimits) -> HandoffRequested:
    """Ask for a person; asking again answers the same ticket. Counts as a message."""
    limits.count_message(conversation_id)
    ticket = app.handoff.request(conversation_id).row
    return HandoffRequested(ticket=ticket.id, mode=ticket.mode)


@router.post("/{conversation_id}/email", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS)
def leave_email(conversation_id: ConversationId, body: EmailIn, app: Bot, limits: RequestLimits) -> None:
    """Leave an address where the team can answer too, while a person was asked for. Counts as a message."""
    limits.count_message(conversation_id)
    app.desk.follow_up.leave_address(conversation_id, body.email)


@router.post(
    "/{conversation_id}/messages/{message_id}/feedback", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS
)
def vote_on_answer(conversation_id: ConversationId, message_id: PathId, body: FeedbackIn, app: Bot) -> None:
    """Say whether an answer helped; a second vote replaces the first."""
    app.feedback.vote(conversation_id, message_id, body.helpful, reason=body.reason, comment=body.comment)


@router.post("/{conversation_id}/rating", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS)
def rate_conversation(conversation_id: ConversationId, body: RatingIn, app: Bot) -> None:
    """Rate the whole conversation from 1 to 5; a second rating replaces the first."""
    app.feedback.rate(conversation_id, body.score, body.comment)


@router.post("/{conversation_id}/typing", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS)
def tell_typing(conversation_id: ConversationId, app: Bot) -> None:
    """Tell that the customer is writing."""
    app.chat.typing(conversation_id, Author.CUSTOMER)


@router.post("/{conversation_id}/stop", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS)
def stop_answer(conversation_id: ConversationId, app: Bot) -> None:
    """End the answer that is being written."""
    app.chat.stop(conversation_id)


@router.post("/{conversation_id}/close", status_code=HTTP_204_NO_CONTENT, responses=_CHANGE_ERRORS)
def close_conversation(conversation_id: ConversationId, app: Bot, limits: RequestLimits) -> None:
    """Leave the conversation; writing again opens it with the bot. Counts as a message."""
    limits.count_message(conversation_id)
    app.chat.close(conversation_id)


@router.get("/{conversation_id}/transcript", response_class=Response, responses=_ERRORS | TRANSCRIPT_RESPONSE)
def read_transcript(conversation_id: ConversationId, app: Bot, format: TranscriptFormat = "txt") -> Response:
    """The conversation as a file to keep."""
    return transcript_file(app, conversation_id, format)


@router.get("/{conversation_id}/sources/{document_id}/{chunk_id}", response_model=SourceOut, responses=_ERRORS)
def open_source(conversation_id: ConversationId, document_id: SourceId, chunk_id: PathId, app: Bot) -> SourceView:
    """The article behind a citation, with the place of the passage in it."""
    return app.chat.source(conversation_id, document_id, chunk_id)


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "text/event-stream" not in accept


async def _whole_answer(app: App, started: TurnStarted) -> AnswerOut:
    failed = ""
    async for logged in turn_events(app, started):
        if isinstance(logged.event, Failed):
            failed = logged.event.text
    answer = await to_thread.run_sync(app.chat.answer, started.conversation_id, started.message_id)
    if not answer.done:
        raise EngineUnavailable(
            f"No answer within {TURN_TIMEOUT_S:.0f} seconds; it will appear in the conversation's messages.",
            retry_after=5,
        )
    whole = AnswerOut.model_validate(answer)
    return whole if whole.text else whole.model_copy(update={"text": failed})
