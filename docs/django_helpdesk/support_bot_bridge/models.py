"""Events that wait to be sent: they survive a restart of the help desk and an absence of the bot."""

import uuid

from django.db import models


def new_id() -> str:
    return f"dh-{uuid.uuid4().hex}"


class PendingEvent(models.Model):
    """One webhook; its row goes once the bot has taken it. `delivery` stays the same over all attempts."""

    delivery = models.CharField(max_length=64, unique=True, default=new_id)
    body = models.TextField()
    attempts = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField(db_index=True)
