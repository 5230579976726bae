"""The automaton that passes once over the bytes and says where a rule might match, and nothing else."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ahocorasick_rs import BytesAhoCorasick, Implementation

from opensession.redact import pattern
from opensession.redact.rule import DEFINITE, Rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.redact.checks import Check

_PAYS = 4 * 1024 * 1024
"""Bytes after which the automaton that takes 15 ms to build and runs twice as fast has paid for itself."""
_REST = {quote: re.compile(rb"[^\s\"\\%c]{1,200}(?=\\{0,7}%c)" % (quote, quote)) for quote in b"\"'`"}
"""What may follow a value in quotes and still be part of it, by the quote: signs that end one without quotes."""
_NO_NAME = re.compile(rb"[^A-Za-z0-9_. -]")
_NAME_BEFORE = 32
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_BASE64_BEFORE = 400
_BASE64_AFTER = re.compile(rb"[A-Za-z0-9+/_-]{0,1200}={0,2}")
_CODE = 6
"""How much of a keyword's base64 is looked for: enough to be rare, and a small automaton is a fast one."""
_FIRST_WHOLE = (0, 2, 3)
"""The first character of base64 that a byte string alone decides, by the bytes before it modulo 3."""


class Edit(NamedTuple):
    """A piece of the bytes and what shall stand there instead.

    Attributes:
        start: Its first byte.
        end: The byte after it.
        rank: The smaller one wins where two overlap.
        rule_id: Whose finding it is.
        severity: ``definite``, ``likely`` or ``path``.
        text: The replacement.
    """

    start: int
    end: int
    rank: int
    rule_id: str
    severity: str
    text: bytes


class Look(Protocol):
    """What is done where a keyword stands."""

    def __call__(self, data: bytes, start: int, end: int, /) -> Edit | None:
        """The finding at this keyword, if it is one."""


class Matcher:
    """A rule at work: its pattern is compiled when its keyword first turns up, for compiling all takes long."""

    __slots__ = ("_backs", "_check", "_pattern", "mark", "rank", "rule")

    def __init__(self, rule: Rule, rank: int) -> None:
        self.rule = rule
        self._backs = rule.backs
        self.rank = rank
        self.mark = f"[REDACTED:{rule.id}]".encode()
        self._pattern: re.Pattern[bytes] | None = None
        self._check: Check | None = None

    def __call__(self, data: bytes, start: int, _end: int) -> Edit | None:
        """The rule's finding at this keyword, if its pattern and its validator agree."""
        for back in self._backs:
            if start >= back and (edit := self.at(data, start - back)) is not None:
                return edit
        return None

    def at(self, data: bytes, start: int) -> Edit | None:
        """The finding that begins at a place."""
        compiled = self._pattern
        if compiled is None:
            compiled = self._pattern = pattern.expand(self.rule.pattern)
        match = compiled.match(data, start)
        if match is None:
            return None
        group = "secret" if "secret" in compiled.groupindex else match.lastindex or 0
        check = self._check
        if check is None:
            # Only here: compiling the validators' own expressions takes longer than scanning a small session.
            from opensession.redact.checks import CHECKS  # noqa: PLC0415

            check = self._check = CHECKS[self.rule.check]
        if not check(match, match[group]):
            return None
        first, last = match.span(group)
        return Edit(first, last, self.rank, self.rule.id, self.rule.severity, self.mark)


class Assignment:
    """The rules about values that their names give away, at work on one word of such names.

    Args:
        plain: The rule for this word whatever stands before it, if there is one.
        services: Rules with what has to stand before it, by the first three letters of that.
    """

    __slots__ = ("_plain", "_services")

    def __init__(self, plain: Matcher | None, services: dict[bytes, list[tuple[bytes, Matcher]]]) -> None:
        self._plain = plain
        self._services = services

    def __call__(self, data: bytes, start: int, end: int) -> Edit | None:
        """The finding of the first service's rule that agrees, or of the plain one."""
        lead = pattern.lead().match(data, end)
        if lead is None:
            return None
        value = lead.end()
        name = _NO_NAME.split(data[max(0, start - _NAME_BEFORE) : end])[-1].lower().translate(None, b"_.- ")
        for place in range(len(name) - 2):
            for service, matcher in self._services.get(name[place : place + 3], ()):
                if name.startswith(service, place) and (edit := matcher.at(data, value)) is not None:
                    return edit
        if self._plain is None or lead["id"] is not None:
            return None
        edit = self._plain.at(data, value)
        rest = _REST[data[value - 1]].match(data, edit.end) if edit is not None and data[value - 1] in _REST else None
        return edit._replace(end=rest.end()) if edit is not None and rest is not None else edit


