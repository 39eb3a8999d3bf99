"""On the desk: whether an agent takes tickets, and what they are told."""

from __future__ import annotations

from support_bot.services.views import AvailabilityView
from ui.parts.html import action, pill, symbol_button


def availability(view: AvailabilityView) -> str:
    """Above the account: the state in words, and the switch to the other one."""
    if view.away:
        state, label, to = pill("Away", "waiting"), "Go online", "online"
        title = "Rules give you no tickets; those you have stay yours"
    else:
        state, label, to = pill("Online", "good"), "Go away", "away"
        title = "You are away by yourself five minutes after the last page of yours is closed"
    notices = symbol_button("Notices", "ask-notices", "bell")
    switch = action(label, "availability", to=to, title=title)
    return f'<div class="availability" role="status">{state}{switch}{notices}</div>'
