"""Which server, which key, which team: from flags, environment, configuration and the system's keyring, in this order.

A key that is kept for one server is never sent to another: the one in config.toml goes with ``server.url`` there, and
keyrings keep a key for each server.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

import msgspec

from opensession import addresses
from opensession.config import API_KEY, SERVER, Config
from opensession.config import Server as Stated
from opensession.errors import AuthenticationError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

PERSONAL = "personal"
"""What the contract calls somebody's own space."""

SERVICE = "opensession"
"""What keyrings file our keys under; the user name is the address of the server."""

IN_FLAG, IN_ENVIRONMENT, IN_FILE, IN_KEYRING = "command line", "environment", "config.toml", "keyring"

_NOT_REAL = ("keyring.backends.fail", "keyring.backends.null", "keyrings.alt")
"""Backends that keep nothing, or keep it for everyone to read."""

_GOOD_ENOUGH = 1
"""What keyring calls the least priority of a backend that is recommended."""

_PATIENCE, _PATIENCE_WITH_PEOPLE = 5.0, 60.0
"""Seconds for a keyring to answer: alone, and where somebody may have to type its password."""


class Account(msgspec.Struct, frozen=True):
    """Where sessions go, and who brings them.

    Attributes:
        url: The server, without a slash at its end.
        key: The key, or an empty string.
        key_from: Where the key is kept.
        url_from: Where the address was stated.
        chosen_team: The team that a flag or the environment names.
        default_team: The team that the user's file names.
        allow_http: Whether plain http may be used to reach it.
    """

    url: str
    key: str = ""
    key_from: str = ""
    url_from: str = ""
    chosen_team: str = ""
    default_team: str = ""
    allow_http: bool = False

    def __repr__(self) -> str:
        """All but the key, which is to be in no log and no traceback."""
        return f"Account(url={self.url!r}, key={masked(self.key)!r}, key_from={self.key_from!r})"

    def team_for(self, repository_team: str) -> str:
        """The team of a session, by the file of its repository; an empty string is the personal space."""
        team = self.chosen_team or repository_team or self.default_team
        return "" if team == PERSONAL else team

    def with_key(self) -> Account:
        """The same.

        Raises:
            AuthenticationError: There is no key for this server.
        """
        if not self.key:
            hint = f"Set it with `opensession account config --api-key -`, or in {API_KEY}."
            raise AuthenticationError(f"there is no API key for {self.url}", hint=hint)
        return self


class Keyring:
    """The system's keyring, where there is a real one; it never makes a command wait for ever."""

    def __init__(self, *, allowed: bool, patience: float | None = None) -> None:
        self._allowed = allowed
        with_people = sys.stdin.isatty() and sys.stderr.isatty()
        self._patience = patience or (_PATIENCE_WITH_PEOPLE if with_people else _PATIENCE)

    def get(self, url: str) -> str:
        """The key for a server; an empty string when it keeps none.

        Raises:
            AuthenticationError: It is locked, or does not answer.
        """
        found = self._ask(lambda backend: backend.get_password(SERVICE, url))
        return found if isinstance(found, str) else ""

    def keep(self, url: str, key: str) -> bool:
        """Keep a key for a server; false when there is no keyring.

        Raises:
            AuthenticationError: It is locked, or does not answer.
        """

        def kept(backend: Any) -> bool:
            backend.set_password(SERVICE, url, key)
            return True

        return bool(self._ask(kept))

    def forget(self, url: str) -> bool:
        """Keep the key no longer; whether there was one.

        Raises:
            AuthenticationError: It is locked, or does not answer.
        """

        def forgotten(backend: Any) -> bool:
            if backend.get_password(SERVICE, url) is None:
                return False
            backend.delete_password(SERVICE, url)
            return True

        return bool(self._ask(forgotten))

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        """Ask in a thread of its own: a keyring that waits for its password cannot be interrupted."""
        if not self._allowed:
            return None
        answers: list[Any] = []
        failures: list[Exception] = []

        def ask() -> None:
            try:
                backend = _real_backend()
                answers.append(None if backend is None else question(backend))
            except Exception as error:
                # Backends are plug-ins, and raise what they like.
                failures.append(error)

        thread = threading.Thread(target=ask, daemon=True)
        thread.start()
        thread.join(self._patience)
        if answers:
            return answers[0]
        problem = f"failed ({type(failures[0]).__name__})" if failures else "does not answer"
        hint = f"Unlock it, or set {API_KEY}; with OPENSESSION_KEYRING=off the key is kept in config.toml instead."
        raise AuthenticationError(f"the system's keyring {problem}", hint=hint)


