"""Signed-in customers over HTTP: what proves them, what does not, and what agents see of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from support_bot.models import Channel, utcnow
from ui.parts.desk import context

from .api_harness import SHOP, V1, Api, Chat, running_api

KEYS = f"{V1}/channels/web/identity-keys"
ANA = {"sub": "user-42", "name": "Ana López", "email": "ana@example.com", "aud": "web"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        with api.app._parts.db.transaction() as tx:
            tx.channels.add(Channel(slug="second", name="Second"))
        yield api


@pytest.fixture
def chat(api: Api) -> Chat:
    return api.start()


@pytest.fixture
def key(api: Api) -> Iterator[dict[str, Any]]:
    made = api.client.post(KEYS, headers=api.admin).json()
    yield {"kid": made["details"]["kid"], "secret": made["secret"], "id": made["details"]["id"]}
    api.client.delete(f"{KEYS}/{made['details']['id']}", headers=api.admin)


def token(key: dict[str, Any], *, algorithm: str = "HS256", minutes: float = 5, **claims: Any) -> str:
    """A token of Ana's; a claim that is None is left out."""
    told = {"exp": utcnow() + dt.timedelta(minutes=minutes), **ANA, **claims}
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(told, key["secret"], algorithm, headers={"kid": key["kid"]})


def told(chat: Chat, **body: Any) -> tuple[int, str]:
    answered = chat.post("/identity", body)
    return answered.status_code, answered.json().get("detail", "")


def sign(secret: str, user: str) -> str:
    return hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()


def card(api: Api, chat: Chat) -> str:
    return context(api.app.tickets.conversation(chat.id))


class TestToken:
    def test_a_signed_customer_stands_on_the_tickets_card(self, api: Api, chat: Chat, key: dict[str, Any]) -> None:
        chat.post("/handoff")
        answered = chat.post("/identity", {"token": token(key)})
        assert answered.json() == {"subject": "user-42"}
        shown = card(api, chat)
        assert "Ana López" in shown and "Verified" in shown and "ana@example.com" in shown and "user-42" in shown
        assert "told by the page" not in shown

    @pytest.mark.parametrize(
        ("wrong", "because"),
        [
            ({"minutes": -2}, "expired"),
            ({"minutes": 90}, "more than an hour"),
            ({"exp": None}, "lacks `exp`"),
            ({"sub": None}, "lacks `sub`"),
            ({"aud": None}, "lacks `aud`"),
            ({"aud": "second"}, "another channel: its `aud` must be “web”"),
            ({"sub": ""}, "`sub` must be one line"),
            ({"sub": "x" * 201}, "`sub` must be one line"),
            ({"name": "two\nlines"}, "`name` must be one line"),
            ({"email": ["a@example.com"]}, "`email` must be one line"),
            ({"algorithm": "HS384"}, "signed with HS256"),
            ({"nbf": 4_000_000_000}, "not valid yet"),
            ({"exp": "4000000000"}, "more than an hour"),
            ({"exp": 10**400}, "more than an hour"),
            ({"sub": "user-42 "}, "begin or end with a space"),
        ],
    )
    def test_what_does_not_fit_is_refused_and_says_why(
        self, api: Api, chat: Chat, key: dict[str, Any], wrong: dict[str, Any], because: str
    ) -> None:
        status, detail = told(chat, token=token(key, **wrong))
        assert status == 403 and because in detail
        assert "Verified" not in card(api, chat)

    def test_a_forged_one_is_refused(self, chat: Chat, key: dict[str, Any]) -> None:
        assert "is not signed" in told(chat, token=token({**key, "secret": "x" * 40}))[1]
        assert "names none" in told(chat, token=token({**key, "kid": "k_000000000000"}))[1]
        unsigned = jwt.encode({**ANA, "exp": utcnow() + dt.timedelta(minutes=5)}, None, "none", {"kid": key["kid"]})
        assert told(chat, token=unsigned) == (403, "The token must be signed with HS256.")
        head, claims, signature = token(key).split(".")
        other = token(key, sub="user-43").split(".")[1]
        assert told(chat, token=f"{head}.{other}.{signature}")[0] == 403
        for nonsense in ("", "a.b.c", "é.è.ê", f"{head}.{claims}"):
            assert told(chat, token=nonsense)[0] == 403

    def test_a_refused_one_leaves_who_was_proved_before(self, api: Api, chat: Chat, key: dict[str, Any]) -> None:
        assert told(chat, token=token(key))[0] == 200
        assert told(chat, token=token(key, minutes=-5))[0] == 403
        assert "Ana López" in card(api, chat)

    def test_another_customer_needs_another_conversation(self, chat: Chat, key: dict[str, Any]) -> None:
        assert told(chat, token=token(key))[0] == 200
        answered = chat.post("/identity", {"token": token(key, sub="user-43")})
        assert answered.status_code == 409 and answered.json()["error"] == "other_customer"
        assert told(chat, token=token(key, name="Ana B."))[0] == 200

    def test_a_key_of_one_channel_proves_nothing_on_another(self, api: Api, key: dict[str, Any]) -> None:
        elsewhere = api.start("second")
        assert "names none" in told(elsewhere, token=token(key, aud="second"))[1]

    def test_nobody_is_identified_without_the_conversations_own_token(
        self, api: Api, chat: Chat, key: dict[str, Any]
    ) -> None:
        other = api.start()
        answered = api.client.post(f"{chat.path}/identity", json={"token": token(key)}, headers=other.headers)
        assert answered.status_code == 401

    def test_a_page_of_another_origin_is_refused(self, chat: Chat, key: dict[str, Any]) -> None:
        for path, body in (("/identity", {"token": token(key)}), ("/metadata", {"details": {"plan": "pro"}})):
            foreign = chat.post(path, body, headers={"Origin": "https://evil.example"})
            assert foreign.status_code == 403 and foreign.json()["error"] == "forbidden"
            assert chat.post(path, body, headers={"Origin": SHOP}).is_success


