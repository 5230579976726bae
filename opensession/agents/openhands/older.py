"""The events of OpenHands 0.x: an action or an observation, the latter with the action that caused it.

``{id, timestamp, source, message, action, args}`` and ``{..., cause, observation, content, extras}``
(``openhands/events/serialization``). Tokens are stated as sums so far (``llm_metrics``); the difference is the call's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import diffs, fields
from opensession.agents.openhands.times import told

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_SILENT = frozenset({"null", "change_agent_state", "agent_state_changed", "recall", "success", "start"})
_CALLS = {
    "run": "execute_bash",
    "run_ipython": "execute_ipython_cell",
    "read": "read",
    "write": "write",
    "edit": "edit",
    "browse": "fetch",
    "delegate": "delegate",
}
"""Actions by the names that other agents give such tools."""

_FOR_THE_LOOP = frozenset(
    {
        "thought",
        "confirmation_state",
        "hidden",
        "blocking",
        "keep_prompt",
        "security_risk",
        "is_confirmed",
        "kernel_init_code",
    }
    | {
        "impl_source",
        "start",
        "end",
        "is_input",
        "include_extra",
        "translated_ipython_code",
        "view_range",
        "is_static",
        "cwd",
    }
)
"""Arguments that the agent's own loop adds; the thought is told apart."""

_FIGURES = ("prompt_tokens", "completion_tokens", "cache_read_tokens", "cache_write_tokens")


class Older:
    """The events as a conversation.

    Attributes:
        is_local: Whether times were taken to be in this machine's zone.
    """

    def __init__(self, talk: Conversation) -> None:
        self.talk = talk
        self.is_local = False
        self._before: dict[str, float] = {}

    def tell(self, number: int, item: Any) -> None:
        """Tell an event.

        Args:
            number: Its place, from 1.
            item: The event.
        """
        record = fields.mapping(item)
        time, is_local = told(record.get("timestamp"))
        self.is_local = self.is_local or is_local
        native = fields.whole(record.get("id"))
        self.talk.record(number, time=time, record_id=f"event-{native}" if native is not None else None)
        response = fields.mapping(fields.mapping(record.get("tool_call_metadata")).get("model_response"))
        self.talk.speak(response.get("model"))
        kind = fields.first(record, "action", "observation")
        if kind in _SILENT:
            self.talk.skip(kind)
        elif "action" in record:
            event = self._action(kind, record, fields.mapping(record.get("args")))
            self._count(fields.mapping(record.get("llm_metrics")), event)
        else:
            self._observation(kind, record)

    def _action(self, kind: str, record: dict[str, Any], given: dict[str, Any]) -> Event | None:
        thought = self.talk.say(given.get("thought")) if kind != "think" else None
        match kind:
            case "message":
                return self._message(record, given)
            case "think":
                return self.talk.think(given.get("thought"))
            case "finish" | "reject":
                said = fields.first(given, "final_thought", "content") or fields.text(record.get("message"))
                return thought or self.talk.say(said)
            case "system":
                self.talk.notice(given.get("content"), injected="system_prompt")
                return None
            case "condensation":
                self.talk.custom("context_compacted", fields.text(given.get("summary")) or None)
                return None
        by_user = record.get("source") == "user"
        is_served = kind in ("mcp", "call_tool_mcp")
        arguments = given.get("arguments") if is_served else _asked(given)
        call = self.talk.call(_name(kind, record, given), arguments, _call_id(record.get("id")), by_user=by_user)
        return None if by_user else thought or call

    def _message(self, record: dict[str, Any], given: dict[str, Any]) -> Event | None:
        urls = [url for url in fields.sequence(given.get("image_urls")) if isinstance(url, str)]
        content = [given.get("content"), *({"type": "image_url", "image_url": url} for url in urls)]
        if record.get("source") == "agent":
            return self.talk.say(content)
        if record.get("source") == "user":
            self.talk.prompt(content)
        else:
            self.talk.notice(content, injected=fields.text(record.get("source")) or "system")
        return None

    def _observation(self, kind: str, record: dict[str, Any]) -> None:
        extras = fields.mapping(record.get("extras"))
        call = self.talk.called(_call_id(record.get("cause")))
        if kind == "error" and call is None:
            self.talk.notice(record.get("content"), error=fields.text(extras.get("error_id")) or True)
            return
        if call is None and kind in ("think", "finish", "condense", "system", "message"):
            self.talk.skip(kind)
            return
        code = fields.mapping(extras.get("metadata")).get("exit_code", extras.get("exit_code"))
        old, new = extras.get("old_content"), extras.get("new_content")
        has_both = isinstance(old, str) and isinstance(new, str)
        self.talk.result(
            call.call_id if call is not None else f"event-{self.talk.draft.records}",
            record.get("content"),
            name=kind,
            failed=kind in ("error", "user_rejected") or extras.get("error") is True,
            exit_code=code if code != -1 else None,
            diff=diffs.from_texts(str(old), str(new)) if has_both else fields.text(extras.get("diff")) or None,
        )

    def _count(self, metrics: dict[str, Any], event: Event | None) -> None:
        """The tokens of the call that led to an event: what the sums grew by."""
        sums = fields.mapping(metrics.get("accumulated_token_usage"))
        now: dict[str, float] = {name: fields.count(sums.get(name)) for name in _FIGURES}
        now["cost"] = fields.number(metrics.get("accumulated_cost")) or 0
        if not sums:
            return
        self.talk.speak(sums.get("model"))
        before = self._before if all(now[name] >= self._before.get(name, 0) for name in _FIGURES) else {}
        grown = {name: now[name] - before.get(name, 0) for name in now}
        self._before = now
        if not any(grown[name] for name in _FIGURES):
            return
        self.talk.usage(
            input_tokens=int(grown["prompt_tokens"]),
            output_tokens=int(grown["completion_tokens"]),
            cache_read=int(grown["cache_read_tokens"]),
            cache_write=int(grown["cache_write_tokens"]),
            cost=round(grown["cost"], 9),
            event=event if event is not None else self.talk.custom("model_call"),
        )


def _name(kind: str, record: dict[str, Any], given: dict[str, Any]) -> str:
    """The name of the tool behind an action."""
    if kind == "edit" and given.get("command"):
        return "str_replace_editor"
    called = fields.text(fields.mapping(record.get("tool_call_metadata")).get("function_name"))
    return _CALLS.get(kind) or fields.text(given.get("name")) or called or kind


def _asked(given: dict[str, Any]) -> dict[str, Any]:
    """What an action asks for, without what the loop adds and what is not set."""
    return {
        key: value
        for key, value in given.items()
        if key not in _FOR_THE_LOOP and value is not None and value is not False and value not in ("", -1)
    }


def _call_id(native: Any) -> str:
    number = fields.whole(native)
    return f"call-{number}" if number is not None else ""
