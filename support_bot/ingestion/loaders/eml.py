"""Read saved e-mails: subject and body. Names no sender: who wrote it is personal, and not the answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart

from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.encoding import decode
from support_bot.ingestion.loaders.base import FileLoader, document
from support_bot.ingestion.loaders.text import plain_to_markdown
from support_bot.ingestion.markup import to_markdown
from support_bot.ingestion.pruning import pruned_fragment

_REPLIED = re.compile(r"^(?:(?:re|fwd?|aw|wg|sv|rv|tr|回复|转发)\s*[:：]\s*)+", re.I)
_ENCRYPTED = ("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime")
NOT_MAIL = "The file is named .eml but is not an e-mail. Save the message from the mail program again."
ENCRYPTED = "The e-mail is encrypted. Decrypt it in the mail program and save it again."
NO_TEXT = "The e-mail holds no text. If the article is attached to it, upload the attachment."


class EmlLoader(FileLoader):
    """`.eml`: the subject is the title, without `Re:`; plain text is preferred to HTML, but for tables."""

    suffixes = (".eml",)
    media_types = ("message/rfc822",)

    def lazy_load(self) -> Iterator[Document]:
        message = message_from_bytes(self.path.read_bytes().lstrip(), policy=policy.default)
        if not message.keys():
            raise UnreadableDocument(NOT_MAIL)
        if message.get_content_type() in _ENCRYPTED:
            raise UnreadableDocument(ENCRYPTED)
        try:
            text = _body(message)
        except RecursionError as exc:
            raise UnreadableDocument("The e-mail nests its parts too deeply to be read.") from exc
        if not text.strip():
            raise UnreadableDocument(NO_TEXT)
        subject = _REPLIED.sub("", " ".join(str(message.get("subject", "")).split()))
        yield document(f"# {subject}\n\n{text}" if subject else text, title=subject)


def _body(message: EmailMessage) -> str:
    html, plain = message.get_body(("html",)), message.get_body(("plain",))
    markup = _content(html) if html is not None else ""
    if plain is not None and "<td" not in markup.lower() and (text := _content(plain)).strip():
        return plain_to_markdown(text, titled=False)[1]
    return to_markdown(pruned_fragment(markup)) if markup else ""


def _content(part: MIMEPart) -> str:
    """A part's text; where its encoding is wrong or unknown, what its bytes most likely say."""
    try:
        return str(part.get_content())
    except (LookupError, ValueError, KeyError):
        data = part.get_payload(decode=True)
        return decode(data) if isinstance(data, bytes) else ""
