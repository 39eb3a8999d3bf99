"""One document beside the list: its state, versions, who was answered from it, its chunks as the search has them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from support_bot.services.views import CitedAnswer, DocumentDetail, DocumentView, VersionView
from support_bot.values import DocumentStatus
from ui.parts.html import action, ago, attributes, escape, file_size, notice, pill, plural, symbol_button
from ui.parts.icons import icon
from ui.parts.languages import language_name
from ui.parts.markdown import plain, safe_markdown
from ui.parts.uploads import AUDIENCES, STATES


def detail(found: DocumentDetail, answers: Sequence[CitedAnswer], original: DocumentView | None, told: str = "") -> str:
    """Everything about one document; `answers` are the newest of those it was cited in, `original` what it repeats."""
    document = found.document
    options = "".join(
        f'<option value="{audience.value}"{" selected" if audience is document.audience else ""}>{label}</option>'
        for audience, label in AUDIENCES.items()
    )
    facts = {
        "Status": pill(*STATES[document.status]),
        "Visible to": f'<select class="field slim" data-action="audience" data-document="{document.id}" '
        f'data-value="{document.audience.value}" aria-label="Who may see it">{options}</select>',
        "File": escape(document.name),
        "Language": escape(language_name(document.language))
        if document.language
        else '<span class="small">not known</span>',
        "Size": file_size(document.size),
        "Updated": ago(document.updated_at),
    }
    lines = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())
    values = attributes({"type": "file", "class_": "unseen", "data_upload": True, "data_document": document.id})
    replace_ = f'<label class="button pick">Replace<input{values}></label>'
    delete = action("Delete", "ask-delete", kind="danger", document=document.id)
    return (
        f'<article class="detail"><header><h2>{escape(document.title)}</h2>'
        f"{symbol_button('Close', 'close', 'close')}</header>"
        f'{notice(told)}{notice(document.reason)}{_near_copy(original)}<dl class="facts">{lines}</dl>'
        f'<div class="row">{replace_}{delete}</div>'
        f"{_versions(found)}{_answers(found.answers, answers)}{_chunks(found)}</article>"
    )


def _near_copy(original: DocumentView | None) -> str:
    """Says which document this one nearly repeats, and leads there."""
    if original is None:
        return ""
    other = (
        f'<button type="button" class="link" data-action="open" data-document="{original.id}">'
        f"{escape(original.title)}</button>"
    )
    words = f"Nearly the same text as {other} ({escape(original.name)}). Answers may cite either: keep one."
    return f'<p class="notice wait">{icon("alert")}<span>{words}</span></p>'


def _versions(found: DocumentDetail) -> str:
    rows = "".join(_version(version, found) for version in found.versions)
    return f'<section><h3 class="section">Versions</h3><ul class="versions">{rows}</ul></section>'


def _version(version: VersionView, found: DocumentDetail) -> str:
    newest, document = found.versions[0], found.document
    same = next((v.number for v in reversed(found.versions) if v.sha256 == version.sha256), version.number)
    name = f"Version {version.number}" + (f", as version {same}" if same != version.number else "")
    state = ""
    if version.number == document.version:
        state = pill("Answers now", "good")
    elif version.number == newest.number:
        state = pill(*STATES[document.status])
    back = ""
    if version.number != newest.number and (
        version.sha256 != newest.sha256 or document.status is DocumentStatus.FAILED
    ):
        back = action(
            "Bring back", "roll-back", document=document.id, version=version.number,
            aria_label=f"Bring back version {version.number}",
        )  # fmt: skip
    content = f'<code title="{escape(version.sha256)}">{escape(version.sha256[:8])}</code>'
    size = f"<span>{file_size(version.size)}</span>"
    return f"<li><b>{name}</b>{state}{size}{content}{ago(version.created_at)}{back}</li>"


def _answers(total: int, answers: Sequence[CitedAnswer]) -> str:
    """Who was answered from it; each line leads to the conversation on the desk."""
    head = f'<h3 class="section">Answered from it <span class="count">{total}</span></h3>'
    if not answers:
        return f'<section>{head}<p class="small">Nobody yet. Answers that cite it are listed here.</p></section>'
    items = "".join(
        f'<li><a href="../desk/?conversation={quote(answer.conversation_id)}" target="_blank" rel="noopener">'
        f"{escape(answer.question or 'A question without words')}</a>{ago(answer.created_at)}"
        f"<p>{escape(_short(plain(answer.answer)))}</p></li>"
        for answer in answers
    )
    more = action("Show more", "more-answers") if total > len(answers) else ""
    return f'<section>{head}<ul class="answered">{items}</ul>{more}</section>'


def _short(text: str) -> str:
    return text if len(text) <= 160 else text[:160].rsplit(" ", 1)[0] + " …"


def _chunks(found: DocumentDetail) -> str:
    """The pieces as the search sees them."""
    if not found.chunks:
        none = '<p class="small">None yet. They appear when the file is read.</p>'
        return f'<section><h3 class="section">Chunks</h3>{none}</section>'
    items = "".join(
        f'<li><details data-keep="chunk-{chunk.id}"><summary><span class="number">{chunk.position + 1}</span>'
        f"{escape(' › '.join(chunk.heading_path) or found.document.title)}"
        f'<span class="small">{plural(len(chunk.text.split()), "word")}</span></summary>'
        f'<div class="bubble">{safe_markdown(chunk.text)}</div></details></li>'
        for chunk in found.chunks
    )
    return (
        f'<section><h3 class="section">Chunks <span class="count">{len(found.chunks)}</span></h3>'
        f'<ul class="chunks">{items}</ul></section>'
    )


def delete_dialog(document: DocumentView, serial: int) -> str:
    """Asks once more; says what deleting does."""
    cancel = action("Keep it", "close-dialog")
    delete = action("Delete for good", "delete", kind="danger", document=document.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Delete this article">'
        f"<h2>Delete “{escape(document.title)}”?</h2>"
        "<p>All its versions and chunks go, and no answer will cite it again. This cannot be undone.</p>"
        f'<div class="row">{cancel}{delete}</div></dialog>'
    )
