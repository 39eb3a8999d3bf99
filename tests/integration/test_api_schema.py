"""schemathesis over the whole OpenAPI document, by every kind of caller: nothing breaks, nothing undescribed, no leak.

`SCHEMA_EXAMPLES=500` makes it a long run; by default it is a short one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.schemas import APIOperation

from .api_harness import AS_JSON, V1, Api, running_api

EXAMPLES = int(os.environ.get("SCHEMA_EXAMPLES", "5"))
SECRET = "Zanzibar-7741"
# Who calls, and what of the schema's securities that opens. The stranger has a token, but of another conversation.
OPENS: dict[str, set[str]] = {
    "nobody": set(), "customer": {"conversationToken"}, "stranger": set(), "program": {"channelKey"},
    "admin": {"apiKey", "staffSession"},
}  # fmt: skip
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
# The endless stream; the choice of the model that serves; and what could take the callers' own keys away.
LEFT_OUT = ["read_events", "use_model", "revoke_key", "revoke_channel_key"]


@dataclass(frozen=True)
class Callers:
    """The headers of each kind of caller, the conversation that the customer's token is for, and somebody else's."""

    headers: dict[str, dict[str, str]]
    mine: str
    theirs: str


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture(scope="module")
def callers(api: Api) -> Callers:
    """Somebody else's conversation holds the secret; so does an internal article."""
    theirs = api.start()
    theirs.ask(f"My secret is {SECRET}. How long does delivery take?")
    internal = {"files": ("margins.md", f"# Margins\n\nDelivery costs us {SECRET}.".encode())}
    uploaded = api.client.post(f"{V1}/documents", files=internal, data={"audience": "internal"}, headers=api.admin)
    api.app.knowledge.process(uploaded.json()["files"][0]["document"]["id"])
    mine = api.start()
    _, key = api.app.channels.create_key("web", "till")
    program = {"Authorization": f"Bearer {key}"}
    customer = mine.headers | AS_JSON
    headers = {"nobody": {}, "customer": customer, "stranger": customer, "program": program, "admin": api.admin}
    return Callers(headers, mine.id, theirs.id)


@pytest.fixture(scope="module")
def operations(api: Api) -> list[APIOperation]:
    described = schemathesis.openapi.from_asgi("/openapi.json", api.asgi).exclude(operation_id=LEFT_OUT)
    found = [result.ok() for result in described.get_all_operations()]
    assert len(found) > 40
    return found


@pytest.mark.timeout(240 + 40 * EXAMPLES)
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["valid", "invalid"])
@pytest.mark.parametrize("who", OPENS)
def test_whatever_is_sent(operations: list[APIOperation], callers: Callers, who: str, mode: GenerationMode) -> None:
    for operation in operations:

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
        def send(case: schemathesis.Case) -> None:
            ask(case, who, callers)

        if mode is GenerationMode.POSITIVE or operation.body or operation.query or operation.path_parameters:
            send()


def ask(case: schemathesis.Case, who: str, callers: Callers) -> None:
    """Send one request as this caller, and look at what comes back."""
    if "conversation_id" in case.path_parameters:
        case.path_parameters["conversation_id"] = callers.mine if who == "customer" else callers.theirs
    case.headers.pop("Authorization", None)
    case.cookies.clear()
    response = case.call(headers=callers.headers[who])
    case.validate_response(response, checks=CHECKS)
    needed = {name for need in case.operation.definition.raw.get("security", []) for name in need}
    if who != "admin":
        assert SECRET not in response.text
    if needed and not needed & OPENS[who]:
        # Whoever may not come in learns no more than that, or that the request could not be read. A page of another
        # origin is sent away before anybody looks at what it asks for.
        elsewhere = {403} if "Origin" in case.headers else set()
        assert response.status_code in {400, 401, 404, 405, 413, 422} | elsewhere, response.text
