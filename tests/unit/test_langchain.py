"""Engine and retriever the way LangChain and LangGraph use them, with the scripted engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langchain_core.documents import Document
from langchain_core.exceptions import OutputParserException
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.retrievers import BaseRetriever
from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel

from support_bot.assembly import App
from support_bot.engine.fake import FakeEngine
from support_bot.engine.langchain import EngineChatModel
from support_bot.errors import Invalid, Overloaded
from support_bot.retrieval.langchain import PassageRetriever
from support_bot.values import Audience, DocumentFilter
from tests.factories import DELIVERY, RETURNS, add_article, make_app, wait_for

REPLIES = {"Delivery": "Standard delivery costs $4.90 and takes 3 to 5 business days."}


class Triage(BaseModel):
    """What a message is about."""

    topic: str
    urgent: bool


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(REPLIES)
    yield engine
    engine.close()


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, FakeEngine(REPLIES), start=False)
    add_article(app, "returns.md", RETURNS)
    add_article(app, "delivery.md", DELIVERY)
    add_article(app, "margins.md", "# Delivery margins\n\nStandard delivery costs us $3.10.", Audience.INTERNAL)
    yield app
    app.close()


class TestChatModel:
    def test_is_one_and_answers(self, engine: FakeEngine) -> None:
        model = EngineChatModel(engine=engine)
        assert isinstance(model, BaseChatModel)
        answer = model.invoke([SystemMessage("Be brief."), HumanMessage("Delivery?")])
        assert answer.text == REPLIES["Delivery"]
        assert engine.prompts == ["system: Be brief.\nuser: Delivery?"]
        assert answer.usage_metadata and answer.usage_metadata["output_tokens"] > 5
        assert answer.response_metadata["finish_reason"] == "end"

    def test_streams_what_it_would_answer(self, engine: FakeEngine) -> None:
        pieces = list(EngineChatModel(engine=engine).stream("Delivery?"))
        assert len(pieces) > 5
        whole = pieces[0]
        for piece in pieces[1:]:
            whole = whole + piece
        assert whole.text == REPLIES["Delivery"]
        assert whole.usage_metadata and whole.usage_metadata["output_tokens"] > 5

    def test_stops_and_counts_as_told(self, engine: FakeEngine) -> None:
        model = EngineChatModel(engine=engine, seed=3)
        assert model.invoke("Delivery?", stop=[" and"]).text == "Standard delivery costs $4.90"
        assert model.bind(max_tokens=2).invoke("Delivery?").text == "Standard delivery"
        assert (engine.requests[-1].max_tokens, engine.requests[-1].seed) == (2, 3)

    def test_lists_log_probabilities_as_openai_does(self, engine: FakeEngine) -> None:
        model = EngineChatModel(engine=engine, logprobs=2)
        whole, pieces = model.invoke("Delivery?"), list(model.stream("Delivery?"))
        content = whole.response_metadata["logprobs"]["content"]
        assert "".join(one["token"] for one in content) == REPLIES["Delivery"]
        assert all(bytes(one["bytes"]).decode() == one["token"] and one["logprob"] < 0 for one in content)
        assert [len(one["top_logprobs"]) for one in content] == [2] * len(content)
        assert len(pieces[-1].response_metadata["logprobs"]["content"]) == len(content)
        assert "logprobs" not in EngineChatModel(engine=engine).invoke("Delivery?").response_metadata

    def test_what_is_asked_for_reaches_the_engine(self, engine: FakeEngine) -> None:
        model = EngineChatModel(engine=engine, grammar='root ::= "yes"')
        model.bind(adapter="none", adapter_scale=0.5).invoke("Delivery?")
        asked = engine.requests[-1]
        assert (asked.grammar, asked.adapter, asked.adapter_scale) == ('root ::= "yes"', "none", 0.5)
        with pytest.raises(Invalid):
            model.invoke("Delivery?", adapter="nobody")

    def test_a_schema_gives_what_it_describes(self) -> None:
        engine = FakeEngine(default='{"topic": "billing", "urgent": true}')
        model = EngineChatModel(engine=engine)
        plain: dict[str, Any] = {"type": "object", "properties": {"topic": {"type": "string"}}}
        assert model.with_structured_output(plain).invoke("Hi") == {"topic": "billing", "urgent": True}
        assert json.loads(engine.requests[-1].json_schema) == plain
        assert model.with_structured_output(Triage).invoke("Hi") == Triage(topic="billing", urgent=True)
        assert json.loads(engine.requests[-1].json_schema)["required"] == ["topic", "urgent"]
        engine.close()

    def test_an_answer_cut_short_is_told(self) -> None:
        engine = FakeEngine(default='{"topic": "billing", "urgent": true}')
        short = EngineChatModel(engine=engine, max_tokens=2)
        with pytest.raises(OutputParserException):
            short.with_structured_output(Triage).invoke("Hi")
        told = short.with_structured_output(Triage, include_raw=True).invoke("Hi")
        assert told["parsed"] is None and isinstance(told["parsing_error"], OutputParserException)
        assert told["raw"].text == '{"topic": "billing",'
        engine.close()

    def test_a_reader_that_leaves_frees_the_engine(self) -> None:
        engine = FakeEngine(default="word " * 500, delay_s=0.01, queue_limit=1)
        stream = EngineChatModel(engine=engine, max_tokens=400).stream("Hello")
        next(stream)
        stream.close()  # type: ignore[attr-defined]
        began = len(engine.model.steps)
        wait_for(lambda: len(engine.model.steps) < began + 20 and engine.queue_length() == 0)
        assert EngineChatModel(engine=engine, max_tokens=1).invoke("Hello again").text == "word"
        assert len(engine.model.steps) < 300
        engine.close()

    @pytest.mark.parametrize(
        "message",
        [ToolMessage("42", tool_call_id="1"), HumanMessage([{"type": "image_url", "image_url": "data:image/png,"}])],
    )
    def test_refuses_what_it_cannot_read(self, engine: FakeEngine, message: HumanMessage | ToolMessage) -> None:
        with pytest.raises(Invalid):
            EngineChatModel(engine=engine).invoke([message])
        assert engine.prompts == []

    def test_a_full_queue_is_an_error_of_ours(self) -> None:
        engine = FakeEngine(queue_limit=0)
        with pytest.raises(Overloaded):
            EngineChatModel(engine=engine).invoke("Hello")
        engine.close()

    def test_earlier_answers_are_the_assistants(self, engine: FakeEngine) -> None:
        EngineChatModel(engine=engine).invoke([HumanMessage("Hi"), AIMessage("Hello"), HumanMessage("Delivery?")])
        assert engine.prompts == ["user: Hi\nassistant: Hello\nuser: Delivery?"]


class TestRetriever:
    def test_is_one_and_finds_passages(self, app: App) -> None:
        retriever = app.langchain().retriever
        assert isinstance(retriever, BaseRetriever)
        best = retriever.invoke("How much does standard delivery cost?")[0]
        assert "$4.90" in best.page_content
        assert (best.metadata["name"], best.metadata["title"]) == ("delivery.md", "Delivery")
        assert best.metadata["scores"]["fused"] > 0 and best.id == str(best.metadata["chunk_id"])

    def test_internal_articles_are_found_only_where_they_are_asked_for(self, app: App) -> None:
        retriever = app.langchain().retriever
        names = {document.metadata["name"] for document in retriever.invoke("delivery margins")}
        assert "margins.md" not in names
        for_staff = PassageRetriever(retriever=retriever.retriever, audience=None, limit=1)
        assert [document.metadata["name"] for document in for_staff.invoke("delivery margins")] == ["margins.md"]

    def test_a_deleted_article_is_not_found(self, app: App) -> None:
        (delivery,) = app.catalogue.page(DocumentFilter(search="delivery.md"))
        app.knowledge.delete(delivery.id)
        found = app.langchain().retriever.invoke("How much does standard delivery cost?")
        assert all(document.metadata["name"] != "delivery.md" for document in found)


class Asked(TypedDict, total=False):
    question: str
    passages: list[Document]
    answer: str


def test_a_graph_retrieves_and_generates(app: App) -> None:
    parts = app.langchain()

    def retrieve(state: Asked) -> Asked:
        return {"passages": parts.retriever.invoke(state["question"])}

    def generate(state: Asked) -> Asked:
        articles = "\n\n".join(f"{d.metadata['title']}: {d.page_content}" for d in state["passages"][:2])
        told = SystemMessage(f"Answer from this:\n{articles}")
        return {"answer": parts.chat_model.invoke([told, HumanMessage(state["question"])]).text}

    graph = StateGraph(Asked)
    graph.add_node("retrieve", retrieve)
    graph.add_node("generate", generate)
    graph.add_edge(START, "retrieve")
    graph.add_edge("retrieve", "generate")
    graph.add_edge("generate", END)
    compiled = graph.compile()
    question = "How much does standard delivery cost?"
    done = compiled.invoke({"question": question})
    assert "$4.90" in done["answer"]
    assert done["passages"][0].metadata["name"] == "delivery.md"
    streamed = [
        piece.text for piece, _ in compiled.stream({"question": question}, stream_mode="messages") if piece.text
    ]
    assert len(streamed) > 5 and "".join(streamed) == done["answer"]
