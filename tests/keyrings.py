"""Keyrings for tests: PYTHON_KEYRING_BACKEND names one of these, and no real one is ever touched."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class InAFile(KeyringBackend):
    """A real one, as far as its users see: what it keeps is a file in the sealed home."""

    priority: float = 5

    def get_password(self, service: str, username: str) -> str | None:
        found: str | None = self._read().get(f"{service} {username}")
        return found

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps({**self._read(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        kept = {name: value for name, value in self._read().items() if name != f"{service} {username}"}
        self._path.write_text(json.dumps(kept))

    @property
    def _path(self) -> Path:
        return Path.home() / "keyring.json"

    def _read(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}


class Plaintext(InAFile):
    """One that is not worth its name."""

    priority = 0.5


class Locked(InAFile):
    """One that nobody opened."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("osk_should_never_be_seen")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringLocked(password)


class Hanging(InAFile):
    """One that waits for a password which nobody types."""

    def get_password(self, service: str, username: str) -> str | None:
        threading.Event().wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        threading.Event().wait()
