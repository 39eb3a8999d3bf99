"""Settings name the engine, the one behind it, and what they need."""

from __future__ import annotations

import pytest

from support_bot.engine.fake import FakeEngine
from support_bot.engine.opening import needs_weights, open_engine
from support_bot.errors import Invalid
from support_bot.plugins import PluginError
from support_bot.settings import EngineSettings, RemoteSettings
from support_bot.testing.engine import ask, finished
from tests.openai_servers import KEY, ScriptedServer, says
from tests.remote_engines import no_weights, remote


class TestSettings:
    @pytest.mark.parametrize("given", [{"url": ""}, {"model": ""}, {"url": "gpu.internal/v1"}, {"url": "ftp://gpu/v1"}])
    def test_a_server_and_a_model_are_needed(self, given: dict[str, str]) -> None:
        settings = RemoteSettings(**{"url": "http://gpu.internal/v1", "model": "writer", **given})
        with pytest.raises(Invalid, match="ENGINE__REMOTE__URL"):
            open_engine(EngineSettings(kind="openai", remote=settings), no_weights)

    def test_a_key_does_not_belong_into_the_url(self) -> None:
        with pytest.raises(Invalid) as told:
            remote(f"http://user:{KEY}@127.0.0.1/v1")
        assert KEY not in told.value.detail

    def test_a_kind_that_nobody_has_names_those_there_are(self) -> None:
        with pytest.raises(PluginError, match=r"'gpt'.*fake, langchain, llama, openai"):
            open_engine(EngineSettings(kind="gpt"), no_weights)

    @pytest.mark.parametrize("path", ["", "no.such.package:Model", "json", "json:nothing", "json:dumps", "a b:c"])
    def test_a_chat_model_has_to_be_one(self, path: str) -> None:
        with pytest.raises((Invalid, PluginError)):
            open_engine(EngineSettings(kind="langchain", remote=RemoteSettings(chat_model=path)), no_weights)

    def test_wrong_options_are_named_without_their_values(self) -> None:
        path = "langchain_openai:ChatOpenAI"
        options = {"api_key": {"sk": KEY}, "temperature": "warm"}
        with pytest.raises(Invalid, match="api_key, temperature") as told:
            open_engine(
                EngineSettings(kind="langchain", remote=RemoteSettings(chat_model=path, options=options)), no_weights
            )
        assert KEY not in told.value.detail and "warm" not in told.value.detail

    def test_any_chat_model_of_langchain_is_an_engine(self) -> None:
        server = ScriptedServer(says("Hello", " there", " customer"))
        options = {"model": "gpt", "api_key": KEY, "base_url": server.url, "max_retries": 0}
        engine = remote(
            server.url, kind="langchain", model="", chat_model="langchain_openai:ChatOpenAI", options=options
        )
        assert (engine.name, engine.model_hash) == ("gpt", f"remote:{server.url[7:-3]}/gpt")
        stats = finished(engine.start(ask("Hi", max_tokens=4)))
        assert (stats.finish, stats.answer_tokens) == ("length", 4)
        engine.close()
        server.close()

    def test_secrets_are_in_no_copy_of_the_settings(self) -> None:
        settings = RemoteSettings(api_key=KEY, options={"api_key": KEY})
        assert KEY not in repr(settings) + str(settings.model_dump(mode="json"))

    @pytest.mark.parametrize(("kind", "fallback", "needed"), [("openai", "", False), ("openai", "llama", True)])
    def test_weights_are_fetched_only_where_they_run(self, kind: str, fallback: str, needed: bool) -> None:
        assert needs_weights(EngineSettings(kind=kind, fallback=fallback)) is needed


def test_a_writer_that_runs_here_asks_for_its_weights() -> None:
    with pytest.raises(AssertionError, match="no weights"):
        open_engine(EngineSettings(kind="llama"), no_weights)


def test_what_the_first_engine_holds_is_let_go_where_the_second_does_not_open(monkeypatch) -> None:
    closed = []
    monkeypatch.setattr(FakeEngine, "close", lambda engine: closed.append(engine))
    with pytest.raises(AssertionError, match="no weights"):
        open_engine(EngineSettings(kind="fake", fallback="llama"), no_weights)
    assert len(closed) == 1
