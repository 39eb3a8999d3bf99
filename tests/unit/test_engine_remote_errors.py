"""What chat models raise, in our words: libraries differ, and nothing of what they say goes on."""

from __future__ import annotations

import httpx
import pytest
from langchain_core.exceptions import ContextOverflowError, ModelConnectionError, ModelRateLimitError, ModelTimeoutError

from support_bot.engine.remote_errors import RemoteFailure, failure
from support_bot.errors import Invalid


class OllamaError(Exception):
    """As Ollama's client raises it: a status and no response."""

    def __init__(self, status_code: int) -> None:
        super().__init__("secret")
        self.status_code = status_code


def http_error(status: int, **headers: str) -> httpx.HTTPStatusError:
    request = httpx.Request("POST", "http://gpu.internal/secret")
    return httpx.HTTPStatusError("secret", request=request, response=httpx.Response(status, headers=headers))


def told(error: Exception, *, begun: bool = False) -> RemoteFailure:
    failed = failure(error, "gpu/writer", begun=begun, silence_s=9)
    assert isinstance(failed, RemoteFailure) and "gpu/writer" in failed.detail and "secret" not in failed.detail
    return failed


@pytest.mark.parametrize(
    "error",
    [httpx.ConnectError("secret"), ConnectionRefusedError("secret"), ModelConnectionError("secret"), OllamaError(503)],
)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    failed = told(error)
    assert (failed.again, failed.down, failed.strange) == (True, True, False)
    assert not told(error, begun=True).again and not told(error, begun=True).down


@pytest.mark.parametrize("error", [TimeoutError(), httpx.ReadTimeout("secret"), ModelTimeoutError("secret")])
def test_a_silence_is_waited_for_once(error: Exception) -> None:
    failed = told(error)
    assert (failed.again, failed.down, failed.strange) == (False, True, False) and "9 s" in failed.detail


def test_what_nobody_knows_is_strange() -> None:
    assert told(KeyError("secret")).strange and told(ValueError("secret"), begun=True).strange


@pytest.mark.parametrize("error", [ContextOverflowError("secret"), http_error(413), OllamaError(413)])
def test_a_prompt_that_is_too_long_is_the_callers(error: Exception) -> None:
    failed = failure(error, "gpu/writer", begun=False, silence_s=9)
    assert isinstance(failed, Invalid) and "secret" not in failed.detail


@pytest.mark.parametrize(("after", "seconds"), [("3", 3.0), ("0", 0.0), ("soon", None), ("", None), ("-1", None)])
def test_the_wait_that_a_server_asks_for(after: str, seconds: float | None) -> None:
    assert told(http_error(429, **{"Retry-After": after})).retry_after == seconds
    assert told(ModelRateLimitError("secret")).retry_after is None


@pytest.mark.parametrize(("status", "again", "down"), [(400, False, False), (401, False, True), (500, True, True)])
def test_a_status_tells_whom_it_concerns(status: int, again: bool, down: bool) -> None:
    failed = told(http_error(status))
    assert (failed.again, failed.down) == (again, down) and f"HTTP {status}" in failed.detail
