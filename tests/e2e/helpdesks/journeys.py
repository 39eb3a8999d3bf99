"""What must hold with every real help desk that is joined: subclass `Journeys`, and give it a `joined`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from support_bot.assembly import App
from support_bot.connectors.base import ConnectorConfig, HelpdeskConnector, RemoteStatus, RemoteTicket, Who
from support_bot.values import Mode
from tests.e2e.helpdesks import RealDesk
from tests.factories import add_staff, wait_for


@dataclass
class JoinedDesk(ABC):
    """The bot's app and the help desk, joined by a connector that is switched on."""

    app: App
    desk: RealDesk
    config: ConnectorConfig

    @property
    @abstractmethod
    def connector(self) -> HelpdeskConnector: ...

    @abstractmethod
    def tickets(self, text: str) -> list[str]:
        """The ids over there of the tickets whose transcript has this text."""

    @abstractmethod
    def alice(self, ticket: str, text: str, *, private: bool = False, solves: bool = False) -> None:
        """Somebody who answers customers over there writes."""

    def ticket(self, text: str) -> str:
        (ticket,) = self.tickets(text)
        return ticket

    def read(self, ticket: str) -> RemoteTicket:
        return self.connector.read(ticket)

    def said(self, ticket: str) -> list[tuple[Who, bool, str]]:
        """Who wrote each entry, whether it is private, and its first line."""
        return [(e.who, e.private, e.text.split("\n")[0]) for e in self.read(ticket).entries]

    def hand_off(self, text: str) -> str:
        chat = self.app.chat.start("web").id
        self.app.handoff.request(chat)
        self.app.chat.say(chat, text)
        return chat

    def says(self, chat: str) -> list[str]:
        return [message.text for message in self.app.chat.messages(chat)]

    def settled(self, text: str) -> tuple[str, str]:
        """A chat that was handed off, and its ticket, once nothing is on its way any more."""
        chat = self.hand_off(text)
        wait_for(lambda: self.tickets(text), 30)
        wait_for(lambda: self.app.connectors.get("desk").waiting == 0, 30)
        return chat, self.ticket(text)


class Journeys:
    """Each message and each status arrives once on the other side, and nothing private does."""

    def test_a_conversation_goes_there_and_comes_back(self, joined: JoinedDesk) -> None:
        chat, ticket = joined.settled("My card ends with 4242 <script>alert(1)</script>")
        opening = joined.read(ticket).entries
        assert opening[-1].private and opening[-1].text.startswith("Reason: customer request.")

        joined.alice(ticket, "They are rude.", private=True)
        joined.alice(ticket, "Which bank is it?")
        wait_for(lambda: "Which bank is it?" in joined.says(chat), 30)
        assert joined.app.chat.mode(chat) is Mode.HUMAN
        assert not any("rude" in text or "Reason:" in text for text in joined.says(chat))

        joined.app.chat.say(chat, "The blue one")
        joined.app.chat.say(chat, "The blue one")
        wait_for(lambda: len(joined.read(ticket).entries) == len(opening) + 4, 30)
        assert joined.said(ticket)[len(opening) :] == [
            (Who.AGENT, True, "They are rude."),
            (Who.AGENT, False, "Which bank is it?"),
            (Who.CUSTOMER, False, "The blue one"),
            (Who.CUSTOMER, False, "The blue one"),
        ]

        joined.alice(ticket, "Solved it.", solves=True)
        wait_for(lambda: joined.app.chat.mode(chat) is Mode.CLOSED, 30)
        assert joined.says(chat).count("Solved it.") == 1

        joined.app.handoff.request(chat)
        joined.app.chat.say(chat, "It happens again")
        wait_for(lambda: joined.said(ticket)[-1][2] == "It happens again", 30)
        assert joined.read(ticket).status is RemoteStatus.OPEN and len(joined.tickets("ends with 4242")) == 1
        assert joined.says(chat).count("The blue one") == 2, "nothing comes back as an echo"

    def test_solved_here_is_solved_there(self, joined: JoinedDesk) -> None:
        chat, there = joined.settled("Solve me here please")
        ana = add_staff(joined.app)
        ticket = joined.app.handoff.take(chat, ana.id).row.id
        joined.app.tickets.reply(ticket, ana.id, "Done {{ settings }}.")
        joined.app.tickets.solve(ticket, ana.id)
        wait_for(lambda: joined.read(there).status is RemoteStatus.SOLVED, 30)
        said = [(who, private, text.replace("\u2060", "")) for who, private, text in joined.said(there)]
        assert (Who.BOT, False, "Done {{ settings }}.") in said

    def test_a_help_desk_that_is_down_loses_nothing_and_doubles_nothing(self, joined: JoinedDesk) -> None:
        joined.desk.call("stop")
        chat = joined.hand_off("Nobody home over there")
        wait_for(lambda: any(item.error for item in joined.app.connectors.get("desk").queue), 30)
        joined.app.chat.say(chat, "Still there?")
        joined.desk.call("start")
        wait_for(lambda: joined.app.connectors.get("desk").waiting == 0, 60)
        there = joined.ticket("Nobody home")
        assert [text for _, _, text in joined.said(there)].count("Still there?") == 1

    def test_a_bot_that_is_down_is_noticed_by_no_agent_and_misses_nothing(self, joined: JoinedDesk) -> None:
        chat, there = joined.settled("Switch me off")
        joined.app.connectors.switch("desk", enabled=False)  # to the help desk it answers 404 now
        joined.alice(there, "Anybody there?")
        joined.alice(there, "Nobody, it seems.", private=True)
        joined.app.connectors.switch("desk", enabled=True)
        wait_for(lambda: "Anybody there?" in joined.says(chat), 60)
        assert joined.says(chat).count("Anybody there?") == 1
        assert "Nobody, it seems." not in joined.says(chat)
