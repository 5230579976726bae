"""What stands in the user's name: a query between tags, and around it what Cursor adds for the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_OPEN = "<user_query>"
_CLOSE = "</user_query>"
_WORKSPACE = "Workspace Path: "
_REDACTED = "[REDACTED]"
_LONGEST_TAG = 60


def ask(talk: Conversation, text: str, attributes: dict[str, Any] | None = None) -> Event | None:
    """Tell a text in the user's name: queries are prompts, what stands around them is Cursor's.

    Returns:
        The last prompt, or None when nobody typed anything.
    """
    at = text.find(_OPEN)
    if at < 0:
        _enter(talk, text)
        return talk.prompt(text, attributes)
    said = None
    start = 0
    while at >= 0:
        _add(talk, text[start:at])
        end = text.find(_CLOSE, at)
        end = end if end >= 0 else len(text)
        said = talk.prompt(text[at + len(_OPEN) : end].strip("\r\n"), attributes) or said
        start = end + len(_CLOSE)
        at = text.find(_OPEN, start)
    _add(talk, text[start:])
    return said


def say(talk: Conversation, text: str) -> None:
    """Tell a reply, without the word that stands where Cursor took the reasoning out."""
    bare = text.rstrip()
    while bare.endswith(_REDACTED):
        talk.skip("redacted thinking")
        bare = bare[: -len(_REDACTED)].rstrip()
        text = bare
    talk.say(text)


def _add(talk: Conversation, text: str) -> None:
    """Tell what Cursor adds to a query: open files, rules, the machine."""
    bare = text.strip()
    if not bare:
        return
    _enter(talk, bare)
    tag = bare[1:_LONGEST_TAG].split(">", 1)[0].split(" ", 1)[0] if bare.startswith("<") else ""
    talk.notice(bare, injected=tag if tag.replace("_", "").replace("-", "").isalnum() else "context")


def _enter(talk: Conversation, text: str) -> None:
    """Note the working directory that a description of the machine states."""
    if not text.lstrip().startswith("<user_info>"):
        return
    at = text.find(_WORKSPACE)
    if at >= 0:
        talk.enter(text[at + len(_WORKSPACE) :][:1000].split("\n", 1)[0].strip())
