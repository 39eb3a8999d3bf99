"""LangChain's own tests of chat models, over ours. It calls no tools and reads text alone, so many do not apply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from support_bot.engine.fake import FakeEngine
from support_bot.engine.langchain import EngineChatModel


class _Ours:
    """What both suites are told of our model."""

    chat_model_class = EngineChatModel
    has_tool_calling = False
    has_structured_output = False

    @pytest.fixture(autouse=True)
    def engine(self) -> Iterator[None]:
        self._engine = FakeEngine()
        yield
        self._engine.close()

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"engine": self._engine}

    @pytest.fixture
    def benchmark(self) -> Callable[..., Any]:
        """Runs it once: how long it takes is measured elsewhere."""
        return lambda call, *given: call(*given)

    @pytest.fixture
    def snapshot(self) -> None:
        """Asked for by tests of what can be serialised, which an engine cannot."""

    @pytest.fixture
    def vcr(self) -> None:
        """Asked for by a test that replays what was recorded; nothing is recorded here."""


class TestUnit(_Ours, ChatModelUnitTests):
    @pytest.mark.xfail(reason="an engine has one model, so a call cannot choose another")
    def test_standard_params_model_override(self, model: BaseChatModel) -> None:
        super().test_standard_params_model_override(model)


class TestIntegration(_Ours, ChatModelIntegrationTests):
    pass
