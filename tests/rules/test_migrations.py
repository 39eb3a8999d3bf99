"""Migrations lead to exactly the models, from nothing and back, in one line."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect

from support_bot.storage.database import Database
from support_bot.storage.migrations import configuration, current_revision, downgrade, head_revision, upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'rules.db'}"
    else:
        url = request.getfixturevalue("empty_postgres_url")
    with closing(Database(url)) as database:
        yield database.engine


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(configuration()).get_heads()) == 1


def test_the_newest_schema_is_what_the_models_say(engine: Engine) -> None:
    upgrade(engine)
    assert current_revision(engine) == head_revision()
    command.check(configuration(engine))


def test_every_migration_can_be_undone_and_done_again(engine: Engine) -> None:
    upgrade(engine)
    tables = set(inspect(engine).get_table_names())
    downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    upgrade(engine)
    assert set(inspect(engine).get_table_names()) == tables
