"""Signed-in customers: the keys that a site signs with, and the proof of who speaks in a conversation."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from support_bot.errors import Conflict, Invalid, OtherCustomer
from support_bot.models import IdentityKey, utcnow
from support_bot.services.identity_proof import Identity, check_hash, read_token
from support_bot.services.views import IdentityKeyView, VisitorView
from support_bot.storage.database import Database, Transaction

MOST_LIVE = 2
MOST_DETAILS = 20
_LONGEST_NAME, _LONGEST_VALUE = 40, 200


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a page says its user is: a `token`, or `user_id` with `user_hash`, and what it tells without proof."""

    token: str | None = None
    user_id: str | None = None
    user_hash: str | None = None
    name: str | None = None
    email: str | None = None


class IdentityService:
    """Two keys of a channel may live at once, so that a site can change to the new one before the old one ends."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # ---- keys

    def create_key(self, slug: str) -> tuple[IdentityKeyView, str]:
        """A new key and its secret, which is shown only now. Raises Conflict where two are live already."""
        secret = f"sbi_{secrets.token_urlsafe(36)}"
        with self._db.transaction() as tx:
            tx.one_at_a_time("identity keys")
            channel = tx.channels.get(slug)
            if len(tx.visitors.live_keys(channel.id)) >= MOST_LIVE:
                raise Conflict("This channel has two live identity keys already; revoke the older one first.")
            key = IdentityKey(channel_id=channel.id, kid=f"k_{secrets.token_hex(6)}", secret=secret)
            return IdentityKeyView.of(tx.visitors.add_key(key), slug), secret

    def keys(self, slug: str) -> list[IdentityKeyView]:
        """Every key of the channel, revoked ones too."""
        with self._db.reading() as tx:
            return [IdentityKeyView.of(key, slug) for key in tx.visitors.page_keys(tx.channels.get(slug).id)]

    def revoke_key(self, slug: str, key_id: int) -> None:
        """From now on it proves nothing; revoking twice keeps the first time. Who was verified before stays so."""
        with self._db.transaction() as tx:
            key = tx.visitors.get_key(tx.channels.get(slug).id, key_id)
            key.revoked_at = key.revoked_at or utcnow()

    # ---- customers

    def identify(self, conversation_id: str, claim: Claim) -> VisitorView:
        """Take down who speaks here. Raises IdentityRefused where the proof is none, OtherCustomer where the
        conversation is somebody else's: then nothing has changed."""
        with self._db.transaction() as tx:
            conversation = tx.conversations.lock(conversation_id)
            identity = _proved(tx, conversation.channel_id, claim)
            profile = tx.visitors.ensure(conversation_id)
            if profile.subject is not None and profile.subject != identity.subject:
                raise OtherCustomer("This conversation belongs to another customer; begin a new one.")
            profile.subject, profile.signed = identity.subject, identity.signed
            profile.name, profile.email = identity.name, identity.email
            profile.verified_at = utcnow()
            conversation.visitor = identity.subject
            return VisitorView.of(profile)

    def tell(self, conversation_id: str, details: Mapping[str, str | int | float | bool | None]) -> VisitorView:
        """Add to what the page tells of its visitor; None takes an entry away. Raises Invalid for too much of it."""
        with self._db.transaction() as tx:
            tx.conversations.lock(conversation_id)
            profile = tx.visitors.ensure(conversation_id)
            merged = {**profile.details, **{name.strip(): value for name, value in details.items()}}
            kept = {name: _text(value) for name, value in merged.items() if value is not None}
            if len(kept) > MOST_DETAILS:
                raise Invalid(f"At most {MOST_DETAILS} details are kept of a visitor.")
            if any(not 0 < len(name) <= _LONGEST_NAME or len(value) > _LONGEST_VALUE for name, value in kept.items()):
                raise Invalid(
                    f"A detail has a name of 1 to {_LONGEST_NAME} characters and a value of at most {_LONGEST_VALUE}."
                )
            profile.details = kept
            return VisitorView.of(profile)

    def customer(self, conversation_id: str) -> VisitorView | None:
        """Who speaks in the conversation, as far as it is known; only a `verified` one may be trusted."""
        with self._db.reading() as tx:
            profile = tx.visitors.find(conversation_id)
            return VisitorView.of(profile) if profile else None


def _proved(tx: Transaction, channel_id: int, claim: Claim) -> Identity:
    live = {key.kid: key.secret for key in tx.visitors.live_keys(channel_id)}
    if claim.token is not None:
        return read_token(claim.token, live, audience=tx.channels.get_by_id(channel_id).slug, now=utcnow())
    found = check_hash(claim.user_id or "", claim.user_hash or "", list(live.values()))
    return Identity(found.subject, claim.name, claim.email)


def _text(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
