"""How often one visitor may write on the customers' page: moving windows of a minute, counted in this process."""

from __future__ import annotations

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from support_bot.errors import LimitExceeded
from support_bot.settings import SecuritySettings


class VisitLimits:
    """Each method counts one and raises LimitExceeded when it is one too many."""

    def __init__(self, security: SecuritySettings) -> None:
        self._security = security
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def count_conversation(self, address: str) -> None:
        """A new conversation from this network address."""
        self._count("conversations", self._security.conversations_per_minute, address)

    def count_message(self, conversation_id: str) -> None:
        """A message in this conversation."""
        self._count("messages", self._security.messages_per_minute, conversation_id)

    def _count(self, what: str, per_minute: int, who: str) -> None:
        if not self._window.hit(RateLimitItemPerMinute(per_minute), what, who):
            raise LimitExceeded(f"Too many {what} within a minute. Wait a moment, then send it again.", retry_after=30)
