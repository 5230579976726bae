"""What messages and their parts tell: the same JSON in the database, in files and in an export.

The kinds of parts and the states of a call are those of ``session/message-v2.ts``. Until version 1.3 the output of a
model call included its reasoning, since 1.4 it does not (``getUsage``); ``total``, where it is stated, shows which.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession import changes, fields
from opensession.hail.events import FileEdit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_NOTHING = frozenset({"step-start", "snapshot", "patch", "agent"})
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})\.")
_REASONING_APART = (1, 4)
_UNFINISHED = frozenset({"pending", "running"})


class Message(NamedTuple):
    """A message.

    Attributes:
        info: Its own record.
        parts: Its content, in order.
    """

    info: dict[str, Any]
    parts: Sequence[Any]


class _Result(NamedTuple):
    """What a call gave back, told once all calls of its step are."""

    ended: float
    call_id: str
    part: dict[str, Any]


class Teller:
    """Tells the messages of one session.

    Attributes:
        talk: Where to.
        children: The calls that began other sessions: a session's id and the call's.
        provider: The first provider that was named.
    """

    def __init__(self, talk: Conversation, info: dict[str, Any], *, is_subagent: bool = False) -> None:
        """Begin.

        Args:
            talk: Where to.
            info: The session's own record.
            is_subagent: Whether its prompts were written by another agent.
        """
        self.talk = talk
        self.children: dict[str, str] = {}
        self.provider = ""
        self._is_subagent = is_subagent
        self._apart = _counts_reasoning_apart(fields.text(info.get("version")))
        self._revert = fields.mapping(info.get("revert"))
        self._undone_from: int | None = None
        self._number = 0
        self._began = 0
        self._created: object = None
        self._first: Event | None = None
        self._results: list[_Result] = []

    def tell(self, message: Message) -> None:
        """Tell a message."""
        info = message.info
        self._number += 1
        self._began = len(self.talk.draft.events)
        self._created = fields.mapping(info.get("time")).get("created")
        parts = [fields.mapping(part) for part in message.parts]
        self._note_undone(info.get("id"), "messageID", alone="partID")
        match info.get("role"):
            case "user":
                self._user(info, parts)
            case "assistant":
                self._assistant(info, parts)
            case role:
                self._record(info)
                self.talk.unknown(f"message:{role}", {**info, "parts": parts} if parts else info)

    def finish(self) -> None:
        """Mark what the user took back: it stays until the next prompt, and cost tokens."""
        if self._undone_from is not None:
            for event in self.talk.draft.events[self._undone_from :]:
                event.attributes["rolled_back"] = True

    def _user(self, info: dict[str, Any], parts: Sequence[dict[str, Any]]) -> None:
        self._record(info)
        typed = [_shown(part) for part in parts if _is_typed(part)]
        mode = fields.text(info.get("agent"))
        if self._is_subagent:
            self.talk.notice(typed, injected="task_prompt")
        else:
            self.talk.prompt(typed, {"agent_mode": mode} if mode else None)
        for part in parts:
            if not _is_typed(part):
                self._record(part)
                self._aside(part)

    def _assistant(self, info: dict[str, Any], parts: Sequence[dict[str, Any]]) -> None:
        self.talk.speak(info.get("modelID"))
        self.provider = self.provider or fields.text(info.get("providerID"))
        self.talk.enter(fields.mapping(info.get("path")).get("cwd"))
        self._first = None
        counted = False
        for part in parts:
            self._note_undone(part.get("id"), "partID")
            if part.get("type") == "step-finish":
                counted = self._step(part) or counted
            else:
                self._part(part, is_summary=info.get("summary") is True)
        self._tell_results()
        if not counted:
            self._record({"id": f"{info.get('id')}-usage"})
            self._usage(fields.mapping(info.get("tokens")), info.get("cost"))
        self._failure(info)

    def _part(self, part: dict[str, Any], *, is_summary: bool) -> None:
        self._record(part)
        told: Event | None = None
        match part.get("type"):
            case "text" if part.get("synthetic") is True:
                self._aside(part)
            case "text" if is_summary:
                self.talk.notice(part.get("text"), injected="compact_summary")
            case "text" | "file":
                told = self.talk.say([_shown(part)])
            case "reasoning" if not fields.text(part.get("text")).strip():
                self.talk.skip("reasoning without text")
            case "reasoning":
                told = self.talk.think(part.get("text"))
            case "tool":
                told = self._call(part)
            case _:
                self._aside(part)
        self._first = self._first or told

    def _aside(self, part: dict[str, Any]) -> None:
        """A part that neither side wrote by hand, or that says nothing."""
        match part.get("type"):
            case "text":
                kind = "synthetic" if part.get("synthetic") is True else "ignored"
                self.talk.notice(part.get("text"), injected=kind)
            case "compaction":
                self.talk.custom("context_compacted", {"auto": part.get("auto") is True})
            case "subtask":
                command = fields.text(part.get("command"))
                self.talk.prompt(part.get("prompt"), {"command": f"/{command}"} if command else None)
            case "retry":
                self._retry(fields.mapping(part.get("error")))
            case str() as kind if kind in _NOTHING:
                self.talk.skip(kind)
            case kind:
                self.talk.unknown(f"part:{kind}", part)

    def _call(self, part: dict[str, Any]) -> Event:
        state = fields.mapping(part.get("state"))
        part_id = fields.text(part.get("id"))
        # Some models number their calls anew in every message: a part's id names the event, and the call when need be.
        native = fields.text(part.get("callID"))
        if not native or self.talk.called(native) is not None:
            native = part_id or f"call-{self._number}-{len(self.talk.draft.events)}"
        given = state.get("input") or fields.text(state.get("raw")) or None
        event = self.talk.call(part.get("tool"), given, native, event_id=part_id)
        call = self.talk.called(native)
        known = fields.mapping(state.get("metadata"))
        child = fields.first(known, "sessionId", "sessionID")
        if child and call is not None:
            self.children.setdefault(child, call.call_id)
        if fields.text(state.get("status")).lower() in _UNFINISHED:
            self.talk.skip("call still running")
        else:
            ended = fields.number(fields.mapping(state.get("time")).get("end"))
            self._results.append(_Result(ended if ended is not None else float("inf"), native, part))
        return event

    def _tell_results(self) -> None:
        """Calls of one step run side by side: their results come in the order in which they ended."""
        for result in sorted(self._results, key=lambda result: result.ended):
            self._result(result.call_id, result.part)
        self._results.clear()

    def _result(self, call_id: str, part: dict[str, Any]) -> None:
        state = fields.mapping(part.get("state"))
        known = fields.mapping(state.get("metadata"))
        time = fields.mapping(state.get("time"))
        failed = fields.text(state.get("status")).lower() == "error"
        self.talk.record(self._number, time=time.get("end"), record_id=f"{part.get('id')}-result")
        if not failed:
            self._place(call_id, fields.sequence(known.get("files")))
        content = state.get("error") if failed else state.get("output")
        attached = [_shown(fields.mapping(item)) for item in fields.sequence(state.get("attachments"))]
        self.talk.result(
            call_id,
            [content, *attached] if attached else content,
            failed=failed or part.get("tool") == "invalid",
            exit_code=known.get("exit"),
            diff=fields.text(known.get("diff")) or None,
            duration_ms=_between(time.get("start"), time.get("end")),
        )

    def _place(self, call_id: str, files: Sequence[Any]) -> None:
        """Give each file of a patch the diff that was recorded for it."""
        call = self.talk.called(call_id)
        if call is None or len(call.events) != len(files):
            return
        for event, file in zip(call.events, files, strict=True):
            diff = fields.first(fields.mapping(file), "diff", "patch")
            if isinstance(event.kind, FileEdit) and diff:
                event.kind = FileEdit(event.kind.path, changes.bare(diff))
                event.attributes.pop("diff_positions", None)

    def _step(self, part: dict[str, Any]) -> bool:
        """The end of a model call; whether it states tokens."""
        self._tell_results()
        self._record(part)
        self.talk.skip("step-finish")
        tokens = fields.mapping(part.get("tokens"))
        stated = any(fields.count(tokens.get(name)) for name in ("input", "output", "total"))
        if stated:
            self._usage(tokens, part.get("cost"))
        self._first = None if stated else self._first
        return stated

    def _usage(self, tokens: dict[str, Any], cost: object) -> None:
        cache = fields.mapping(tokens.get("cache"))
        read, written = fields.count(cache.get("read")), fields.count(cache.get("write"))
        prompt = fields.count(tokens.get("input")) + read + written
        output, reasoning = fields.count(tokens.get("output")), fields.count(tokens.get("reasoning"))
        rest = fields.count(tokens.get("total")) - prompt
        is_apart = self._apart if rest not in (output, output + reasoning) else rest != output
        self.talk.usage(
            input_tokens=prompt,
            output_tokens=output + reasoning if is_apart else output,
            cache_read=read,
            cache_write=written,
            reasoning=reasoning,
            cost=cost,
            event=self._first,
        )

    def _failure(self, info: dict[str, Any]) -> None:
        error = fields.mapping(info.get("error"))
        if not error:
            return
        name, data = fields.text(error.get("name")), fields.mapping(error.get("data"))
        said = fields.first(data, "message") or name or "error"
        time = fields.mapping(info.get("time"))
        ended = time.get("completed", time.get("created"))
        self.talk.record(self._number, time=ended, record_id=f"{info.get('id')}-error")
        if name == "MessageAbortedError":
            self.talk.custom("turn_aborted", said)
            return
        status = fields.whole(data.get("statusCode"))
        self.talk.notice(said, error=name or True, attributes={"status": status} if status is not None else None)

    def _retry(self, error: dict[str, Any]) -> None:
        message = fields.first(fields.mapping(error.get("data")), "message") or fields.first(error, "message", "name")
        self.talk.notice(message or "retry", error="retry")

    def _record(self, record: dict[str, Any]) -> None:
        """Begin a part, or the message itself; a part that states no time has that of what came before it."""
        time = fields.mapping(fields.mapping(record.get("state")).get("time")) or fields.mapping(record.get("time"))
        own = time.get("start", time.get("created"))
        is_first = len(self.talk.draft.events) == self._began
        self.talk.record(
            self._number, time=own if own is not None or not is_first else self._created, record_id=record.get("id")
        )

    def _note_undone(self, identity: object, key: str, alone: str = "") -> None:
        wanted = self._revert.get(key)
        if self._undone_from is None and wanted and identity == wanted and not self._revert.get(alone):
            self._undone_from = len(self.talk.draft.events)


def _counts_reasoning_apart(version: str) -> bool:
    found = _VERSION.match(version)
    return found is not None and (int(found[1]), int(found[2])) >= _REASONING_APART


def _is_typed(part: dict[str, Any]) -> bool:
    kind = part.get("type")
    return kind == "file" or (kind == "text" and part.get("synthetic") is not True and part.get("ignored") is not True)


def _shown(part: dict[str, Any]) -> dict[str, Any]:
    """A text or a file in a shape that all agents share."""
    if part.get("type") == "text":
        return {"type": "text", "text": fields.text(part.get("text"))}
    url = fields.first(part, "url")
    mime = fields.first(part, "mime")
    if not url:
        return {"type": "document", **part}
    kind = "image" if mime.startswith("image/") else "document"
    return {"type": kind, "source": {"url": url, "media_type": mime}}


def _between(start: object, end: object) -> float | None:
    began, ended = fields.number(start), fields.number(end)
    return ended - began if began is not None and ended is not None else None
