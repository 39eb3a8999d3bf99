"""Counting requests: whom an address stands for, and how long the wait is."""

from __future__ import annotations

import pytest

from support_bot.errors import LimitExceeded
from support_bot.services.limits import Limits, network
from support_bot.settings import SecuritySettings


class TestNetwork:
    @pytest.mark.parametrize(
        ("address", "stands_for"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
            ("testclient", "testclient"),
            (None, "unknown"),
            ("", "unknown"),
        ],
    )
    def test_is_the_address_or_its_household(self, address: str | None, stands_for: str) -> None:
        assert network(address) == stands_for


class TestLimits:
    def test_count_each_kind_and_each_one_apart(self) -> None:
        limits = Limits(SecuritySettings(conversations_per_minute=1, messages_per_minute=1, sign_ins_per_minute=1))
        limits.count_conversation("192.0.2.1")
        limits.count_sign_in("192.0.2.1")
        limits.count_message("one")
        limits.count_message("other")
        limits.count_conversation("192.0.2.2")
        with pytest.raises(LimitExceeded) as refusal:
            limits.count_conversation("192.0.2.1")
        assert refusal.value.retry_after is not None and 1 <= refusal.value.retry_after <= 60
