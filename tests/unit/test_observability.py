"""Log lines carry ids and no personal data; each app counts for itself."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from support_bot.observability import Metrics, bound_ids, configure_logging, current_request_id
from support_bot.privacy import mask


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def log() -> io.StringIO:
    stream = io.StringIO()
    configure_logging("INFO", json=True, mask=mask, stream=stream)
    return stream


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_ids_travel_with_every_line_of_their_block(log: io.StringIO) -> None:
    with bound_ids(request_id="r-1", conversation_id="c-7"):
        assert current_request_id() == "r-1"
        logging.getLogger("shop").info("inside")
    logging.getLogger("shop").info("outside")
    inside, outside = lines(log)
    assert (inside["event"], inside["request_id"], inside["conversation_id"]) == ("inside", "r-1", "c-7")
    assert "request_id" not in outside


def test_personal_data_is_masked_in_messages_values_and_tracebacks(log: io.StringIO) -> None:
    logging.getLogger("shop").info("mail from %s", "jane@example.com")
    structlog.get_logger("shop").info("call", numbers=["+14155550123"], who={"email": "jane@example.com"})
    try:
        raise ValueError("jane@example.com")
    except ValueError:
        logging.getLogger("shop").exception("failed")
    assert "jane@" not in log.getvalue()
    assert "4155550123" not in log.getvalue()
    first, second, third = lines(log)
    assert first["event"] == "mail from [email]"
    assert second["numbers"] == ["[phone]"]
    assert "ValueError: [email]" in str(third["exception"])


def test_the_console_form_is_readable_and_masked() -> None:
    stream = io.StringIO()
    configure_logging("INFO", json=False, mask=mask, stream=stream)
    try:
        raise ValueError("jane@example.com")
    except ValueError:
        logging.getLogger("shop").exception("failed for %s", "jane@example.com")
    assert "failed for [email]" in stream.getvalue()
    assert "ValueError: [email]" in stream.getvalue()


def test_configuring_again_replaces_the_handler(log: io.StringIO) -> None:
    other = io.StringIO()
    configure_logging("WARNING", json=True, mask=mask, stream=other)
    logging.getLogger("shop").info("too quiet")
    logging.getLogger("shop").warning("once")
    assert log.getvalue() == ""
    assert len(lines(other)) == 1


def test_two_apps_count_apart() -> None:
    one, two = Metrics.build(), Metrics.build()
    one.turns.labels(status="answered").inc()
    assert b'support_bot_turns_total{status="answered"} 1.0' in one.text()
    assert b"answered" not in two.text()
