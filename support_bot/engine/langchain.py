"""Our engine as a LangChain chat model, for whoever builds chains or graphs around it. It calls no tools."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from operator import itemgetter
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.base import LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableMap, RunnablePassthrough
from langchain_core.utils.function_calling import convert_to_json_schema
from pydantic import BaseModel, ConfigDict

from support_bot.engine.base import ChatTurn, Generation, GenerationRequest, TextEngine, TokenLogprob
from support_bot.errors import Invalid

_ROLES = {"system": "system", "human": "user", "ai": "assistant"}
_ADAPTER, _SHAPE = ("adapter", "adapter_scale"), ("grammar", "json_schema")
_SHOWN = ("max_tokens", "temperature", "top_p", "seed", "logprobs", *_ADAPTER, *_SHAPE)


class EngineChatModel(BaseChatModel):
    """A `BaseChatModel` over a TextEngine: it joins the running batch, waits in the same queue, streams as it writes.

    What it writes has passed no evidence gate; that is the answer chain's. The fields are those of GenerationRequest,
    and may be bound or given with each call. With `logprobs`, the answer's `response_metadata["logprobs"]` lists its
    tokens as OpenAI does. `with_structured_output` takes a JSON schema, a pydantic model or a TypedDict.
    Raises Overloaded, EngineUnavailable, and Invalid for messages that the engine cannot read."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    engine: Any  # a TextEngine; pydantic cannot check a Protocol with attributes
    max_tokens: int = 160
    temperature: float = 0.0
    top_p: float = 0.95
    seed: int = 0
    deadline_s: float = 60.0
    adapter: str = ""
    adapter_scale: float = 1.0
    logprobs: int = 0
    grammar: str = ""
    json_schema: str = ""

    @property
    def _llm_type(self) -> str:
        return "support-bot"

    def _get_ls_params(self, stop: list[str] | None = None, **given: Any) -> LangSmithParams:
        """What tracers write down; left to itself, LangChain derives a provider from the name of the class."""
        return {
            **super()._get_ls_params(stop, **given),
            "ls_provider": self._llm_type,
            "ls_model_name": self.engine.name,
        }

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.engine.name, "hash": self.engine.model_hash} | {n: getattr(self, n) for n in _SHOWN}

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **given: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Answers that fit the schema: a dictionary, or an instance where the schema is a pydantic model.

        An answer cut short by `max_tokens` does not parse and raises OutputParserException; with `include_raw` it is
        told as `parsing_error` beside `raw` and `parsed`."""
        wanted = schema if isinstance(schema, dict) else convert_to_json_schema(schema)
        is_model = isinstance(schema, type) and issubclass(schema, BaseModel)
        parser: Any = PydanticOutputParser(pydantic_object=schema) if is_model else JsonOutputParser()
        model: Runnable[LanguageModelInput, Any] = self.bind(json_schema=json.dumps(wanted), **given)
        if not include_raw:
            return model.pipe(parser)
        parsed = RunnablePassthrough.assign(parsed=itemgetter("raw") | parser, parsing_error=lambda _: None)
        unparsed = RunnablePassthrough.assign(parsed=lambda _: None)
        return RunnableMap(raw=model) | parsed.with_fallbacks([unparsed], exception_key="parsing_error")

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **given: Any,
    ) -> ChatResult:
        generation = self._start(messages, stop, given)
        try:
            text = "".join(generation)
        finally:
            generation.cancel()
        message = AIMessage(text, usage_metadata=_usage(generation), response_metadata=self._ended(generation))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **given: Any,
    ) -> Iterator[ChatGenerationChunk]:
        """Pieces as they are written; whoever closes the iterator frees the engine."""
        generation = self._start(messages, stop, given)
        try:
            for piece in generation:
                chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
                if run_manager is not None:
                    run_manager.on_llm_new_token(piece, chunk=chunk)
                yield chunk
        finally:
            generation.cancel()
        last = AIMessageChunk(
            content="",
            usage_metadata=_usage(generation),
            response_metadata=self._ended(generation),
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=last)

    def _ended(self, generation: Generation) -> dict[str, Any]:
        stats = generation.stats()
        listed = [_token(one) | {"top_logprobs": [_token(each) for each in one.top]} for one in generation.logprobs()]
        ended: dict[str, Any] = {"model_name": self.engine.name}
        ended |= {"finish_reason": stats.finish} if stats else {}
        return ended | ({"logprobs": {"content": listed}} if listed else {})

    def _start(self, messages: Sequence[BaseMessage], stop: list[str] | None, given: dict[str, Any]) -> Generation:
        limits = {name: given.get(name, getattr(self, name)) for name in (*_SHOWN, "deadline_s")}
        engine: TextEngine = self.engine
        return engine.start(GenerationRequest(messages=_turns(messages), stop=tuple(stop or ()), **limits))


def _turns(messages: Sequence[BaseMessage]) -> tuple[ChatTurn, ...]:
    turns = []
    for message in messages:
        role = _ROLES.get(message.type.removesuffix("MessageChunk").lower())
        if role is None:
            raise Invalid(f"The engine reads system, human and ai messages, not {message.type}.")
        if isinstance(message.content, list) and any(
            isinstance(part, dict) and part.get("type") != "text" for part in message.content
        ):
            raise Invalid("The engine reads text alone.")
        turns.append(ChatTurn(role, str(message.text)))
    return tuple(turns)


def _usage(generation: Generation) -> UsageMetadata | None:
    stats = generation.stats()
    if stats is None:
        return None
    read, written = stats.prompt_tokens, stats.answer_tokens
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


def _token(one: TokenLogprob) -> dict[str, Any]:
    return {"token": one.piece.decode("utf-8", "replace"), "bytes": list(one.piece), "logprob": one.logprob}
