"""What was sent to a server before, so that a rerun need not read and send it again.

One small file for each server and key in the user's data folder: derived, deletable, not asked with ``--again``. A
stamp holds as long as nothing of what made the session has changed: the file, the readers, the rules, the user's and
the repository's settings.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import files, places
from opensession.agents import AGENTS
from opensession.config import load
from opensession.errors import ConfigError, OpenSessionError
from opensession.redact import RULES_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opensession.agent import Machine
    from opensession.candidates import Candidate
    from opensession.credentials import Account

_BESIDE = "-wal"
"""Ending of the file in which SQLite keeps what is not in the database yet."""

_MOST_PARTS = 10_000
"""Files of one session that are looked at."""


class Stamp(msgspec.Struct):
    """One candidate that is on the server.

    Attributes:
        mark: Size and times of its files.
        settings: The repositories its sessions took place in, with a digest of what is wanted there.
    """

    mark: str
    settings: dict[str, str]


class _Book(msgspec.Struct):
    """The file: stamps that readers and rules of these versions made."""

    versions: str
    stamps: dict[str, Stamp]


class Stamps:
    """The stamps of one server and key."""

    def __init__(self, machine: Machine, account: Account) -> None:
        self._account = account
        self._versions = _versions()
        self._digests: dict[str, str | None] = {}
        whose = _digest([account.url, hashlib.sha256(account.key.encode()).hexdigest()])
        self._path = places.data(machine) / "opensession" / "uploads" / f"{whose}.json"
        self._stamps = self._read()
        self._changed = False

    def holds(self, candidate: Candidate) -> bool:
        """Whether all that is in a candidate was sent as it is now."""
        stamp = self._stamps.get(_key(candidate))
        if stamp is None or stamp.mark != mark_of(candidate):
            return False
        return all(self._settings(place) == digest for place, digest in stamp.settings.items())

    def add(self, candidate: Candidate, mark: str, repositories: Iterable[str]) -> None:
        """Remember that a candidate was sent.

        Args:
            candidate: The candidate.
            mark: What ``mark_of`` said before it was read.
            repositories: Where its sessions took place; an empty string for outside of any.
        """
        settings = {place: self._settings(place) for place in repositories}
        if mark and None not in settings.values():
            self._stamps[_key(candidate)] = Stamp(mark, {name: digest or "" for name, digest in settings.items()})
            self._changed = True

    def save(self) -> None:
        """Write them down; where that cannot be, the next run sends again."""
        if not self._changed:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            files.write(self._path, msgspec.json.encode(_Book(self._versions, self._stamps)), mode=0o600)
        except (OSError, OpenSessionError):
            return
        self._changed = False

    def _read(self) -> dict[str, Stamp]:
        try:
            book = msgspec.json.decode(self._path.read_bytes(), type=_Book)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return book.stamps if book.versions == self._versions else {}

    def _settings(self, place: str) -> str | None:
        """A digest of what is wanted of sessions of a repository; None when that cannot be told."""
        if place not in self._digests:
            try:
                config = load(Path(place) if place else None)
            except ConfigError:
                self._digests[place] = None
            else:
                team = self._account.team_for(config.repository_team)
                self._digests[place] = _digest([team, msgspec.to_builtins(config.privacy)])
        return self._digests[place]


def mark_of(candidate: Candidate) -> str:
    """Size and times of all files of a candidate; an empty string when it lies in none."""
    if candidate.path is None or candidate.source is not None:
        return ""
    if candidate.keys:
        # Sessions of a database have times of their own, whatever becomes of the others.
        return _digest([candidate.modified])
    facts: list[Any] = [candidate.modified]
    try:
        for part in (candidate.path, *_parts(candidate.path)):
            status = part.stat()
            facts += [status.st_size, status.st_mtime_ns]
    except OSError:
        return ""
    return _digest(facts)


def _parts(path: Path) -> Iterable[Path]:
    """Files beside a session's that are a part of it: those in the folder of its name."""
    found: list[Path] = []
    for top, names, inside in os.walk(path.with_suffix("")):
        names.sort()
        found += [Path(top, name) for name in sorted(inside)]
        if len(found) > _MOST_PARTS:
            break
    log = path.with_name(path.name + _BESIDE)
    return [*found, log] if log.is_file() else found


def _key(candidate: Candidate) -> str:
    return candidate.name if candidate.keys is None else f"{candidate.name}#{_digest(sorted(candidate.keys))}"


def _versions() -> str:
    return _digest([RULES_VERSION, *((entry.name, entry.load().READER) for entry in AGENTS)])


def _digest(value: Any) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()[:32]