def account(config: Config, flags: Stated, *, with_key: bool = True) -> Account:
    """The account that sessions are uploaded with.

    Args:
        config: The user's configuration.
        flags: What the command line says.
        with_key: Whether a key is sought; without one no keyring is asked.

    Raises:
        UsageError: No server is named, or its address is none.
        AuthenticationError: The keyring is asked, and locked.
    """
    environment, file = config.environment, config.server
    stated = ((flags.url, IN_FLAG), (environment.url, IN_ENVIRONMENT), (file.url, IN_FILE))
    url, url_from = next(((value, where) for value, where in stated if value), ("", ""))
    if not url:
        raise no_server()
    # Who allows plain http in the file means the server in the file.
    allow_http = flags.allow_http or environment.allow_http or (file.allow_http and _is_of_file(url, file))
    url = addresses.server(url, allow_http=allow_http)
    key, key_from = _key(config, flags, url) if with_key else ("", "")
    return Account(
        url, key, key_from, url_from, flags.team_id or environment.team_id, file.team_id, allow_http=allow_http
    )


def no_server() -> UsageError:
    """The error for a command that needs a server, and knows none."""
    hint = (
        "Add --git to store them in a repository, or name a server: "
        f"`opensession account config --server URL --api-key -` ({SERVER} works too)."
    )
    return UsageError("where should the sessions go? No server is configured", hint=hint)


def checked_key(text: str) -> str:
    """A key as it may stand in a header.

    Raises:
        UsageError: It cannot be one; it is not repeated.
    """
    key = text.strip()
    if not key.isascii() or not key.isprintable() or " " in key:
        raise UsageError("the API key holds characters that no key has", hint="Copy it again from the server.")
    return key


def masked(key: str) -> str:
    """A key for people to tell apart: its kind and its last characters."""
    if len(key) < 16:
        return "..." if key else ""
    kind = key[:4] if key.startswith("osk_") else ""
    return f"{kind}...{key[-4:]}"


def plain_http_note(account: Account) -> str:
    """What to say of a connection that anyone on the way can read; an empty string for any other."""
    if not addresses.is_in_the_open(account.url):
        return ""
    return f"note: {account.url} is plain http: key and sessions can be read on the way"


def stated_key(config: Config, url: str) -> tuple[str, str]:
    """The key that environment or file state for a server, and where; both are empty when they state none."""
    if config.environment.api_key:
        return checked_key(config.environment.api_key), IN_ENVIRONMENT
    if config.server.api_key and _is_of_file(url, config.server):
        return checked_key(config.server.api_key), IN_FILE
    return "", ""


def _key(config: Config, flags: Stated, url: str) -> tuple[str, str]:
    if flags.api_key:
        return checked_key(flags.api_key), IN_FLAG
    stated = stated_key(config, url)
    if stated[0]:
        return stated
    found = Keyring(allowed=config.keyring).get(url)
    return (checked_key(found), IN_KEYRING) if found else ("", "")


def _is_of_file(url: str, file: Stated) -> bool:
    return not file.url or addresses.is_same_place(url, file.url)


def _real_backend() -> Any:
    """The keyring to use, or None: never one that keeps nothing, or keeps it in the open."""
    import keyring  # noqa: PLC0415 - slow, and needed only where no key is found elsewhere

    backend = keyring.get_keyring()
    for candidate in getattr(backend, "backends", None) or [backend]:
        if not type(candidate).__module__.startswith(_NOT_REAL) and candidate.priority >= _GOOD_ENOUGH:
            return candidate
    return None
