"""Who customers are: what a page proves and tells of its visitor, and the keys that an admin gives a site."""

from __future__ import annotations

from typing import Annotated, Self

from fastapi import APIRouter
from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    model_validator,
)
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin, ConversationId
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import Line, PathId, PathSlug, storable
from support_bot.api.schemas import Answered
from support_bot.services.identity import Claim
from support_bot.services.views import IdentityKeyView

router = APIRouter(prefix="/api/v1", tags=["customers"])

_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)
_KEY_ERRORS = error_responses(400, 401, 403, 404, 409, 422, 429)
Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(storable)]
Detail = StrictBool | StrictInt | Annotated[StrictFloat, Field(allow_inf_nan=False)] | Text | None


class IdentityIn(BaseModel):
    """Either `token`, or `user_id` and `user_hash`."""

    token: Annotated[str, StringConstraints(max_length=4096)] | None = Field(
        None, description="A JWT: HS256, header `kid`, claims `sub`, `aud` (the channel), `exp` within an hour."
    )
    user_id: Line | None = None
    user_hash: Annotated[str, StringConstraints(max_length=128)] | None = Field(
        None, description="The hexadecimal HMAC-SHA256 of `user_id` under an identity key's secret."
    )
    name: Line | None = Field(None, description="With a hash only, and proved by nothing; a token has its own.")
    email: Annotated[Line, StringConstraints(max_length=200)] | None = Field(None, description="As `name`.")

    @model_validator(mode="after")
    def one_proof(self) -> Self:
        if (self.token is None) == (self.user_id is None or self.user_hash is None):
            raise ValueError("send either `token`, or `user_id` with `user_hash`")
        return self


class IdentityOut(Answered):
    subject: str = Field(description="The id that is proved now.")


class DetailsIn(BaseModel):
    details: Annotated[dict[Text, Detail], Field(max_length=50)] = Field(
        description="Added to what is there; null takes an entry away."
    )


class IdentityKeysOut(Answered):
    keys: list[IdentityKeyView]


class IdentityKeyCreated(Answered):
    secret: str = Field(description="What the site signs with; shown this once.")
    details: IdentityKeyView


@router.post("/conversations/{conversation_id}/identity", responses=_ERRORS)
def identify_customer(conversation_id: ConversationId, body: IdentityIn, app: Bot) -> IdentityOut:
    """Prove who speaks in the conversation. 403 `identity_refused` says what is wrong with the proof; 409
    `other_customer`: the conversation is somebody else's."""
    found = app.desk.identity.identify(conversation_id, Claim(**body.model_dump()))
    return IdentityOut(subject=found.subject or "")


@router.post("/conversations/{conversation_id}/metadata", status_code=HTTP_204_NO_CONTENT, responses=_ERRORS)
def tell_details(conversation_id: ConversationId, body: DetailsIn, app: Bot) -> None:
    """Tell the team of the visitor: the page, the plan, the order. It is shown as what the page said."""
    app.desk.identity.tell(conversation_id, body.details)


@router.get("/channels/{slug}/identity-keys", responses=error_responses(401, 403, 404, 422, 429))
def list_identity_keys(slug: PathSlug, app: Bot, admin: Admin) -> IdentityKeysOut:
    """Keys that sites sign their users with, revoked ones too, without their secrets."""
    return IdentityKeysOut(keys=app.desk.identity.keys(slug))


@router.post("/channels/{slug}/identity-keys", status_code=HTTP_201_CREATED, responses=_KEY_ERRORS)
def create_identity_key(slug: PathSlug, app: Bot, admin: Admin) -> IdentityKeyCreated:
    """Make a key; two may live at once. The answer is the only place where its secret is shown."""
    details, secret = app.desk.identity.create_key(slug)
    return IdentityKeyCreated(secret=secret, details=details)


@router.delete(
    "/channels/{slug}/identity-keys/{key_id}",
    status_code=HTTP_204_NO_CONTENT,
    responses=error_responses(401, 403, 404, 422, 429),
)
def revoke_identity_key(slug: PathSlug, key_id: PathId, app: Bot, admin: Admin) -> None:
    """From now on the key proves nothing."""
    app.desk.identity.revoke_key(slug, key_id)