class TestHash:
    def test_proves_the_id_and_marks_the_rest_as_told(self, api: Api, chat: Chat, key: dict[str, Any]) -> None:
        proof = {"user_id": "42", "user_hash": sign(key["secret"], "42"), "name": "Bo", "email": "bo@example.com"}
        assert told(chat, **proof) == (200, "")
        shown = card(api, chat)
        assert "Verified" in shown and "bo@example.com" in shown and shown.count("told by the page") == 2

    def test_of_another_id_or_secret_is_refused(self, chat: Chat, key: dict[str, Any]) -> None:
        for proof in (sign(key["secret"], "43"), sign("x", "42"), "", "ü" * 64):
            assert told(chat, user_id="42", user_hash=proof)[0] == 403
        assert told(chat, user_id="42")[0] == 422
        assert told(chat, user_id="42", user_hash=sign(key["secret"], "42"), token="x")[0] == 422


class TestKeys:
    def test_two_live_at_once_and_a_revoked_one_proves_nothing(self, api: Api, chat: Chat, key: dict[str, Any]) -> None:
        made = api.client.post(KEYS, headers=api.admin).json()
        second = {"kid": made["details"]["kid"], "secret": made["secret"]}
        third = api.client.post(KEYS, headers=api.admin)
        assert third.status_code == 409 and "revoke the older one" in third.json()["detail"]
        assert told(chat, token=token(key))[0] == told(chat, token=token(second))[0] == 200

        assert api.client.delete(f"{KEYS}/{key['id']}", headers=api.admin).status_code == 204
        assert told(chat, token=token(key))[0] == 403
        assert told(chat, user_id="user-42", user_hash=sign(key["secret"], "user-42"))[0] == 403
        assert told(chat, token=token(second))[0] == 200
        api.client.delete(f"{KEYS}/{made['details']['id']}", headers=api.admin)

    def test_the_secret_is_shown_once(self, api: Api, key: dict[str, Any]) -> None:
        listed = api.client.get(KEYS, headers=api.admin)
        assert key["kid"] in listed.text and key["secret"] not in listed.text
        assert "secret" not in repr(api.app.desk.identity.keys("web"))

    def test_they_are_for_admins_and_of_their_channel(self, api: Api, key: dict[str, Any]) -> None:
        assert api.client.post(KEYS, headers=api.agent).status_code == 403
        assert api.client.get(KEYS, headers=api.agent).status_code == 403
        foreign = f"{V1}/channels/second/identity-keys/{key['id']}"
        assert api.client.delete(foreign, headers=api.admin).status_code == 404


class TestDetails:
    def test_are_added_changed_and_taken_away(self, api: Api, chat: Chat) -> None:
        assert chat.post("/metadata", {"details": {"plan": "pro", "seats": 3, "trial": True}}).status_code == 204
        assert chat.post("/metadata", {"details": {"plan": "team", "trial": None}}).status_code == 204
        customer = api.app.desk.identity.customer(chat.id)
        assert customer is not None and not customer.verified
        assert dict(customer.details) == {"plan": "team", "seats": "3"}

    def test_cannot_pass_for_what_is_proved(self, api: Api, chat: Chat) -> None:
        chat.post("/metadata", {"details": {"Customer": "Ana", "E-mail": "ana@example.com", SCRIPT: SCRIPT}})
        shown = card(api, chat)
        known, _, told_by_page = shown.partition("Told by the page")
        assert "Ana" not in known and "ana@example.com" in told_by_page
        assert "Verified" not in shown and SCRIPT not in shown and "&lt;script&gt;" in told_by_page

    @pytest.mark.parametrize(
        "details",
        [
            {"x" * 41: "a"}, {"": "a"}, {"a": "x" * 201}, {str(number): 1 for number in range(21)}, {"a": ["b"]},
            {"a": {"b": 1}}, {"a": "\0"}, [], "text", None,
        ],
    )  # fmt: skip
    def test_too_much_or_of_another_kind_is_refused(self, api: Api, chat: Chat, details: Any) -> None:
        assert chat.post("/metadata", {"details": details}).status_code == 422
        customer = api.app.desk.identity.customer(chat.id)
        assert customer is None


def test_agents_find_a_conversation_by_the_name_and_address_of_its_customer(
    api: Api, chat: Chat, key: dict[str, Any]
) -> None:
    assert told(chat, token=token(key, sub="u-9", name="Zora Quill", email="zora@quill.example"))[0] == 200
    for asked in ("quill", "zora@quill.example"):
        assert [hit.conversation.id for hit in api.app.tickets.search(asked).hits] == [chat.id]
    told(chat, token=token(key, sub="u-9", name="Zora Reed", email="zora@reed.example"))
    assert not api.app.tickets.search("quill").hits and api.app.tickets.search("reed").hits
