"""What OpenAI clients send and receive, as far as it means something here; whatever else they send is ignored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from support_bot.api.fields import Key, Words
from support_bot.api.schemas import Answered, ConversationStarted, HandOffOut
from support_bot.values import AnswerStatus, SourceRef

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


class ContentPart(BaseModel):
    type: Annotated[Words, StringConstraints(max_length=100)] = Field(description="Only `text` is understood.")
    text: Words | None = None


class ChatMessageIn(BaseModel):
    """One message so far. Those of `user` and `assistant` count; the others cannot change how answers are made."""

    role: Role
    content: Words | list[ContentPart] | None = None


class StreamOptions(BaseModel):
    include_usage: bool | None = None


class TextOnly(BaseModel):
    type: Literal["text"]


class ConversationGoesOn(BaseModel):
    """The `conversation` of an earlier answer, sent back to go on with it."""

    id: Key
    token: Annotated[Words, StringConstraints(max_length=2000)]


class CompletionIn(BaseModel):
    """A question with what was said before. Settings of models (temperature, tools and so on) are ignored."""

    model: Annotated[Words, StringConstraints(max_length=200)]
    messages: Annotated[list[ChatMessageIn], Field(min_length=1, max_length=2000)] = Field(
        description="The last one is the question; it is the user's."
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: Annotated[int, Field(ge=1, le=1)] | None = Field(None, description="There is one answer.")
    response_format: TextOnly | None = None
    user: Annotated[Words, StringConstraints(max_length=200)] | None = Field(
        None, description="Your own id of this visitor; shown to staff."
    )
    conversation: ConversationGoesOn | None = Field(
        None, description="Goes on with a conversation; then only the last message counts. Without it each call is new."
    )


class CompletionMessage(Answered):
    role: Literal["assistant"] = "assistant"
    content: str = Field(description="The answer; `[1]` marks what `citations` with the index 1 supports.")
    refusal: None = None
    citations: list[SourceRef]
    status: AnswerStatus
    handoff: HandOffOut | None = None


class Choice(Answered):
    index: Literal[0] = 0
    message: CompletionMessage
    finish_reason: Literal["stop", "content_filter"] = Field(
        description="`content_filter` where a person took over and the answer was taken back."
    )
    logprobs: None = None


class Usage(Answered):
    """Tokens that the model read and wrote; 0 where it was not asked, as with a quoted article."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Completion(Answered):
    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int = Field(description="Seconds since 1970.")
    model: str
    choices: list[Choice]
    usage: Usage
    conversation: ConversationStarted = Field(description="Send it back to go on, or to use the rest of this API.")


class ModelOut(Answered):
    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str


class ModelList(Answered):
    object: Literal["list"] = "list"
    data: list[ModelOut]


class OpenAIProblem(Answered):
    message: str
    type: Literal["invalid_request_error", "rate_limit_error", "server_error"]
    param: str | None
    code: str

    model_config = ConfigDict(title="OpenAIProblem")


class OpenAIErrorOut(Answered):
    """The shape of every error below `/v1`."""

    error: OpenAIProblem
