"""The only place where errors become HTTP: one JSON shape `{"error", "detail", "request_id"}` for all of them."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from support_bot.api.schemas import ErrorOut
from support_bot.errors import SupportBotError
from support_bot.observability import current_request_id

logger = logging.getLogger(__name__)

_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "invalid"}
_SHOWN_PROBLEMS = 5

_DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "No valid token, key or session.",
    403: "Known, but the role, the origin or the channel says no.",
    404: "There is no such thing.",
    409: "The thing is in a state that does not allow this.",
    413: "The body is too large.",
    422: "The input cannot be used; the detail says what to change.",
    429: "Too many requests; `Retry-After` says when to try again.",
    500: "Something broke that should not; the logs have it under `request_id`.",
    503: "The bot cannot answer now; `Retry-After` is the expected wait where it is known.",
    507: "The disk is full; nothing was stored.",
}


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route declares for OpenAPI: its own errors, and the 500 that any route may answer."""
    return {status: {"model": ErrorOut, "description": _DESCRIPTIONS[status]} for status in (*statuses, 500)}


def error_body(code: str, detail: str) -> ErrorOut:
    """The shape itself, with the id of the request being served."""
    return ErrorOut(error=code, detail=detail, request_id=current_request_id())


def problem(
    status: int, code: str, detail: str, *, retry_after: float | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """An error as a response."""
    sent = dict(headers or {})
    if retry_after is not None:
        sent["Retry-After"] = str(max(1, math.ceil(retry_after)))
    if status == HTTPStatus.UNAUTHORIZED:
        sent.setdefault("WWW-Authenticate", "Bearer")
    return JSONResponse(error_body(code, detail).model_dump(), status_code=status, headers=sent)


def product_problem(error: SupportBotError) -> JSONResponse:
    """An error of the product, which brings its own status and code."""
    return problem(error.status, error.code, error.detail, retry_after=error.retry_after)


def install_error_handlers(api: FastAPI) -> None:
    """Make every error of this app come out in the one shape."""
    api.add_exception_handler(SupportBotError, _answer_product_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid_request)
    api.add_exception_handler(HTTPException, _answer_http_error)
    api.add_exception_handler(Exception, _answer_unexpected)


async def _answer_product_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SupportBotError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("Answered %s: %s", error.code, error.detail)
    return product_problem(error)


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return problem(422, _CODES[422], _in_words(error.errors()))


def _in_words(problems: Sequence[Mapping[str, Any]]) -> str:
    """`body.text: Field required; …`. What was sent is not repeated: it may be personal, or huge."""
    shown = [f"{'.'.join(str(part) for part in entry['loc'])}: {entry['msg']}" for entry in problems[:_SHOWN_PROBLEMS]]
    if len(problems) > _SHOWN_PROBLEMS:
        shown.append(f"and {len(problems) - _SHOWN_PROBLEMS} more")
    return "; ".join(shown)


async def _answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: unknown paths, wrong methods, bodies that cannot be read."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    code = _CODES.get(error.status_code, phrase.lower().replace(" ", "_"))
    return problem(error.status_code, code, error.detail or phrase, headers=error.headers)


async def _answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("A request broke.", exc_info=error)
    return problem(500, "internal_error", "Something went wrong on our side; it has been logged.")
