"""Run migrations on the engine that the caller gives (`support_bot.storage.migrations`), or on the one set."""

from __future__ import annotations

from typing import Any

from alembic import context
from sqlalchemy import Engine, create_engine

from support_bot.models import Base
from support_bot.settings import Settings


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """The keyword index (and the shadow tables that SQLite makes for it) is not one of our mapped tables."""
    return not (type_ == "table" and (name or "").startswith("chunk_fts"))


engine: Engine = context.config.attributes.get("engine") or create_engine(Settings().effective_database_url)
with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_name=include_name,
        render_as_batch=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
