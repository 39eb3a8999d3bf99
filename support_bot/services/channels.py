"""Where customers meet the bot: looks, texts, and the origins that may embed it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypedDict, Unpack
from urllib.parse import urlsplit

from support_bot.errors import Invalid
from support_bot.models import Channel
from support_bot.services.views import ChannelView
from support_bot.settings import Settings
from support_bot.storage.database import Database

DEFAULT = "web"
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


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
        """Change what is given. Raises Invalid for an origin with a path, or a colour that is none."""
        accent = changes.get("accent")
        if accent is not None and not _COLOUR.fullmatch(accent):
            raise Invalid("A colour is written like #1f6f5c.")
        if (origins := changes.get("allowed_origins")) is not None:
            changes["allowed_origins"] = list(dict.fromkeys(_origin(origin) for origin in origins))
        if (questions := changes.get("suggested_questions")) is not None:
            changes["suggested_questions"] = [question[:200] for question in questions][:8]
        with self._db.transaction() as tx:
            channel = tx.channels.get(slug)
            for field, value in changes.items():
                if value is not None:
                    setattr(channel, field, value)
            return ChannelView.of(channel)

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
                    greeting="Hello. What can I help you with?",
                    suggested_questions=list(_SAMPLE_QUESTIONS) if sample else [],
                )
            )
            return True


_SAMPLE_QUESTIONS = ("How long does delivery take?", "How do I pause my plan?", "What does the warranty cover?")


def _origin(text: str) -> str:
    """`https://shop.example.com:8443`; raises Invalid for anything that is not scheme, host and port alone."""
    parts = urlsplit(text.strip().rstrip("/"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query or parts.username:
        raise Invalid(f"“{text}” is not an origin; write it like https://shop.example.com.")
    return f"{parts.scheme}://{parts.netloc}".lower()