class Encoded:
    """A rule at work on base64: the keyword's own base64, at one of three places in a group, leads to its run."""

    __slots__ = ("_matcher", "_shift")

    def __init__(self, matcher: Matcher, shift: int) -> None:
        self._matcher = matcher
        self._shift = shift

    def __call__(self, data: bytes, start: int, end: int) -> Edit | None:
        """The rule's finding in what the base64 around this keyword means; all of the base64 goes."""
        group = start - _FIRST_WHOLE[self._shift]
        if group < 0:
            return None
        first, last = _run(data, group, end)
        from opensession.redact.checks import decoded  # noqa: PLC0415 - as above

        aligned = group - (group - first) // 4 * 4
        clear = decoded(data[aligned : aligned + (last - aligned) // 4 * 4] if last - aligned >= 4 else b"")
        if clear is None:
            return None
        at = (group - aligned) // 4 * 3 + self._shift
        found = self._matcher.at(clear, at)
        return found and found._replace(start=first, end=last)


def _run(data: bytes, group: int, end: int) -> tuple[int, int]:
    """The base64 around a group, as far as it is looked at."""
    floor = max(0, group - _BASE64_BEFORE)
    first = floor + len(data[floor:group].rstrip(_BASE64))
    match = _BASE64_AFTER.match(data, end)
    return first, match.end() if match else end


class Keywords:
    """All keywords of all rules in one automaton.

    Args:
        looks: Each keyword with what to do where it stands; a keyword may come more than once.
    """

    def __init__(self, looks: Iterable[tuple[bytes, Look]]) -> None:
        by_keyword: dict[bytes, list[Look]] = {}
        for keyword, look in looks:
            held = by_keyword.setdefault(keyword, [])
            if look not in held:
                held.append(look)
        self._looks = list(by_keyword.values())
        self._keywords = list(by_keyword)
        self._automaton = BytesAhoCorasick(self._keywords, implementation=Implementation.ContiguousNFA)
        self._until_fast = _PAYS

    def __len__(self) -> int:
        return len(self._looks)

    def edits(self, data: bytes) -> list[Edit]:
        """Everything found in the data, in no order and overlapping."""
        self._until_fast -= len(data)
        if self._until_fast < 0 and self._keywords:
            self._automaton = BytesAhoCorasick(self._keywords, implementation=Implementation.DFA)
            self._keywords = []
        found: list[Edit] = []
        looks = self._looks
        for keyword, start, end in self._automaton.find_matches_as_indexes(data, overlapping=True):
            for look in looks[keyword]:
                edit = look(data, start, end)
                if edit is not None:
                    found.append(edit)
        return found


def rule_looks(rules: Iterable[Rule]) -> Iterator[tuple[bytes, Look]]:
    """The keywords of rules as they are written, and of definite rules also in base64."""
    words: dict[str, Matcher | None] = {}
    services: dict[bytes, list[tuple[bytes, Matcher]]] = {}
    for rank, rule in enumerate(rules):
        matcher = Matcher(rule, rank if rule.severity == DEFINITE else 10_000 + rank)
        keywords = [form for keyword in rule.keywords for form in (_spellings(keyword) if rule.any_case else [keyword])]
        if rule.place == "named":
            for service in rule.services:
                services.setdefault(service[:3].encode(), []).append((service.encode(), matcher))
            words = dict.fromkeys(keywords) | words
        elif rule.place == "assigned":
            words |= dict.fromkeys(keywords, matcher)
        else:
            yield from ((keyword.encode(), matcher) for keyword in keywords)
        if rule.severity == DEFINITE and not rule.any_case and rule.backs == (0,):
            for keyword in keywords:
                yield from _encoded_looks(keyword.encode(), matcher)
    for word, plain in words.items():
        yield word.encode(), Assignment(plain, services)


def _spellings(keyword: str) -> list[str]:
    """The ways in which people write a name: api_key, API_KEY, apiKey, ApiKey, Api-Key, API-Key, apikey, API key."""
    if keyword.isupper():
        return [keyword]
    if keyword.startswith("_"):
        return [keyword, keyword.upper(), keyword.replace("_", "-"), keyword[1:].capitalize()]
    words = keyword.split("_")
    titles = [word.capitalize() for word in words]
    camel = "".join([words[0], *titles[1:]])
    spelled = [
        keyword,
        keyword.upper(),
        camel,
        "".join(titles),
        "-".join(titles),
        "-".join(words),
        "-".join(words).upper(),
    ]
    if len(words) > 1:
        first = words[0].upper()
        spelled += ["".join(words), "".join(words).upper(), " ".join(words), " ".join([first, *words[1:]])]
        spelled += ["-".join([first, *titles[1:]]), "".join([first, *titles[1:]]), " ".join(titles)]
    return list(dict.fromkeys(spelled))


def _encoded_looks(keyword: bytes, matcher: Matcher) -> Iterator[tuple[bytes, Look]]:
    for shift, first in enumerate(_FIRST_WHOLE):
        whole = (8 * (shift + len(keyword))) // 6
        code = base64.b64encode(b"\0" * shift + keyword + b"\0\0")[first:whole]
        # Shorter ones turn up in every picture.
        if len(code) >= 4:
            yield code[:_CODE], Encoded(matcher, shift)
