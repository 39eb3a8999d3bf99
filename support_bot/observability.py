"""Logs that carry ids and no personal data, and counters for Prometheus. Sees text and numbers, never entities.

Modules log with `logging.getLogger(__name__)` or `structlog.get_logger()`; both come out of the handler set here."""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from structlog.typing import EventDict, Processor, WrappedLogger

_HANDLER = "support_bot"
_OURS = frozenset({"timestamp", "level", "logger", "request_id", "conversation_id"})  # made by us, so left as they are
_QUOTED = re.compile(r"""(?<![\w'"])(?:'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")""")
_PLACE = re.compile(r'[\s|+]*File "')
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)


def configure_logging(level: str, *, json: bool, mask: Callable[[str], str], stream: TextIO | None = None) -> None:
    """Send every log line of this process through one handler; calling it again replaces that handler.

    `mask` takes personal data out of a text; it sees messages, values and tracebacks. Tracebacks quote no values, since
    these may be what a customer wrote. `stream` is standard error."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not json:  # the traceback reaches the renderer as masked text, never as an exception
        renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.set_name(_HANDLER)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.StackInfoRenderer(),
                structlog.processors.ExceptionRenderer(_without_values),
                _masking(mask),
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if other.name != _HANDLER] + [handler]
    root.setLevel(level.upper())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _without_values(exc_info: Any) -> str:
    """A traceback whose quoted values are taken out: `ValueError: invalid literal for int(): '…'`. Paths stay."""

    def hidden(match: re.Match[str]) -> str:
        quoted = match.group()
        return quoted if "/" in quoted and not re.search(r"\s", quoted) else f"{quoted[0]}…{quoted[0]}"

    lines = "".join(traceback.format_exception(*exc_info)).rstrip().split("\n")
    return "\n".join(line if _PLACE.match(line) else _QUOTED.sub(hidden, line) for line in lines)


def bound_ids(*, request_id: str | None = None, conversation_id: str | None = None) -> AbstractContextManager[Any]:
    """Within this block every log line of this thread or task carries the ids given."""
    ids = {"request_id": request_id, "conversation_id": conversation_id}
    return structlog.contextvars.bound_contextvars(**{name: value for name, value in ids.items() if value is not None})


def bind_conversation(conversation_id: str) -> None:
    """From here on every log line of this context carries the conversation."""
    structlog.contextvars.bind_contextvars(conversation_id=conversation_id)


def current_request_id() -> str | None:
    """The id bound to the request being served, if there is one."""
    return structlog.contextvars.get_contextvars().get("request_id")


def _masking(mask: Callable[[str], str]) -> Processor:
    def clean(value: object) -> object:
        match value:
            case bool() | int() | float() | None:
                return value
            case dict():
                return {key: clean(item) for key, item in value.items()}
            case list() | tuple():
                return [clean(item) for item in value]
            case _:
                return mask(str(value))

    def masked(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        return {key: value if key in _OURS else clean(value) for key, value in event.items()}

    return masked


@dataclass(frozen=True, slots=True)
class Metrics:
    """The counters of one app, in a registry of their own, so that two apps in one process never share a number."""

    registry: CollectorRegistry
    requests: Counter
    request_seconds: Histogram
    turns: Counter
    turn_seconds: Histogram
    first_text_seconds: Histogram
    tokens: Counter
    engine_queue: Gauge
    engine_slots: Gauge
    engine_cells: Gauge
    engine_tokens: Counter
    engine_incidents: Counter
    engine_first_token_seconds: Histogram
    engine_fallbacks: Counter
    jobs: Counter
    jobs_pending: Gauge
    documents: Gauge
    conversations: Gauge
    part_up: Gauge

    @classmethod
    def build(cls) -> Metrics:
        """New counters, all at zero; label values come from enums and route patterns, never from customers."""
        registry = CollectorRegistry()
        ours: dict[str, Any] = {"namespace": "support_bot", "registry": registry}
        timed: dict[str, Any] = {"buckets": _SECONDS, **ours}
        return cls(
            registry=registry,
            requests=Counter("requests", "HTTP requests.", ["method", "route", "status"], **ours),
            request_seconds=Histogram("request_seconds", "Time per request.", ["route"], **timed),
            turns=Counter("turns", "Turns of the bot by how they ended.", ["status"], **ours),
            turn_seconds=Histogram("turn_seconds", "Time per turn.", **timed),
            first_text_seconds=Histogram("first_text_seconds", "Time until a customer reads the first text.", **timed),
            tokens=Counter("tokens", "Tokens by kind: prompt, reused (of the prompt), answer.", ["kind"], **ours),
            engine_queue=Gauge("engine_queue", "Generations waiting for the engine.", **ours),
            engine_slots=Gauge(
                "engine_slots", "Answers the engine can write at once: running, free.", ["state"], **ours
            ),
            engine_cells=Gauge("engine_cells", "Tokens the engine can remember: used, free.", ["state"], **ours),
            engine_tokens=Counter(
                "engine_tokens",
                "Tokens of the engine: prompt, reused of these, answer, drafted for it, accepted of these.",
                ["kind"],
                **ours,
            ),
            engine_incidents=Counter(
                "engine_incidents", "What went wrong: stuck, died, not_loaded, failed_step.", ["kind"], **ours
            ),
            engine_first_token_seconds=Histogram(
                "engine_first_token_seconds", "From asking the engine to its first token.", **timed
            ),
            engine_fallbacks=Counter(
                "engine_fallbacks",
                "Generations given to the second engine, since the first one could not write.",
                **ours,
            ),
            jobs=Counter("jobs", "Runs of jobs by name and outcome: done or failed.", ["name", "outcome"], **ours),
            jobs_pending=Gauge("jobs_pending", "Jobs waiting for a worker.", **ours),
            documents=Gauge("documents", "Documents by status.", ["status"], **ours),
            conversations=Gauge("conversations", "Conversations by who speaks in them.", ["mode"], **ours),
            part_up=Gauge("part_up", "1 while this part of /ready is ok.", ["part"], **ours),
        )

    def text(self) -> bytes:
        """All counters in Prometheus' text format."""
        return generate_latest(self.registry)
