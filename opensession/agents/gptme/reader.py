"""The messages of a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, providers
from opensession.agents.gptme import CONVERSATION, NAME
from opensession.agents.gptme.calls import parts
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail import lines, times

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.hail.session import Reading
    from opensession.source import Source

_LARGEST = 256 * 1024
"""Bytes of a conversation's settings."""

_FAILURES = ("Error", "Patch failed", "Aborted", "Traceback")
_PROMPT_PARTS = ("input_tokens", "cache_read_tokens", "cache_creation_tokens")


class _Messages:
    """Tells the messages, one after the other."""

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.started = ""
        self.is_local = False
        self._open: list[str] = []
        self._begun = False

    def tell(self, line: int, message: dict[str, Any]) -> None:
        """Tell a message."""
        time = fields.text(message.get("timestamp"))
        self.started = self.started or time
        self.talk.record(line, time=self._moment(time))
        files = [path for path in fields.sequence(message.get("files")) if isinstance(path, str)]
        attributes: dict[str, Any] = {"files": files} if files else {}
        content = message.get("content")
        match message.get("role"):
            case "user":
                self._begun, self._open = True, []
                self.talk.prompt(content, attributes)
            case "assistant":
                self._begun, self._open = True, []
                self._reply(fields.text(content), fields.mapping(message.get("metadata")))
            case "system" | "tool":
                self._system(message, attributes)
            case role:
                self.talk.unknown(f"message:{fields.text(role)}", message)

    def _moment(self, text: str) -> str:
        """The time; gptme writes that of the machine's own zone without saying so."""
        zoned = fields.text(times.zoned(text))
        self.is_local = self.is_local or zoned != text
        return zoned

    def _reply(self, content: str, metadata: dict[str, Any]) -> None:
        self.talk.speak(metadata.get("model"))
        for part in parts(content):
            match part.kind:
                case "text":
                    self.talk.say(part.text)
                case "thinking":
                    self.talk.think(part.text)
                case _:
                    call = self.talk.call(part.text, part.arguments, part.call_id)
                    self._open.append(call.attributes["tool_use_id"])
        # Counts stood beside the model before they had a place of their own.
        usage = fields.mapping(metadata.get("usage")) or metadata
        self.talk.usage(
            input_tokens=sum(fields.count(usage.get(name)) for name in _PROMPT_PARTS),
            output_tokens=usage.get("output_tokens"),
            cache_read=usage.get("cache_read_tokens"),
            cache_write=usage.get("cache_creation_tokens"),
            reasoning=usage.get("reasoning_tokens"),
            cost=metadata.get("cost"),
        )

    def _system(self, message: dict[str, Any], attributes: dict[str, Any]) -> None:
        """What a tool gave back, when one was called just before; else a note of gptme's."""
        content, call_id = message.get("content"), fields.text(message.get("call_id"))
        if self._open and message.get("ui_only") is not True:
            named = call_id if call_id in self._open else self._open[0]
            self._open.remove(named)
            failed = fields.text(content).startswith(_FAILURES)
            self.talk.result(named, content, failed=failed, attributes=attributes)
            return
        hidden = {"hidden": True} if message.get("hide") is True else {}
        injected = None if self._begun else "system_prompt"
        if self.talk.notice(content, injected=injected, attributes={**attributes, **hidden}) is None:
            self.talk.skip("message without text")


def read(source: Source) -> Reading:
    """The conversation in a file.

    Raises:
        InputError: There is no conversation in it.
    """
    folder = source.path.parent if source.path is not None and source.path.name == CONVERSATION else None
    talk = Conversation(NAME, cwd=_workspace(folder))
    messages = _Messages(talk)
    with source.open() as stream:
        for line, message in lines.objects(stream, talk.draft.unread):
            messages.tell(line, message)
    settings = _settings(folder)
    if not talk.models:
        talk.speak(settings.get("model"))
    model = talk.models[0] if talk.models else ""
    return talk.finish(
        Header(
            session_id=distinct_id(folder.name if folder is not None else source.stem or NAME, messages.started),
            source_name=source.name,
            # Models are named with the way to them: openrouter/anthropic/claude-x.
            provider=providers.of_model(model, model.partition("/")[0] or "unknown"),
            title=settings.get("name"),
            modified=source.modified,
            attributes={"tz_assumed": "local" if messages.is_local else None},
        )
    )


def _workspace(folder: Path | None) -> str | None:
    """Where the conversation's link to its working directory points; the folder itself is not looked at."""
    if folder is None:
        return None
    try:
        return str((folder / "workspace").readlink()).removeprefix("\\\\?\\")
    except (OSError, ValueError):
        return None


def _settings(folder: Path | None) -> dict[str, Any]:
    """The table ``chat`` of the conversation's settings."""
    import tomllib  # noqa: PLC0415 - only gptme writes it

    path = folder / "config.toml" if folder is not None else None
    try:
        if path is None or path.is_symlink() or path.stat().st_size > _LARGEST:
            return {}
        return fields.mapping(tomllib.loads(path.read_text(encoding="utf-8", errors="replace")).get("chat"))
    except (OSError, ValueError, RecursionError):
        return {}
