"""What happens by the clock."""

from __future__ import annotations

from support_bot.assembly import App
from support_bot.queue import Job


def schedule(app: App) -> None:
    """Each minute: who waits for too long, which tickets are due, what a crash left between commit and queue, mail,
    notices to staff."""
    app.jobs.every_minute(Job.WATCH)
    app.jobs.every_minute(Job.TICKETS)
    app.jobs.every_minute(Job.SWEEP)
    app.jobs.every_minute(Job.MAIL)
    app.jobs.every_minute(Job.NOTICES)
    app.jobs.every_minute(Job.ERASE)
