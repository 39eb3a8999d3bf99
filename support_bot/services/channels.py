"""Where customers meet the bot: looks, texts, the origins that may embed it, and the keys of programs that ask."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import TypedDict, Unpack

from support_bot.errors import Conflict, Invalid
from support_bot.models import Channel, ChannelKey, utcnow
from support_bot.services.views import ChannelKeyView, ChannelView
from support_bot.settings import Settings
from support_bot.storage.database import Database

DEFAULT = "web"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ORIGIN = re.compile(r"https?://[a-z0-9._~-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?")
MOST_QUESTIONS = 8


class ChannelChanges(TypedDict, total=False):
    """What may be changed about a channel; what is left out (or None) stays."""

    name: str | None
    greeting: str | None
    suggested_questions: Sequence[str] | None
    allowed_origins: Sequence[str] | None
    accent: str | None
    enabled: bool | None


class ChannelService:
    """Channels, deny by default: an origin that is not listed may not use one."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings

    def get(self, slug: str) -> ChannelView:
        with self._db.reading() as tx:
            return ChannelView.of(tx.channels.get(slug))

    def page(self) -> list[ChannelView]:
        with self._db.reading() as tx:
            return [ChannelView.of(channel) for channel in tx.channels.page()]

    def allows(self, slug: str, origin: str) -> bool:
        """Whether a page of this origin may use the channel; False for a channel that does not exist."""
        with self._db.reading() as tx:
            channel = tx.channels.find(slug)
            return channel is not None and channel.allows(origin)

    def update(self, slug: str, **changes: Unpack[ChannelChanges]) -> ChannelView:
        """Change what is given. Raises Invalid for an origin with a path, a colour that is none, or an empty name."""
        if (name := changes.get("name")) is not None:
            changes["name"] = _name(name)
        accent = changes.get("accent")
        if accent is not None and not _COLOUR.fullmatch(accent):
            raise Invalid("A colour is written like #1f6f5c.")
        if (origins := changes.get("allowed_origins")) is not None:
            changes["allowed_origins"] = list(dict.fromkeys(clean_origin(origin) for origin in origins))
        if (questions := changes.get("suggested_questions")) is not None:
            asked = [question.strip()[:200] for question in questions if question.strip()]
            changes["suggested_questions"] = asked[:MOST_QUESTIONS]
        with self._db.transaction() as tx:
            channel = tx.channels.get(slug)
            for field, value in changes.items():
                if value is not None:
                    setattr(channel, field, value)
            return ChannelView.of(channel)

    def add(self, slug: str, name: str) -> ChannelView:
        """A new channel, which no other site may use yet. Raises Invalid, Conflict for a short name that is taken."""
        if len(slug) > 60 or not _SLUG.fullmatch(slug):
            raise Invalid("A short name has small letters, digits and hyphens only, like shop or shop-uk.")
        with self._db.transaction() as tx:
            tx.one_at_a_time("channels")
            if tx.channels.find(slug):
                raise Conflict(f"There is a channel “{slug}” already.")
            return ChannelView.of(tx.channels.add(Channel(slug=slug, name=_name(name), greeting=_GREETING)))

    def ensure_default(self) -> bool:
        """Make the channel `web` where there is no channel yet; True on a fresh install."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("channels")
            if tx.channels.page():
                return False
            company = self._settings.company
            sample = self._settings.sample_data
            tx.channels.add(
                Channel(
                    slug=DEFAULT,
                    name=company,
                    greeting=_GREETING,
                    suggested_questions=list(_SAMPLE_QUESTIONS) if sample else [],
                )
            )
            return True

    # ---- keys

    def create_key(self, slug: str, name: str) -> tuple[ChannelKeyView, str]:
        """A key with which a program asks on this channel, and may do nothing else; it is shown only now."""
        key = f"sbc_{secrets.token_urlsafe(32)}"
        with self._db.transaction() as tx:
            channel = tx.channels.get(slug)
            row = ChannelKey(
                channel_id=channel.id, name=name.strip()[:200] or "key", prefix=key[:10], key_hash=_hash(key)
            )
            return ChannelKeyView.of(tx.channels.add_key(row), slug), key

    def keys(self, slug: str) -> list[ChannelKeyView]:
        """Every key of the channel, revoked ones too."""
        with self._db.reading() as tx:
            return [ChannelKeyView.of(key, slug) for key in tx.channels.page_keys(tx.channels.get(slug).id)]

    def revoke_key(self, slug: str, key_id: int) -> None:
        """Make a key useless at once; revoking twice keeps the first time."""
        with self._db.transaction() as tx:
            key = tx.channels.get_key(tx.channels.get(slug).id, key_id)
            key.revoked_at = key.revoked_at or utcnow()

    def find_key(self, key: str) -> ChannelKeyView | None:
        """What a key opens; None for one that is unknown or revoked."""
        with self._db.reading() as tx:
            found = tx.channels.find_key(_hash(key))
            if found is None:
                return None
            return ChannelKeyView.of(found, tx.channels.get_by_id(found.channel_id).slug)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


_GREETING = "Hello. What can I help you with?"
_SAMPLE_QUESTIONS = ("How long does delivery take?", "How do I pause my plan?", "What does the warranty cover?")


def clean_origin(text: str) -> str:
    """`https://shop.example.com:8443`; raises Invalid for anything that is not scheme, host and port alone."""
    origin = text.strip().rstrip("/").lower()
    if not _ORIGIN.fullmatch(origin):  # it also stands in a header, where other characters would mean something
        raise Invalid(f"“{text[:200]}” is not an origin; write it like https://shop.example.com.")
    return origin


def _name(text: str) -> str:
    if not (name := text.strip()[:200]):
        raise Invalid("A channel needs a name.")
    return name
