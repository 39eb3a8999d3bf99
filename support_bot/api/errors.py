"""The only place where errors become HTTP: `{"error", "detail", "request_id"}` for all of them, but below `/v1`
`{"error": {"message", "type", "param", "code"}}`, which OpenAI clients read."""

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

from support_bot.api.completion_schemas import OpenAIErrorOut, OpenAIProblem
from support_bot.api.schemas import ErrorOut
from support_bot.errors import Invalid, SupportBotError
from support_bot.observability import current_request_id

logger = logging.getLogger(__name__)

OPENAI = "/v1/"
_CODES = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 422: "invalid"}
_THEIR_CODES = {
    "unauthorized": "invalid_api_key", "rate_limited": "rate_limit_exceeded", "too_long": "context_length_exceeded",
}  # fmt: skip
_PARAMS = {"model_not_found": "model", "too_long": "messages"}
_TRY_AGAIN = ("rate_limited", "overloaded")
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


def openai_error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The same for routes below `/v1`, where input that cannot be used is 400."""
    told: dict[int | str, str] = {status: _DESCRIPTIONS[status] for status in (*statuses, 500)}
    if 400 in told:
        told[400] = _DESCRIPTIONS[422]
    # With this FastAPI does not promise its own 422, which never comes.
    told["4XX"] = "Whatever else is refused comes in the same shape."
    return {status: {"model": OpenAIErrorOut, "description": words} for status, words in told.items()}


def error_body(code: str, detail: str) -> ErrorOut:
    """The shape itself, with the id of the request being served."""
    return ErrorOut(error=code, detail=detail, request_id=current_request_id())


def openai_body(status: int, code: str, detail: str, param: str | None = None) -> dict[str, Any]:
    """An error as OpenAI clients read it."""
    kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        kind = "rate_limit_error"
    shown = {"message": detail, "type": kind, "param": param or _PARAMS.get(code), "code": _THEIR_CODES.get(code, code)}
    return OpenAIErrorOut(error=OpenAIProblem.model_validate(shown)).model_dump()


def problem(path: str, error: SupportBotError, *, param: str | None = None, headers: Any = None) -> JSONResponse:
    """An error as a response to a request for this path."""
    status, sent = error.status, dict(headers or {})
    if error.retry_after is not None:
        sent["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if status == HTTPStatus.UNAUTHORIZED:
        sent.setdefault("WWW-Authenticate", "Bearer")
    if not path.startswith(OPENAI):
        return JSONResponse(error_body(error.code, error.detail).model_dump(), status, headers=sent)
    if status == Invalid.status:
        status = HTTPStatus.BAD_REQUEST
    # A question that was taken is asked once: their client would send it again by itself.
    sent["x-should-retry"] = "true" if error.code in _TRY_AGAIN else "false"
    return JSONResponse(openai_body(status, error.code, error.detail, param), status, headers=sent)


class _Told(SupportBotError):
    """An error that did not begin as one of ours, with its status and code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code


def install_error_handlers(api: FastAPI) -> None:
    """Make every error of this app come out in its shape."""
    api.add_exception_handler(SupportBotError, _answer_product_error)
    api.add_exception_handler(RequestValidationError, _answer_invalid_request)
    api.add_exception_handler(HTTPException, _answer_http_error)
    api.add_exception_handler(Exception, _answer_unexpected)


async def _answer_product_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, SupportBotError)
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("Answered %s: %s", error.code, error.detail)
    return problem(request.scope["path"], error)


async def _answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    problems = error.errors()
    where = ".".join(str(part) for part in problems[0]["loc"][1:]) if problems else ""
    return problem(request.scope["path"], Invalid(_in_words(problems)), param=where or None)


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
    told = _Told(error.status_code, code, error.detail or phrase)
    return problem(request.scope["path"], told, headers=error.headers)


async def _answer_unexpected(request: Request, error: Exception) -> JSONResponse:
    logger.error("A request broke.", exc_info=error)
    return problem(request.scope["path"], SupportBotError("Something went wrong on our side; it has been logged."))
