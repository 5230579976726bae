"""Sessions as clients send them."""

from __future__ import annotations

from typing import Any


def event(number: int, kind: str = "UserMessage", text: str = "hello", data: Any = None) -> dict[str, Any]:
    """An event, a second after the one before."""
    kinds: dict[str, Any] = {"type": kind} if data is None else {"type": kind, "data": data}
    return {
        "event_id": f"e{number}",
        "timestamp": f"2026-03-01T10:{number // 60:02d}:{number % 60:02d}Z",
        "event_type": kinds,
        "content": {"blocks": [{"type": "Text", "text": text}]},
    }


def session(session_id: str, *texts: str, events: list[dict[str, Any]] | None = None, **context: Any) -> dict[str, Any]:
    """A session in which these prompts were typed."""
    given = events if events is not None else [event(n, text=text) for n, text in enumerate(texts)]
    last = given[-1]["timestamp"] if given else "2026-03-01T10:00:00Z"
    return {
        "version": "hail-1.0.0",
        "session_id": session_id,
        "agent": {"provider": "anthropic", "model": "claude-opus-4", "tool": "claude-code"},
        "context": {"created_at": "2026-03-01T10:00:00Z", "updated_at": last, "tags": [], **context},
        "events": given,
        "stats": {
            "event_count": 999,
            "message_count": 0,
            "tool_call_count": 0,
            "task_count": 0,
            "duration_seconds": 0,
        },
    }
