"""Amp: one JSON document a thread, written anew on each change.

Built from published threads of the command line (client 0.0.1772237000); a thread on the server is the same document
(``amp threads export``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import document, fields, places
from opensession.agent import About, Evidence, Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.agent import Machine, Sample
    from opensession.conversation import Conversation
    from opensession.hail.session import Reading
    from opensession.source import Source

NAME = "amp"
PROVIDER = "anthropic"
READER = 1
ABOUT = About(
    where="~/.local/share/amp/threads",
    support="samples",
    versions="threads of client 0.0.1772237000",
    environment=("XDG_DATA_HOME",),
    tokens="per call",
    diffs="recorded",
    subagents="",
    live="rewritten",
)

_FAILED = frozenset({"error", "cancelled", "rejected-by-user"})
_OUTPUTS = ("output", "content", "text", "diff")
"""Fields of a tool's result that hold what it gave back as text."""


def recognise(sample: Sample) -> Evidence:
    """A thread's id begins with ``T-``."""
    thread = fields.mapping(sample.document)
    if fields.text(thread.get("id")).startswith("T-") and "messages" in thread:
        return Evidence.CERTAIN
    return Evidence.NONE


def read(source: Source) -> Iterable[Reading]:
    """The thread in a document.

    Raises:
        InputError: There is no conversation in it, or it is damaged.
    """
    from opensession.conversation import Conversation, Header  # noqa: PLC0415 - only once the file is known to be theirs

    unread: list[Any] = []
    thread = fields.mapping(document.load(source, unread))
    place = _place(thread)
    talk = Conversation(NAME, started=thread.get("created"), cwd=places.local_path(fields.text(place.get("uri"))))
    talk.draft.unread.extend(unread)
    for number, message in enumerate(fields.sequence(thread.get("messages")), start=1):
        _message(talk, number, fields.mapping(message))
    repository = fields.mapping(place.get("repository"))
    platform = fields.mapping(_initial(thread).get("platform"))
    header = Header(
        session_id=fields.text(thread.get("id")) or source.stem,
        source_name=source.name,
        version=platform.get("clientVersion"),
        title=thread.get("title"),
        created=thread.get("created"),
        branch=fields.text(repository.get("ref")).removeprefix("refs/heads/"),
        parent=fields.first(thread, "mainThreadID", "originThreadID") or None,
        attributes={
            "git": _git(repository),
            "originator": fields.text(platform.get("client")),
            "agent_mode": fields.text(thread.get("agentMode")),
        },
    )
    return (talk.finish(header),)


def discover(machine: Machine, since: float = 0.0) -> Iterator[Found]:
    """The threads on this machine."""
    root = places.data(machine) if machine.platform == "win32" else places.xdg_data(machine)
    for path in places.files(root / "amp" / "threads", ".json"):
        modified = places.modified(path)
        if path.name.startswith("T-") and modified >= since:
            yield Found(path, modified)


def _initial(thread: dict[str, Any]) -> dict[str, Any]:
    return fields.mapping(fields.mapping(thread.get("env")).get("initial"))


def _place(thread: dict[str, Any]) -> dict[str, Any]:
    """The first folder of the workspace."""
    trees = fields.sequence(_initial(thread).get("trees"))
    return fields.mapping(trees[0]) if trees else {}


def _git(repository: dict[str, Any]) -> dict[str, str]:
    stated = {"repository_url": repository.get("url"), "commit_hash": repository.get("sha")}
    return {name: value for name, value in stated.items() if isinstance(value, str) and value}


def _message(talk: Conversation, number: int, message: dict[str, Any]) -> None:
    usage = fields.mapping(message.get("usage"))
    sent = fields.mapping(message.get("meta")).get("sentAt")
    native = message.get("messageId")
    talk.record(number, time=sent or usage.get("timestamp"), record_id=f"m{native}" if native is not None else None)
    talk.speak(usage.get("model"))
    is_agent = message.get("role") == "assistant"
    typed: list[Any] = []
    for part in fields.sequence(message.get("content")):
        given = fields.mapping(part)
        if not is_agent and given.get("type") in ("text", "image"):
            typed.append(part)
        else:
            _part(talk, given, is_agent=is_agent)
    talk.prompt(typed)
    _state(talk, fields.mapping(message.get("state")))
    talk.usage(
        input_tokens=sum(fields.count(usage.get(name)) for name in _PROMPT_PARTS),
        output_tokens=usage.get("outputTokens"),
        cache_read=usage.get("cacheReadInputTokens"),
        cache_write=usage.get("cacheCreationInputTokens"),
    )


_PROMPT_PARTS = ("inputTokens", "cacheCreationInputTokens", "cacheReadInputTokens")


def _part(talk: Conversation, part: dict[str, Any], *, is_agent: bool) -> None:
    match part.get("type"):
        case "text" | "image" if is_agent:
            if talk.say([part]) is None:
                talk.skip("blank text")
        case "thinking":
            talk.think(part.get("thinking"))
        case "redacted_thinking":
            talk.skip("redacted_thinking")
        case "tool_use" | "server_tool_use":
            talk.call(part.get("name"), part.get("input"), part.get("id"))
        case "tool_result":
            _result(talk, part.get("toolUseID"), fields.mapping(part.get("run")))
        case "manual_bash_invocation":
            # The user's own command, typed with a leading $.
            talk.call("Bash", {"command": fields.mapping(part.get("args")).get("cmd")}, by_user=True)
            _result(talk, None, fields.mapping(part.get("toolRun")))
        case kind:
            talk.unknown(f"part:{kind}", part)


def _result(talk: Conversation, call_id: object, run: dict[str, Any]) -> None:
    status = fields.text(run.get("status"))
    if status in ("in-progress", "queued", "blocked-on-user"):
        talk.skip("call still running")
        return
    answer = run.get("result")
    given = fields.mapping(answer)
    error = run.get("error")
    content = fields.first(given, *_OUTPUTS) or answer
    if error is not None:
        content = fields.first(fields.mapping(error), "message") or error
    talk.result(
        call_id,
        content,
        failed=status in _FAILED,
        exit_code=given.get("exitCode"),
        diff=fields.text(given.get("diff")) or None,
        attributes={"status": status} if status not in ("done", "error", "") else None,
    )


def _state(talk: Conversation, state: dict[str, Any]) -> None:
    kind = fields.text(state.get("type"))
    if kind in ("cancelled", "error", "aborted"):
        talk.custom("turn_aborted" if kind != "error" else "error", state)
