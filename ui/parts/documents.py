"""The knowledge page's pieces: upload, the list of documents, one document, and the trial of a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from support_bot.services.views import DocumentDetail, DocumentView, StaffView
from support_bot.values import Audience, DocumentStatus, Passage
from ui.parts.desk import account
from ui.parts.html import action, ago, attributes, escape, file_size, notice, pill, plural, symbol_button
from ui.parts.icons import icon
from ui.parts.markdown import safe_markdown
from ui.parts.trace import known_scores, score_cells, score_heads

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
SORTS = {"title": "Title", "status": "Status", "audience": "Who may see it", "chunks": "Chunks", "updated": "Updated"}
VIEWS = {"documents": "Articles", "try": "Test a question"}


def navigation(view: str, staff: StaffView, company: str) -> str:
    """The first column of the admin's pages."""
    items = "".join(
        f'<li><button type="button" class="view"'
        f"{attributes({'data_action': 'view', 'data_view': name, 'aria_current': 'page' if name == view else None})}>"
        f"<span>{label}</span></button></li>"
        for name, label in VIEWS.items()
    )
    return (
        f'<nav class="rail" aria-label="Pages"><p class="brand"><span class="mark small-mark" aria-hidden="true">'
        f'{escape(company[:1].upper())}</span><b>{escape(company)}</b></p><h2 class="section">Knowledge</h2>'
        f"<ul>{items}</ul>{account(staff, 'admin')}</nav>"
    )


def upload_box(suffixes: Sequence[str], most_mb: int) -> str:
    """Where files are dropped or chosen; each goes up by itself and says what became of it."""
    kinds = ", ".join(suffix.lstrip(".") for suffix in suffixes)
    audiences = "".join(f'<option value="{audience.value}">{label}</option>' for audience, label in AUDIENCES.items())
    return (
        '<div class="page-head"><h1>Articles</h1>'
        '<p class="small">The assistant answers from these articles only, and cites them.</p></div>'
        f'<div class="drop" data-drop><div>{icon("upload")}</div><div><p><b>Drop files here</b>, or '
        '<label class="pick">choose files<input type="file" class="unseen" id="files" multiple '
        f'accept="{escape(",".join(suffixes))}" data-upload></label></p>'
        f'<p class="small">{escape(kinds)}; up to {most_mb} MB each</p></div>'
        '<label class="for-whom"><span class="small">Visible to</span>'
        '<select class="field" name="audience" aria-label="Who may see new articles">'
        f"{audiences}</select></label></div>"
        '<ul class="uploads" data-uploading aria-live="polite"></ul>'
    )


@dataclass(frozen=True)
class Upload:
    """What became of one uploaded file: the document it is now, or the problem."""

    name: str
    document: int = 0
    outcome: str = ""
    problem: str = ""


def upload_results(uploads: Sequence[Upload], known: Mapping[int, DocumentView]) -> str:
    """Each uploaded file and how far it is now."""
    if not uploads:
        return ""
    rows = "".join(_uploaded(upload, known.get(upload.document)) for upload in uploads)
    clear = action("Clear this list", "clear")
    return f'<ul class="uploads" aria-label="Uploaded files">{rows}</ul><p class="line">{clear}</p>'


def _uploaded(upload: Upload, document: DocumentView | None) -> str:
    before = OUTCOMES.get(upload.outcome, "")
    kind, said = "good", before
    if upload.problem:
        kind, said = "bad", upload.problem
    elif document is None:
        said = "deleted since"
    elif document.status is DocumentStatus.FAILED:
        kind, said = "bad", document.reason
    elif document.status is not DocumentStatus.READY:
        kind, said = "busy", before or STATES[document.status][0].lower()
    elif upload.outcome == "duplicate":
        said = f"{before}: {document.name}"
    elif upload.outcome in ("created", "replaced"):
        said = f"ready, {plural(document.chunks, 'chunk')}"
    mark = "" if kind == "busy" else icon("check" if kind == "good" else "alert")
    return f'<li class="{kind}">{mark}<b>{escape(upload.name)}</b><span>{escape(said)}</span></li>'


def filters(counts: Mapping[str, int], status: str) -> str:
    """Search and the states with their counts."""
    choices = [("", "All", sum(counts.values()))]
    choices += [(state.value, label, counts.get(state.value, 0)) for state, (label, _) in STATES.items()]
    chips = "".join(
        f'<button type="button" class="button filter" data-action="filter" data-status="{value}" '
        f'aria-pressed="{"true" if value == status else "false"}">{label} <span class="count">{count}</span></button>'
        for value, label, count in choices
    )
    return (
        '<div class="filters"><label class="unseen" for="find">Search articles</label>'
        '<input id="find" type="search" class="field" placeholder="Search articles" data-action="search" data-key="/">'
        f'<div class="chips" role="group" aria-label="Status">{chips}</div></div>'
    )


