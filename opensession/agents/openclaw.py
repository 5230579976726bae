"""OpenClaw (Clawdbot, Moltbot before): Pi's session files, with what its channels and its runtime add.

Its files are Pi's, whose reader reads them. What it adds follows published samples of 2026-02 to 2026-08.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import blocks, fields, places
from opensession.agent import About, Evidence, Found
from opensession.agents.pi import has_header
from opensession.hail.events import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from opensession.agent import Machine, Sample
    from opensession.conversation import Conversation
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "openclaw"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.openclaw/agents/*/sessions",
    support="samples",
    versions="session files of version 3",
    environment=("OPENCLAW_STATE_DIR", "OPENCLAW_HOME"),
    tokens="per call",
    diffs="from arguments",
    subagents="",
    live="appended",
)

_FOLDERS = (".openclaw", ".moltbot", ".clawdbot")
_OWN_TYPES = ("openclaw", "model-snapshot")
_HOMES = ("/.openclaw/", "/.clawdbot/", "/.moltbot/", "/clawd")

_ENVELOPE = re.compile(r"\[[^\]\n]{0,200}\d{4}-\d{2}-\d{2}[^\]\n]{0,100}\] ?")
"""``[Telegram Ada id:7 +2m 2026-02-18 11:21 GMT+1] `` before what was typed."""

_CONTEXT = ("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>", "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>")
_METADATA = re.compile(r"[A-Z][\w ]{2,60} \(untrusted[\w ,]{0,40}\):\n```json\n")
_FENCE = "\n```"
_MOST = 20
"""Blocks before a prompt; a bound against texts made to be slow."""


def recognise(sample: Sample) -> Evidence:
    """Pi's header, and something that only OpenClaw writes."""
    if not has_header(sample):
        return Evidence.NONE
    is_own = any(_is_own(entry) for entry in sample.objects)
    return Evidence.CERTAIN if is_own else Evidence.LIKELY


def read(source: Source) -> Iterable[Reading]:
    """The session in a file.

    Raises:
        InputError: There is no session in it.
    """
    from opensession.agents.pi import reader  # noqa: PLC0415 - only once the file is known to be OpenClaw's

    return (reader.read(source, NAME, _prompt),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The sessions of all agents on this machine; deleted and reset ones have another ending."""
    for root in _roots(machine):
        for agent in places.folders(root / "agents"):
            for path in places.files(agent / "sessions", ".jsonl"):
                modified = places.modified(path)
                is_other = ".checkpoint." in path.name or path.name.endswith(".trajectory.jsonl")
                if modified >= since and not is_other:
                    yield Found(path, modified)


def _roots(machine: Machine) -> list[Path]:
    moved = places.named(machine, "OPENCLAW_STATE_DIR") or places.named(machine, "CLAWDBOT_STATE_DIR")
    if moved is not None:
        return [moved]
    home = places.named(machine, "OPENCLAW_HOME") or machine.home
    return [home / name for name in _FOLDERS]


def _is_own(entry: dict[str, Any]) -> bool:
    cwd = fields.text(entry.get("cwd")).replace("\\", "/") + "/"
    if entry.get("type") == "session" and any(home in cwd for home in _HOMES):
        return True
    provider = fields.first(entry, "provider") or fields.first(fields.mapping(entry.get("message")), "provider")
    return provider.startswith("openclaw") or fields.text(entry.get("customType")).startswith(_OWN_TYPES)


def _prompt(talk: Conversation, content: Any) -> None:
    """What stands in the user's name: the runtime's notes, an envelope of the channel, and what was typed."""
    held = blocks.of(content)
    first = held[0] if held else None
    if not isinstance(first, Text):
        talk.prompt(content)
        return
    text = first.text
    for _ in range(_MOST):
        text = text.lstrip()
        kind, note, rest = _note(text)
        if not note:
            break
        talk.notice(note, injected=kind)
        text = rest
    envelope = _ENVELOPE.match(text)
    if envelope is not None:
        text = text[envelope.end() :]
    talk.prompt(
        [{"type": "text", "text": text}, *_others(content)],
        {"envelope": envelope[0].strip()} if envelope is not None else None,
    )


def _others(content: Any) -> list[Any]:
    """The parts behind the first text."""
    return fields.sequence(content)[1:]


def _note(text: str) -> tuple[str, str, str]:
    """The kind and the text of a note that a prompt begins with, and what follows it; empty when it has none."""
    start, end = _CONTEXT
    if text.startswith(start):
        inside, found, rest = text.partition(end)
        return "runtime_context", inside + found, rest
    metadata = _METADATA.match(text)
    close = text.find(_FENCE, metadata.end()) if metadata is not None else -1
    if close < 0:
        return "", "", text
    close += len(_FENCE)
    return "channel_metadata", text[:close], text[close:]
