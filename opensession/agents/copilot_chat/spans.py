"""The extension's database of OpenTelemetry spans (schema 1, 2026), which users turn on to look for faults.

A session is the spans with its ``chat_session_id``: ``invoke_agent`` for each prompt, ``chat`` for each model call with
its tokens (``input_tokens`` is the whole prompt, what came from the cache included) and ``execute_tool`` for each call;
``invoke_agent`` repeats the sum of its model calls. Model calls of the extension's own (a title) belong to no session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import database, fields
from opensession.agents.copilot_chat import outputs
from opensession.conversation import Conversation, Header
from opensession.errors import NoSessionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.hail.session import Reading
    from opensession.source import Source

_COLUMNS = (
    "span_id",
    "operation_name",
    "start_time_ms",
    "end_time_ms",
    "status_code",
    "status_message",
    "request_model",
    "response_model",
    "input_tokens",
    "output_tokens",
    "cached_tokens",
    "reasoning_tokens",
    "tool_name",
    "tool_call_id",
)
_FAILED = 2
"""``status_code`` of OpenTelemetry."""


def read(source: Source) -> Iterator[Reading]:
    """The sessions in a database that are wanted, oldest first.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        if not opened.has("spans", "span_id", "chat_session_id", "start_time_ms"):
            return
        rows = opened.select(
            "spans",
            ("chat_session_id",),
            "WHERE chat_session_id IS NOT NULL GROUP BY chat_session_id ORDER BY MIN(start_time_ms), chat_session_id",
        )
        for key in [fields.text(row["chat_session_id"]) for row in rows]:
            if key and source.wants(key):
                try:
                    yield _session(opened, key, source.name)
                except NoSessionError:
                    continue


def _session(opened: database.Database, key: str, name: str) -> Reading:
    talk = Conversation("copilot-chat")
    facts: dict[str, str] = {}
    rows = list(opened.select("spans", _COLUMNS, "WHERE chat_session_id = ?", (key,)))
    for number, span in enumerate(sorted(rows, key=_moment), start=1):
        attributes = _attributes(opened, span["span_id"])
        talk.record(number, time=_time(span), record_id=span["span_id"])
        for fact in ("head_branch_name", "head_commit_hash", "remote_url"):
            facts.setdefault(fact, fields.text(attributes.get(f"copilot_chat.repo.{fact}")))
        _tell(talk, span, attributes)
    git = {"commit_hash": facts.get("head_commit_hash"), "repository_url": facts.get("remote_url")}
    return talk.finish(
        Header(
            session_id=key,
            source_name=name,
            branch=facts.get("head_branch_name"),
            attributes={"git": {fact: value for fact, value in git.items() if value}, "originator": "vscode traces"},
            key=key,
        )
    )


def _attributes(opened: database.Database, span_id: Any) -> dict[str, Any]:
    if not opened.has("span_attributes", "span_id", "key", "value"):
        return {}
    rows = opened.select("span_attributes", ("key", "value"), "WHERE span_id = ?", (span_id,))
    return {fields.text(row["key"]): row["value"] for row in rows}


def _time(span: Any) -> int:
    """A prompt is there when its span begins, an answer or result when it ends."""
    begun, ended = _milliseconds(span)
    return begun if span["operation_name"] == "invoke_agent" else ended


def _milliseconds(span: Any) -> tuple[int, int]:
    """When a span began and ended; the end has fractions."""
    begun = fields.milliseconds(span["start_time_ms"]) or 0
    return begun, max(begun, fields.milliseconds(span["end_time_ms"]) or 0)


def _moment(span: Any) -> tuple[int, int, str]:
    return _time(span), _milliseconds(span)[0], str(span["span_id"])


def _tell(talk: Conversation, span: Any, attributes: dict[str, Any]) -> None:
    operation = fields.text(span["operation_name"])
    if operation == "invoke_agent":
        talk.prompt(fields.text(attributes.get("copilot_chat.user_request")))
    elif operation == "chat":
        _answer(talk, span, attributes)
    elif operation == "execute_tool":
        _executed(talk, span, attributes)
    elif operation == "execute_hook":
        talk.skip("execute_hook")
    else:
        talk.unknown(operation, attributes)


def _answer(talk: Conversation, span: Any, attributes: dict[str, Any]) -> None:
    talk.speak(span["response_model"] or span["request_model"])
    messages = fields.decoded(fields.text(attributes.get("gen_ai.output.messages")))
    for message in fields.sequence(messages):
        for part in fields.sequence(fields.mapping(message).get("parts")):
            _part(talk, fields.mapping(part))
    if span["status_code"] == _FAILED:
        talk.notice(fields.text(span["status_message"]) or "The model call failed.", error="model_call")
    talk.usage(
        input_tokens=span["input_tokens"],
        output_tokens=span["output_tokens"],
        cache_read=span["cached_tokens"],
        reasoning=span["reasoning_tokens"],
    )


def _part(talk: Conversation, part: dict[str, Any]) -> None:
    kind = part.get("type")
    if kind == "text":
        talk.say(part.get("content"))
    elif kind in ("reasoning", "thinking"):
        talk.think(part.get("content"))
    elif kind == "tool_call":
        talk.call(part.get("name"), part.get("arguments"), part.get("id"))
    elif part:
        talk.unknown(f"part:{kind}", part)


def _executed(talk: Conversation, span: Any, attributes: dict[str, Any]) -> None:
    call_id = fields.text(span["tool_call_id"])
    if talk.called(call_id) is None:
        # A step that the extension takes itself, or a call of a subagent.
        talk.call(span["tool_name"], attributes.get("gen_ai.tool.call.arguments"), call_id)
    begun, ended = _milliseconds(span)
    stated = fields.text(attributes.get("gen_ai.tool.call.result"))
    node = fields.mapping(fields.mapping(fields.decoded(stated)).get("node")) if stated.startswith('{"node"') else {}
    talk.result(
        call_id,
        (outputs.rendered(node) if node else stated) or fields.text(span["status_message"]),
        failed=span["status_code"] == _FAILED,
        duration_ms=ended - begun,
    )
