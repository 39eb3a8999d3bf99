"""What each job does: one service call. Knows nothing of when it runs."""

from __future__ import annotations

from collections.abc import Callable

from support_bot.assembly import App, Worker
from support_bot.jobs.forgetting import Forgetting
from support_bot.queue import Job


def register(app: App) -> None:
    """Tell the queue who does which job; call it once, before the app starts."""
    app.jobs.handle(Job.PROCESS_DOCUMENT, _counted(app, Job.PROCESS_DOCUMENT, app.knowledge.process))
    app.jobs.handle(Job.SWEEP, _counted(app, Job.SWEEP, lambda _row_id: _sweep(app)))
    app.jobs.handle(Job.TICKETS, _counted(app, Job.TICKETS, lambda _row_id: app.desk.clock.tick()))
    app.jobs.handle(Job.WATCH, _counted(app, Job.WATCH, lambda _row_id: _watch(app)))
    app.jobs.handle(Job.MAIL, _counted(app, Job.MAIL, lambda _row_id: app.desk.mail.exchange()))
    app.jobs.handle(Job.NOTICES, _counted(app, Job.NOTICES, lambda _row_id: app.desk.notice_sender.exchange()))
    forgetting = Forgetting(app)
    app.jobs.handle(Job.ERASE, _counted(app, Job.ERASE, lambda _row_id: forgetting.go_on()))


def _counted(app: App, job: Job, handler: Callable[[int], None]) -> Callable[[int], None]:
    def run(row_id: int) -> None:
        try:
            handler(row_id)
        except BaseException:
            app.metrics.jobs.labels(job.value, "failed").inc()
            raise
        app.metrics.jobs.labels(job.value, "done").inc()

    return run


def register_worker(worker: Worker) -> None:
    """The jobs of a worker: articles alone. Turns belong to the servers, which sweep for themselves."""
    worker.jobs.handle(Job.PROCESS_DOCUMENT, worker.knowledge.process)


def _watch(app: App) -> None:
    app.desk.watch.look()


def _sweep(app: App) -> None:
    app.knowledge.mend_index()
    app.knowledge.requeue_pending()
    app.chat.sweep()
    app.knowledge.complete_index()
    app.desk.similar.sweep()
    app.tickets.index_lacking()
