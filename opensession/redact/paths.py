r"""Home directories become ``~`` and the user's name in other paths becomes ``user``.

Works on the bytes of a JSON line, where a backslash stands at least twice; ``C:\Users\mira`` is
``C:\\Users\\mira`` there and ``Users\nick`` is a line break.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from opensession.redact.keywords import Edit
from opensession.redact.report import PATH, PATH_RULE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.redact.keywords import Look

_RANK = 30_000
_NAME = rb"[A-Za-z0-9_\x80-\xff](?:[A-Za-z0-9._\x80-\xff-]{0,40}[A-Za-z0-9_\x80-\xff])?"
_ENDS = rb"(?![A-Za-z0-9_\x80-\xff])"
_UNIX = re.compile(rb"/(?:Users|home)/(" + _NAME + rb")" + _ENDS)
_WINDOWS = re.compile(
    rb"(\\{2,8})(?:[Uu]sers|Documents and Settings)\1"
    rb"([^\\/:*?\"<>|\s]+(?: [^\\/:*?\"<>|\s]+){0,2}(?=\1)|[^\\/:*?\"<>|\s]+(?=\\*\"|[\s'`,;)/]|$))"
)
_SLUG = re.compile(rb"(?:projects/|-)(?:Users|home)-([A-Za-z0-9_]{1,40})")
_PERCENT = re.compile(rb"(?i)%(?:2F|5C)(?:Users|home)%(?:2F|5C)([A-Za-z0-9_.-]{1,40})")
_ABOVE = re.compile(
    rb"(?:(?:^|[^A-Za-z0-9]|\\[nrt])/(?:mnt/)?[a-z]|%[0-9A-Fa-f]{2}|/System/Volumes/Data|/private|/export|/var|/usr|/data|[A-Za-z]:|localhost"
    rb"|wsl\$[/\\]{1,8}\w{1,20})$"
)
_DRIVE = re.compile(rb"(?:(?<![A-Za-z])|(?<=\\[nrt]))[A-Za-z]:$")
_ESCAPE = re.compile(rb"(?<!\\)(?:\\\\)*\\(?:[nrtbf]|u[0-9a-f]{4})$")
_NESTED_ESCAPE = re.compile(rb"\\[nrt]$")
_OPENERS = frozenset(b"\"'` =(,[</")
_CAPITAL_U = 0x55
_SHARED = frozenset((b"Shared", b"Public", b"Default", b"All Users", b"linuxbrew", b"Guest"))
_COMMON = frozenset(("root", "user", "users", "home", "admin", "app", "ubuntu", "runner", "node", "dev", "test", "git"))
_COMMON |= {"www", "data", "code", "work", "vscode", "debian", "ec2-user"}


class Homes:
    """What to look for so that nobody's home directory or name leaves.

    Args:
        home: This user's home directory, or None when it is not known.
    """

    def __init__(self, home: str | None) -> None:
        self._home = home.rstrip("/\\") if home else ""
        name = re.split(r"[/\\]", self._home)[-1]
        self._user = name.encode() if len(name) >= 3 and name.lower() not in _COMMON else b""

    def looks(self) -> Iterator[tuple[bytes, Look]]:
        """Keywords and what to do at each."""
        yield from ((keyword, self._unix) for keyword in (b"/Users/", b"/home/"))
        yield from ((keyword, self._windows) for keyword in (b"\\Users\\", b"\\users\\", b"\\Documents and Settings\\"))
        yield from ((keyword, _slug) for keyword in (b"-Users-", b"-home-", b"projects/Users-", b"projects/home-"))
        yield from (
            (f"{bar}{place}{bar}".encode(), _percent)
            for place in ("Users", "home")
            for bar in ("%2F", "%2f", "%5C", "%5c")
        )
        if len(self._home) > 4 or self._home == "/root":
            yield from self._own()

    def _own(self) -> Iterator[tuple[bytes, Look]]:
        home = self._home.encode()
        if not re.fullmatch(r"(?:[A-Za-z]:)?[/\\](?:Users|home)[/\\][^/\\]+", self._home):
            for depth in range(3):
                yield home.replace(b"\\", b"\\\\" * 2**depth), _own_home
        yield quote(self._home, safe="").encode(), _own_home
        if self._user and self._home.count("/") > 1:
            slug = re.sub(rb"[^A-Za-z0-9]", b"-", home)
            yield slug, _replaced_by(slug[: -len(self._user)] + b"user")
        if self._user:
            yield b"/" + self._user, self._own_name
            yield b"\\" + self._user, self._own_name

    def _unix(self, data: bytes, start: int, _end: int) -> Edit | None:
        match = _UNIX.match(data, start)
        if match is None or match[1] in _SHARED:
            return None
        stop = match.end()
        # A route such as /home/settings is no folder: only what goes on below a name is certain.
        certain = data[stop : stop + 1] == b"/" or data[start + 1] == _CAPITAL_U or match[1] == self._user
        if start == 0 or data[start - 1] in _OPENERS:
            return Edit(start, stop, _RANK, PATH_RULE, PATH, b"~") if certain else None
        known = match[1] == self._user
        before = data[max(0, start - 40) : start]
        if _DRIVE.search(before):
            return _edit(start - 2, match.end(), b"~")
        if _is_top(before):
            return _edit(start, match.end(), b"~") if certain else None
        if known or _ABOVE.search(before):
            return _renamed(match.start(1), match.end(1), match[1])
        return None

    def _windows(self, data: bytes, start: int, _end: int) -> Edit | None:
        while start > 0 and data[start - 1] == 0x5C:
            start -= 1
        match = _WINDOWS.match(data, start)
        if match is None or match[2] in _SHARED:
            return None
        if _DRIVE.search(data[max(0, start - 6) : start]):
            return _edit(start - 2, match.end(), b"~")
        return _renamed(match.start(2), match.end(2), match[2])

    def _own_name(self, data: bytes, start: int, end: int) -> Edit | None:
        if data[start - 5 : start] in (b"/home", b"Users"):
            return None
        if _goes_on(data, end) or (data[start : start + 1] == b"\\" and not data[:start].endswith(b"\\")):
            return None
        word = re.split(rb"[\s\"'`(<\[]", data[max(0, start - 200) : start])[-1]
        # The owner of a repository is no folder: https://forge/mira/project, git@forge:mira/project.
        if (b"://" in word and not word.startswith(b"file:")) or b"@" in word or b"%3A" in word:
            return None
        return _renamed(start + 1, end, self._user)


def _own_home(data: bytes, start: int, end: int) -> Edit | None:
    if _goes_on(data, end) or not _is_top(data[max(0, start - 40) : start]):
        return None
    return _edit(start, end, b"~")


def _replaced_by(text: bytes) -> Look:
    def look(data: bytes, start: int, end: int) -> Edit | None:
        return None if data[end : end + 1].isalnum() or data[start:end] == text else _edit(start, end, text)

    return look


def _slug(data: bytes, start: int, _end: int) -> Edit | None:
    match = _SLUG.match(data, start)
    before = data[max(0, start - 2) : start]
    if match is None or match[1] == b"user":
        return None
    # Agents name a project's folder so; elsewhere "-home-page" is an option or a class of a style sheet.
    if (
        data[start : start + 1] == b"p"
        or before[-1:] in (b"/", b"\\", b'"', b"'", b"`")
        or (data[start : start + 2] == b"-U" and not before[-1:].isalnum())
    ):
        return _renamed(match.start(1), match.end(1), match[1])
    return _renamed(match.start(1), match.end(1), match[1]) if re.fullmatch(rb"[A-Z]-", before) else None


def _percent(data: bytes, start: int, _end: int) -> Edit | None:
    match = _PERCENT.match(data, start)
    return None if match is None else _renamed(match.start(1), match.end(1), match[1])


def _renamed(start: int, end: int, name: bytes) -> Edit | None:
    return None if name == b"user" else _edit(start, end, b"user")


def _edit(start: int, end: int, text: bytes) -> Edit:
    return Edit(start, end, _RANK, PATH_RULE, PATH, text)


def _goes_on(data: bytes, end: int) -> bool:
    following = data[end : end + 2]
    return (
        following[:1].isalnum() or following[:1] in (b"_", b"-") or (following[:1] == b"." and following[1:].isalnum())
    )


def _is_top(before: bytes) -> bool:
    """Nothing of a path stands before: a word, a dot or ``~`` would make it a folder somewhere below."""
    last = before[-1:]
    if not (last.isalnum() or last in (b"_", b".", b"~", b"-", b"}", b"$", b"*")) and not last > b"\x7f":
        return True
    return bool(_ESCAPE.search(before) or _NESTED_ESCAPE.search(before)) or before.endswith(b"-I")
