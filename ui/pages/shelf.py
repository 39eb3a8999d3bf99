"""What one browser tab of the knowledge page looks at. A cache of choices, never of anything that matters."""

from __future__ import annotations

from dataclasses import dataclass, field

from support_bot.services.views import TrialView
from ui.parts.channels import ChannelForm
from ui.parts.connectors import ConnectorForm
from ui.parts.erasing import Erasing
from ui.parts.identity import NewKey
from ui.parts.macros import MacroForm
from ui.parts.pinned import PinForm
from ui.parts.promises import PromiseForm
from ui.parts.team import MemberForm, NewLink, NewPassword
from ui.parts.uploads import Upload

ANSWERS = 10


@dataclass
class Shelf:
    """The chosen view, filters and article; `shown` remembers what the browser has, to send changes only.

    `address` is where browsers reach the server.
    `asked` counts the tested questions: a result that comes after the next question was asked is dropped."""

    view: str = "documents"
    search: str = ""
    status: str = ""
    audience: str = ""
    sort: str = "title"
    page: int = 0
    document: int = 0
    answers: int = ANSWERS
    told: str = ""
    uploads: list[Upload] = field(default_factory=list)
    question: str = ""
    internal: bool = False
    asked: int = 0
    trying: bool = False
    trial: TrialView | None = None
    trial_told: str = ""
    pin: PinForm | None = None
    pin_told: str = ""
    macro: MacroForm | None = None
    channel: ChannelForm | None = None
    connector: ConnectorForm | None = None
    promise: PromiseForm | None = None
    identity_key: NewKey | None = None
    address: str = ""
    member: MemberForm = field(default_factory=MemberForm)
    made: NewPassword | NewLink | None = None
    team_name: str = ""
    teams_added: int = 0
    erasing: Erasing = field(default_factory=Erasing)
    dialog: str = ""
    serial: int = 0
    shown: dict[str, str] = field(default_factory=dict)

    def changed(self, name: str, html: str) -> bool:
        """Whether the browser shows something else under `name`; remembers the new content."""
        if self.shown.get(name) == html:
            return False
        self.shown[name] = html
        return True

    def forget(self) -> None:
        """Be unsure of what the browser shows."""
        self.shown = {}

    def choose(self, document: int) -> None:
        """Look at another article; 0 is none."""
        self.document, self.answers = document, ANSWERS

    def next_serial(self) -> int:
        """A number that was not used in this tab before."""
        self.serial += 1
        return self.serial
