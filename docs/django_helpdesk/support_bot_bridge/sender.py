"""Sends what waits, signed as Standard Webhooks 1.0, in order, from a thread of each process."""

import base64
import datetime
import hashlib
import hmac
import logging
import random
import threading
import time
import urllib.error
import urllib.request

from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from .models import PendingEvent

logger = logging.getLogger(__name__)
LOOK_S = 5
LONGEST_WAIT_S = 3600
NEVER = (400, 413, 422)
_wake = threading.Event()
_lock = threading.Lock()
_thread = None


def wake():
    """Send soon."""
    begin()
    _wake.set()


def begin(**kwargs):
    """See that this process has its thread. The first request begins it, so that what waited through a restart goes
    on; when Django is ready would be too early: a server may fork after that, and a thread stays behind."""
    global _thread
    if _thread is not None and _thread.is_alive():
        return
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_run, name="support-bot", daemon=True)
            _thread.start()


def _run():
    while True:
        _wake.wait(LOOK_S)
        _wake.clear()
        try:
            close_old_connections()
            send_due()
        except Exception:  # the thread must outlive a database that went away
            logger.exception("events for the support bot could not be sent")


def send_due():
    """Try each event that is due once; the oldest that does not arrive keeps the others back, so that order stays."""
    for event in PendingEvent.objects.order_by("pk")[:100]:
        now = timezone.now()
        if event.next_at > now:
            return
        # Whoever changes the row first sends it; the other processes leave it alone for a while.
        taken = PendingEvent.objects.filter(pk=event.pk, next_at=event.next_at).update(
            attempts=event.attempts + 1, next_at=now + datetime.timedelta(seconds=60)
        )
        if not taken:
            return
        if _send(event.delivery, event.body.encode()):
            PendingEvent.objects.filter(pk=event.pk).delete()
            continue
        wait = min(5 * 2 ** min(event.attempts, 12), LONGEST_WAIT_S) * random.uniform(0.5, 1.5)
        PendingEvent.objects.filter(pk=event.pk).update(next_at=now + datetime.timedelta(seconds=wait))
        return


def _send(delivery, body):
    """Whether it is done with: the bot took it, or never will."""
    now = str(int(time.time()))
    key = base64.b64decode(settings.SUPPORT_BOT["SECRET"].removeprefix("whsec_"))
    digest = hmac.new(key, b".".join((delivery.encode(), now.encode(), body)), hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "webhook-id": delivery,
        "webhook-timestamp": now,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }
    request = urllib.request.Request(settings.SUPPORT_BOT["URL"], data=body, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return 200 <= answer.status < 300
    except urllib.error.HTTPError as error:
        logger.error("the support bot answered %s with %s", delivery, error.code)
        return error.code in NEVER  # another try would end the same, and hold the others back
    except (urllib.error.URLError, OSError) as error:
        logger.warning("the support bot did not take %s: %s", delivery, error)
        return False
