"""Ask each help desk what happened since we last asked: a webhook that got lost is no message that got lost."""

from __future__ import annotations

import logging
import time

from support_bot.connectors.base import ConnectorError, Missed
from support_bot.models import Connector
from support_bot.services.connector_receive import store
from support_bot.services.connector_send import Open
from support_bot.storage.database import Database

_EACH_S, _AFTER_TROUBLE_S = 20.0, 60.0
_log = logging.getLogger(__name__)


class Recaller:
    """What it is told goes the way of webhooks, under the same ids: what came before counts once."""

    def __init__(self, db: Database, open: Open) -> None:
        self._db = db
        self._open = open
        self._next: dict[int, float] = {}

    def ask(self, now: float | None = None) -> int:
        """Ask whoever was not asked for a while; how many events were new. `now` is in seconds of a steady clock."""
        now = time.monotonic() if now is None else now
        with self._db.reading() as tx:
            due = [c for c in tx.connectors.all() if c.enabled and now >= self._next.get(c.id, 0.0)]
        return sum(self._ask(connector, now) for connector in due)

    def _ask(self, connector: Connector, now: float) -> int:
        self._next[connector.id] = now + _AFTER_TROUBLE_S
        try:
            new = self._keep(connector, self._open(connector).missed(connector.cursor))
        except ConnectorError as error:
            _log.warning("connector %s does not say what was missed: %s", connector.name, error.detail)
            return 0
        except Exception:  # noqa: BLE001  # one connector's fault holds up nothing of the others
            _log.exception("connector %s broke", connector.name)
            return 0
        self._next[connector.id] = now + _EACH_S
        return new

    def _keep(self, connector: Connector, missed: Missed) -> int:
        if not missed.deliveries and missed.next == connector.cursor:
            return 0
        with self._db.transaction() as tx:
            found = tx.connectors.find(connector.name)
            if found is None or found.config.get("url") != connector.config.get("url"):
                return 0  # the position is another help desk's
            found.cursor = missed.next[:40]
            return sum(store(tx, found, each.id[:200], each.body) for each in missed.deliveries)
