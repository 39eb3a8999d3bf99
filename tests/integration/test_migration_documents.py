"""Documents of a database made before their language was known keep every chunk through the upgrade and back."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from sqlalchemy import Connection, text

from support_bot.storage.database import Database
from support_bot.storage.migrations import configuration

BEFORE, AFTER = "0002", "0003"


def chunks(connection: Connection) -> int:
    return int(connection.execute(text("SELECT count(*) FROM chunk")).scalar_one())


def test_no_chunk_is_lost_by_the_upgrade_or_by_undoing_it(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'old.db'}")
    command.upgrade(configuration(db.engine), BEFORE)
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO document (name, title, audience, status, reason, version, created_at, updated_at) "
                "VALUES ('a.md', 'A', 'public', 'ready', '', 1, '2026-01-01', '2026-01-01')"
            )
        )
        connection.execute(
            text(
                'INSERT INTO chunk (document_id, version, position, text, start, "end", heading_path) '
                "VALUES (1, 1, 0, 'words', 0, 5, '[]')"
            )
        )
    command.upgrade(configuration(db.engine), AFTER)
    with db.engine.begin() as connection:
        told = connection.execute(text("SELECT language, fingerprint, near_copy_of FROM document")).one()
        assert (tuple(told), chunks(connection)) == (("", "", None), 1)
    command.downgrade(configuration(db.engine), BEFORE)
    with db.engine.begin() as connection:
        assert chunks(connection) == 1
    db.close()
