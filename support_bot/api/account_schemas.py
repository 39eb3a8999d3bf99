"""What admins send and receive around accounts. Inside are the services' own views."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

from support_bot.api.fields import storable
from support_bot.api.schemas import Answered
from support_bot.api.staff_schemas import Email
from support_bot.services.staff_links import StaffLinkView
from support_bot.services.two_factor import TwoFactorState
from support_bot.values import Role


class InvitationIn(BaseModel):
    email: Email
    role: Role
    name: Annotated[str, StringConstraints(max_length=200), AfterValidator(storable)] = Field(
        "", description="Stands in the form already; the person may write another."
    )


class LinkMade(Answered):
    url: str = Field(description="The link itself; shown this once.")
    details: StaffLinkView


class LinksOut(Answered):
    links: list[StaffLinkView]


class BeginIn(BaseModel):
    password: Annotated[SecretStr, Field(max_length=1000)]


class CodeIn(BaseModel):
    code: Annotated[str, StringConstraints(max_length=100), AfterValidator(storable)]


class TwoFactorOut(Answered):
    state: TwoFactorState


class SetupOut(Answered):
    secret: str = Field(description="For the authenticator, in Base32.")
    uri: str = Field(description="The same as an `otpauth://` address, for a QR code.")


class CodesOut(Answered):
    recovery_codes: list[str] = Field(description="Each works once; shown this once.")


class RuleIn(BaseModel):
    required: bool


class RuleOut(Answered):
    required: bool
    with_two_factor: list[int] = Field(description="Ids of those who have it on.")
