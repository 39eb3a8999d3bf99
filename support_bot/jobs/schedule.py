"""What happens by the clock."""

from __future__ import annotations

from support_bot.assembly import App
from support_bot.queue import Job


def schedule(app: App) -> None:
    """Each minute: queue again what a crash left between commit and queue, see which tickets are due, and who waits for
    too long."""
    app.jobs.every_minute(Job.SWEEP)
    app.jobs.every_minute(Job.TICKETS)
    app.jobs.every_minute(Job.WATCH)
