"""Our retriever as a LangChain retriever, for whoever builds chains or graphs around it."""

from __future__ import annotations

from dataclasses import asdict

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

from support_bot.retrieval.retriever import Retriever
from support_bot.values import Audience, Passage


class PassageRetriever(BaseRetriever):
    """A `BaseRetriever` over both searches. Each document is a passage; its metadata say where it stands.

    Public articles alone, unless `audience` is None, which finds internal ones too. `limit` is the number of passages,
    None takes the setting. Hits are read back from SQL, so that a deleted article is never found."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    retriever: Retriever
    audience: Audience | None = Audience.PUBLIC
    limit: int | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        found = self.retriever.retrieve(query, audience=self.audience, limit=self.limit)
        return [_document(passage) for passage in found]


def _document(passage: Passage) -> Document:
    metadata = {
        "source": passage.url or passage.name,
        "name": passage.name,
        "title": passage.title,
        "heading": passage.heading,
        "url": passage.url,
        "audience": passage.audience.value,
        "document_id": passage.document_id,
        "chunk_id": passage.chunk_id,
        "scores": asdict(passage.scores),
    }
    return Document(passage.text, id=str(passage.chunk_id), metadata=metadata)
