"""Requests made from the OpenAPI document itself, right and wrong ones, by everyone who may come in.

`SCHEMATHESIS_EXAMPLES=500 pytest tests/integration/test_api_schemathesis.py` looks longer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from .api_harness import Api, Chat, running_api

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "10"))
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# The endless stream, and what would take away the test's own way in.
LEFT_OUT = ["read_events", "use_model", "revoke_key", "change_password"]
SECRET = "gooseberry"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture(scope="module")
def chat(api: Api) -> Chat:
    chat = api.start()
    chat.ask(f"My secret word is {SECRET}.")
    chat.post("/handoff")  # nobody answers, so that no test waits for an answer
    return chat


def each_operation(api: Api, subtests: pytest.Subtests, check: Callable[[schemathesis.Case], None]) -> int:
    """Make requests for every operation of the document; how many operations there are."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", api.asgi).exclude(operation_id=LEFT_OUT)
    operations = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        with subtests.test(operation=operation.label):
            looser = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
            looser(given(case=operation.as_strategy())(check))()
    return len(operations)


@pytest.mark.timeout(1800)
def test_whoever_may_come_in_gets_an_answer_of_the_schema(api: Api, chat: Chat, subtests: pytest.Subtests) -> None:
    def check(case: schemathesis.Case) -> None:
        of_customer = case.path.startswith("/api/v1/conversations/{")
        if of_customer:
            case.path_parameters["conversation_id"] = chat.id
        case.call_and_validate(headers=chat.headers if of_customer else api.admin, checks=CHECKS)

    assert each_operation(api, subtests, check) > 40


@pytest.mark.timeout(1800)
def test_a_stranger_learns_nothing_of_a_conversation(api: Api, chat: Chat, subtests: pytest.Subtests) -> None:
    def check(case: schemathesis.Case) -> None:
        if "conversation_id" in case.path_parameters:
            case.path_parameters["conversation_id"] = chat.id
        answered = case.call_and_validate(checks=CHECKS)
        assert SECRET not in answered.text

    each_operation(api, subtests, check)
