"""What a chat model elsewhere raised, in our words. Nothing of what it said goes on: that may hold a key or a text."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from langchain_core.exceptions import ContextOverflowError, ModelError, ModelTimeoutError

from support_bot.errors import EngineUnavailable, Invalid, SupportBotError

_OF_ONE = frozenset({400, 409, 422})  # what a server says of one request; the next one may be fine
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_LONGEST_WAIT_S = 5.0


class RemoteFailure(EngineUnavailable):
    """A model elsewhere did not answer.

    `again` says that asking once more may help, `down` that others would not be answered either, `strange` that only
    the traceback can tell what happened."""

    def __init__(
        self,
        detail: str,
        *,
        again: bool = False,
        down: bool = False,
        strange: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.again = again
        self.down = down
        self.strange = strange


def failure(error: Exception, place: str, *, begun: bool, silence_s: float) -> SupportBotError:
    """What to tell of an error that came from the model at `place`, `begun` after its first text.

    TimeoutError means a silence of `silence_s` seconds. Invalid where the prompt does not fit."""
    status = _status(error)
    if status == 413 or isinstance(error, ContextOverflowError) or _says_too_long(error):
        return Invalid(f"The prompt is too long for the model at {place}. Shorten it.")
    if isinstance(
        error, TimeoutError | ModelTimeoutError | httpx.TimeoutException
    ):  # not again: the customer has waited long enough
        return RemoteFailure(f"The model at {place} was silent for {silence_s:g} s.", down=not begun)
    if status is not None:
        after = _retry_after(error)
        again = not begun and status in _PASSING and (after or 0.0) <= _LONGEST_WAIT_S
        told = f"The model at {place} {_refusal(status)} (HTTP {status})."
        return RemoteFailure(told, again=again, down=not begun and status not in _OF_ONE, retry_after=after)
    if begun:
        return RemoteFailure(f"The model at {place} broke off ({type(error).__name__}).", strange=not _plain(error))
    told = f"The model at {place} gives no answer ({type(error).__name__})."
    return RemoteFailure(told, again=True, down=True, strange=not _plain(error))


def _refusal(status: int) -> str:
    match status:
        case 401 | 403:
            return "refuses the key"
        case 404:
            return "is not there: look at its name and at the path in the URL"
        case 429 | 503:
            return "has too much to do"
        case _:
            return "does not take the request" if status < 500 else "failed"


def _says_too_long(error: Exception) -> bool:
    """OpenAI says it in `code`, llama-server in `type`, vLLM in a sentence."""
    words = (getattr(error, "code", None), getattr(error, "type", None))
    return not _TOO_LONG.isdisjoint(words) or "maximum context length" in str(error)


def _plain(error: Exception) -> bool:
    """Whether the name of its class tells all."""
    return isinstance(error, ModelError | OSError | httpx.TransportError)


def _status(error: Exception) -> int | None:
    """The HTTP status, where the vendor's class keeps it as most do."""
    for holder in (error, getattr(error, "response", None)):
        status = getattr(holder, "status_code", None)
        if isinstance(status, int) and status >= 400:
            return status
    return None


def _retry_after(error: Exception) -> float | None:
    """Seconds that the server asks to wait (RFC 9110: a number or a date); None where it does not."""
    headers = getattr(getattr(error, "response", None), "headers", None)
    value = str(headers.get("retry-after") or "") if isinstance(headers, Mapping) else ""
    with suppress(ValueError):
        if value.strip().isdigit():
            return float(value)
        moment = parsedate_to_datetime(value)
        return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None
