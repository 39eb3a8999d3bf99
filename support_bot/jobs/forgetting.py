"""What is erased by the clock: conversations that grew old, what a cut-off erasure left, and training data."""

from __future__ import annotations

import logging

from support_bot.assembly import App
from support_bot.distillation.forget import forget

_log = logging.getLogger(__name__)


class Forgetting:
    """Goes on each minute; runs of this machine are looked through once after each erasure, wherever that was made."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._seen = -1

    def go_on(self) -> None:
        erasure = self._app.desk.erasure
        if self._seen < 0:
            erasure.apply_again()
        erasure.finish()
        erasure.erase_old()
        if (count := erasure.count()) == max(self._seen, 0):
            self._seen = count
            return
        runs = forget(self._app.settings.data_dir, erasure.gone)
        for run in runs:
            _log.warning("%s learnt from somebody who was erased; make it anew: %s", run.folder, run.command)
        if not any(run.busy for run in runs):  # else it is tried again
            self._seen = count
