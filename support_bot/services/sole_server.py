"""Refuse to serve where another server would not see what this one stores."""

from __future__ import annotations

import time

from support_bot.errors import DataFolderInUse
from support_bot.settings import Settings
from support_bot.storage.database import Database

GONE_S = 5.0


def require_own_vectors(settings: Settings, db: Database) -> None:
    """Raise DataFolderInUse where another server would not see the vectors that this one keeps in a folder.

    One that was killed a moment ago takes as long to vanish from the database."""
    deadline = time.monotonic() + GONE_S
    while not settings.chroma_url and db.others_serve():
        if time.monotonic() > deadline:
            raise DataFolderInUse(
                "Another server works on this database, and each would keep vectors of its own. Stop it, or let both "
                "use a Chroma server: set SUPPORT_BOT_CHROMA_URL."
            )
        time.sleep(0.2)
