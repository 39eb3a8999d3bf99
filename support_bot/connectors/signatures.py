"""Is this webhook from whom it says? One table of signature schemes, checked over the raw bytes. Knows no payload."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from support_bot.errors import Unauthorized

MOST_AGE_S = 300
"""A signed time may lie this many seconds in the past or (clocks differ) in the future."""

Headers = Mapping[str, str]
"""Header names in small letters."""
Encode = Callable[[bytes], str]


def _hex(digest: bytes) -> str:
    return digest.hex()


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class Scheme:
    """How one vendor signs. `prefix` stands before each signature; `signed` names what the digest covers, in order,
    put together with `separator`: header names, and `body`."""

    signature: str
    signed: tuple[str, ...] = ("body",)
    separator: bytes = b""
    algorithm: str = "sha256"
    encode: Encode = _hex
    prefix: str = ""
    several: bool = False
    timestamp: str | None = None
    delivery: str | None = None
    key_prefix: str | None = None


SCHEMES: Mapping[str, Scheme] = {
    "standard": Scheme(
        "webhook-signature",
        signed=("webhook-id", "webhook-timestamp", "body"),
        separator=b".",
        encode=_base64,
        prefix="v1,",
        several=True,
        timestamp="webhook-timestamp",
        delivery="webhook-id",
        key_prefix="whsec_",
    ),
    "chatwoot": Scheme(
        "x-chatwoot-signature",
        signed=("x-chatwoot-timestamp", "body"),
        separator=b".",
        prefix="sha256=",
        timestamp="x-chatwoot-timestamp",
        delivery="x-chatwoot-delivery",
    ),
    "zendesk": Scheme(
        "x-zendesk-webhook-signature",
        signed=("x-zendesk-webhook-signature-timestamp", "body"),
        encode=_base64,
        timestamp="x-zendesk-webhook-signature-timestamp",
        delivery="x-zendesk-webhook-invocation-id",
    ),
    "zammad": Scheme("x-hub-signature", algorithm="sha1", prefix="sha1="),
    "intercom": Scheme("x-hub-signature", algorithm="sha1", prefix="sha1="),
    "escalated": Scheme("x-escalated-signature"),
}
"""Freshchat signs with RSA; Freshdesk, Znuny and plain django-helpdesk sign nothing: none of them is taken here."""


def verify(
    scheme: Scheme, secrets: Sequence[str], headers: Headers, body: bytes, *, now: dt.datetime | None = None
) -> str:
    """The delivery's id: the vendor's, or a digest of the body where no signed time tells an old one from a new one
    (an id beside the signature could be anything).

    Any one of the live `secrets` may have signed. Raises Unauthorized, never saying which part was wrong."""
    given = headers.get(scheme.signature, "")
    if scheme.timestamp is not None:
        _require_young(headers.get(scheme.timestamp, ""), now or dt.datetime.now(dt.UTC))
    if scheme.delivery is not None and not headers.get(scheme.delivery):
        raise _refused()
    signed = scheme.separator.join(body if part == "body" else _header(headers, part) for part in scheme.signed)
    offered = [each.encode() for each in (given.split(" ") if scheme.several else [given])][:10]
    matched = False
    for secret in secrets:
        expected = _sign(scheme, secret, signed).encode()
        for each in offered:  # every pair is compared, so that time tells nothing of which one was right
            matched |= hmac.compare_digest(each, expected)
    if not matched:
        raise _refused()
    if scheme.delivery is not None:
        return headers[scheme.delivery][:200]
    return f"body-{hashlib.sha256(body).hexdigest()}"


def sign_standard(secret: str, delivery: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` of a Standard Webhooks 1.0 message."""
    return _sign(SCHEMES["standard"], secret, b".".join((delivery.encode(), str(timestamp).encode(), body)))


def key_of(scheme: Scheme, secret: str) -> bytes:
    """The bytes of a key as its owner writes it down. Raises ValueError where it is empty or no base64."""
    if scheme.key_prefix is not None:
        try:
            key = base64.b64decode(secret.removeprefix(scheme.key_prefix), validate=True)
        except binascii.Error:
            raise ValueError(f"A secret is base64, with {scheme.key_prefix} before it.") from None
    else:
        key = secret.encode()
    if len(key) < 16:
        raise ValueError("A secret has at least 16 bytes.")
    return key


def _sign(scheme: Scheme, secret: str, signed: bytes) -> str:
    return scheme.prefix + scheme.encode(hmac.digest(key_of(scheme, secret), signed, scheme.algorithm))


def _header(headers: Headers, name: str) -> bytes:
    return headers.get(name, "").encode()


def _require_young(written: str, now: dt.datetime) -> None:
    """Unix seconds, or an ISO 8601 time with its zone."""
    try:
        when = dt.datetime.fromtimestamp(int(written), dt.UTC) if written.isdecimal() else _iso(written)
        age = abs((now - when).total_seconds())
    except (ValueError, OverflowError, OSError):
        raise _refused() from None
    if age > MOST_AGE_S:
        raise _refused()


def _iso(written: str) -> dt.datetime:
    when = dt.datetime.fromisoformat(written)
    if when.tzinfo is None:
        raise ValueError("a time without its zone")
    return when


def _refused() -> Unauthorized:
    return Unauthorized("The signature of this webhook is missing, wrong or too old.")
