"""Run migrations on the engine that the caller gives (`support_bot.storage.migrations`), or on the one set."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Engine, text

from support_bot.models import Base
from support_bot.settings import Settings
from support_bot.storage.database import Database

# One number for all that migrate this database at once, on whatever machine; whoever comes second waits this long.
_LOCK = 7_270_001
_PATIENCE = "10min"


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """The keyword indexes, the shadow tables that SQLite makes for them, and the job queue's are none of our mapped
    tables."""
    return not (type_ == "table" and (name or "").startswith(("chunk_fts", "conversation_fts", "huey_")))


engine: Engine = context.config.attributes.get("engine") or Database(Settings().effective_database_url).engine
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT set_config('lock_timeout', :patience, true)"), {"patience": _PATIENCE})
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        context.run_migrations()
    connection.commit()
