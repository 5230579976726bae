"""Windsurf: the transcript that its hook ``post_cascade_response_with_transcript`` leaves, one step a line.

Built from one published transcript of the hook and its documentation (docs.windsurf.com, Cascade hooks, early 2026). A
step is ``{"type": T, "status": …, T: {…}}``: it holds a call and what it gave back at once, and neither time, id nor
model. Windsurf keeps the newest hundred of these files. Its own history (``~/.codeium/windsurf``) is encrypted and is
not read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import diffs, fields, places
from opensession.agent import About, Evidence, Found
from opensession.hail import lines
from opensession.hail.events import File, FileCreate, FileEdit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.agent import Machine, Sample
    from opensession.conversation import Conversation
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "windsurf"
PROVIDER = "unknown"
READER = 1
ABOUT = About(
    where="~/.windsurf/transcripts",
    support="samples",
    versions="transcripts of the hook as of early 2026",
    tokens="",
    diffs="recorded",
    subagents="",
    live="rewritten",
)

_KNOWN = frozenset({"user_input", "planner_response", "code_action", "view_file", "run_command", "list_directory"})
_OUTPUTS = ("output", "content", "result", "results", "response", "error", "error_message")
"""Fields of a step that hold what came back; all others were asked for."""

_ABOUT_RESULT = frozenset({"exit_code", "user_rejected", "total_results", "acknowledgement_type"})
_ADDRESSES = ("path", "search_path", "search_directory", "cwd", "directory_path", "absolute_path")
_FAILED = frozenset({"error", "failed", "canceled", "cancelled"})
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def recognise(sample: Sample) -> Evidence:
    """Each line names its type, and has a field of that name."""
    steps = [_kind(step) for step in sample.objects if "status" in step and _kind(step)]
    if any(kind in _KNOWN for kind in steps):
        return Evidence.CERTAIN
    return Evidence.LIKELY if steps and len(steps) == len(sample.objects) else Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The session in a transcript.

    Raises:
        InputError: There is no session in it, or it cannot be read.
    """
    from opensession.conversation import Conversation, Header, distinct_id  # noqa: PLC0415 - only once the file is known to be theirs

    talk = Conversation(NAME)
    with source.open() as stream:
        for line, step in lines.objects(stream, talk.draft.unread):
            talk.record(line)
            _step(talk, step)
    # The trajectory's id names the file; under another name the first words tell it from others.
    opening = talk.draft.events[0].text() if talk.draft.events else ""
    session_id = source.stem if _UUID.fullmatch(source.stem) else distinct_id(source.stem or NAME, opening)
    return (talk.finish(Header(session_id, source.name, modified=source.modified)),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The transcripts on this machine, of users who have turned the hook on."""
    for path in places.files(machine.home / ".windsurf" / "transcripts", ".jsonl"):
        modified = places.modified(path)
        if modified >= since:
            yield Found(path, modified)


def _kind(step: dict[str, Any]) -> str:
    """The type of a step, when it has a field of that name."""
    kind = fields.text(step.get("type"))
    return kind if isinstance(step.get(kind), dict) else ""


def _step(talk: Conversation, step: dict[str, Any]) -> None:
    kind, status = _kind(step), fields.text(step.get("status"))
    body = fields.mapping(step.get(kind))
    match kind:
        case "":
            talk.unknown(step.get("type"), step)
        case "user_input":
            talk.prompt(fields.text(body.get("user_response")), _rest(body, "user_response"))
        case "planner_response":
            talk.think(body.get("thinking"))
            talk.say(fields.text(body.get("response")), _rest(body, "response", "thinking"))
        case "code_action":
            _edit(talk, body, status)
        case _:
            _call(talk, kind, body, status)


def _rest(body: dict[str, Any], *told: str) -> dict[str, Any]:
    """What else a message holds, so that nothing of it is lost."""
    rest = {name: value for name, value in body.items() if name not in told and value not in (None, "", [], {})}
    return {"details": rest} if rest else {}


def _call(talk: Conversation, name: str, body: dict[str, Any], status: str) -> None:
    """A call of a tool with its result, which stand in one step."""
    asked = {
        key: places.local_path(value) if key in _ADDRESSES and isinstance(value, str) else value
        for key, value in body.items()
        if key not in _OUTPUTS and key not in _ABOUT_RESULT
    }
    talk.enter(asked.get("cwd"))
    talk.call(name, asked)
    _result(talk, body, status)


def _edit(talk: Conversation, body: dict[str, Any], status: str) -> None:
    """A change of a file: its whole text before and after."""
    before, after = fields.text(body.get("original_content")), fields.text(body.get("new_content"))
    told = ("original_content", "new_content", *_ABOUT_RESULT)
    asked = {name: value for name, value in body.items() if name not in told and name not in _OUTPUTS}
    asked["path"] = places.local_path(fields.text(body.get("path")))
    event = talk.call("code_action", asked)
    event.blocks = event.blocks if len(asked) > 1 else []  # the event says the path itself
    failed = status in _FAILED
    if isinstance(event.kind, FileEdit) and not before and after and not failed:
        event.kind = FileCreate(event.kind.path)
        event.blocks = [*event.blocks, File(event.kind.path, after)]
    diff = "" if failed or isinstance(event.kind, FileCreate) else diffs.from_texts(before, after)
    _result(talk, body, status, diff)


def _result(talk: Conversation, body: dict[str, Any], status: str, diff: str = "") -> None:
    if status in ("running", "pending", "in_progress", "generating"):
        talk.skip("call still running")
        return
    content = next((body[name] for name in _OUTPUTS if body.get(name) not in (None, "", [], {})), None)
    stated = {name: body[name] for name in sorted(_ABOUT_RESULT - {"exit_code"}) if body.get(name)}
    if status not in ("", "done", "error"):
        stated["status"] = status
    talk.result(
        None,
        content,
        failed=status in _FAILED or body.get("user_rejected") is True,
        exit_code=body.get("exit_code"),
        diff=diff or None,
        attributes=stated,
    )
