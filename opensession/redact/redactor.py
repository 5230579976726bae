"""The gate's blade: takes secrets, home directories and excluded files out of sessions, events and text.

Everything happens on the bytes of the JSON line that an event is going to be anyway: one pass of the automaton over
them finds nothing in most events, and then nothing more is done. A line that had a secret is looked at again until
nothing is found any more, so that redacting twice changes nothing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession.hail.events import Event
from opensession.redact import splice, wire
from opensession.redact.excluded import RULE as EXCLUDED
from opensession.redact.excluded import Excluded
from opensession.redact.keywords import Edit, Keywords, rule_looks
from opensession.redact.paths import Homes
from opensession.redact.report import PATH, Finding, Report
from opensession.redact.rule import LIKELY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from opensession.config import Privacy
    from opensession.hail.session import Session
    from opensession.redact.keywords import Look

MARK = b"[REDACTED:"
MAX_ROUNDS = 16
"""A line needs two rounds; one that still isn't clean after these was made to keep us busy."""
SWEPT = range(8, 513)
"""Lengths of secrets that are also taken out where nothing around gives them away, in bytes."""

_ENV_RULE = "env-value"
_ENV_RANK = 20_000
_JSON = msgspec.json.Encoder()
_MARKS = re.compile(r"(\[REDACTED:[a-z0-9-]{1,64}\])")


class _Own(NamedTuple):
    """A user's rule, ready."""

    id: str
    pattern: re.Pattern[str]


class Redactor:
    """Redaction as one user has configured it.

    Args:
        privacy: Switches, excluded files, own rules and allowed values.
        home: The user's home directory, for ``strip_paths``.
        env_values: What ``strip_env_vars`` takes out (``envfile.env_values``).
    """

    def __init__(
        self, privacy: Privacy | None = None, *, home: str | None = None, env_values: Iterable[str] = ()
    ) -> None:
        homes = Homes(home) if privacy is None or privacy.strip_paths else None
        values = tuple(env_values) if privacy is None or privacy.strip_env_vars else ()
        self._keywords = _keywords(homes, home, values)
        self._excluded = Excluded(privacy.exclude_patterns if privacy else ())
        self._excludes = bool(self._excluded)
        self._own = tuple(_Own(rule.id, re.compile(rule.pattern)) for rule in privacy.rules) if privacy else ()
        self._allowed = _allowed(privacy.allow if privacy else ())

    def session(self, session: Session) -> Report:
        """Take out of a session, in place, what must not leave: header and every event.

        What was found anywhere is then taken out everywhere, also where nothing around it gives it away.

        Returns:
            Counts by rule.
        """
        report, found = Report(), dict[bytes, Edit]()
        self._excluded.clear()
        self._redact(session, report, found)
        for event in session.events:
            self._exclude(event, report)
            self._redact(event, report, found)
        if found:
            literals = Keywords((value, _Literal(value, edit)) for value, edit in found.items())
            _sweep(session, literals, report)
            for event in session.events:
                _sweep(event, literals, report)
        return report

    def event(self, event: Event, report: Report | None = None) -> Report:
        """Take out of one event, in place, what must not leave; what it holds decides alone.

        Only the results of calls that read an excluded file depend on an earlier event.

        Args:
            event: The event.
            report: Counts to add to.
        """
        report = report if report is not None else Report()
        self._exclude(event, report)
        self._redact(event, report, {})
        return report

    def text(self, text: str) -> tuple[str, dict[str, int]]:
        """A text without what must not leave, and the counts by rule."""
        report = Report()
        line = _JSON.encode(text.encode("utf-8", errors="replace").decode())
        clean = self._clean(line, report, {})
        return (text if clean is line else msgspec.json.decode(clean, type=str)), report.counts

    def scan(self, data: bytes | str) -> list[Finding]:
        """Where secrets stand in bytes as they are, such as stored lines; home directories are none.

        Args:
            data: UTF-8 text. Of a ``str``, places are counted in the bytes of its UTF-8 form.
        """
        raw = data.encode("utf-8", errors="replace") if isinstance(data, str) else data
        secrets = (edit for edit in self._edits(raw) if edit.severity != PATH)
        return [Finding(edit.rule_id, edit.severity, edit.start, edit.end) for edit in splice.chosen(secrets, raw)]

    def _exclude(self, event: Event, report: Report) -> None:
        if self._excludes and self._excluded.apply(event):
            report.note(EXCLUDED, LIKELY)

    def _redact(self, subject: Event | Session, report: Report, found: dict[bytes, Edit]) -> None:
        line = _bytes(subject)
        clean = self._clean(line, report, found)
        if clean is not line:
            _put(clean, subject, line, lambda text: self.text(text)[0])

    def _clean(self, line: bytes, report: Report, found: dict[bytes, Edit]) -> bytes:
        """The line without what must not leave; the very same object when there is nothing."""
        if self._own:
            line = self._by_own_rules(line, report)
        for _ in range(MAX_ROUNDS):
            edits = self._edits(line)
            if not edits or not (edits := splice.chosen(edits, line)):
                break
            secrets = {line[edit.start : edit.end]: edit for edit in edits if edit.severity != PATH}
            line = splice.applied(edits, line)
            if not secrets:
                report.paths(len(edits))
                break
            for edit in edits:
                report.note(edit.rule_id, edit.severity)
            known = {value: edit for value, edit in secrets.items() if len(value) in SWEPT and MARK not in value}
            found.update(known)
            line = _swept(line, known, report)
        return line

    def _edits(self, line: bytes) -> list[Edit]:
        edits = self._keywords.edits(line)
        if self._allowed is None or not edits:
            return edits
        allowed = self._allowed
        return [
            edit
            for edit in edits
            if edit.severity == PATH or not allowed.fullmatch(_plain(line[edit.start : edit.end]))
        ]

    def _by_own_rules(self, line: bytes, report: Report) -> bytes:
        def change(text: str) -> str:
            for own in self._own:
                # What a rule has hidden is no text any more: a mark is never hidden again.
                pieces = _MARKS.split(text)
                for place in range(0, len(pieces), 2):
                    pieces[place], count = own.pattern.subn(f"[REDACTED:{own.id}]", pieces[place])
                    for _ in range(count):
                        report.note(own.id, LIKELY)
                text = "".join(pieces)
            return text

        return wire.each_string(line, change)


