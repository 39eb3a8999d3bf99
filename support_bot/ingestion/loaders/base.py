"""What every built-in loader is to the pipeline: a LangChain loader that names its kinds of file. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

_NAMED_BY_A_PROGRAM = re.compile(
    r"^(untitled|document\d*|title|\(.*\)|(word|powerpoint|pptx?) (document|presentation)|presentation\d*"
    r"|microsoft (word|powerpoint) - .*|.*\.\w{2,4})$",
    re.I,
)


class FileLoader(BaseLoader):
    """Base of the built-in loaders. A stranger's loader needs the same attributes and constructor, not this class."""

    suffixes: ClassVar[tuple[str, ...]] = ()
    media_types: ClassVar[tuple[str, ...]] = ()

    def __init__(self, path: Path) -> None:
        self.path = path
        self.address: str | None = None  # where the file was fetched from

    def lazy_load(self) -> Iterator[Document]:
        """One Document of Markdown; its metadata may hold title, url and more strings. Raises UnreadableDocument."""
        raise NotImplementedError


def document(text: str, **metadata: str | None) -> Document:
    """A Document that leaves out what is not known."""
    return Document(page_content=text, metadata={key: value for key, value in metadata.items() if value})


def named_by_a_program(title: str) -> bool:
    """Whether a file's title property was put there by the program that made it, and says nothing."""
    return bool(_NAMED_BY_A_PROGRAM.match(title))
