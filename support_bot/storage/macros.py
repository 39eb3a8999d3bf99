"""All SQL about macros."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from support_bot.errors import Conflict, NotFound
from support_bot.models import Macro


class MacroRepository:
    """What support leads wrote for their team."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, macro: Macro) -> Macro:
        """Raises Conflict where the name is taken."""
        self._session.add(macro)
        self.flush()
        return macro

    def flush(self) -> None:
        """Write what has changed now. Raises Conflict where the name is taken."""
        try:
            self._session.flush()
        except IntegrityError:
            raise Conflict("There is a macro with this name already.") from None

    def get(self, macro_id: int) -> Macro:
        found = self._session.get(Macro, macro_id)
        if found is None:
            raise NotFound("There is no such macro; perhaps somebody deleted it.")
        return found

    def lock(self, macro_id: int) -> Macro:
        """The macro, read again and locked until the transaction ends."""
        query = select(Macro).where(Macro.id == macro_id).with_for_update()
        found = self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise NotFound("There is no such macro; perhaps somebody deleted it.")
        return found

    def page(self) -> Sequence[Macro]:
        """All of them, by name."""
        return self._session.scalars(select(Macro).order_by(Macro.key, Macro.id)).all()

    def stamp(self) -> tuple[object, ...]:
        """Something that is another once a macro was added, changed or deleted."""
        query = select(func.count(), func.sum(Macro.version), func.max(Macro.updated_at))
        return tuple(self._session.execute(query.select_from(Macro)).one())

    def delete(self, macro: Macro) -> None:
        self._session.delete(macro)
        self._session.flush()
