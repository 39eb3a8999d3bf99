"""What every built-in loader is to the pipeline: a LangChain loader that names its kinds of file. Opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document


class FileLoader(BaseLoader):
    """Base of the built-in loaders. A stranger's loader needs the same attributes and constructor, not this class."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    media_types: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: Path) -> None:
        self.path = path

    def lazy_load(self) -> Iterator[Document]:
        """One Document of Markdown; its metadata may hold title, url and more strings. Raises UnreadableDocument."""
        raise NotImplementedError


def document(text: str, **metadata: str | None) -> Document:
    """A Document that leaves out what is not known."""
    return Document(page_content=text, metadata={key: value for key, value in metadata.items() if value})
