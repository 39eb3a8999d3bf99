"""What the official client makes of a limit: its own error, with the time to wait."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import uvicorn

from .api_harness import QUESTION, listening, running_api


def test_too_many_requests_say_when_to_come_back(tmp_path: Path) -> None:
    asked: Any = [{"role": "user", "content": QUESTION}]
    with running_api(tmp_path, requests_per_minute=1) as api:
        _, key = api.app.channels.create_key("web", "shop")
        with (
            listening(uvicorn.Config(api.asgi, port=0, log_config=None)) as url,
            httpx.Client(trust_env=False) as http,
            openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, http_client=http) as client,
        ):
            assert client.chat.completions.create(model="support-bot", messages=asked).choices
            with pytest.raises(openai.RateLimitError) as caught:
                client.chat.completions.create(model="support-bot", messages=asked)
    assert (caught.value.type, caught.value.code) == ("rate_limit_error", "rate_limit_exceeded")
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 60
