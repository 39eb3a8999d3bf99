"""Groups of staff: made, changed and dissolved by admins."""

from __future__ import annotations

from collections.abc import Collection

from support_bot.errors import Conflict, Invalid
from support_bot.models import Team, utcnow
from support_bot.services.handoff import hold_active, lock_ticket
from support_bot.services.views import TeamView
from support_bot.storage.database import Database, Transaction

MOST_TEAMS = 100


class TeamService:
    """Teams by name."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(self) -> list[TeamView]:
        """Every team, with who of it is there."""
        with self._db.reading() as tx:
            names, now = tx.staff.names(), utcnow()
            online = {availability.staff_id for availability in tx.teams.online(None, now)}
            return [TeamView.of(team, names, online) for team in tx.teams.page()]

    def add(self, name: str, members: Collection[int] = ()) -> TeamView:
        """A new team. Raises Invalid, Conflict for a name that is taken or a member who cannot take tickets."""
        name = _name(name)
        with self._db.transaction() as tx:
            tx.one_at_a_time("teams")
            if len(tx.teams.page()) >= MOST_TEAMS:
                raise Conflict(f"There are {MOST_TEAMS} teams already; dissolve one first.")
            _require_free(tx, name)
            team = tx.teams.add(Team(name=name))
            _fill(tx, team, members)
            return _view(tx, team)

    def change(self, team_id: int, *, name: str | None = None, members: Collection[int] | None = None) -> TeamView:
        """Another name, other members, or both. Raises NotFound, and what `add` raises."""
        name = _name(name) if name is not None else None
        with self._db.transaction() as tx:
            tx.one_at_a_time("teams")
            team = tx.teams.get(team_id)
            if name is not None and name != team.name:
                _require_free(tx, name, but=team)
                team.name = name
            if members is not None:
                _fill(tx, team, members)
            return _view(tx, team)

    def dissolve(self, team_id: int, staff_id: int | None) -> None:
        """Delete the team: its open tickets go to no team, those of an agent stay that agent's. Raises NotFound.

        `staff_id` is the admin, None for the owner of the data folder."""
        with self._db.reading() as tx:
            tx.teams.get(team_id)
            left = tx.teams.open_tickets(team_id)
        for ticket_id in left:  # each under its conversation's lock
            with self._db.transaction() as tx:
                ticket, _ = lock_ticket(tx, ticket_id)
                if ticket.team_id == team_id:
                    ticket.move(None, staff_id)
        with self._db.transaction() as tx:
            tx.one_at_a_time("teams")
            tx.teams.delete(tx.teams.get(team_id))


def _name(text: str) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name or len(name) > 80:
        raise Invalid("A team needs a name of at most 80 characters.")
    return name


def _require_free(tx: Transaction, name: str, but: Team | None = None) -> None:
    found = tx.teams.find_by_name(name)
    if found is not None and found is not but:
        raise Conflict(f"There is a team “{found.name}” already.")


def _fill(tx: Transaction, team: Team, members: Collection[int]) -> None:
    """Who was in it stays even where they could not join any more, as while they are deactivated."""
    for person in sorted(set(members) - set(team.members)):
        hold_active(tx, person)
    team.consist_of(set(members))


def _view(tx: Transaction, team: Team) -> TeamView:
    return TeamView.of(
        team, tx.staff.names(), {availability.staff_id for availability in tx.teams.online(None, utcnow())}
    )
