"""Addresses: which one a server may have, and what of a git remote may be told."""

from __future__ import annotations

import ipaddress
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from opensession.errors import UsageError

_EXAMPLE = "Write it like https://sessions.example.org."
_PORTS = {"http": 80, "https": 443}
_REMOTE_SCHEMES = frozenset({"http", "https", "ssh", "git", "git+ssh", "ssh+git"})


class Remote(NamedTuple):
    """A git remote as strangers may see it.

    Attributes:
        url: Its address without name, password and query; an empty string when it is a place on this machine.
        name: Owner and name of the repository, or an empty string.
    """

    url: str
    name: str


def server(text: str, *, allow_http: bool = False) -> str:
    """The address of a team server, without a slash at its end.

    Args:
        text: What the user wrote; a path is fine, for servers behind a proxy.
        allow_http: Whether plain http may go to another machine.

    Raises:
        UsageError: It is no such address; what the user wrote is not repeated where it could hold a password.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError("the address of the server is no URL", hint=_EXAMPLE) from error
    if parts.scheme not in _PORTS or not host or not text.isprintable() or " " in text:
        raise UsageError("the address of the server is no http or https URL", hint=_EXAMPLE)
    if parts.username is not None or parts.password is not None:
        hint = "The key goes into `opensession account config --api-key -`."
        raise UsageError("the address of the server must hold no name and no password", hint=hint)
    if parts.query or parts.fragment:
        raise UsageError("the address of the server must end before ? and #", hint=_EXAMPLE)
    if parts.scheme == "http" and not allow_http and not is_loopback(host):
        hint = "Use https, or allow it with `opensession account config --allow-http` (OPENSESSION_ALLOW_HTTP=1)."
        raise UsageError(f"plain http to {host} would show the key to everyone on the way", hint=hint)
    where = _host(host) if port is None or port == _PORTS[parts.scheme] else f"{_host(host)}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def is_same_place(one: str, other: str) -> bool:
    """Whether two addresses of servers lead to the same host and port: the key of one may go to the other."""
    return _place(one) is not None and _place(one) == _place(other)


def is_in_the_open(url: str) -> bool:
    """Whether what goes to a server can be read on the way."""
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_loopback(parts.hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def remote(text: str) -> Remote:
    """A git remote as strangers may see it: nothing that opens a door, and no path of this machine."""
    if "://" not in text:
        return _scp_like(text)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        return Remote("", "")
    if parts.scheme not in _REMOTE_SCHEMES or not host:
        return Remote("", "")
    return Remote(
        f"{parts.scheme}://{_user(parts)}{_host(host)}{f':{port}' if port else ''}{parts.path}", _name(parts.path)
    )


def _scp_like(text: str) -> Remote:
    """``git@host:owner/name.git``, git's short form of ssh; other colons are of a path, a drive or a helper."""
    place, colon, path = text.partition(":")
    host = place.rpartition("@")[2]
    if not colon or "/" in place or "\\" in path or path.startswith(":") or len(host) < 2 or not text.isprintable():
        return Remote("", "")
    return Remote(f"{place}:{path}", _name(path))


def _user(parts: SplitResult) -> str:
    """The name in front of the host where it is a part of the address, as in ssh; over http it may be a token."""
    return f"{parts.username}@" if parts.username and "ssh" in parts.scheme else ""


def _name(path: str) -> str:
    return "/".join(path.rstrip("/").removesuffix(".git").strip("/").split("/")[-2:])


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _place(text: str) -> tuple[str, int] | None:
    try:
        parts = urlsplit(text.strip())
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname else None
