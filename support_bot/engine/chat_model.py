"""Any LangChain chat model as an engine: its package is installed, settings name the class and what it takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit

from langchain_core.language_models import BaseChatModel

from support_bot import plugins
from support_bot.engine.base import GenerationRequest
from support_bot.engine.remote import RemoteEngine
from support_bot.engine.remote_call import ChatSource
from support_bot.engine.supervised import LocalEngine
from support_bot.errors import Invalid
from support_bot.settings import EngineSettings, RemoteSettings


class ChatModelEngine(RemoteEngine):
    """The kind `langchain`. How a call says its limits differs from model to model: they belong into the options, and
    `max_tokens` is kept here."""

    needs_weights = False

    @classmethod
    def open(cls, settings: EngineSettings, load: Callable[[], LocalEngine]) -> Self:
        """Raises Invalid where the class does not take the options, PluginError where there is none."""
        remote = settings.remote
        model = _chat_model(remote)
        name = remote.model or str(getattr(model, "model", "") or getattr(model, "model_name", "") or model._llm_type)
        source = ChatSource(
            model=model,
            name=name,
            place=f"{urlsplit(remote.url).netloc.rpartition('@')[2] or type(model).__name__}/{name}",
            arguments=_nothing,
            says_end=False,
            close=_leave_open,
        )
        return cls(source, remote, queue_limit=settings.queue_limit)


def _chat_model(remote: RemoteSettings) -> BaseChatModel:
    if not remote.chat_model:
        raise Invalid(
            "An engine of kind langchain needs a chat model: set SUPPORT_BOT_ENGINE__REMOTE__CHAT_MODEL, for example "
            "to langchain_ollama:ChatOllama, and SUPPORT_BOT_ENGINE__REMOTE__OPTIONS to a JSON object of what it takes."
        )
    make = plugins.load_named(remote.chat_model)
    try:
        model = make(**remote.options)  # type: ignore[operator]
    except (TypeError, ValueError, ImportError) as error:
        # Without what it said: the options may hold a key.
        raise Invalid(
            f"{remote.chat_model} does not take SUPPORT_BOT_ENGINE__REMOTE__OPTIONS ({type(error).__name__}). The "
            f"names given are: {', '.join(sorted(remote.options)) or 'none'}. Look at its documentation."
        ) from None
    if not isinstance(model, BaseChatModel):
        raise Invalid(f"{remote.chat_model} makes no LangChain chat model.")
    return model


def _nothing(request: GenerationRequest) -> dict[str, Any]:
    return {}


async def _leave_open() -> None:
    """LangChain has no word for closing a model; its connections end with the process."""
