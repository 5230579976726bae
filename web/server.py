"""What the server works with, put together once for each process."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from gitstore.teams import Repositories
from opensession.index import open_index
from web.database import Database
from web.vault import Vault

if TYPE_CHECKING:
    from flask import Flask

    from opensession.index import Index
    from web.settings import Settings


class Server:
    """The settings, the stores and the services of one process.

    Attributes:
        settings: How it runs.
        database: People, teams and tokens.
        vault: What the secret is needed for.
    """

    def __init__(self, settings: Settings) -> None:
        """Take the settings; stores are opened when they are needed."""
        self.settings = settings
        self.database = Database(settings.database_url)
        self.vault = Vault(settings.secret)

    @cached_property
    def repositories(self) -> Repositories:
        """One bare repository for each space."""
        return Repositories(self.settings.data_dir / "repositories")

    @cached_property
    def index(self) -> Index:
        """What lists and searches are answered from; it can be made again from the repositories."""
        return open_index(self.settings.index_location)

    def close(self) -> None:
        """Let go of files and connections."""
        if "index" in self.__dict__:
            self.index.close()
        if "repositories" in self.__dict__:
            self.repositories.close()
        self.database.close()


def server_of(app: Flask) -> Server:
    """The server behind an application."""
    found: Server = app.extensions["opensession"]
    return found
