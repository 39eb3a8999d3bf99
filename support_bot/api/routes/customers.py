"""One customer as a whole: what there is of them, all of it as a file, and erasing it."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from support_bot.api.auth import Admin, Agent
from support_bot.api.customer_schemas import (
    ZIP_RESPONSE,
    CustomerIn,
    EraseIn,
    FoundOut,
    RemainOut,
    RemainsIn,
    RemainsOut,
    zip_file,
)
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.errors import Invalid

router = APIRouter(prefix="/api/v1/customers", tags=["customers"])

_ERRORS = error_responses(400, 401, 403, 413, 422, 429)


@router.post("/find", responses=_ERRORS)
def find_customer(body: CustomerIn, app: Bot, admin: Admin) -> FoundOut:
    """What there is of a customer: how many rows of each table, and by which words they would be found."""
    return FoundOut.of(app.desk.erasure.preview(body.customer, only=body.only))


@router.post("/erase", responses=_ERRORS)
def erase_customer(body: EraseIn, app: Bot, admin: Admin) -> FoundOut:
    """Erase everything of a customer, for good; what it was. Doing it twice is doing it once."""
    if body.confirm != body.customer:
        raise Invalid("`confirm` is not what `customer` says; nothing was erased.")
    return FoundOut.of(app.desk.erasure.erase(body.customer, by=admin.id, only=body.only))


@router.post("/remains", responses=_ERRORS)
def find_remains(body: RemainsIn, app: Bot, admin: Admin) -> RemainsOut:
    """Where one of the words is found: every column of the database and every file of the data folder are read."""
    found = app.desk.erasure.search(body.words)
    return RemainsOut(found=[RemainOut(place=remain.place, count=remain.count) for remain in found])


@router.post("/export", response_class=Response, responses=_ERRORS | error_responses(404) | ZIP_RESPONSE)
def export_customer(body: CustomerIn, app: Bot, agent: Agent) -> Response:
    """Everything of a customer as a ZIP: `customer.json`, a page to read for each conversation, and mails as they
    came."""
    return zip_file(app.desk.customers.export(body.customer, only=body.only))
