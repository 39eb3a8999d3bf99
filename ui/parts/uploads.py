"""Files on their way in: where they are dropped, and what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support_bot.services.views import DocumentView
from support_bot.values import Audience, DocumentStatus
from ui.parts.html import action, escape, plural
from ui.parts.icons import icon

STATES = {
    DocumentStatus.PENDING: ("Waiting", "waiting"),
    DocumentStatus.PROCESSING: ("Reading", "waiting"),
    DocumentStatus.READY: ("Ready", "good"),
    DocumentStatus.FAILED: ("Failed", "bad"),
}
AUDIENCES = {Audience.PUBLIC: "Customers and agents", Audience.INTERNAL: "Agents only"}
OUTCOMES = {
    "created": "taken, being read",
    "replaced": "new version taken, being read",
    "unchanged": "already here with the same content; nothing to do",
    "duplicate": "the same content is already here under another name",
}


@dataclass(frozen=True)
class Upload:
    """What became of one uploaded file: the document it is now, or the problem."""

    name: str
    document: int = 0
    outcome: str = ""
    problem: str = ""


def upload_box(suffixes: Sequence[str], most_mb: int) -> str:
    """Where files are dropped or chosen; each goes up by itself and says what became of it."""
    kinds = ", ".join(suffix.lstrip(".") for suffix in suffixes)
    audiences = "".join(f'<option value="{audience.value}">{label}</option>' for audience, label in AUDIENCES.items())
    return (
        '<div class="page-head"><h1>Articles</h1>'
        '<p class="small">The assistant answers from these articles only, and cites them.</p></div>'
        f'<div class="drop" data-drop data-most="{most_mb}"><div>{icon("upload")}</div>'
        "<div><p><b>Drop files here</b>, or "
        '<label class="pick">choose files<input type="file" class="unseen" id="files" multiple '
        f'accept="{escape(",".join(suffixes))}" data-upload></label></p>'
        f'<p class="small">{escape(kinds)}; up to {most_mb} MB each</p></div>'
        '<label class="for-whom"><span class="small">Visible to</span>'
        '<select class="field" name="audience" aria-label="Who may see new articles">'
        f"{audiences}</select></label></div>"
        '<ul class="uploads" data-uploading aria-live="polite"></ul>'
    )


def upload_results(uploads: Sequence[Upload], known: Mapping[int, DocumentView]) -> str:
    """Each uploaded file and how far it is now, and all of them in one line."""
    if not uploads:
        return ""
    states = [_state(upload, known.get(upload.document)) for upload in uploads]
    rows = "".join(_row(upload, kind, said) for upload, (kind, said) in zip(uploads, states, strict=True))
    counted = Counter(kind for kind, _ in states)
    words = {"busy": "being read", "bad": "not taken", "good": "done"}
    summary = ", ".join(f"{counted[kind]} {word}" for kind, word in words.items() if counted[kind])
    return (
        f'<p class="line row"><span class="small" role="status">{plural(len(uploads), "file")}: {summary}</span>'
        f'{action("Clear this list", "clear")}</p><ul class="uploads" aria-label="Uploaded files">{rows}</ul>'
    )


def _state(upload: Upload, document: DocumentView | None) -> tuple[str, str]:
    """`good`, `bad` or `busy`, and the same in words."""
    before = OUTCOMES.get(upload.outcome, "")
    if upload.problem:
        return "bad", upload.problem
    if document is None:
        return "good", "deleted since"
    if document.status is DocumentStatus.FAILED:
        return "bad", document.reason
    if document.status is not DocumentStatus.READY:
        return "busy", before or STATES[document.status][0].lower()
    if upload.outcome == "duplicate":
        return "good", f"{before}: {document.name}"
    return "good", f"ready, {plural(document.chunks, 'chunk')}" if upload.outcome in ("created", "replaced") else before


def _row(upload: Upload, kind: str, said: str) -> str:
    mark = "" if kind == "busy" else icon("check" if kind == "good" else "alert")
    name = f"<b>{escape(upload.name)}</b>"
    if upload.document > 0:
        name = (
            f'<button type="button" class="link" data-action="open" data-document="{upload.document}">{name}</button>'
        )
    return f'<li class="{kind}">{mark}{name}<span>{escape(said)}</span></li>'
