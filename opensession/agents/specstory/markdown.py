"""An export as a head and messages, and a message as texts, thoughts and uses of tools.

The content of tools is not escaped, so nothing in a ``<tool-use>`` is a mark but its end. In a block of code of a text
only a role's line with a time that goes on is one: blocks that people paste are not always closed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_ROLE = re.compile(r"_\*\*(User|Agent|Assistant)( - sidechain)?(?: \(([^\n]{0,300})\))?\*\*_\s*\Z")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?\Z")
_MODEL = re.compile(r"model (\S+?)(?:,|\Z)")
_MESSAGE_ID = re.compile(r"<!-- message-id: (\S{1,200}) -->\s*\Z")
_SESSION = re.compile(r"<!-- ([^\n]{1,60}?) Session (\S{1,200}?)(?: \(([^\n]{0,60})\))? -->")
_TITLE_TIME = re.compile(r"\s*\(?(\d{4}-\d\d-\d\d[ T][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)\)?\s*\Z")
_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})(.*)")
_TOOL = re.compile(r'<tool-use data-tool-type="([\w-]{0,40})" data-tool-name="([^"\n]{0,200})">')
_TOOL_ENDS = frozenset({"</details></tool-use>", "</tool-use>"})
_THINK = "<think><details><summary>"
_THINK_END = "</details></think>"
_SUMMARY = re.compile(r"\s*(?:<details>)?\s*(?:<summary>(.*?)</summary>)?", re.DOTALL)
_RULE = "---"
_MARKS = frozenset("_<`~")
"""What a line that is more than text begins with."""


class Head(msgspec.Struct):
    """What stands before the first message.

    Attributes:
        provider: The agent, as SpecStory calls it.
        session_id: The agent's own id of the session.
        title: The title that is no time.
        time: When the session began.
    """

    provider: str = ""
    session_id: str = ""
    title: str = ""
    time: str = ""


class Message(msgspec.Struct):
    """A message.

    Attributes:
        line: The line of its role, from 1; 0 for what stands before the first.
        is_user: Whether it stands in the user's name.
        is_sidechain: Whether it is a subagent's.
        model: Who speaks.
        time: When, as RFC 3339 has it; empty when it is not stated.
        message_id: The agent's own id of it.
        lines: Its content.
    """

    line: int = 0
    is_user: bool = False
    is_sidechain: bool = False
    model: str = ""
    time: str = ""
    message_id: str = ""
    lines: list[str] = []


class Part(msgspec.Struct):
    """A part of a message.

    Attributes:
        kind: text, thought or tool.
        text: What it holds; of a tool the body below its summary.
        tool: The tool's name.
        tool_type: What SpecStory takes the tool for: shell, read, write, search and so on.
        summary: What a tool's summary says beside the name.
    """

    kind: str
    text: str
    tool: str = ""
    tool_type: str = ""
    summary: str = ""


def messages(stream: BinaryIO) -> Iterator[Message]:
    """What stands before the first message, as one without a line, then the messages, one after the other."""
    current, last = Message(), ""
    fence, in_tool, was_blank = "", False, True
    for number, raw in lines.numbered(stream):
        line = raw.decode("utf-8", "replace").rstrip("\r\n").lstrip("\ufeff\x00")
        if line[:4].lstrip()[:1] not in _MARKS:
            # Most lines are so.
            current.lines.append(line)
            was_blank = not line.strip()
            continue
        found = _role(line, number) if line.startswith("_**") and was_blank and not in_tool else None
        if found is not None and (not fence or found.time > last):
            yield current
            current, last, fence = found, max(last, found.time), ""
        else:
            current.lines.append(line)
            in_tool = _is_in_tool(line, in_tool=in_tool)
            fence = "" if in_tool else _fence_after(line, fence)
        was_blank = not line.strip()
    yield current


def head(message: Message) -> Head:
    """The head of an export, from what stands before its first message."""
    found = Head()
    for line in message.lines:
        session = _SESSION.match(line)
        if session is not None and not found.session_id:
            found.provider, found.session_id, found.time = session[1].strip(), session[2], session[3] or found.time
        elif line.startswith("# ") and not found.title:
            time = _TITLE_TIME.search(line[:500])
            found.time = found.time or (time[1] if time is not None else "")
            found.title = _TITLE_TIME.sub("", line[2:500]).strip()
    return found


def parts(message: Message) -> Iterator[Part]:
    """The parts of a message, in order."""
    kind, held = "text", list[str]()
    for line in message.lines:
        if line[:1] != "<" and kind != "thought":
            held.append(line)
        elif kind == "text" and line.startswith(_THINK):
            yield from _text(held)
            kind, held = "thought", [line.partition("</summary>")[2]]
        elif kind == "text" and _TOOL.match(line):
            yield from _text(held)
            kind, held = "tool", [line]
        elif kind == "thought" and line.rstrip().endswith(_THINK_END):
            yield Part(kind, "\n".join([*held, line.rstrip().removesuffix(_THINK_END)]).strip("\n"))
            kind, held = "text", []
        elif kind == "tool" and line.rstrip() in _TOOL_ENDS:
            yield _tool(held)
            kind, held = "text", []
        else:
            held.append(line)
    if kind == "tool":
        yield _tool(held)
    elif kind == "thought":
        yield Part(kind, "\n".join(held).strip("\n"))
    else:
        yield from _text(held)


def _role(line: str, number: int) -> Message | None:
    found = _ROLE.match(line)
    if found is None:
        return None
    said = (found[3] or "").strip()
    stated = _TIME.search(said)
    model = _MODEL.match(said)
    rest = said[: stated.start()].strip() if stated is not None else said
    return Message(
        line=number,
        is_user=found[1] == "User",
        is_sidechain=found[2] is not None,
        model=model[1] if model is not None else rest,
        time=stated[0].replace(" ", "T") if stated is not None else "",
        lines=[],
    )


def take_id(message: Message) -> str:
    """The agent's id of a message, which stands below its role when the export was asked for it; taken out."""
    for place, line in enumerate(message.lines[:2]):
        found = _MESSAGE_ID.match(line)
        if found is not None:
            del message.lines[place]
            return found[1]
    return ""


def _is_in_tool(line: str, *, in_tool: bool) -> bool:
    if in_tool:
        return line.rstrip() not in _TOOL_ENDS
    return _TOOL.match(line) is not None


def _fence_after(line: str, fence: str) -> str:
    found = _FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) and not found[2].strip() else fence


def _text(held: list[str]) -> Iterator[Part]:
    """The text without the rules that SpecStory puts between speakers."""
    while held and held[-1].strip() in ("", _RULE):
        held.pop()
    start = next((place for place, line in enumerate(held) if line.strip() not in ("", _RULE)), len(held))
    if held[start:]:
        yield Part("text", "\n".join(held[start:]))


def _tool(held: list[str]) -> Part:
    opened = _TOOL.match(held[0])
    body = "\n".join([held[0][opened.end() :] if opened is not None else "", *held[1:]])
    summary = _SUMMARY.match(body)
    told, rest = (summary[1] or "", body[summary.end() :]) if summary is not None else ("", body)
    told = re.sub(r"\ATool use: \*\*[^*]*\*\*[\s•]*", "", told.strip())
    return Part(
        "tool",
        rest.strip("\n").removesuffix("</details>").rstrip(),
        tool=opened[2] if opened is not None else "",
        tool_type=opened[1] if opened is not None else "",
        summary=told,
    )
