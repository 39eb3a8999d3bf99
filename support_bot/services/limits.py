"""How often somebody may ask, over the API and on the pages together: moving windows of one minute in memory.

With several processes each counts for itself."""

from __future__ import annotations

import hashlib
import ipaddress
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from support_bot.errors import LimitExceeded
from support_bot.settings import SecuritySettings

_IPV6_HOUSEHOLD = 64  # prefix length that one connection usually has to itself


class Limits:
    """All counters of one app. Each method counts one request and raises LimitExceeded when it is one too many."""

    def __init__(self, security: SecuritySettings) -> None:
        self._security = security
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def count_conversation(self, address: str | None) -> None:
        """A new conversation from this network address."""
        self._count("conversations", self._security.conversations_per_minute, network(address))

    def count_message(self, conversation_id: str) -> None:
        """A message in this conversation."""
        self._count("messages", self._security.messages_per_minute, conversation_id)

    def count_sign_in(self, address: str | None) -> None:
        """A sign-in attempt from this network address, right or wrong."""
        self._count("sign-ins", self._security.sign_ins_per_minute, network(address))

    def count_request(self, credential: str) -> None:
        """Any request with this key, session or conversation token."""
        who = hashlib.sha256(credential.encode()).hexdigest()
        self._count("requests", self._security.requests_per_minute, who)

    def _count(self, what: str, per_minute: int, who: str) -> None:
        item = RateLimitItemPerMinute(per_minute)
        if not self._window.hit(item, what, who):
            reset = self._window.get_window_stats(item, what, who).reset_time
            raise LimitExceeded(
                f"Too many {what}: {per_minute} a minute are allowed. Try again in a moment.",
                retry_after=max(1.0, reset - time.time()),
            )


def network(address: str | None) -> str:
    """Whom an address stands for: itself, or its /64 with IPv6, where one household has 2^64 addresses."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address or "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, _IPV6_HOUSEHOLD), strict=False))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)
