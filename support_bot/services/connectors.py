"""Connectors to other help desks, as an admin sees them, and what they do in the background: `app.connectors`."""

from __future__ import annotations

import base64
import logging
import re
import secrets
import threading
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from support_bot import plugins
from support_bot.connectors.base import ConnectorError, HelpdeskConnector, RemoteTicket
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import Connector, utcnow
from support_bot.services.connector_plan import plan
from support_bot.services.connector_recall import Recaller
from support_bot.services.connector_receive import Receiver, store
from support_bot.services.connector_send import Sender
from support_bot.services.connector_views import ConnectorView, config_of, view_of
from support_bot.storage.database import Database

_LOOK_S = 1.0
_LIVE_SECRETS = 2
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_URL = re.compile(r"https?://[^\s@/?#]+(/[^\s?#]*)?")
_log = logging.getLogger(__name__)


class ConnectorService:
    """Set up, try, switch; take webhooks in. Between `start` and `close` a thread carries what there is to carry."""

    def __init__(self, db: Database, kinds: Mapping[str, type] | None = None) -> None:
        self._db = db
        self._kinds = dict(kinds) if kinds is not None else plugins.load(plugins.CONNECTORS)
        self._sender = Sender(db, self._open)
        self._receiver = Receiver(db, self._open)
        self._recaller = Recaller(db, self._open)
        self._wake = threading.Event()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    # ---- what an admin does

    @property
    def kinds(self) -> Sequence[str]:
        """What can be connected, by the names of the plug-ins."""
        return sorted(self._kinds)

    def page(self) -> list[ConnectorView]:
        """Every connector with what waits in its queue."""
        with self._db.reading() as tx:
            return [view_of(tx, connector) for connector in tx.connectors.all()]

    def get(self, name: str) -> ConnectorView:
        with self._db.reading() as tx:
            return view_of(tx, tx.connectors.get(name))

    def save(
        self, name: str, kind: str, *, url: str, queue: str = "", user: str = "", token: str | None = None
    ) -> ConnectorView:  # fmt: skip
        """Add a connector, switched off and in safe mode, or change one. A token that is None stays. Raises Invalid."""
        if not _NAME.fullmatch(name):
            raise Invalid("A connector's name has small letters, digits and hyphens, at most 40.")
        if kind not in self._kinds:
            raise Invalid(f"A kind is one of {', '.join(self.kinds)}.")
        if len(url) > 500 or not _URL.fullmatch(url):
            raise Invalid("The address begins with http:// or https:// and holds no password.")
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            found = tx.connectors.find(name)
            if found is None:
                found = Connector(name=name, kind=kind)
                tx.connectors.add(found)
            elif found.kind != kind:
                raise Conflict(f"'{name}' is a connector of kind {found.kind}; take another name.")
            elsewhere = urlsplit(url)[:2] != urlsplit(found.config.get("url", url))[:2]
            if elsewhere and token is None and found.config.get("token"):
                raise Invalid("Another address needs its own token; give it anew.")
            if elsewhere:
                found.cursor = ""
            given = {"url": url, "queue": queue.strip()[:200], "user": user.strip()[:200]}
            found.config = found.config | given | ({"token": token.strip()} if token is not None else {})
            return view_of(tx, found)

    def new_secret(self, name: str) -> str:
        """A new signing secret, told this once; the one before stays good until the next."""
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            found = tx.connectors.get(name)
            live = [secret, *found.config.get("secrets", [])][:_LIVE_SECRETS]
            found.config = found.config | {"secrets": live}
        return secret

    def switch(self, name: str, *, enabled: bool | None = None, safe: bool | None = None) -> ConnectorView:
        """On or off, safe mode or not. Only tickets from the moment on that it was switched on are carried over."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            found = tx.connectors.get(name)
            if enabled and not found.enabled:
                self._require_whole(found)
                found.since = utcnow()
            found.enabled = found.enabled if enabled is None else enabled
            found.safe = found.safe if safe is None else safe
            return view_of(tx, found)

    def remove(self, name: str) -> None:
        """Forget a connector, its queue and which ticket is which; nothing changes over there."""
        with self._db.transaction() as tx:
            tx.connectors.remove(name)

    def test(self, name: str) -> str:
        """Sign in over there and look; what came of it, in words."""
        with self._db.reading() as tx:
            connector = tx.connectors.get(name)
        try:
            self._require_whole(connector)
            self._open(connector).check()
        except (ConnectorError, Invalid) as error:
            return error.detail
        return "It works."

    def retry(self, name: str) -> int:
        """Try everything again that went wrong for good, in either direction; how many items."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            revived = tx.connectors.revive(tx.connectors.get(name).id, utcnow())
        self._wake.set()
        return revived

    # ---- webhooks

    def take(self, name: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Verify a webhook and keep it for later; False where it came before. Raises Unauthorized, NotFound."""
        with self._db.reading() as tx:
            connector = tx.connectors.find(name)
        if connector is None or not connector.enabled:
            raise NotFound(f"There is no connector '{name[:40]}' that is switched on.")
        delivery = self._open(connector).verify(headers, body)
        with self._db.transaction() as tx:
            is_new = store(tx, connector, delivery.id, delivery.body)
        self._wake.set()
        return is_new

    def read(self, name: str, ticket_id: str) -> RemoteTicket:
        """A ticket as it is over there at this moment. Raises ConnectorError, and NotFound while switched off."""
        with self._db.reading() as tx:
            connector = tx.connectors.find(name)
        if connector is None or not connector.enabled:
            raise NotFound(f"There is no connector '{name[:40]}' that is switched on.")
        return self._open(connector).read(ticket_id)

    # ---- the background

    def run_once(self) -> int:
        """Ask, take in, plan, send: one round; how much was done."""
        return self._recaller.ask() + self._receiver.work() + plan(self._db) + self._sender.send_due()

    def start(self) -> None:
        """Carry things in a thread of its own, each second, and at once when a webhook comes."""
        if self._kinds and self._thread is None:
            # Each thread has its own end: one that a slow help desk outlived `close` does not go on with the next.
            self._over = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(self._over,), name="connectors", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Let what is on its way arrive within seconds; what is cut off is taken up after the next start."""
        self._over.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(8)
            self._thread = None

    def _run(self, over: threading.Event) -> None:
        while not over.is_set():
            self._wake.wait(_LOOK_S)
            self._wake.clear()
            self._round(over)

    def _round(self, over: threading.Event) -> None:
        try:
            while not over.is_set() and self.run_once():
                pass
        except Exception:  # noqa: BLE001  # the thread must outlive a database that went away
            _log.exception("a round of the connectors broke; the next begins in a second")

    def _open(self, connector: Connector) -> HelpdeskConnector:
        kind = self._kinds.get(connector.kind)
        if kind is None:
            raise ConnectorError(f"No plug-in is called '{connector.kind}' any more.")
        desk: HelpdeskConnector = kind(config_of(connector))
        return desk

    def _require_whole(self, connector: Connector) -> None:
        config = config_of(connector)
        kind = self._kinds.get(connector.kind)
        lacking = [name for name in sorted(getattr(kind, "needs", ())) if not getattr(config, name)]
        if lacking:
            raise Invalid(f"'{connector.name}' lacks its {', '.join(lacking)}.")
