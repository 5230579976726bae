"""The settings beside a session's log: its model and the tokens of the whole session, written anew each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields, providers

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.conversation import Conversation

_LONGEST = 4 * 1024 * 1024
"""Bytes; they may hold a system prompt."""

_MAKERS = frozenset({"anthropic", "openai", "google", "xai"})


def beside(path: Path | None) -> dict[str, Any]:
    """The settings of the session in a file, empty when there are none."""
    if path is None:
        return {}
    try:
        with path.with_name(path.name.split(".", 1)[0] + ".settings.json").open("rb") as stream:
            return fields.mapping(fields.decoded(stream.read(_LONGEST).decode("utf-8", "replace")))
    except OSError:
        return {}


def provider(settings: dict[str, Any], model: str) -> str:
    """Who makes the models: the model's name tells, or what the session is locked to."""
    lock = fields.text(settings.get("providerLock"))
    return providers.of_model(model, lock if lock in _MAKERS else "unknown")


def total(talk: Conversation, settings: dict[str, Any]) -> None:
    """Note the session's tokens: ``inputTokens`` leaves out what was read from or written to the cache."""
    usage = fields.mapping(settings.get("tokenUsage"))
    read, written = fields.count(usage.get("cacheReadTokens")), fields.count(usage.get("cacheCreationTokens"))
    talk.total(
        input_tokens=fields.count(usage.get("inputTokens")) + read + written,
        output_tokens=usage.get("outputTokens"),
        cache_read=read,
        cache_write=written,
        reasoning=usage.get("thinkingTokens"),
    )
