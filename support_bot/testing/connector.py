"""What every connector has to keep, as tests that authors of connectors inherit. Knows no help desk.

class TestMyConnector(ConnectorContract):
    @pytest.fixture
    def connector(self) -> HelpdeskConnector:
        return MyConnector(ConnectorConfig(...))  # against a real help desk, or a strict simulator
"""

from __future__ import annotations

import uuid

import pytest

from support_bot.connectors.base import (
    ConnectorError,
    File,
    HelpdeskConnector,
    RemoteStatus,
    TicketDraft,
    Unsupported,
    Who,
)
from support_bot.errors import Unauthorized

NASTY = "<script>alert(1)</script> & \"quotes\" 'too' — Grüße 👋\n\nsecond paragraph"


class ConnectorContract:
    """Inherit it and give the fixture `connector`, with a queue it may make tickets in."""

    @pytest.fixture
    def connector(self) -> HelpdeskConnector:
        raise NotImplementedError("give the fixture `connector`")

    def test_can_sign_in(self, connector: HelpdeskConnector) -> None:
        connector.check()

    def test_a_ticket_is_found_again_by_its_key_alone(self, connector: HelpdeskConnector) -> None:
        key = new_key()
        assert connector.find(key) is None
        ticket_id = connector.create(draft(key))
        assert (connector.find(key), connector.find(new_key())) == (ticket_id, None)
        ticket = connector.read(ticket_id)
        assert (ticket.id, ticket.status) == (ticket_id, RemoteStatus.OPEN)

    def test_what_is_written_is_read_back_with_who_wrote_it_and_for_whom(self, connector: HelpdeskConnector) -> None:
        ticket_id = connector.create(draft(new_key()))
        said, answered, noted = new_key(), new_key(), new_key()
        assert not connector.read(ticket_id).has(said)
        connector.say(ticket_id, NASTY, said)
        connector.reply(ticket_id, NASTY, answered)
        connector.note(ticket_id, NASTY, noted)
        ticket = connector.read(ticket_id)
        assert ticket.has(said) and ticket.has(answered) and ticket.has(noted) and not ticket.has(new_key())
        found = {key: next(e for e in ticket.entries if key in e.text) for key in (said, answered, noted)}
        assert [(found[key].who, found[key].private) for key in (said, answered, noted)] == [
            (Who.CUSTOMER, False),
            (Who.BOT, False),
            (Who.BOT, True),
        ]
        assert all("<script>" in entry.text and "Grüße 👋" in entry.text for entry in found.values())

    def test_a_status_goes_there_and_back_and_twice_is_once(self, connector: HelpdeskConnector) -> None:
        ticket_id = connector.create(draft(new_key()))
        for status in (RemoteStatus.SOLVED, RemoteStatus.SOLVED, RemoteStatus.OPEN, RemoteStatus.OPEN):
            connector.set_status(ticket_id, status)
            assert connector.read(ticket_id).status is status

    def test_a_file_is_taken_or_refused_in_so_many_words(self, connector: HelpdeskConnector) -> None:
        ticket_id = connector.create(draft(new_key()))
        key = new_key()
        try:
            connector.attach(ticket_id, File("notes.txt", "text/plain", b"hello"), key)
        except Unsupported:
            return
        assert connector.read(ticket_id).has(key)

    def test_a_ticket_that_is_not_there_is_an_error(self, connector: HelpdeskConnector) -> None:
        with pytest.raises(ConnectorError):
            connector.read("987654321")
        with pytest.raises(ConnectorError):
            connector.note("987654321", "lost", new_key())

    def test_an_unsigned_webhook_is_refused(self, connector: HelpdeskConnector) -> None:
        with pytest.raises(Unauthorized):
            connector.verify({}, b"{}")

    @pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff", b'{"type": "message.created", "data": []}'])
    def test_nonsense_is_nothing_or_a_value_error(self, connector: HelpdeskConnector, body: bytes) -> None:
        try:
            events = connector.parse(body)
        except ValueError:
            return
        assert list(events) == []


def new_key() -> str:
    return f"m1-{uuid.uuid4().hex[:12]}"


def draft(key: str) -> TicketDraft:
    return TicketDraft(key=key, subject="A card was declined", text=NASTY, priority="high", email="cust@example.com")
