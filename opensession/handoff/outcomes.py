"""What the output of a command says: did it pass, which line sums it up, what was the error, what was committed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opensession.handoff import wording
from opensession.handoff.model import Commit

if TYPE_CHECKING:
    from collections.abc import Iterator

_TAIL = 6000
"""Characters at the end of an output in which its sum is looked for."""
_MESSAGE_LINES = 4
_LINE = 240

_SUM = re.compile(
    r"\b\d+ (?:tests? |checks? |files? )?(?:passed|passing|failed|failing|errors?|problems?)\b|^test result:|"
    r"^(?:FAIL|FAILED|OK|PASS|ok)\b|^\s*(?:Tests|Test Suites|Test Files):?\s|\bBUILD (?:SUCCESS|FAILED)|"
    r"[Aa]ll checks passed|no issues found|^error(?:\[\w+\])?:|^\S+:\d+:\d+: error|"
    r"could not compile|Compilation failed",
)
_BAD_SUM = re.compile(
    r"\b[1-9]\d* (?:tests? |checks? )?(?:failed|failing|errors?)\b|^(?:--- )?FAIL|\bFAILED\b|^error(?:\[\w+\])?:|"
    r": error\b|could not compile|Compilation failed|[1-9]\d* problems? \([1-9]",
)
_TELLING = re.compile(
    r"error|fail|fatal|panic|exception|traceback|denied|not found|no such|cannot|can't|undefined|unexpected|invalid|"
    r"refused|timed? ?out|mismatch|assert|^E\s",
    re.IGNORECASE,
)
_FINE = re.compile(r"\s*(?:✔|✓|√|ok\b|PASS\b|\+)")
_HEADER = re.compile(
    r"(?:Command: .*\n)?"
    r"(?:(?:Chunk ID|Wall time|Exit code|Process exited|Original token count|Total output lines)\b.*\n)*"
    r"(?:Output:[ \t]*\n)?"
)
_TAGS = (("<tool_use_error>", "</tool_use_error>"), ("<error>", "</error>"))
_COMMIT = re.compile(r"^\[([^\]\n]{1,200}?)(?: \(root-commit\))? ([0-9a-f]{7,40})\] (.{1,500})$", re.MULTILINE)


def unwrapped(text: str) -> str:
    """An output without the lines its agent put around it."""
    header = _HEADER.match(text)
    text = text[header.end() if header else 0 :].strip()
    for opening, closing in _TAGS:
        text = text.removeprefix(opening).removesuffix(closing)
    return text


def summed_up(text: str) -> tuple[str, bool | None]:
    """The line that sums an output up, if any, and whether the output tells of failure; None when it doesn't tell."""
    good, passed = "", False
    for line in reversed(wording.visible(text[-_TAIL:]).split("\n")):
        if len(line) > 1000 or not _SUM.search(line):
            continue
        shown = wording.one_line(line.strip("= \t"), _LINE)
        if _BAD_SUM.search(line):
            return shown, True
        passed = True
        # One package's "ok" is a good sign and no sum.
        good = good or ("" if line.startswith("ok ") else shown)
    return good, (False if passed else None)


def message(text: str) -> str:
    """The telling lines of an error's output: all of a short one, else those that speak of the error."""
    text = wording.visible(text)
    lines = [line for line in text[:20_000].split("\n") if line.strip()]
    if len(text) > 20_000:
        lines += [line for line in text[-_TAIL:].split("\n") if line.strip()]
    if len(lines) > _MESSAGE_LINES:
        telling = [line for line in lines if len(line) < 2000 and _TELLING.search(line) and not _FINE.match(line)]
        # The first telling line tends to be the cause, the last one the sum.
        lines = telling if telling else lines
        half = _MESSAGE_LINES // 2
        lines = [*lines[:half], *lines[-half:]] if len(lines) > _MESSAGE_LINES else lines
    return "\n".join(wording.one_line(line, _LINE) for line in lines)


def commits(text: str, session: str, event: str) -> Iterator[Commit]:
    """The commits git reports in an output."""
    if "] " not in text:
        return
    for match in _COMMIT.finditer(text):
        branch = wording.one_line(match[1], 120)
        yield Commit(session=session, event=event, sha=match[2], branch=branch, subject=wording.one_line(match[3], 200))
