"""What a shell command line is for, from its words alone: test, build, check, git, change, run or look.

A line is cut into simple commands as a shell would (quotes count); the most telling of them names the line. Two lines
with the same ``core`` are the same command for a briefing: ``cd /w && uv run pytest -q 2>&1 | tail -5`` is ``pytest``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from opensession.handoff.programs import (
    BY_SUBCOMMAND,
    LOOKING_SCRIPTS,
    PACKAGE_RUNNERS,
    PROGRAMS,
    RUNNERS,
    SCRIPT_NAMES,
    WHOLE,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(
    r"""(?P<op>&&|\|\||\|&?|;|\n)|(?P<redirect>\d*(?:>>?|<)(?:&\d|\s*[^\s|;&<>]+)|&>\s*\S+)|"""
    r"""(?P<word>(?:'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s|;&<>'"\\])+)|(?P<other>\S)""",
    re.DOTALL,
)
_WRITING = re.compile(r"(?:1|&)?>>?\s*(?!/dev/|&)[^\s&]")
_CORE_WORDS = 12
_SCANNED = 2000
"""Characters of a line that are looked at; what follows is data as a rule."""

ORDER = ("look", "run", "change", "git", "check", "build", "test")
"""Kinds, the most telling last."""

_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")


class Line(NamedTuple):
    """A command line, understood.

    Attributes:
        kind: The most telling of its commands' kinds.
        core: Program and arguments of that command, without options: what makes two lines the same check.
        form: The line without its way into the folder and without what only shortens its output.
        guarded: Its exit code is not that of the telling command (a pipe, ``|| true``, something after it).
        commits: It makes commits, or may.
    """

    kind: str
    core: tuple[str, ...]
    form: str
    guarded: bool
    commits: bool


class _Simple(NamedTuple):
    words: list[str]
    start: int
    end: int
    joint: str
    """What follows it: an operator, or nothing at the end."""
    writes: bool
    """Its output goes to a file."""


def understand(command: str) -> Line:
    """What a command line is for."""
    scanned = command[:_SCANNED]
    heredoc = scanned.find("<<")
    simples = _simples(scanned)
    if heredoc >= 0 and not _quoted(scanned, heredoc):
        # The lines of a here-document are data, not commands.
        body = scanned.find("\n", heredoc)
        simples = _simples(scanned[: body if body >= 0 else len(scanned)])
    kinds = [_kind_of(simple) for simple in simples]
    if not simples:
        return Line("look", (), command.strip(), guarded=False, commits=False)
    best = max(range(len(simples)), key=lambda place: (ORDER.index(kinds[place]), -place))
    first, last = best, best
    while first > 0 and not _enters(simples[first - 1].words):
        first -= 1
    while simples[last].joint and not _shortens(simples[last], simples[last + 1 :]):
        last += 1
    core = _core(_bare(simples[best].words))
    guarded = bool(simples[best].joint) and not all(simple.joint in ("&&", "") for simple in simples[best:])
    commits = any("git" in simple.words[:4] for simple in simples)
    whole = not simples[last].joint and heredoc >= 0
    form = command[simples[first].start :] if whole else scanned[simples[first].start : simples[last].end]
    return Line(kinds[best], core, form.strip().removesuffix("2>&1").strip(), guarded=guarded, commits=commits)


def _simples(text: str) -> list[_Simple]:
    """The simple commands of a line, with the operator behind each."""
    found: list[_Simple] = []
    words: list[str] = []
    start = end = 0
    writes = False
    for token in _TOKEN.finditer(text):
        if token["op"]:
            if words:
                found.append(_Simple(words, start, end, token["op"], writes))
            words, writes = [], False
            continue
        start = start if words else token.start()
        end = token.end()
        if token["word"]:
            words.append(token["word"])
        elif token["redirect"]:
            writes = writes or _WRITING.match(token[0]) is not None
        elif not words:
            words.append(token[0])
    if words:
        found.append(_Simple(words, start, end, "", writes))
    elif found:
        found[-1] = found[-1]._replace(joint="")
    return found


def _quoted(text: str, place: int) -> bool:
    """Whether a place of the text is inside a quoted word."""
    return any(token["word"] and token.start() < place < token.end() for token in _TOKEN.finditer(text))


def _enters(words: list[str]) -> bool:
    return words[0] in ("cd", "pushd", "source", ".", "export", "set")


def _shortens(simple: _Simple, rest: list[_Simple]) -> bool:
    """Whether all that follows a command only shortens or excuses its output."""
    if simple.joint not in ("|", "|&", "||"):
        return False
    return all(
        follower.words[0] in ("tail", "head", "grep", "tee", "true", "cat", "sed", "rg", ":") for follower in rest
    )


def _bare(words: list[str]) -> list[str]:
    """A simple command without assignments and runners in front, its program by base name."""
    rest = list(words)
    while rest:
        name = rest[0].rstrip("/").rpartition("/")[2]
        if _ASSIGNMENT.match(rest[0]) or rest[0] in ("(", "{", "&"):
            rest = rest[1:]
        elif name == "timeout":
            rest = [word for at, word in enumerate(rest[1:]) if at > 0 or word.startswith("-")]
        elif prefix := next((row for row in RUNNERS if (name, *rest[1 : len(row)]) == row), None):
            rest = rest[len(prefix) :]
            while prefix[0] in ("npx", "env", "sudo", "uv") and rest and rest[0].startswith("-"):
                rest = rest[1:]
        else:
            return [name.strip("'\"") or rest[0], *rest[1:]]
    return []


def _kind_of(simple: _Simple) -> str:
    kind = _kind(_bare(simple.words))
    return "change" if kind == "look" and simple.writes else kind


def _kind(words: list[str]) -> str:
    if not words:
        return "look"
    program, rest = words[0], words[1:]
    arguments = [word for word in rest if not word.startswith("-")]
    table = BY_SUBCOMMAND.get(program)
    if table is not None:
        return _by_subcommand(table, program, rest, arguments)
    if program in PACKAGE_RUNNERS:
        return _script_kind(program, rest, arguments)
    if program in PROGRAMS:
        return PROGRAMS[program]
    return "test" if re.search(r"(?:^|[_-])tests?(?:[._-]|$)", program) else "run"


def _by_subcommand(table: Mapping[str, str], program: str, rest: list[str], arguments: list[str]) -> str:
    if program in ("sed", "perl"):
        return next(
            (kind for flag, kind in table.items() if flag and any(word.startswith(flag) for word in rest)), table[""]
        )
    if program == "git" and "-C" in rest:
        arguments = [word for at, word in enumerate(rest) if not word.startswith("-") and rest[at - 1] != "-C"]
    words = arguments[:2] if program == "gh" else arguments[:1]
    if program == "git" and arguments[:1] == ["branch"] and any(word in ("-d", "-D", "-m") for word in rest):
        return "git"
    if program == "git" and arguments[:1] == ["stash"] and "list" in arguments:
        return "look"
    if not words:
        return "look"
    return next((table[word] for word in reversed(words) if word in table), table[""])


def _script_kind(program: str, rest: list[str], arguments: list[str]) -> str:
    words = [word for word in arguments if word != "run"]
    if any(word in LOOKING_SCRIPTS for word in rest[:1]):
        return "look"
    if words:
        for kind, pattern in SCRIPT_NAMES:
            if pattern.search(words[0]):
                return kind
    if program in PROGRAMS:
        return PROGRAMS[program]
    return "run" if words else "build"


def _core(words: list[str]) -> tuple[str, ...]:
    """Program, subcommand and arguments; options and arguments that mean everything are left out."""
    if words and words[0] in PACKAGE_RUNNERS:
        words = [word for word in words if word != "run"]
    named = 2 if words and (words[0] in BY_SUBCOMMAND or words[0] in PACKAGE_RUNNERS) else 1
    kept = [word for word in words if not word.startswith("-")]
    return (*kept[:named], *(word for word in kept[named:] if word not in WHOLE))[:_CORE_WORDS]
