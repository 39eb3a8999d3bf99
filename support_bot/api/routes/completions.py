"""The bot for OpenAI clients: `/v1/chat/completions` and `/v1/models`. The same turns as everywhere else."""

from __future__ import annotations

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from support_bot.api.auth import AskingProgram
from support_bot.api.completion_schemas import Completion, CompletionIn, ConversationGoesOn, ModelList, ModelOut
from support_bot.api.completions import MODEL, Asking, chunks, history, question, whole
from support_bot.api.deps import Bot, RequestLimits, conversation_bells
from support_bot.api.errors import openai_error_responses
from support_bot.api.schemas import ConversationStarted
from support_bot.api.sse import event_stream
from support_bot.assembly import App
from support_bot.errors import NotFound, Unauthorized, UnknownModel
from support_bot.services.views import ChannelKeyView

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

_STREAM: dict[str, Any] = {"text/event-stream": {"schema": {"type": "string"}}}


@router.post(
    "/chat/completions",
    response_model=Completion,
    responses=openai_error_responses(400, 401, 403, 404, 413, 429, 503)
    | {200: {"content": _STREAM, "description": "The answer, or with `stream` its chunks as server-sent events."}},
)
async def complete_chat(
    body: CompletionIn, request: Request, app: Bot, limits: RequestLimits, key: AskingProgram
) -> Response:
    """Answer a question from the articles, with citations; whoever asks can change neither source nor rules."""
    _require_model(body.model)
    text = question(body.messages)
    if body.conversation is None:
        asking = await to_thread.run_sync(_begin, app, key, body, text)
    else:
        limits.count_message(body.conversation.id)
        asking = await to_thread.run_sync(_go_on, app, key, body.conversation, text)
        conversation_bells(request).ring(asking.conversation.id)
    if body.stream:
        return event_stream(chunks(asking, body))
    return JSONResponse((await whole(asking)).model_dump(mode="json"))


@router.get("/models", responses=openai_error_responses(401, 403, 429))
def list_chat_models(app: Bot, key: AskingProgram) -> ModelList:
    """The one model there is: the bot. Which weights write is the admin's choice."""
    return ModelList(data=[_model(app, key)])


@router.get("/models/{model}", responses=openai_error_responses(400, 401, 403, 404, 429))
def read_chat_model(model: Annotated[str, Path(max_length=200)], app: Bot, key: AskingProgram) -> ModelOut:
    """The model of this name."""
    _require_model(model)
    return _model(app, key)


def _require_model(name: str) -> None:
    if name != MODEL:
        raise UnknownModel(f"There is no such model here; the name to ask for is `{MODEL}`.")


def _model(app: App, key: ChannelKeyView) -> ModelOut:
    return ModelOut(id=MODEL, created=int(key.created_at.timestamp()), owned_by=app.channels.get(key.channel).name)


def _begin(app: App, key: ChannelKeyView, body: CompletionIn, text: str) -> Asking:
    turns = history(body.messages, app.settings.security.message_chars)
    conversation, started = app.chat.ask_anew(key.channel, turns, text, visitor=body.user or None)
    return Asking(app, started, ConversationStarted.model_validate(conversation))


def _go_on(app: App, key: ChannelKeyView, conversation: ConversationGoesOn, text: str) -> Asking:
    """Say it in a conversation of the key's channel; the server has its history."""
    try:
        app.chat.authorize(conversation.id, conversation.token)
    except Unauthorized:
        raise NotFound("There is no such conversation, or its token is not valid.") from None
    if app.chat.channel_of(conversation.id).slug != key.channel:
        raise NotFound("This conversation belongs to another channel than the key.")
    started = app.chat.say(conversation.id, text)
    return Asking(app, started, ConversationStarted(id=conversation.id, token=conversation.token))
