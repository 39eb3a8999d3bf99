"""HTTP to a help desk: what its answers mean for whoever may try again. Knows no vendor."""

from __future__ import annotations

from typing import Any

import httpx

from support_bot.connectors.base import ConnectorError

_TIMEOUT_S = 15.0
_LASTING = (400, 404, 405, 410, 413, 415, 422)


class HelpdeskHttp:
    """A client below one address; redirects are not followed, so that a token stays where an admin sent it."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url = url.rstrip("/")
        self._headers = {"User-Agent": "support-bot", "Accept": "application/json", **headers}

    def send(self, method: str, path: str, **more: Any) -> httpx.Response:
        """The answer, if it is a good one. Raises ConnectorError; what to do about it is in there."""
        headers = self._headers | more.pop("headers", {})
        try:
            answer = httpx.request(
                method, self._url + path, headers=headers, timeout=_TIMEOUT_S, trust_env=False, **more
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ConnectorError(f"{self._url} does not answer: {_why(error)}.") from error
        if answer.is_success:
            return answer
        what = f"{method} {path.partition('?')[0]} answered {answer.status_code}"
        raise ConnectorError(
            f"{what}: {_short(answer)}", lasting=answer.status_code in _LASTING, retry_after=_wait(answer)
        )

    def json(self, method: str, path: str, **more: Any) -> Any:
        """The JSON of a good answer."""
        answer = self.send(method, path, **more)
        try:
            return answer.json()
        except ValueError as error:
            raise ConnectorError(f"{method} {path} answered something that is no JSON.") from error


def _why(error: Exception) -> str:
    if isinstance(error, httpx.TimeoutException):
        return f"it took longer than {_TIMEOUT_S:.0f} s"
    return "no connection can be made" if isinstance(error, httpx.ConnectError) else type(error).__name__


def _short(answer: httpx.Response) -> str:
    is_page = "html" in answer.headers.get("content-type", "")
    return "a page" if is_page else " ".join(answer.text.split())[:120] or "nothing more"


def _wait(answer: httpx.Response) -> float | None:
    """Seconds of `Retry-After`, at most an hour."""
    written = answer.headers.get("retry-after", "")
    return min(float(written), 3600.0) if written.isdecimal() else None
