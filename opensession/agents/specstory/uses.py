"""What a use of a tool was given and gave back, from the Markdown that SpecStory makes of it.

Each exporter writes this in its own way (``pkg/providers``): a line of code for a command or path, pairs of a name and
a value, a list of inputs, a block with new content or a diff, and the result as the last block.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession import tools
from opensession.hail.events import ShellCommand, TaskStart

if TYPE_CHECKING:
    from opensession.agents.specstory.markdown import Part

_RESULT = re.compile(r"^(?:\*\*(Result|Error|Output):\*\*|```text)[ \t]*$", re.MULTILINE)
_LISTED = re.compile(r"^- ([\w.-]{1,80}): `([^\n]*)`[ \t]*$", re.MULTILINE)
_PAIR = re.compile(r"(?:^|\s)(path|pattern|glob|query|type|url|output_mode) `([^`\n]+)`")
_CODE = re.compile(r"^\s?`([^`\n]+)`[ \t]*$", re.MULTILINE)
_BLOCK = re.compile(
    r"^(?:Input(?: \(truncated\))?: )?(`{3,})([\w+-]*)[^\n`]*\n(.*?)^\1[ \t]*$", re.DOTALL | re.MULTILINE
)
_NAMED = re.compile(r"(?:The file |created successfully at: |Read file: |Edit file: |Write file: |Create file: )(\S+)")
_WRONG = re.compile(r"<tool_use_error>|The user doesn't want to proceed|Error: |Exit code [1-9]")
_TRUNCATED = 20_000
"""Characters in which the beginning of an input is sought."""


class Use(NamedTuple):
    """A use of a tool.

    Attributes:
        arguments: As far as the export tells them: an object, or text.
        result: What it gave back; None when nothing is there.
        failed: Whether it failed.
    """

    arguments: Any
    result: str | None
    failed: bool


def of(part: Part) -> Use:
    """What a tool's part tells."""
    found = _RESULT.search(part.text)
    given = part.text[: found.start()] if found is not None else part.text
    result = _unfenced(part.text[found.start() :], found[0]) if found is not None else None
    failed = found is not None and (found[1] == "Error" or (result is not None and _WRONG.match(result) is not None))
    return Use(_arguments(part, given.strip("\n"), result or ""), result, failed)


def _unfenced(text: str, mark: str) -> str:
    """The text of the block at the end; blocks within it are not escaped."""
    lines = text.split("\n")
    if mark.startswith("**"):
        lines = lines[1:]
    while lines and not lines[0].strip():
        lines.pop(0)
    if lines and lines[0].startswith("```"):
        lines.pop(0)
        while lines and not lines[-1].strip():
            lines.pop()
        if lines and lines[-1].strip() == "```":
            lines.pop()
    return "\n".join(lines)


def _arguments(part: Part, given: str, result: str) -> Any:
    begin = given[:_TRUNCATED]
    listed = dict(_LISTED.findall(begin)) or dict(_PAIR.findall(begin))
    if listed:
        return listed
    kind = tools.call_kind(part.tool, {})[0]
    if part.tool_type == "shell" or isinstance(kind, ShellCommand):
        return _command(given or part.summary)
    if isinstance(kind, TaskStart):
        return {"description": given or part.summary}
    code = _CODE.search(begin)
    if part.tool_type == "read" and code is not None:
        return {"url" if code[1].startswith(("http://", "https://")) else "path": code[1]}
    path = _path(part, begin, result)
    if part.tool_type in ("read", "write") and (path or _BLOCK.search(given)):
        return _written(given, path)
    return given or ({"description": part.summary} if part.summary else None)


def _command(given: str) -> dict[str, str]:
    """A command: a line of code, or a block of it; what stands before describes it."""
    block, code = _BLOCK.search(given), _CODE.search(given)
    if code is not None and (block is None or code.start() < block.start()):
        described, command = given[: code.start()], code[1]
    elif block is not None:
        described, command = given[: block.start()], block[3].rstrip("\n")
    else:
        described, command = "", given
    described = described.strip()
    return {"command": command, **({"description": described} if described else {})}


def _path(part: Part, given: str, result: str) -> str:
    code = _CODE.search(given)
    named = _NAMED.search(part.summary) or _NAMED.search(result[:1000])
    return code[1] if code is not None else named[1].rstrip(".,") if named is not None else ""


def _written(given: str, path: str) -> dict[str, str]:
    known = {"path": path} if path else {}
    diffs = [block[3].rstrip("\n") for block in _BLOCK.finditer(given) if block[2] == "diff"]
    if diffs:
        return {**known, "diff": "\n".join(diffs)}
    start = given.find("```")
    return {**known, "content": _unfenced(given[start:], "```")} if start >= 0 else known
