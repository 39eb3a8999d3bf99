"""Which team an escalated ticket is for, and which of its agents a rule gives it to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from support_bot.models import Availability, Channel, Conversation, Routing, Ticket, utcnow
from support_bot.services.views import RoutingView
from support_bot.storage.database import Database, Transaction
from support_bot.values import AssignmentRule, Role

_LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


def to_team(tx: Transaction, ticket: Ticket, conversation: Conversation) -> None:
    """A new ticket is for the team of its channel, where it has one."""
    routing = tx.teams.find_routing(conversation.channel_id)
    if routing is not None and routing.team_id is not None:
        ticket.move(tx.teams.find(routing.team_id), None)  # none where it was dissolved a moment ago


def route(tx: Transaction, ticket: Ticket, conversation: Conversation, now: dt.datetime | None = None) -> int | None:
    """Give a ticket that is nobody's to whom the rule chooses among those of its team who are there; their id.

    Nobody there, or by hand: it stays nobody's. Call it with the conversation locked; no two choose at once."""
    rule = rule_of(tx, conversation.channel_id)
    if rule is AssignmentRule.BY_HAND or ticket.assignee_id is not None:
        return None
    now = now or utcnow()
    tx.one_at_a_time("assignment")
    for chosen in _in_order(tx, rule, tx.teams.online(ticket.team_id, now)):
        person = tx.staff.hold(chosen.staff_id)
        if person.may(Role.AGENT):  # somebody may have been deactivated just now
            ticket.assign(person.id, by=None, rule=rule.value)
            chosen.given_at = now
            return person.id
    return None


def rule_of(tx: Transaction, channel_id: int) -> AssignmentRule:
    """The channel's rule, else the installation's, else by hand."""
    for asked in (channel_id, None):
        routing = tx.teams.find_routing(asked)
        if routing is not None and routing.rule is not None:
            return routing.rule
    return AssignmentRule.BY_HAND


def _in_order(tx: Transaction, rule: AssignmentRule, there: Sequence[Availability]) -> list[Availability]:
    """Whoever is next first; among equals whoever was given nothing for the longest time."""
    counts = (
        tx.teams.open_counts([availability.staff_id for availability in there])
        if rule is AssignmentRule.LEAST_BUSY
        else {}
    )
    return sorted(there, key=lambda one: (counts.get(one.staff_id, 0), one.given_at or _LONG_AGO, one.staff_id))


class RoutingService:
    """What admins set for each channel, and for all."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def rule(self) -> AssignmentRule:
        """The installation's rule."""
        with self._db.reading() as tx:
            return _installation(tx)

    def page(self) -> list[RoutingView]:
        """Each channel's team and rule."""
        with self._db.reading() as tx:
            return [_view(tx, channel) for channel in tx.channels.page()]

    def get(self, slug: str) -> RoutingView:
        with self._db.reading() as tx:
            return _view(tx, tx.channels.get(slug))

    def set(self, slug: str, team_id: int | None, rule: AssignmentRule | None) -> RoutingView:
        """The channel's new tickets are for this team, by this rule; None is no team, and the installation's rule.

        Raises NotFound."""
        with self._db.transaction() as tx:
            channel = tx.channels.get(slug)
            tx.one_at_a_time("teams")
            if team_id is not None:
                tx.teams.get(team_id)
            routing = tx.teams.find_routing(channel.id) or tx.teams.add_routing(Routing(channel_id=channel.id))
            routing.team_id, routing.rule = team_id, rule
            return _view(tx, channel)

    def set_rule(self, rule: AssignmentRule) -> AssignmentRule:
        """The rule of channels that have none of their own."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("teams")
            routing = tx.teams.find_routing(None) or tx.teams.add_routing(Routing(channel_id=None))
            routing.rule = rule
            return rule


def _installation(tx: Transaction) -> AssignmentRule:
    routing = tx.teams.find_routing(None)
    return routing.rule if routing is not None and routing.rule is not None else AssignmentRule.BY_HAND


def _view(tx: Transaction, channel: Channel) -> RoutingView:
    found = tx.teams.find_routing(channel.id)
    team_id, rule = (found.team_id, found.rule) if found is not None else (None, None)
    return RoutingView(channel.slug, channel.name, team_id, rule, rule_of(tx, channel.id))
