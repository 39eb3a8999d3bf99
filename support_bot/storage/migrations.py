"""Bring a database to the newest schema with Alembic. Finds the migrations in a checkout or in an installed wheel."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from support_bot.errors import Conflict

_PACKAGE = Path(__file__).resolve().parent.parent


def migrations_folder() -> Path:
    """`_data/migrations` of an installed package, else `migrations/` of the checkout."""
    installed = _PACKAGE / "_data" / "migrations"
    return installed if installed.is_dir() else _PACKAGE.parent / "migrations"


def configuration(engine: Engine | None = None) -> Config:
    """Alembic's configuration; with an engine, its commands run on that database."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    config.attributes["engine"] = engine
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the database up to a revision. Raises Conflict where a newer version of the product has made it."""
    if not is_known(current := current_revision(engine)):
        raise Conflict(
            f"The database was made by a newer version of the product (schema {current}): install that version, "
            "or restore a backup of this one."
        )
    command.upgrade(configuration(engine), revision)


def downgrade(engine: Engine, revision: str) -> None:
    command.downgrade(configuration(engine), revision)


def current_revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return revision_of(connection)


def revision_of(connection: Connection) -> str | None:
    """The revision of the database behind a connection; None without our tables."""
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str | None) -> bool:
    """Whether this code has the migration; a database of a newer version has one that it lacks."""
    known = {script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions()}
    return revision is None or revision in known


def head_revision() -> str | None:
    return ScriptDirectory.from_config(configuration()).get_current_head()
