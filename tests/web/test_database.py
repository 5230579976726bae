"""The schema: made at a start, by one of many processes, in both databases, and the same as the models say."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import IntegrityError

from web.database import Database
from web.models import Base, User

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'people.db'}"
    address: str = request.getfixturevalue("postgresql_url")
    return address.replace("postgresql://", "postgresql+psycopg://", 1)


def test_the_migrations_make_what_the_models_say(url: str) -> None:
    database = Database(url)
    assert not database.is_current()

    database.upgrade()

    assert database.is_current()
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()


def test_many_processes_start_at_once(url: str) -> None:
    code = "import sys; from web.database import Database; Database(sys.argv[1]).upgrade()"
    started = [subprocess.Popen([sys.executable, "-c", code, url]) for _ in range(6)]

    assert [process.wait() for process in started] == [0] * 6
    database = Database(url)
    assert database.is_current()
    database.close()


def test_a_failed_transaction_leaves_nothing(url: str) -> None:
    database = Database(url)
    database.upgrade()

    def twice() -> None:
        with database.writing() as people:
            people.add(User(nickname="ada"))
            people.flush()
            people.add(User(nickname="ada"))

    with pytest.raises(IntegrityError):
        twice()

    with database.reading() as people:
        assert people.query(User).count() == 0
    database.close()


_VICTIM = """
import os, signal, sys
from alembic import op
from web.database import Database
left, make = [int(sys.argv[2])], op.create_table

def create_table(*words, **options):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return make(*words, **options)

op.create_table = create_table
Database(sys.argv[1]).upgrade()
"""


@pytest.mark.parametrize("at", [1, 4, 9])
def test_a_killed_upgrade_is_done_by_the_next_start(url: str, at: int) -> None:
    killed = subprocess.run([sys.executable, "-c", _VICTIM, url, str(at)], check=False)
    assert killed.returncode == -signal.SIGKILL
    database = Database(url)
    assert not database.is_current()

    database.upgrade()

    assert database.is_current()
    with database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    database.close()
