"""From a file's bytes to a clean document and its chunks. Stores nothing and knows no database."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from support_bot import plugins
from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.archive import check_parts
from support_bot.ingestion.chunker import chunk
from support_bot.ingestion.cleaner import clean, clean_line
from support_bot.ingestion.language import LanguageFinder
from support_bot.ingestion.loaders.base import FileLoader
from support_bot.ingestion.sniffing import KINDS, OFFICE, ZIP, foreign, media_type
from support_bot.settings import IngestionSettings
from support_bot.values import ChunkDraft, ParsedDocument

LOADERS = "support_bot.loaders"
_MEGABYTE = 1_000_000
_MOST_CHARACTERS = 10_000_000
"""Far more than any help article; a small file can unpack to more than this."""
_NO_TEXT = "The file holds no text. Open it, see what is in it, and upload the article itself."
_ARCHIVE = "The file is an archive. Upload it as a .zip by itself, and each file in it becomes a document."
_ANEW = "Open it in the program that made it and save it again."
_NAMED_FIELDS = ("title", "url", "source", "language", "lang")


class IngestionPipeline:
    """Picks the loader, cleans what it yields, and cuts it into chunks. Holds no state between files."""

    def __init__(self, loaders: Mapping[str, type[BaseLoader]], settings: IngestionSettings) -> None:
        self._settings = settings
        self._loaders = loaders
        self._languages = LanguageFinder()
        self._by_suffix = {suffix: loader for loader in loaders.values() for suffix in _names(loader, "suffixes")}

    @classmethod
    def from_plugins(cls, settings: IngestionSettings) -> IngestionPipeline:
        """A pipeline with every installed loader: the built-in ones and those of other packages."""
        return cls(plugins.load(LOADERS), settings)

    def supported(self) -> list[str]:
        """The suffixes of files that can be read, for the pages."""
        return sorted(self._by_suffix)

    def read(self, name: str, data: bytes, *, url: str | None = None) -> ParsedDocument:
        """The document in `data`. `name` is the file's name as uploaded; `url`, if given, wins over the file's own.

        Raises `TooLarge` above the size limit and `UnreadableDocument` where there is no text to be had."""
        self._check_size(data)
        loader, suffix = self._loader(name, data)
        if media_type(data) in (*OFFICE, ZIP):
            check_parts(data, self._settings)
        pages = _load(loader, data, suffix, url)
        text = clean("\n\n".join(page.page_content for page in pages))
        if len(text) > _MOST_CHARACTERS:
            raise TooLarge(f"The file holds {len(text):,} characters of text; split it into separate articles.")
        if not any(char.isalnum() for char in text):
            raise UnreadableDocument(_NO_TEXT)
        said = {key: str(value) for key, value in pages[0].metadata.items() if value not in (None, "")}
        title = clean_line(said.get("title", "")) or _first_heading(text) or _title_from_name(name)
        extra = {key: clean_line(value) for key, value in said.items() if key not in _NAMED_FIELDS}
        language = self._languages.find(f"{title}\n\n{text}", said.get("language") or said.get("lang") or "")
        return ParsedDocument(title=title, text=text, url=url or said.get("url"), language=language, metadata=extra)

    def check(self, name: str, data: bytes) -> None:
        """Refuse at once what can be seen to be unreadable: type, size, emptiness. Raises as `read`."""
        self._check_size(data)
        self._loader(name, data)

    def suffixes_for(self, kind: str) -> tuple[str, ...]:
        """The suffixes of files of a media type, none where nobody reads them."""
        found = (loader for loader in self._loaders.values() if kind in _names(loader, "media_types"))
        return next((_names(loader, "suffixes") for loader in found), ())

    def chunks(self, document: ParsedDocument) -> list[ChunkDraft]:
        """The document's chunks in order, of about the size the settings aim at."""
        return chunk(document, target_words=self._settings.chunk_words)

    def _check_size(self, data: bytes) -> None:
        limit = self._settings.max_file_mb
        if len(data) > limit * _MEGABYTE:
            size = len(data) / _MEGABYTE
            raise TooLarge(f"The file has {size:.1f} MB; at most {limit} MB are taken. Split it, or leave out images.")
        if not data.strip():
            raise UnreadableDocument("The file is empty. Check the original and upload it again.")

    def _loader(self, name: str, data: bytes) -> tuple[type[BaseLoader], str]:
        """The loader for this file and the suffix it may rely on: content decides where it contradicts the name."""
        suffix = PurePosixPath(name.replace("\\", "/")).suffix.lower()
        named, kind = self._by_suffix.get(suffix), media_type(data)
        if named and not issubclass(named, FileLoader) and not _reads_text(named):
            return named, suffix  # a stranger's loader judges for itself
        if reason := foreign(data):
            raise UnreadableDocument(reason)
        if named and kind in (None, ZIP) and (office := OFFICE.get("".join(_names(named, "media_types")[:1]))):
            raise UnreadableDocument(f"The file is named {suffix} but is not {office}, or is damaged. {_ANEW}")
        if named and (kind is None or kind in _names(named, "media_types")):
            return named, suffix
        if named and kind and not _reads_text(named):
            raise UnreadableDocument(_misnamed(suffix, kind, self.suffixes_for(kind)))
        for loader in self._loaders.values():
            if kind and kind in _names(loader, "media_types"):
                return loader, _names(loader, "suffixes")[0]
        if kind == ZIP:
            raise UnreadableDocument(_ARCHIVE)
        if not suffix and ".txt" in self._by_suffix:
            return self._by_suffix[".txt"], ".txt"
        what = f"Files of type {suffix} are" if suffix else "This file is"
        raise UnreadableDocument(f"{what} not supported. Upload one of: {', '.join(self.supported())}.")


def _misnamed(suffix: str, kind: str, better: tuple[str, ...]) -> str:
    advice = f"Rename it to {better[0]} and upload it again." if better else "Upload the original."
    return f"The file is named {suffix} but is {KINDS[kind]}. {advice}"


def _load(loader: type[BaseLoader], data: bytes, suffix: str, url: str | None) -> list[Document]:
    with tempfile.TemporaryDirectory(prefix="support-bot-") as folder:
        path = Path(folder, f"upload{suffix}")
        path.write_bytes(data)
        make: Any = loader  # a BaseLoader declares no constructor; ours and strangers' take the path
        reader = make(path)
        if isinstance(reader, FileLoader):
            reader.address = url
        pages = list(reader.lazy_load())
    if not pages:
        raise UnreadableDocument(_NO_TEXT)
    return pages


def _names(loader: type[BaseLoader], attribute: str) -> tuple[str, ...]:
    return tuple(getattr(loader, attribute, ()))


def _reads_text(loader: type[BaseLoader]) -> bool:
    kinds = _names(loader, "media_types")
    return bool(kinds) and all(kind.startswith("text/") or kind.endswith("+xml") for kind in kinds)


def _first_heading(text: str) -> str | None:
    found = re.search(r"^# (.+)$", text, re.M)
    return clean_line(re.sub(r"[*_`]+|\[([^\]]*)\]\([^)]*\)", r"\1", found.group(1))) if found else None


def _title_from_name(name: str) -> str:
    """`return-a-parcel.md` is "Return a parcel"."""
    stem = unquote(PurePosixPath(name.replace("\\", "/")).stem)
    words = re.sub(r"[-_+\s]+", " ", stem).strip()
    return words[:1].upper() + words[1:] or "Untitled"
