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

    def ask(self) -> int:
        """Ask whoever was not asked for a while; how many events were new."""
        with self._db.reading() as tx:
            due = [found for found in tx.connectors.all() if found.enabled and self._is_due(found.id)]
        return sum(self._ask(connector) for connector in due)

    def _is_due(self, connector_id: int) -> bool:
        return time.monotonic() >= self._next.get(connector_id, 0.0)

    def _ask(self, connector: Connector) -> int:
        self._next[connector.id] = time.monotonic() + _EACH_S
        try:
            missed = self._open(connector).missed(connector.cursor)
        except ConnectorError as error:
            self._next[connector.id] = time.monotonic() + _AFTER_TROUBLE_S
            _log.warning("connector %s does not say what was missed: %s", connector.name, error.detail)
            return 0
        except Exception:  # noqa: BLE001  # one connector's fault holds up nothing of the others
            self._next[connector.id] = time.monotonic() + _AFTER_TROUBLE_S
            _log.exception("connector %s broke", connector.name)
            return 0
        return self._keep(connector, missed)

    def _keep(self, connector: Connector, missed: Missed) -> int:
        if not missed.deliveries and missed.next == connector.cursor:
            return 0
        with self._db.transaction() as tx:
            found = tx.connectors.find(connector.name)
            if found is None or found.config.get("url") != connector.config.get("url"):
                return 0  # the position is another help desk's
            found.cursor = missed.next[:40]
            return sum(store(tx, found, each.id, each.body) for each in missed.deliveries)
