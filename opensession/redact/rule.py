"""What a redaction rule is: one row of data with its own proof.

Rules read *encoded* text, the bytes of a JSON line, since that is where everything a session holds stands in one
piece and where a key stands beside its value. A pattern therefore starts exactly at its keyword (the automaton found
it already, ``match`` needs no search) and is written with the marks of ``pattern``, which know JSON's escapes.
"""

from __future__ import annotations

import msgspec

DEFINITE = "definite"
LIKELY = "likely"

SPLIT = "¦"
"""Stands inside every example, so that a forge's own scanner does not take the rules for leaked secrets."""


WORDS = ("token", "secret", "password", "_key", "api_key", "_PAT")
"""The words in the names of variables that hold a service's secret."""


class Rule(msgspec.Struct, frozen=True):
    """One kind of secret.

    Attributes:
        id: What stands in ``[REDACTED:<id>]``; never changes its meaning.
        title: The secret's name for people.
        severity: ``definite``: the format alone proves it; ``likely``: its surroundings speak for it.
        keywords: Byte strings one of which every match holds; ASCII, without quotes or backslashes.
        pattern: Expression for ``pattern.expand``; group 1 or the group ``secret``, if any, is the secret.
        place: Empty: the pattern begins at the keyword. ``assigned``: the keyword is a name that means a secret, and
            the pattern describes the value assigned to it. ``named``: the same, and a service stands in that name.
        services: Names of which one stands before the keyword, without their ``_``.
        check: The validator in ``checks`` that has the last word.
        backs: How far before its keyword a match may begin, in bytes.
        any_case: Keywords also count in upper, camel and capital case and with ``-``, a blank or nothing for ``_``.
        yes: Text with ``¦`` in it in which exactly this rule finds something.
        no: Text in which nothing is found.
    """

    id: str
    title: str
    severity: str
    keywords: tuple[str, ...]
    pattern: str
    place: str = ""
    services: tuple[str, ...] = ()
    check: str = "token"
    backs: tuple[int, ...] = (0,)
    any_case: bool = False
    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()


def token(name: str, title: str, prefix: str, body: str, yes: str, no: str, *, severity: str = DEFINITE) -> Rule:
    """A secret that a literal prefix announces; ``body`` is what follows it."""
    pattern = f"⟨b⟩{_literal(prefix)}{body}⟨e⟩"
    return Rule(name, title, severity, (prefix,), pattern, yes=(yes,), no=(no,))


def inner(  # noqa: PLR0917 - a row of a table reads by place
    name: str, title: str, mark: str, before: tuple[str, int], after: str, yes: str, no: str
) -> Rule:
    """A secret with a literal inside it; ``before`` is the class and number of characters that precede the mark."""
    chars, count = before
    pattern = f"⟨b⟩{chars}{{{count}}}{_literal(mark)}{after}⟨e⟩"
    return Rule(name, title, DEFINITE, (mark,), pattern, backs=(count,), yes=(yes,), no=(no,))


def named(name: str, title: str, service: str, value: str, yes: str, no: str, *, severity: str = LIKELY) -> Rule:
    """A value without a shape of its own that stands beside its service's name: ``DATADOG_API_KEY=...``.

    ``service`` holds names in lower case, separated by ``|``; ``value`` is the pattern of the value alone.
    """
    return Rule(
        name,
        title,
        severity,
        WORDS,
        f"({value})⟨e⟩",
        place="named",
        services=tuple(service.replace("_", "").split("|")),
        any_case=True,
        yes=(yes,),
        no=(no,),
    )


def plain(example: str) -> str:
    """An example as it would stand in a transcript."""
    return example.replace(SPLIT, "")


def _literal(text: str) -> str:
    return "".join(char if char.isalnum() or char in "_-:/=@~%!," else "\\" + char for char in text)
