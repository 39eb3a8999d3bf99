"""A conversation as a file to keep, for customers and staff alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from fastapi.responses import Response

from support_bot.assembly import App

TranscriptFormat = Annotated[Literal["txt", "json", "html"], Query(description="Kind of file.")]

_MEDIA_TYPES = {"txt": "text/plain", "json": "application/json", "html": "text/html"}
TRANSCRIPT_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/plain": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "object"}},
            "text/html": {"schema": {"type": "string"}},
        }
    }
}


def transcript_file(app: App, conversation_id: str, format: TranscriptFormat) -> Response:
    """A download, so that no browser runs what somebody wrote into a conversation as a page of ours."""
    return Response(
        app.chat.transcript(conversation_id, format),
        media_type=_MEDIA_TYPES[format],
        headers={"Content-Disposition": f'attachment; filename="conversation.{format}"'},
    )
