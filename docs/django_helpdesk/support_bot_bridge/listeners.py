"""What happens to tickets becomes a row; a thread sends it. Nothing here can make an agent wait, or fail a request."""

import json
import logging
import time

from django.conf import settings
from django.core.signals import request_started
from django.db import transaction
from django.utils import timezone
from helpdesk.models import FollowUp
from helpdesk.signals import update_ticket_done

from . import sender
from .models import PendingEvent

logger = logging.getLogger(__name__)
SOLVED = (3, 4, 5)


def connect():
    update_ticket_done.connect(_updated, dispatch_uid="support_bot_bridge")
    request_started.connect(sender.begin, dispatch_uid="support_bot_bridge")


def _updated(sender=None, followup=None, **kwargs):
    try:
        with transaction.atomic():
            for kind, data in events_of(followup):
                _keep(kind, data)
    except Exception:  # an agent's reply counts more than our hearing of it
        logger.exception("an event for the support bot could not be stored")


def events_of(followup):
    """What a follow-up means to the bot: a message, a change of status, or both."""
    who = author_of(followup)
    ticket = str(followup.ticket_id)
    name = followup.user.get_full_name() or followup.user.get_username() if followup.user else None
    if (followup.comment or "").strip():
        data = {"ticket_id": ticket, "message_id": str(followup.pk), "author": who, "name": name}
        yield "message.created", {**data, "private": not followup.public, "text": followup.comment}
    if followup.new_status is not None:
        status = "solved" if followup.new_status in SOLVED else "open"
        yield "ticket.status_changed", {"ticket_id": ticket, "author": who, "status": status}


def author_of(followup: FollowUp) -> str:
    """`bot` for our own user, `agent` for staff, `customer` for whoever the ticket is for, else `system`."""
    user = followup.user
    if user is None:
        return "customer"
    if user.get_username() == settings.SUPPORT_BOT["USER"]:
        return "bot"
    return "agent" if user.is_staff else "customer"


def _keep(kind, data):
    body = json.dumps({"type": kind, "timestamp": int(time.time()), "data": data})
    PendingEvent.objects.create(body=body, next_at=timezone.now())
    transaction.on_commit(sender.wake)
