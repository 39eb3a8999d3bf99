"""The knowledge page's frame and its list of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support_bot.services.views import DocumentView, StaffView
from support_bot.values import Audience
from ui.parts.desk import account
from ui.parts.html import action, ago, attributes, escape, pill, plural
from ui.parts.icons import icon
from ui.parts.languages import language_name
from ui.parts.uploads import AUDIENCES, STATES

SORTS = {"title": "Title", "status": "Status", "audience": "Who may see it", "chunks": "Chunks", "updated": "Updated"}
KNOWLEDGE = {"documents": "Articles", "pinned": "Pinned answers", "try": "Test a question"}
ANSWERS = {"sure": "How sure it must be", "model": "Model"}
CUSTOMERS = {"channels": "Channels", "connectors": "Help desks", "erase": "Erase a customer"}
PEOPLE = {"team": "Team", "macros": "Macros"}
VIEWS = KNOWLEDGE | ANSWERS | CUSTOMERS | PEOPLE


def navigation(view: str, staff: StaffView, company: str) -> str:
    """The first column of the admin's pages."""
    return (
        f'<nav class="rail" aria-label="Pages"><p class="brand"><span class="mark small-mark" aria-hidden="true">'
        f'{escape(company[:1].upper())}</span><b>{escape(company)}</b></p><div class="views">'
        f"{_group('Knowledge', KNOWLEDGE, view)}{_group('Answers', ANSWERS, view)}"
        f"{_group('Customers', CUSTOMERS, view)}{_group('People', PEOPLE, view)}</div>"
        f"{account(staff, 'admin')}</nav>"
    )


def _group(name: str, views: Mapping[str, str], view: str) -> str:
    items = "".join(
        f'<li><button type="button" class="view"'
        f"{attributes({'data_action': 'view', 'data_view': key, 'aria_current': 'page' if key == view else None})}>"
        f"<span>{label}</span></button></li>"
        for key, label in views.items()
    )
    return f'<h2 class="section">{name}</h2><ul>{items}</ul>'


def filters(counts: Mapping[str, int], status: str, audience: str) -> str:
    """Search, the states with their counts, and who may see it."""
    choices = [("", "All", sum(counts.values()))]
    choices += [(state.value, label, counts.get(state.value, 0)) for state, (label, _) in STATES.items()]
    chips = "".join(
        f'<button type="button" class="button filter" data-action="filter" data-status="{value}" '
        f'aria-pressed="{"true" if value == status else "false"}">{label} <span class="count">{count}</span></button>'
        for value, label, count in choices
    )
    options = "".join(
        f'<option value="{value}"{" selected" if value == audience else ""}>{label}</option>'
        for value, label in [("", "Visible to anyone"), *((kind.value, label) for kind, label in AUDIENCES.items())]
    )
    return (
        '<div class="filters"><label class="unseen" for="find">Search articles</label>'
        '<input id="find" type="search" class="field" placeholder="Search articles" data-action="search" data-key="/">'
        f'<div class="chips" role="group" aria-label="Status">{chips}</div>'
        f'<select class="field slim" data-action="filter-audience" data-value="{audience}" '
        f'aria-label="Show articles visible to">{options}</select></div>'
    )


@dataclass(frozen=True)
class Page:
    """One page of the list: its documents, the place of the first, how many there are on all pages."""

    documents: Sequence[DocumentView]
    offset: int
    total: int


def document_list(page: Page, selected: int, sort: str, *, filtered: bool) -> str:
    """The table of documents; heads sort, a row opens the document; below it the way to the other pages."""
    if not page.documents:
        hint = "Try other words or another status." if filtered else "Drop a file above to begin."
        return f'<div class="empty">{icon("book")}<p><b>No article</b></p><p class="small">{hint}</p></div>'
    heads = "".join(_head(name, label, sort) for name, label in SORTS.items())
    rows = "".join(_document(document, selected) for document in page.documents)
    return (
        f'<table class="list"><caption class="unseen">{plural(page.total, "article")}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>{_pager(page)}"
    )


def _pager(page: Page) -> str:
    last = page.offset + len(page.documents)
    if page.total <= len(page.documents):
        return f'<p class="pager small">{plural(page.total, "article")}</p>'
    back = action("Previous", "turn", to="back", disabled=page.offset == 0)
    onward = action("Next", "turn", to="on", disabled=last >= page.total)
    return (
        f'<nav class="pager" aria-label="Pages of the list"><span class="small">{page.offset + 1}-{last} of '
        f"{page.total}</span>{back}{onward}</nav>"
    )


def _head(name: str, label: str, sort: str) -> str:
    down = sort == f"-{name}"
    here = sort.lstrip("-") == name
    arrow = " ↓" if down else " ↑" if here else ""
    direction = ("descending" if down else "ascending") if here else "none"
    return (
        f'<th scope="col" class="{"score" if name == "chunks" else ""}" aria-sort="{direction}">'
        f'<button type="button" class="sort" data-action="sort" '
        f'data-sort="{name if down or not here else "-" + name}">{label}{arrow}</button></th>'
    )


def _document(document: DocumentView, selected: int) -> str:
    here = document.id == selected
    values = attributes({"data_action": "open", "data_document": document.id, "data_row": True, "data_selected": here})
    told = f" · {language_name(document.language)}" if document.language else ""
    copy = pill("Near copy", "waiting") if document.near_copy_of is not None else ""
    reason = f'<span class="why">{escape(document.reason)}</span>' if document.reason else ""
    audience = pill("Agents only", "waiting") if document.audience is Audience.INTERNAL else pill("Everybody")
    return (
        f'<tr class="{"here" if here else ""}"><td><button type="button" class="open"{values}>'
        f'<b>{escape(document.title)}</b><span class="small">{escape(document.name + told)}</span></button></td>'
        f'<td><span class="pills">{pill(*STATES[document.status])}{copy}</span>{reason}</td><td>{audience}</td>'
        f'<td class="score">{document.chunks}</td><td>{ago(document.updated_at)}</td></tr>'
    )
