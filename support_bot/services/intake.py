"""What comes in: files, archives of files and web pages become documents. Keeps nothing itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from support_bot.errors import SupportBotError, UnreadableDocument
from support_bot.ingestion.archive import members
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.ingestion.sniffing import ZIP, media_type
from support_bot.ingestion.web import WebFetcher, web_address
from support_bot.services.knowledge import KnowledgeService
from support_bot.services.views import Added
from support_bot.settings import Settings
from support_bot.values import Audience

_ARCHIVE = ".zip"
_ANY_KIND = ("", "application/octet-stream", "binary/octet-stream", "application/zip", "application/x-zip-compressed")
_KINDS = {"application/xhtml+xml": "text/html", "application/csv": "text/csv", "text/x-markdown": "text/markdown"}


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one file: the document it is now, or the error that keeps it out."""

    name: str
    added: Added | None = None
    error: SupportBotError | None = None


class IntakeService:
    """Every door for articles (page, API, command line) leads here; one bad file stops no other."""

    def __init__(
        self, knowledge: KnowledgeService, pipeline: IngestionPipeline, fetcher: WebFetcher, settings: Settings
    ) -> None:
        self._knowledge = knowledge
        self._pipeline = pipeline
        self._fetcher = fetcher
        self._settings = settings

    def supported(self) -> list[str]:
        """Suffixes of the files that can be taken in."""
        return sorted([*self._pipeline.supported(), _ARCHIVE])

    def upload(self, name: str, data: bytes, *, audience: Audience = Audience.PUBLIC) -> list[Taken]:
        """Take in a file, or each file in a ZIP under its name inside; what became of each. Raises nothing."""
        return list(self._taken(name, data, audience, None))

    def fetch(self, url: str, *, audience: Audience = Audience.PUBLIC) -> list[Taken]:
        """Take in the page behind a web address, which becomes the source that answers link to.

        The same address again is a new version of its document. Raises nothing."""
        try:
            address = web_address(url)
            found = self._fetcher.fetch(url)
            name = self._name(address, found.media_type, found.data)
        except SupportBotError as error:
            return [Taken(url, error=error)]
        return list(self._taken(name, found.data, audience, str(address)))

    def _taken(self, name: str, data: bytes, audience: Audience, url: str | None) -> Iterator[Taken]:
        limit = self._settings.ingestion.max_file_mb * 1_000_000
        if len(data) > limit or media_type(data) != ZIP or not _may_be_archive(name, self._pipeline.supported()):
            yield self._one(name, data, audience, url)
            return
        try:
            for member in members(data, self._settings.ingestion):
                if member.problem:
                    yield Taken(member.name, error=UnreadableDocument(member.problem))
                else:
                    yield self._one(member.name, member.data, audience, None)
        except SupportBotError as error:
            yield Taken(name, error=error)

    def _one(self, name: str, data: bytes, audience: Audience, url: str | None) -> Taken:
        try:
            self._pipeline.check(name, data)
            return Taken(name, self._knowledge.add(name, data, audience=audience, url=url))
        except SupportBotError as error:
            return Taken(name, error=error)

    def _name(self, address: httpx.URL, kind: str, data: bytes) -> str:
        """A document's name for an address, with a suffix that says what came back. Raises UnreadableDocument."""
        path = unquote(address.path)
        name = address.host + (f":{address.port}" if address.port else "")  # another port is another site
        name += f"{path}index" if path.endswith("/") else path
        name += f"?{unquote(address.query.decode())}" if address.query else ""
        suffix = PurePosixPath(name).suffix.lower()
        if kind in _ANY_KIND:
            return name if suffix in self.supported() or media_type(data) != ZIP else name + _ARCHIVE
        wanted = self._pipeline.suffixes_for(_KINDS.get(kind, kind))
        if not wanted:
            raise UnreadableDocument(f"{address} is of the type {kind}, which cannot be read.")
        plain = kind == "text/plain" and suffix in self._pipeline.supported()  # servers say so of Markdown and CSV
        return name if plain or suffix in wanted else name + wanted[0]


def _may_be_archive(name: str, supported: list[str]) -> bool:
    """A damaged .docx is still no archive of articles."""
    return PurePosixPath(name.replace("\\", "/")).suffix.lower() not in supported