def document_list(documents: Sequence[DocumentView], selected: int, sort: str, *, filtered: bool) -> str:
    """The table of documents; heads sort, a row opens the document."""
    if not documents:
        hint = "Try other words or another status." if filtered else "Drop a file above to begin."
        return f'<div class="empty">{icon("book")}<p><b>No article</b></p><p class="small">{hint}</p></div>'
    heads = "".join(_head(name, label, sort) for name, label in SORTS.items())
    rows = "".join(_document(document, selected) for document in documents)
    return (
        f'<table class="list"><caption class="unseen">{plural(len(documents), "article")}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    )


def _head(name: str, label: str, sort: str) -> str:
    down = sort == f"-{name}"
    here = sort.lstrip("-") == name
    arrow = " ↓" if down else " ↑" if here else ""
    direction = ("descending" if down else "ascending") if here else "none"
    return (
        f'<th scope="col" aria-sort="{direction}"><button type="button" class="sort" data-action="sort" '
        f'data-sort="{name if down or not here else "-" + name}">{label}{arrow}</button></th>'
    )


def _document(document: DocumentView, selected: int) -> str:
    here = document.id == selected
    values = attributes({"data_action": "open", "data_document": document.id, "data_row": True, "data_selected": here})
    reason = f'<span class="why">{escape(document.reason)}</span>' if document.reason else ""
    audience = pill("Agents only", "waiting") if document.audience is Audience.INTERNAL else pill("Everybody")
    return (
        f'<tr class="{"here" if here else ""}"><td><button type="button" class="open"{values}>'
        f'<b>{escape(document.title)}</b><span class="small">{escape(document.name)}</span></button></td>'
        f"<td>{pill(*STATES[document.status])}{reason}</td><td>{audience}</td>"
        f'<td class="score">{document.chunks}</td><td>{ago(document.updated_at)}</td></tr>'
    )


def detail(found: DocumentDetail, told: str = "") -> str:
    """One document: state, who may see it, versions, chunks."""
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
        f'{notice(told)}{notice(document.reason)}<dl class="facts">{lines}</dl>'
        f'<div class="row">{replace_}{delete}</div>{_versions(found)}{_chunks(found)}</article>'
    )


def _versions(found: DocumentDetail) -> str:
    rows = "".join(
        f"<li><b>Version {version.number}</b><span>{file_size(version.size)}</span>"
        f'<code title="{escape(version.sha256)}">{escape(version.sha256[:10])}</code>{ago(version.created_at)}</li>'
        for version in found.versions
    )
    return f'<section><h3 class="section">Versions</h3><ul class="versions">{rows}</ul></section>'


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


def trial_form() -> str:
    """Ask the search, not the assistant: what would be found for this question?"""
    return (
        '<div class="page-head"><h1>Test a question</h1>'
        '<p class="small">Shows the passages the assistant would be given, '
        "with every score. Nothing is written down and no model is asked.</p></div>"
        '<form class="try" data-action="try"><label class="unseen" for="question">Question</label>'
        '<input id="question" name="question" class="field" required '
        'placeholder="A question as a customer would ask it">'
        '<label class="check"><input type="checkbox" name="internal" value="yes"> with articles for agents only</label>'
        '<button class="button primary" type="submit">Search</button></form>'
    )


def trial_results(question: str, passages: Sequence[Passage], told: str = "") -> str:
    """The passages found, best first, each with its four scores."""
    if told:
        return notice(told)
    if not question:
        return ""
    if not passages:
        hint = '<p class="small">The assistant would offer a person.</p>'
        return f'<div class="empty"><p><b>Nothing found</b></p>{hint}</div>'
    names = known_scores([asdict(passage.scores) for passage in passages])
    rows = "".join(
        f'<tr><td class="score">{place}</td><td><details data-keep="try-{passage.chunk_id}"><summary>'
        f'<b>{escape(passage.title)}</b> <span class="small">{escape(passage.heading)}</span></summary>'
        f'<div class="bubble">{safe_markdown(passage.text)}</div></details></td>'
        f"{score_cells(asdict(passage.scores), names)}</tr>"
        for place, passage in enumerate(passages, 1)
    )
    return (
        f'<p class="small line">{plural(len(passages), "passage")} for “{escape(question)}”</p><table class="list">'
        f'<thead><tr><th scope="col" class="score">#</th><th scope="col">Passage</th>{score_heads(names)}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
