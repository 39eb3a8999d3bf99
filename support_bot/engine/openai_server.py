"""Servers that speak OpenAI's chat completions: llama-server, vLLM, Ollama and hosted ones. Extra `remote`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import openai
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from support_bot.engine.base import GenerationRequest
from support_bot.engine.remote import RemoteEngine
from support_bot.engine.remote_call import ChatSource
from support_bot.engine.supervised import LocalEngine
from support_bot.errors import Invalid
from support_bot.settings import EngineSettings

_CONNECT_S = 5.0


class OpenAIEngine(RemoteEngine):
    """The kind `openai`: settings name the server, the model there and the key."""

    needs_weights = False

    @classmethod
    def open(cls, settings: EngineSettings, load: Callable[[], LocalEngine]) -> Self:
        """Connects to nothing yet. Raises Invalid where URL or model are missing."""
        remote = settings.remote
        url = urlsplit(remote.url)
        if not (url.hostname and remote.model and url.scheme in ("http", "https")):
            raise Invalid(
                "An engine of kind openai needs a server and a model: set SUPPORT_BOT_ENGINE__REMOTE__URL "
                "(http://host:port/v1) and SUPPORT_BOT_ENGINE__REMOTE__MODEL."
            )
        if url.username or url.password:
            raise Invalid("A key inside SUPPORT_BOT_ENGINE__REMOTE__URL would be logged; it belongs into …__API_KEY.")
        client = openai.DefaultAsyncHttpxClient(
            timeout=openai.Timeout(remote.timeout_s, connect=min(_CONNECT_S, remote.timeout_s)),
            event_hooks={"request": [_forget_openai]},
        )
        # The base class, since its child renames `max_tokens` to a word that most of these servers do not know.
        model = BaseChatOpenAI(
            model=remote.model,
            base_url=remote.url,
            # Never empty: the library would send the key that the environment holds for another server.
            api_key=remote.api_key or SecretStr("none"),
            http_async_client=client,
            http_socket_options=(),
            openai_proxy=None,
            max_retries=0,
            stream_chunk_timeout=None,
            stream_usage=True,
            use_responses_api=False,
        )
        source = ChatSource(
            model=model,
            name=remote.model,
            place=f"{url.netloc}/{remote.model}",
            arguments=_arguments,
            says_end=True,
            close=client.aclose,
        )
        return cls(source, remote, queue_limit=settings.queue_limit)


async def _forget_openai(request: httpx.Request) -> None:
    """The library takes these from the environment, whatever the server."""
    for name in ("OpenAI-Organization", "OpenAI-Project"):
        request.headers.pop(name, None)


def _arguments(request: GenerationRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in ("max_tokens", "temperature", "top_p", "seed")}
