"""Two-factor sign-in on the team's page: whether everybody needs it, and what is asked before somebody's ends."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.services.views import StaffView
from ui.parts.html import action, escape


@dataclass(frozen=True)
class SecondFactors:
    """Whether everybody needs one, and the ids of those who have one."""

    required: bool = False
    who: frozenset[int] = frozenset()


NO_SECOND = SecondFactors()


def rule(second: SecondFactors) -> str:
    """The line with the switch for everybody."""
    if second.required:
        words, label, to = "Everybody needs two-factor sign-in.", "Do not require it", "off"
    else:
        words, label, to = "Two-factor sign-in is everybody's own choice.", "Require it of everybody", "on"
    own = '<a class="small" href="../two-factor">Yours</a>'
    return f'<p class="row start team-line"><span>{words}</span>{action(label, "two-factor-rule", to=to)}{own}</p>'


def reset_dialog(member: StaffView, serial: int) -> str:
    """Asks once more; says what ends."""
    cancel = action("Keep it", "close-dialog")
    go = action("Reset", "member-reset", kind="danger", member=member.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Reset two-factor of {escape(member.name)}">'
        f"<h2>Reset two-factor sign-in of {escape(member.name)}?</h2><p>For somebody who lost their phone and their "
        "recovery codes: be sure that it is them who ask. They are signed out, and their password alone lets them in."
        f'</p><div class="row">{cancel}{go}</div></dialog>'
    )
