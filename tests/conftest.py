"""Every test runs in a sealed home, with a pinned git identity and no network but loopback."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

from tests.postgresql import PostgreSQL

if TYPE_CHECKING:
    from collections.abc import Iterator

# Machines that run tests differ tenfold in speed: a property is about what, never about how fast.
settings.register_profile("calm", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("calm")

_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT", "PYTHONHASHSEED")


def sealed_environment(home: Path) -> dict[str, str]:
    """An environment in which nothing of the real user can be read or written."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    pytest_own = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
    return {
        **kept,
        **pytest_own,
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local/share"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "OPENSESSION_KEYRING": "off",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CEILING_DIRECTORIES": str(home.parent),
        "GIT_TERMINAL_PROMPT": "0",
        "TZ": "UTC",
        "COLUMNS": "100",
    }


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The sealed home folder of this test."""
    folder = tmp_path_factory.mktemp("home")
    (folder / ".gitconfig").write_text(
        "[user]\n\tname = Ada Tester\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n"
        '[gc]\n\tauto = 0\n[protocol "file"]\n\tallow = always\n'
    )
    # What is kept must be read before it is taken away.
    sealed = sealed_environment(folder)
    for name in list(os.environ):
        monkeypatch.delenv(name, raising=False)
    for name, value in sealed.items():
        monkeypatch.setenv(name, value)
    return folder


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection that would leave the machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server; ``postgresql.database()`` gives the address of a fresh database."""
    server = PostgreSQL()
    yield server
    server.stop()


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> str:
    """The address of a fresh, empty PostgreSQL database."""
    return postgresql.database()
