"""How well redaction finds what is secret and lets stand what is not: ``python -m bench.redaction``.

The texts in ``tests/redaction/labelled`` are our own and hold no live secret. ``«rule|secret»`` marks what must go,
``‹text›`` what looks like it and must stay, and every ``¦`` is taken out before anything is read.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from opensession.redact import Redactor
from opensession.redact.rule import DEFINITE, SPLIT
from opensession.redact.rules import FAMILIES, RULES

FOLDER = Path(__file__).parent.parent / "tests" / "redaction" / "labelled"
_LABEL = re.compile(r"«(?P<rule>[a-z0-9-]+)\|(?P<secret>[^»]*)»|‹(?P<decoy>[^›]*)›")
_SEVERITY = {rule.id: rule.severity for rule in RULES}
_FAMILY = {rule.id: family for family, rules in FAMILIES.items() for rule in rules}


class Secret(NamedTuple):
    """A stretch of a text that must go: the rule we expect to say so, and where it stands, in bytes."""

    rule: str
    start: int
    end: int


class Labelled(NamedTuple):
    """A text with what is secret in it and what only looks so, in bytes of its UTF-8 form."""

    name: str
    data: bytes
    secrets: list[Secret]
    decoys: list[tuple[int, int]]


class Score(NamedTuple):
    """What came out.

    Attributes:
        secrets: Labelled secrets by family.
        found: Those of them that were hidden completely.
        missed: File and rule of the others.
        marks: How many stretches were hidden.
        wrong: File and rule of those that touch no secret.
        definite: Labelled secrets that a definite rule has to find, and how many were hidden.
    """

    secrets: Counter[str]
    found: Counter[str]
    missed: list[str]
    marks: int
    wrong: list[str]
    definite: tuple[int, int]

    @property
    def recall(self) -> float:
        """The share of secrets that is hidden."""
        return self.found.total() / self.secrets.total()

    @property
    def precision(self) -> float:
        """The share of what is hidden that is secret."""
        return 1 - len(self.wrong) / self.marks


def labelled(path: Path) -> Labelled:
    """A labelled text without its labels."""
    text = path.read_text(encoding="utf-8").replace(SPLIT, "")
    data, secrets, decoys, done = b"", list[Secret](), list[tuple[int, int]](), 0
    for label in _LABEL.finditer(text):
        data += text[done : label.start()].encode()
        start, inside = len(data), label["secret"] if label["rule"] else label["decoy"]
        data += inside.encode()
        if label["rule"]:
            secrets.append(Secret(label["rule"], start, len(data)))
        else:
            decoys.append((start, len(data)))
        done = label.end()
    return Labelled(path.name, data + text[done:].encode(), secrets, decoys)


def corpus() -> list[Labelled]:
    """Every labelled text."""
    return [labelled(path) for path in sorted(FOLDER.glob("*.txt"))]


def score(texts: list[Labelled]) -> Score:
    """What the rules make of the texts."""
    redactor = Redactor()
    secrets, found, definite = Counter[str](), Counter[str](), [0, 0]
    missed, wrong, marks = list[str](), list[str](), 0
    for text in texts:
        findings = redactor.scan(text.data)
        marks += len(findings)
        for secret in text.secrets:
            hidden = any(finding.start <= secret.start and secret.end <= finding.end for finding in findings)
            certain = _SEVERITY[secret.rule] == DEFINITE
            secrets[_FAMILY[secret.rule]] += 1
            found[_FAMILY[secret.rule]] += hidden
            definite = [definite[0] + certain, definite[1] + (certain and hidden)]
            if not hidden:
                missed.append(f"{text.name}: {secret.rule} at byte {secret.start}")
        for finding in findings:
            if not any(finding.start < secret.end and secret.start < finding.end for secret in text.secrets):
                wrong.append(f"{text.name}: {finding.rule_id} at byte {finding.start}")
    return Score(secrets, found, missed, marks, wrong, (definite[0], definite[1]))


def main() -> None:
    """Print both figures, by family, and what went wrong."""
    texts = corpus()
    result = score(texts)
    decoys = sum(len(text.decoys) for text in texts)
    print(f"{len(RULES)} rules, {result.secrets.total()} secrets and {decoys} decoys in {len(texts)} texts")
    for family in FAMILIES:
        if result.secrets[family]:
            print(f"  {family:<12}{result.found[family]:>4} of {result.secrets[family]:<4}")
    print(f"recall     {result.recall:7.2%}   definite {result.definite[1] / result.definite[0]:.2%}")
    print(f"precision  {result.precision:7.2%}")
    for line in (*("missed " + item for item in result.missed), *("wrong  " + item for item in result.wrong)):
        print(line)


if __name__ == "__main__":
    main()
