"""What helps an agent: a draft with its evidence above the composer, similar tickets beside it, flags on answers."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.services.rewriting import RewriteView
from support_bot.services.views import DraftPart, DraftSource, PriorityView, SimilarTicket, SuggestionView, TicketRow
from support_bot.values import Audience, FlagReason, Passage, Tone
from ui.parts.desk import words
from ui.parts.html import action, attributes, escape, notice, pill, plural, progress, symbol_button
from ui.parts.markdown import plain

_INTERNAL = pill("internal", "waiting")
_OUTCOME_CHARS = 200


def offer(ticket: TicketRow) -> str:
    """The line above the composer before anything was asked for."""
    button = action("Suggest a reply", "suggest", symbol="spark", ticket=ticket.id, key="d", then="working")
    return f'<div class="aid"><div class="row">{button}</div></div>'


def writing() -> str:
    """While the draft is made."""
    return f'<div class="aid">{progress("Looking through the articles and writing a draft")}</div>'


def draft(view: SuggestionView, *, outdated: bool) -> str:
    """The draft, sentence by sentence with what carries it; or why there is none, and the nearest passages."""
    again = action("Suggest again", "suggest", ticket=view.ticket_id, key="d", then="working")
    close = symbol_button("Put the draft away", "drop-draft", "close")
    asked = f'<p class="small">For: “{escape(view.question)}”</p>' if view.question else ""
    late = notice("The customer has written since.", "waiting") if outdated else ""
    said = f'<p class="small">{escape(view.note)}</p>' if view.note else ""
    found = f'<ol class="aid-parts">{"".join(map(_part, view.parts))}</ol>' if view.parts else _nearest(view.nearest)
    return (
        f'<section class="aid open" aria-label="Suggested reply"><div class="row"><h2 class="section">Suggested reply'
        f"</h2>{close}</div>{asked}{late}{said}{found}"
        f'<div class="row start">{_inserts(view)}{again}</div>{_warning(view)}</section>'
    )


def rewritten(ticket: TicketRow, view: RewriteView) -> str:
    """The reply in another tone, to be taken or put away; or why it stays as it is."""
    close = symbol_button("Put it away", "drop-draft", "close")
    lines = "<br>".join(escape(line) for line in view.text.split("\n"))
    said = f'<p class="small">{escape(view.note)}</p>' if view.note else ""
    use = action("Use it", "insert", kind="primary", ticket=ticket.id, text=view.text, replace="yes", key="i")
    taken = f'<p>{lines}</p><div class="row start">{use}</div>' if view.changed else ""
    return (
        f'<section class="aid open" aria-label="Your reply in another tone"><div class="row"><h2 class="section">'
        f"{escape(view.tone.capitalize())}</h2>{close}</div>{said}{taken}</section>"
    )


def tones() -> str:
    """Chooses how the words in the composer are to be said."""
    options = "".join(f'<option value="{tone}">{tone.capitalize()}</option>' for tone in Tone)
    return (
        '<select class="field slim" data-action="rewrite" data-words data-value="" aria-label="Say it in another tone">'
        f'<option value="">Tone …</option>{options}</select>'
    )


def _part(part: DraftPart) -> str:
    lines = "<br>".join(escape(line) for line in part.text.split("\n"))
    mark = f" {_INTERNAL}" if part.internal else ""
    return f"<li{' data-internal' if part.internal else ''}><p>{lines}{mark}</p>{_sources(part.sources)}</li>"


def _sources(sources: Sequence[DraftSource]) -> str:
    items = "".join(
        f"<details><summary>{escape(_where(used.source.title, used.source.heading))} {_audience(used.audience)}"
        f"</summary><blockquote>{escape(plain(used.source.quote))}</blockquote></details>"
        for used in sources
    )
    return f'<div class="small">{items}</div>'


def _where(title: str, heading: str) -> str:
    return f"{title} › {heading}" if heading else title


def _audience(audience: Audience) -> str:
    return _INTERNAL if audience is Audience.INTERNAL else pill("public", "good")


def _nearest(passages: Sequence[Passage]) -> str:
    items = "".join(
        f"<li><b>{escape(_where(passage.title, passage.heading))}</b> {_audience(passage.audience)}"
        f"<p>{escape(_short(plain(passage.text)))}</p></li>"
        for passage in passages
    )
    return f'<p class="small">The nearest passages:</p><ul class="found-list">{items}</ul>' if items else ""


def _inserts(view: SuggestionView) -> str:
    """What goes into the composer at once is public; the rest only by way of the warning."""
    if not view.parts:
        return ""
    if view.text == view.public_text:
        return action("Insert", "insert", kind="primary", ticket=view.ticket_id, text=view.text, key="i")
    public = view.public_text and action(
        "Insert the public part", "insert", kind="primary", ticket=view.ticket_id, text=view.public_text, key="i"
    )
    return public + action("Insert all …", "open-dialog", dialog="internal-words")


def _warning(view: SuggestionView) -> str:
    inside = [part for part in view.parts if part.internal]
    if not inside:
        return ""
    items = "".join(f"<li>{escape(part.text)}</li>" for part in inside)
    sure = action("Insert anyway", "insert", kind="primary", ticket=view.ticket_id, text=view.text)
    return (
        '<dialog class="ask" id="internal-words" aria-label="Words from internal articles">'
        f"<h2>{plural(len(inside), 'part')} of this draft {'is' if len(inside) == 1 else 'are'} for your team only</h2>"
        f"<p>No public article says this. Make sure that the customer may read it:</p><ul>{items}</ul>"
        f'<div class="row">{action("Cancel", "close-dialog")}{sure}</div></dialog>'
    )


def beside(ticket: TicketRow, similar: Sequence[SimilarTicket], suggested: PriorityView | None) -> str:
    """For the last column: the priority that solved tickets suggest, and those most like this one."""
    items = "".join(_similar(found) for found in similar)
    found = f'<ul class="found-list">{items}</ul>' if items else '<p class="small">No solved ticket is like this.</p>'
    return (
        f'<div class="context">{_priority(ticket, suggested) if suggested else ""}'
        f'<section><h2 class="section">Similar solved tickets</h2>{found}</section></div>'
    )


def _similar(found: SimilarTicket) -> str:
    values = attributes({"data_action": "select", "data_conversation": found.conversation_id})
    return (
        f'<li><button type="button" class="button link"{values}>#{found.id} {escape(found.subject)}</button>'
        f'<span class="small">{found.likeness:.0%} alike</span><p>{escape(_short(found.outcome))}</p></li>'
    )


def _priority(ticket: TicketRow, suggested: PriorityView) -> str:
    if suggested.note:
        said = f'<p class="small">{escape(suggested.note)}</p>'
    elif suggested.priority == ticket.priority:
        said = f'<p class="small">{escape(ticket.priority)} fits ({suggested.share:.0%} sure)</p>'
    else:
        label = f"Set to {suggested.priority}"
        button = action(label, "priority", ticket=ticket.id, value=suggested.priority)
        sure = f"{suggested.share:.0%} sure, from {plural(suggested.tickets, 'solved ticket')}"
        said = f'<div class="row start">{button}<span class="small">{sure}</span></div>'
    return f'<section><h2 class="section">Suggested priority</h2>{said}</section>'


def flag(message_id: int, reason: FlagReason | None) -> str:
    """Say what is wrong with an answer: one choice, which can be taken back."""
    now = reason.value if reason else ""
    options = [("", "Flag this answer" if not reason else "Not flagged")]
    options += [(item.value, words(item.value)) for item in FlagReason]
    written = "".join(
        f'<option value="{value}"{" selected" if value == now else ""}>{"" if not value or not reason else "flagged: "}'
        f"{escape(label)}</option>"
        for value, label in options
    )
    values = attributes(
        {"data_action": "flag", "data_message": message_id, "data_value": now, "aria_label": "What is wrong with it"}
    )
    return f'<select class="field slim flag"{values}>{written}</select>'


def _short(text: str) -> str:
    return text if len(text) <= _OUTCOME_CHARS else text[: _OUTCOME_CHARS - 1].rsplit(" ", 1)[0] + "…"
