"""Text in a user's name that no user typed: reminders, environment, hook output.

Agents put such blocks into user records. A prefix tells them apart; a block that merely precedes real text in the
same record is split from it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TAGS = (
    "system-reminder",
    "environment_context",
    "user_instructions",
    "INSTRUCTIONS",
    "permissions instructions",
    "turn_aborted",
    "subagent_notification",
    "recommended_plugins",
    "codex_internal_context",
    "task-notification",
    "local-command-stdout",
    "local-command-stderr",
    "local-command-caveat",
    "bash-stdout",
    "bash-stderr",
    "session_context",
    "hook_context",
    "user-prompt-submit-hook",
    "environment_details",
    "user_info",
    "system_notification",
    "current_datetime",
    "ide_opened_file",
    "ide_selection",
    "skills_instructions",
    "plugins_instructions",
    "apps_instructions",
    "app-context",
    "collaboration_mode",
    "skill",
    "user_action",
    "user_shell_command",
    "hook_prompt",
)
_PHRASES = (
    ("# AGENTS.md instructions", "agents_md"),
    ("Caveat: The messages below", "caveat"),
    ("Stop hook feedback:", "stop_hook"),
    ("[Request interrupted", "interrupted"),
    ("This session is being continued from a previous conversation", "continuation"),
)
_OPENING = re.compile(r"<(" + "|".join(re.escape(tag) for tag in _TAGS) + r")(?=[\s>/])[^>]{0,500}>")
_COMMAND = re.compile(r"<command-name>\s*(/?[^<]{1,200}?)\s*</command-name>")
_ARGUMENTS = ("<command-args>", "</command-args>")
_MOST = 1000
"""Parts of one text; what follows stays together, against texts made to be slow."""


class Piece(NamedTuple):
    """A part of a user record.

    Attributes:
        text: Its text.
        injected: What kind of injected text it is, or None when a person typed it.
    """

    text: str
    injected: str | None


def pieces(text: str) -> list[Piece]:
    """A user record's text, cut into injected and typed parts, in order; blank parts are left out."""
    rest = text.strip()
    command = slash_command(text) if rest.startswith("<") else None
    if command is not None:
        return [Piece(command, None)]
    parts: list[Piece] = []
    while rest and len(parts) < _MOST:
        piece, rest = _first(rest)
        parts.append(piece)
    if rest:
        parts.append(Piece(rest, parts[-1].injected))
    return parts


def slash_command(text: str) -> str | None:
    """``/name arguments`` of a slash command's record, or None when the text is none."""
    if not text.lstrip().startswith(("<command-name>", "<command-message>")):
        return None
    name = _COMMAND.search(text)
    if name is None:
        return None
    start, end = _ARGUMENTS
    rest, found, _ = text.partition(start)[2].partition(end)
    words = ["/" + name[1].lstrip("/"), rest.strip() if found else ""]
    return " ".join(word for word in words if word)


def _first(text: str) -> tuple[Piece, str]:
    if not text.startswith("<"):
        return Piece(text, next((kind for phrase, kind in _PHRASES if text.startswith(phrase)), None)), ""
    opening = _OPENING.match(text)
    if opening is None:
        return Piece(text, None), ""
    tag = opening[1]
    closing = f"</{tag}>"
    end = text.find(closing, opening.end())
    kind = tag.replace("-", "_").replace(" ", "_").lower()
    if end < 0:
        return Piece(text, kind), ""
    end += len(closing)
    return Piece(text[:end], kind), text[end:].lstrip()
