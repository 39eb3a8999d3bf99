"""Two-factor sign-in over the API: one's own, and what admins ask of everybody. The pages are in `second_step.py`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.status import HTTP_204_NO_CONTENT

from support_bot.api.account_schemas import BeginIn, CodeIn, CodesOut, RuleIn, RuleOut, SetupOut, TwoFactorOut
from support_bot.api.auth import Admin, Member
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.staff_schemas import Email

router = APIRouter(prefix="/api/v1", tags=["staff"])

_OWN = "/me/two-factor"
_OWN_ERRORS = error_responses(400, 401, 403, 409, 413, 422, 429)


@router.get(_OWN, responses=error_responses(401, 403, 429))
def read_two_factor(app: Bot, caller: Member) -> TwoFactorOut:
    """Whether the caller has it on, and how many recovery codes are left."""
    return TwoFactorOut(state=app.accounts.two_factor.state(caller.id))


@router.post(_OWN, responses=_OWN_ERRORS)
def begin_two_factor(body: BeginIn, app: Bot, caller: Member) -> SetupOut:
    """Make a secret for the caller's authenticator; it counts once a code of it was given."""
    made = app.accounts.two_factor.begin(caller.id, body.password.get_secret_value())
    return SetupOut(secret=made.secret, uri=made.uri)


@router.put(_OWN, responses=_OWN_ERRORS)
def confirm_two_factor(body: CodeIn, app: Bot, caller: Member) -> CodesOut:
    """Switch it on with a first code; the caller's other sessions end."""
    return CodesOut(recovery_codes=list(app.accounts.two_factor.confirm(caller.id, body.code, session=caller.session)))


@router.post(f"{_OWN}/codes", responses=_OWN_ERRORS)
def renew_recovery_codes(body: CodeIn, app: Bot, caller: Member) -> CodesOut:
    """New recovery codes in the place of the old ones."""
    return CodesOut(recovery_codes=list(app.accounts.two_factor.renew_codes(caller.id, body.code)))


@router.post(f"{_OWN}/off", status_code=HTTP_204_NO_CONTENT, responses=_OWN_ERRORS)
def switch_two_factor_off(body: CodeIn, app: Bot, caller: Member) -> None:
    """Do without it, where it is not required."""
    app.accounts.two_factor.switch_off(caller.id, body.code)


@router.get("/staff/two-factor", responses=error_responses(401, 403, 429))
def read_rule(app: Bot, admin: Admin) -> RuleOut:
    """Whether everybody needs it, and who has it on."""
    return RuleOut(
        required=app.accounts.two_factor.is_required(), with_two_factor=sorted(app.accounts.two_factor.who())
    )


@router.put("/staff/two-factor", status_code=HTTP_204_NO_CONTENT, responses=_OWN_ERRORS)
def set_rule(body: RuleIn, app: Bot, admin: Admin) -> None:
    """Ask it of everybody: who has none can then only set it up. An admin needs their own first."""
    app.accounts.two_factor.require(body.required, None if admin.is_owner else admin.id)


@router.delete(
    "/staff/{email}/two-factor",
    status_code=HTTP_204_NO_CONTENT,
    responses=error_responses(401, 403, 404, 409, 422, 429),
)
def reset_two_factor(email: Email, app: Bot, admin: Admin) -> None:
    """Take it away from somebody who lost theirs; they are signed out."""
    app.accounts.two_factor.reset(email, None if admin.is_owner else admin.id)
