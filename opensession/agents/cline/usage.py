"""The tokens of a request, which each of the family counts in a way of its own.

- Cline (``src/core/api/providers``) keeps prompt, cache reads and cache writes apart; only some of its providers pass
  on a prompt that holds the cached part already.
- Roo Code since 3.29.5 and Kilo Code since 4.119.0 state the whole prompt (``src/shared/cost.ts``); before that they
  stated what the provider did, which for Anthropic's protocol is the prompt without its cached parts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields

if TYPE_CHECKING:
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

_WHOLE_SINCE = {"roo": 1_761_955_200_000, "kilo": 1_762_905_600_000}
"""When the whole prompt began to be stated, in milliseconds since 1970: 2025-11-01 and 2025-11-12."""

_WHOLE_PROVIDERS = frozenset(
    {"openai", "litellm", "doubao", "fireworks", "hicap", "lmstudio", "qwen", "xai", "zai"},
)
"""Cline's providers whose prompt holds the cached part."""

COUNTS = ("tokensIn", "tokensOut", "cacheWrites", "cacheReads", "cost")
"""What a request states once it has ended."""


def tell(talk: Conversation, request: dict[str, Any], event: Event, time: object, provider: str) -> None:
    """Tell the tokens of a request.

    Args:
        talk: The task's conversation.
        request: What the request's message states.
        event: The first event of the model call.
        time: When it began, in milliseconds since 1970.
        provider: Who answered, as Cline calls it.
    """
    reads, writes = fields.count(request.get("cacheReads")), fields.count(request.get("cacheWrites"))
    prompt = fields.count(request.get("tokensIn"))
    is_whole = prompt >= reads + writes and _states_whole(talk.tool, request, time, provider)
    talk.usage(
        input_tokens=prompt if is_whole else prompt + reads + writes,
        output_tokens=request.get("tokensOut"),
        cache_read=reads,
        cache_write=writes,
        cost=request.get("cost"),
        event=event,
    )


def _states_whole(tool: str, request: dict[str, Any], time: object, provider: str) -> bool:
    since = _WHOLE_SINCE.get(tool)
    if since is None:
        return provider in _WHOLE_PROVIDERS
    if (fields.number(time) or 0) >= since:
        return True
    protocol = request.get("apiProtocol")
    # Only Anthropic's protocol counts what goes into the cache.
    return protocol != "anthropic" and (protocol is not None or not fields.count(request.get("cacheWrites")))