def _bytes(subject: Event | Session) -> bytes:
    return wire.event_bytes(subject) if isinstance(subject, Event) else wire.head_bytes(subject)


def _put(clean: bytes, subject: Event | Session, line: bytes, change: Callable[[str], str]) -> None:
    """Give an event or session what its bytes have become.

    Bytes that were no string may have looked like a secret, such as a number; then each string is changed by itself.
    """
    into: Callable[[bytes, Any], None] = wire.into_event if isinstance(subject, Event) else wire.into_head
    try:
        into(clean, subject)
    except msgspec.DecodeError:
        into(wire.each_string(line, change), subject)


def _sweep(subject: Event | Session, literals: Keywords, report: Report) -> None:
    """Take out the secrets that were found elsewhere."""
    line = _bytes(subject)
    clean = _without(line, literals, report)
    if clean is not line:
        _put(clean, subject, line, lambda text: _literally(text, literals))


def _without(line: bytes, literals: Keywords, report: Report) -> bytes:
    edits = splice.chosen(literals.edits(line), line)
    for edit in edits:
        report.note(edit.rule_id, edit.severity)
    return splice.applied(edits, line) if edits else line


def _literally(text: str, literals: Keywords) -> str:
    return msgspec.json.decode(_without(_JSON.encode(text), literals, Report()), type=str)


class _Literal:
    """A known secret: a mark goes wherever it stands as a word of its own."""

    def __init__(self, value: bytes, like: Edit) -> None:
        self._like = like
        # A long one is unmistakable also in the middle of other characters.
        self._alone = len(value) < 20

    def __call__(self, data: bytes, start: int, end: int) -> Edit | None:
        if self._alone and (_is_word(data, end) or (_is_word(data, start - 1) and not _is_escape(data, start))):
            return None
        return self._like._replace(start=start, end=end)


def _is_word(data: bytes, place: int) -> bool:
    return 0 <= place < len(data) and (data[place : place + 1].isalnum() or data[place] > 127)


def _is_escape(data: bytes, end: int) -> bool:
    return data[end - 2 : end - 1] == b"\\" and data[end - 1 : end] in (b"n", b"r", b"t", b"f", b"b")


def _swept(line: bytes, values: dict[bytes, Edit], report: Report) -> bytes:
    for value, edit in values.items():
        if value in line:
            literal = _Literal(value, edit)
            again = [literal(line, match.start(), match.end()) for match in re.finditer(re.escape(value), line)]
            edits = splice.chosen((found for found in again if found is not None), line)
            for each in edits:
                report.note(each.rule_id, each.severity)
            line = splice.applied(edits, line)
    return line


def _keywords(homes: Homes | None, home: str | None, values: tuple[str, ...]) -> Keywords:
    if homes is None and not values:
        return _plain_keywords()
    if not values:
        return _home_keywords(home)
    return Keywords(_looks(homes, values))


@cache
def _plain_keywords() -> Keywords:
    return Keywords(_looks(None, ()))


@cache
def _home_keywords(home: str | None) -> Keywords:
    return Keywords(_looks(Homes(home), ()))


def _looks(homes: Homes | None, values: Iterable[str]) -> Iterator[tuple[bytes, Look]]:
    # Only here: a command that redacts nothing should not read the rules.
    from opensession.redact.rules import RULES  # noqa: PLC0415

    yield from rule_looks(RULES)
    if homes is not None:
        yield from homes.looks()
    mark = f"[REDACTED:{_ENV_RULE}]".encode()
    for value in values:
        like = Edit(0, 0, _ENV_RANK, _ENV_RULE, LIKELY, mark)
        once = _JSON.encode(value)[1:-1]
        twice = _JSON.encode(once.decode())[1:-1]
        for spelled in {value.encode(), once, twice}:
            yield spelled, _Literal(spelled, like)


def _allowed(allow: Iterable[str]) -> re.Pattern[str] | None:
    """Values that are no secret, each a literal or an expression for the whole value."""
    parts = []
    for entry in allow:
        parts.append(re.escape(entry))
        try:
            re.compile(entry)
        except re.error:
            continue
        parts.append(f"(?:{entry})")
    return re.compile("|".join(parts)) if parts else None


def _plain(value: bytes) -> str:
    """A secret as people write it: without the escapes of the line."""
    try:
        return str(msgspec.json.decode(b'"' + value + b'"'))
    except msgspec.DecodeError:
        return value.decode("utf-8", errors="replace")
