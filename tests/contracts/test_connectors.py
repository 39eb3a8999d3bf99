"""The connectors that ship keep the contract that strangers' connectors inherit."""

from __future__ import annotations

import pytest

from support_bot.connectors.base import ConnectorConfig, HelpdeskConnector
from support_bot.connectors.fake import FakeConnector
from support_bot.testing.connector import ConnectorContract


class TestFake(ConnectorContract):
    @pytest.fixture
    def connector(self) -> HelpdeskConnector:
        return FakeConnector(
            ConnectorConfig("fake", "https://desk.example.com/contract", secrets=("whsec_" + "A" * 32,))
        )
