"""The entries of a session file, as Pi, OpenClaw and their relatives write them."""

from __future__ import annotations

from pathlib import PurePath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.pi.messages import Messages
from opensession.agents.pi.tree import Tree
from opensession.conversation import Conversation, Header
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.agents.pi.messages import Prompt
    from opensession.hail.session import Reading
    from opensession.source import Source

_SETTINGS = frozenset({"thinking_level_change", "active_tools_change", "session"})
_SUMMARIES = {
    "compaction": "context_compacted",
    "compactionSummary": "context_compacted",
    "branch_summary": "branch_summary",
    "branchSummary": "branch_summary",
}


class Entries:
    """Tells the entries of a file, one after the other."""

    def __init__(self, talk: Conversation, prompt: Prompt | None) -> None:
        self.talk = talk
        self.messages = Messages(talk, prompt)
        self.tree = Tree(talk.draft)
        self.header: dict[str, Any] = {}
        self.chosen = ""
        self.name = ""
        self._tellers: dict[str, Callable[[dict[str, Any]], object]] = {
            "message": self._message,
            "model_change": self._model,
            "custom": self._custom,
            "custom_message": self._custom_message,
            "label": self._label,
            "session_info": self._info,
        }

    def tell(self, line: int, entry: dict[str, Any]) -> None:
        """Tell an entry."""
        kind = fields.text(entry.get("type"))
        said = fields.mapping(entry.get("message"))
        native = fields.text(entry.get("id")) if kind != "session" else ""
        self.talk.record(line, time=entry.get("timestamp") or said.get("timestamp"), record_id=native)
        if kind == "session":
            self._begin(entry)
            return
        if kind == "leaf":
            self.talk.skip(kind)
            self.tree.jump(entry.get("targetId"), line)
            return
        self.tree.grow(native, entry.get("parentId"), line)
        teller = self._tellers.get(kind)
        if teller is not None:
            teller(entry)
        elif kind in _SUMMARIES:
            self._summary(_SUMMARIES[kind], entry)
        elif kind in _SETTINGS:
            self.talk.skip(kind)
        else:
            self.talk.unknown(kind, entry)

    def _begin(self, entry: dict[str, Any]) -> None:
        if self.header:
            self.talk.skip("session")
            return
        self.header = entry
        self.chosen = fields.text(entry.get("modelId"))
        self.talk.enter(entry.get("cwd"))

    def _message(self, entry: dict[str, Any]) -> None:
        message = entry.get("message")
        if isinstance(message, dict):
            self.messages.tell(message)
        else:
            self.talk.unknown("message", entry)

    def _model(self, entry: dict[str, Any]) -> None:
        # Users leaf through models; the replies say which one wrote them.
        self.chosen = fields.text(entry.get("modelId")) or self.chosen
        self.talk.skip("model_change")

    def _summary(self, kind: str, entry: dict[str, Any]) -> None:
        before = fields.count(entry.get("tokensBefore"))
        self.talk.custom(kind, entry.get("summary"), {"tokens_before": before} if before else None)

    def _custom(self, entry: dict[str, Any]) -> None:
        name = fields.text(entry.get("customType")) or "custom"
        self.talk.custom(f"extension:{name}", entry.get("data"))

    def _custom_message(self, entry: dict[str, Any]) -> None:
        self.messages.injected(entry)

    def _label(self, entry: dict[str, Any]) -> None:
        given = {"entry": entry.get("targetId"), "label": entry.get("label")}
        self.talk.custom("label", {key: value for key, value in given.items() if value is not None})

    def _info(self, entry: dict[str, Any]) -> None:
        self.name = fields.text(entry.get("name"))
        self.talk.skip("session_info")


def read(source: Source, tool: str, prompt: Prompt | None = None) -> Reading:
    """The session in a file.

    Args:
        source: The file.
        tool: The agent's slug.
        prompt: How it tells a user's text, when that holds more than what was typed.

    Raises:
        InputError: There is no session in it.
    """
    talk = Conversation(tool)
    entries = Entries(talk, prompt)
    with source.open() as stream:
        for line, entry in lines.objects(stream, talk.draft.unread):
            entries.tell(line, entry)
    entries.tree.mark()
    if not talk.models:
        talk.speak(entries.chosen)
    header = entries.header
    parent = _session_of(fields.first(header, "parentSession", "branchedFrom"))
    return talk.finish(
        Header(
            session_id=fields.text(header.get("id")) or source.stem,
            source_name=source.name,
            provider=entries.messages.provider or fields.text(header.get("provider")),
            title=entries.name,
            # A copy of a session begins with entries that are older than its header.
            created=header.get("timestamp") if parent is None else None,
            modified=source.modified,
            parent=parent,
        )
    )


def _session_of(path: str) -> str | None:
    """The session whose file a path names: ``<time>_<id>.jsonl``, or in OpenClaw ``<id>.jsonl``."""
    name = PureWindowsPath(path).name if "\\" in path else PurePath(path).name
    return name.split(".jsonl", 1)[0].rpartition("_")[2] or None
