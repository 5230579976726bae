"""What is done once, before a server answers: the schema, the folders, and what a kill left undone."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from opensession.errors import OpenSessionError, UsageError
from web import mail, spaces, teams
from web.server import Server

if TYPE_CHECKING:
    from web.settings import Settings

_LOG = logging.getLogger("opensession.web")


def prepare(settings: Settings) -> None:
    """Make everything ready for answering. Of many processes that start at once, one does it and the others wait.

    Raises:
        UsageError: The data folder cannot be written, the database does not answer, or SMTP_URL is none.
        OpenSessionError: The database is of a later version.
    """
    mail.mailer_of(settings)
    _make_folder(settings)
    server = opened(settings)
    try:
        # Teams that were made or removed by half.
        teams.sweep(server)
        # Sessions that came while nobody was there to index them: after a kill, or pushed past the server.
        spaces.repair(server)
    finally:
        server.close()


def opened(settings: Settings) -> Server:
    """The stores of a server, the database brought up to date.

    Raises:
        UsageError: The database does not answer.
        OpenSessionError: The database is of a later version.
    """
    server = Server(settings)
    try:
        _upgrade(server, settings)
    except BaseException:
        server.close()
        raise
    return server


def _make_folder(settings: Settings) -> None:
    folder = settings.data_dir
    try:
        # What is in it is everybody's: no other account of this machine may look.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        hint = "Set OPENSESSION_DATA_DIR to a folder that this account may write."
        raise UsageError(f"the data folder {folder} cannot be written: {error.strerror}", hint=hint) from error


def _upgrade(server: Server, settings: Settings) -> None:
    from alembic.util import CommandError  # noqa: PLC0415 - only a start needs it

    try:
        server.database.upgrade()
    except CommandError as error:
        hint = "Start the version that wrote it, or restore a backup from before."
        raise OpenSessionError("the database was written by a later version", hint=hint) from error
    except SQLAlchemyError as error:
        kind = "PostgreSQL" if settings.on_postgresql else "SQLite"
        hint = "Check DATABASE_URL, and that the database runs and takes this account."
        raise UsageError(f"the database ({kind}) does not answer: {type(error).__name__}", hint=hint) from error
