"""Tickets, and everything of one visitor, as files that are sent while they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from support_bot.services.views import ConversationView, TicketRow

ExportFormat = Annotated[Literal["csv", "json"], Query(description="Kind of file.")]
EXPORT_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "array"}}}}
}
EVERYTHING_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "array"}}}}
}

_COLUMNS = (
    "id", "subject", "status", "priority", "reason", "assignee", "channel", "visitor", "mode", "created_at",
    "updated_at", "waiting_since", "conversation_id", "team",
)  # fmt: skip
# A spreadsheet takes a cell that begins like this for a formula (OWASP, CSV injection); a quote makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TICKET = TypeAdapter(TicketRow)
_CONVERSATION = TypeAdapter(ConversationView)


def ticket_file(rows: Iterable[TicketRow], format: ExportFormat) -> StreamingResponse:
    """A download with all of these tickets."""
    if format == "csv":
        return _file(_csv(rows), "text/csv", "tickets.csv")
    listed = (_TICKET.dump_json(row, exclude={"place"}) for row in rows)
    return _file(_array(listed), "application/json", "tickets.json")


def visitor_file(views: Iterable[ConversationView]) -> StreamingResponse:
    """A download with all of these conversations."""
    return _file(_array(map(_CONVERSATION.dump_json, views)), "application/json", "visitor.json")


def _file(pieces: Iterator[bytes], media_type: str, name: str) -> StreamingResponse:
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=media_type, headers=disposition)


def _csv(rows: Iterable[TicketRow]) -> Iterator[bytes]:
    yield "\ufeff".encode() + _line(_COLUMNS)  # spreadsheets read UTF-8 only where it says so
    for row in rows:
        yield _line([_cell(getattr(row, name)) for name in _COLUMNS])


def _line(cells: Iterable[str]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue().encode()


def _cell(value: object) -> str:
    words = "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{words}" if words.lstrip(" ").startswith(_FORMULA) else words


def _array(entries: Iterable[bytes]) -> Iterator[bytes]:
    """A JSON array, entry by entry."""
    before = b"["
    for entry in entries:
        yield before + entry
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"
