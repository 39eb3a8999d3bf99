"""What stays here where a model runs elsewhere: keys, callbacks and traces of other programs."""

from __future__ import annotations

from contextlib import ExitStack

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableLambda
from langsmith.utils import get_env_var

from support_bot.engine.base import Generation
from support_bot.testing.engine import ask, figures_of
from tests.factories import wait_for
from tests.openai_servers import KEY, ScriptedServer, refuses, says


class Watching(BaseCallbackHandler):
    """The callbacks of one caller: what prompts they were told of."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def on_chat_model_start(self, serialized: object, messages: list[list[BaseMessage]], **kwargs: object) -> None:
        self.told += [message.text for batch in messages for message in batch]


class TestPrivacy:
    def test_callbacks_of_one_caller_hear_nothing_of_others(self, serve) -> None:
        _, engine = serve(says("Hello"), slots=1)
        watching = Watching()
        others: list[Generation] = []

        def first(text: str) -> str:
            answer = "".join(generation := engine.start(ask(text)))
            assert figures_of(generation).finish == "end"
            return answer

        def both(text: str) -> str:
            mine = engine.start(ask(text))
            others.append(engine.start(ask("What somebody else asks")))
            return "".join(mine)

        RunnableLambda(both).invoke("What the caller asks", config={"callbacks": [watching]})
        assert list(others[0]) == ["Hello"] and first("Again") == "Hello"
        assert watching.told == []

    def test_what_the_environment_says_of_openai_stays_here(self, serve, monkeypatch) -> None:
        monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
        monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-secret")
        server, engine = serve(says("Hello"))
        assert list(engine.start(ask("Hi"))) == ["Hello"]
        assert "secret" not in server.requests[0].lower().replace(KEY.lower(), "")

    def test_keys_of_the_environment_stay_here(self, serve, monkeypatch) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-server")
        server, engine = serve(says("Hello"), api_key=None)
        assert list(engine.start(ask("Hi"))) == ["Hello"]
        assert "sk-of-another-server" not in server.requests[0]

    def test_another_programs_tracing_gets_nothing(self, serve, made: ExitStack, monkeypatch) -> None:
        tracer = ScriptedServer(refuses(202))
        made.callback(tracer.close)
        for name, value in (("TRACING", "true"), ("API_KEY", "k"), ("ENDPOINT", tracer.url)):
            monkeypatch.setenv(f"LANGSMITH_{name}", value)
        get_env_var.cache_clear()  # LangSmith reads its settings once
        made.callback(get_env_var.cache_clear)
        monkeypatch.setattr("langsmith.run_trees._CLIENT", None)
        _, engine = serve(says("Hello"))
        assert list(engine.start(ask("What a customer asks"))) == ["Hello"]
        FakeListChatModel(responses=["Hello"]).invoke("What the other program asks")
        wait_for(lambda: "other program" in "".join(tracer.requests), 30)
        assert "customer" not in "".join(tracer.requests)
