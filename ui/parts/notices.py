"""Notices on the desk: what an agent chooses, and what rings in the browser."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.services.notice_choices import NoticeWishes, Ring
from support_bot.values import NoticeKind
from ui.parts.html import action, attributes, escape, notice

_BOXES = {
    "escalation_mail": "By e-mail: a customer waits for a person",
    "assignment_mail": "By e-mail: a ticket is given to me",
    "escalation_browser": "In the browser: a customer waits for a person",
    "assignment_browser": "In the browser: a ticket is given to me",
    "sound": "With a sound",
}
_TITLES = {NoticeKind.ESCALATION: "A customer waits for a person", NoticeKind.ASSIGNMENT: "A ticket is yours now"}


def notices_dialog(wishes: NoticeWishes, serial: int, *, mail: bool, told: str = "") -> str:
    """Which notices, when none, and the browser's permission, which only the button asks for."""
    boxes = "".join(
        f'<label><input type="checkbox"{attributes({"name": name, "checked": getattr(wishes, name), "value": "on"})}>'
        f"<span>{words}</span></label>"
        for name, words in _BOXES.items()
    )
    quiet = attributes(
        {"name": "quiet", "id": "quiet", "value": wishes.quiet, "maxlength": 200, "placeholder": "20:00-8:00"}
    )
    zone = attributes({"name": "zone", "id": "zone", "value": wishes.zone, "maxlength": 64})
    allow = action("Let this browser show them", "allow-notices")
    no_mail = "" if mail else '<p class="small">No mail server is set up here, so no e-mails are sent.</p>'
    cancel = action("Cancel", "close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Notices"><form data-action="notices"><h2>Notices</h2>'
        f'{notice(told)}<fieldset class="boxes"><legend class="unseen">Which</legend>{boxes}</fieldset>{no_mail}'
        f'<p class="allow">{allow} <span class="small" role="status" data-allowed></span></p>'
        '<label for="quiet">Quiet hours of every day; empty for none. Mails wait until they are over.</label>'
        f'<input class="field"{quiet}><label for="zone">Time zone</label><input class="field"{zone}>'
        f'<div class="row">{cancel}<button class="button primary" type="submit">Save</button></div></form></dialog>'
    )


def bell(rings: Sequence[Ring]) -> str:
    """What the browser shows and plays, each once; nothing that is seen in the page."""
    return "".join(
        f"<i hidden{attributes(_ring(ring))}>{escape(_TITLES[ring.kind])}: {escape(ring.subject)}</i>" for ring in rings
    )


def _ring(ring: Ring) -> dict[str, object]:
    reason = ring.reason.value.replace("_", " ")
    body = f"#{ring.ticket} {ring.subject} ({reason})"
    return {"data_ring": ring.id, "data_title": _TITLES[ring.kind], "data_body": body, "data_sound": ring.sound}
