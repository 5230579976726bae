"""What people, the model and the harness said: prompts, replies, reasoning.

Codex writes most of it twice, as an item of the conversation and as a notice for the screen. For prompts the
notice is the only proof that a person typed them, for Codex puts its own context into user items as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from opensession import fields, injected
from opensession.agents.codex import outputs, turns
from opensession.agents.codex.rollout import Prompt
from opensession.hail.events import AgentMessage, Image, Json, SystemMessage, Text, Thinking, UserMessage

if TYPE_CHECKING:
    from opensession.agents.codex.rollout import Rollout
    from opensession.hail.events import Block, Event

ITEM = "item"
"""The voice of the conversation itself; the others are the names of notices."""

_ADJACENT = 3
"""Lines between an item and its notice when their texts differ, as with pictures or pasted text."""

_LATEST = 16
"""User items that a notice with another text may still belong to."""

_PICTURE = re.compile(r"\s*<image(?: name=\[?([^\]>\n]{0,200})\]?)?[^>\n]{0,200}>\s*")
_FOLDER = re.compile(r"<cwd>([^<\n]{1,4000})</cwd>|Current working directory: ([^\n]{1,4000})")
_INJECTED_KINDS = ("environment_context", "user_instructions")


def message(rollout: Rollout, item: dict[str, Any]) -> None:
    """A message item of any role."""
    role = item.get("role")
    content = item.get("content")
    values = [{"type": "text", "text": content}] if isinstance(content, str) else fields.sequence(content)
    if not values and content != []:
        rollout.unknown("message", item)
    elif role == "user":
        _user_item(rollout, item, values)
    elif role == "assistant":
        _assistant_item(rollout, item, values)
    elif role in ("developer", "system"):
        if blocks := outputs.parts(values):
            rollout.add(SystemMessage(), blocks, event_id=_native_id(item), attributes={"role": role})
        else:
            rollout.skip("message without content")
    else:
        rollout.unknown("message", item)


def user_notice(rollout: Rollout, voice: str, text: str, payload: dict[str, Any]) -> None:
    """A notice that a person typed something."""
    if payload.get("kind") in _INJECTED_KINDS:
        rollout.skip("user_message repeated")
        return
    rollout.confirmations += 1
    key = text.strip()
    prompt = rollout.prompts.heard(voice, key) or _open_prompt(rollout, key)
    if prompt is not None:
        _confirm(rollout, prompt)
        if paths := _paths(payload):
            _note(rollout, prompt.events[-1], "local_images", paths)
        rollout.skip("user_message repeated")
        return
    pictures = [picture for url in fields.sequence(payload.get("images")) if (picture := outputs.image(url))]
    blocks: list[Block] = [Text(text)] if key else []
    blocks += pictures
    paths = _paths(payload)
    if not blocks and not paths:
        rollout.skip("message without content")
        return
    event = _typed(rollout, blocks, "", {"local_images": paths} if paths else {})
    rollout.prompts.made(key, Prompt([event], rollout.line, key, confirmed=True))


def reply_notice(rollout: Rollout, voice: str, text: str, payload: dict[str, Any]) -> None:
    """A notice of something the model said."""
    settle(rollout)
    key = text.strip()
    if not key or rollout.replies.heard(voice, key) is not None:
        rollout.skip("agent_message repeated")
        return
    rollout.replies.made(key, _reply(rollout, [Text(text)], "", payload))


def thought_notice(rollout: Rollout, voice: str, text: str) -> None:
    """A notice of something the model thought."""
    key = text.strip()
    if not key or rollout.thoughts.heard(voice, key) is not None:
        rollout.skip("agent_reasoning repeated")
        return
    rollout.thoughts.made(key, rollout.add(Thinking(), [Text(text)], by_agent=True))


def reasoning(rollout: Rollout, item: dict[str, Any]) -> None:
    """A reasoning item; most are encrypted and hold nothing to read."""
    parts = [*fields.sequence(item.get("summary")), *fields.sequence(item.get("content"))]
    texts = [text for part in parts if (text := fields.text(fields.mapping(part).get("text"))).strip()]
    if not texts:
        rollout.skip("reasoning without text")
    for number, text in enumerate(texts):
        key = text.strip()
        if rollout.thoughts.heard(ITEM, key) is None:
            event = rollout.add(Thinking(), [Text(text)], event_id=_native_id(item, number), by_agent=True)
            rollout.thoughts.made(key, event)


def inter_agent(rollout: Rollout, item: dict[str, Any]) -> None:
    """A message from one agent to another; its content may be encrypted."""
    attributes: dict[str, Any] = {"inter_agent": True}
    for key in ("author", "recipient"):
        if value := fields.text(item.get(key)):
            attributes[key] = value
    blocks = outputs.parts(fields.sequence(item.get("content")))
    rollout.add(SystemMessage(), blocks, event_id=_native_id(item), attributes=attributes)


def settle(rollout: Rollout) -> None:
    """The model goes on: user items that no notice has confirmed by now were not typed.

    Only where notices confirm prompts at all; sessions without them rely on the texts' beginnings alone.
    """
    if not rollout.open_prompts:
        return
    if rollout.confirmations:
        for prompt in rollout.open_prompts:
            if not prompt.confirmed:
                _demote(rollout, prompt)
    rollout.open_prompts.clear()
    if not rollout.turns_are_stated:
        rollout.confirmations = 0


def _user_item(rollout: Rollout, item: dict[str, Any], values: list[Any]) -> None:
    texts, pictures = _content(values)
    key = "".join(texts).strip()
    made = rollout.prompts.heard(ITEM, key)
    if made is not None:
        _complete(rollout, made, pictures)
        return
    events: list[Event] = []
    typed: list[Block] = []
    for text in texts:
        for piece in injected.pieces(text):
            if piece.injected is None:
                typed.append(Text(piece.text))
                continue
            _note_folder(rollout, piece.text)
            attributes = {"injected": piece.injected}
            event_id = _native_id(item, len(events))
            events.append(rollout.add(SystemMessage(), [Text(piece.text)], event_id=event_id, attributes=attributes))
    typed += pictures
    if typed:
        events.append(_typed(rollout, typed, _native_id(item, len(events)), {}))
    if not events:
        rollout.skip("message without content")
        return
    prompt = Prompt(events, rollout.line, key)
    rollout.prompts.made(key, prompt)
    rollout.open_prompts.append(prompt)


def _content(values: list[Any]) -> tuple[list[str], list[Block]]:
    """The texts of a user item and its pictures, which Codex wraps into texts that name them."""
    texts: list[str] = []
    pictures: list[Block] = []
    alt: str | None = None
    for value in values:
        part = fields.mapping(value)
        if (text := fields.text(part.get("text"))) and "image_url" not in part:
            named = _PICTURE.fullmatch(text)
            if named is not None:
                alt = named[1]
            elif text.strip() != "</image>":
                texts.append(text)
        elif (picture := outputs.image(part.get("image_url"), alt)) is not None:
            pictures.append(picture)
            alt = None
        elif part.get("type") not in ("input_image", "input_text", "text"):
            pictures.append(Json(value))
    return texts, pictures


def _assistant_item(rollout: Rollout, item: dict[str, Any], values: list[Any]) -> None:
    blocks: list[Block] = []
    for value in values:
        part = fields.mapping(value)
        if refusal := fields.text(part.get("refusal")):
            blocks.append(Text(refusal))
        elif not (part.get("type") == "input_image" and not part.get("image_url")):
            blocks += outputs.parts([value])
    key = "".join(block.text for block in blocks if isinstance(block, Text)).strip()
    if not blocks or (key and rollout.replies.heard(ITEM, key) is not None):
        rollout.skip("agent_message repeated" if blocks else "message without content")
        return
    rollout.replies.made(key, _reply(rollout, blocks, _native_id(item), item))


def _reply(rollout: Rollout, blocks: list[Block], event_id: str, source: dict[str, Any]) -> Event:
    phase = fields.text(source.get("phase"))
    attributes = {"phase": phase} if phase else {}
    return rollout.add(AgentMessage(), blocks, event_id=event_id, attributes=attributes, by_agent=True)


def _typed(rollout: Rollout, blocks: list[Block], event_id: str, attributes: dict[str, Any]) -> Event:
    turns.prompted(rollout)
    return rollout.add(UserMessage(), blocks, event_id=event_id, attributes=attributes)


def _open_prompt(rollout: Rollout, key: str) -> Prompt | None:
    """The item a notice speaks of although their texts differ: the same letters, or the one just before."""
    letters = "".join(key.split())
    waiting = [prompt for prompt in rollout.open_prompts[-_LATEST:] if not prompt.confirmed]
    for prompt in reversed(waiting):
        if letters and letters == "".join(prompt.text.split()):
            return prompt
    for prompt in reversed(waiting):
        is_near = rollout.line - prompt.line <= _ADJACENT
        if is_near and any(isinstance(event.kind, UserMessage) for event in prompt.events):
            return prompt
    return None


def _confirm(rollout: Rollout, prompt: Prompt) -> None:
    """Make a user item what the notice says it is: typed, whatever it looks like."""
    prompt.confirmed = True
    if any(isinstance(event.kind, UserMessage) for event in prompt.events):
        return
    event = prompt.events[-1]
    event.kind = UserMessage()
    event.attributes.pop("injected", None)
    rollout.touch(event)


def _demote(rollout: Rollout, prompt: Prompt) -> None:
    for event in prompt.events:
        if isinstance(event.kind, UserMessage):
            event.kind = SystemMessage()
            _note(rollout, event, "injected", "context")


def _complete(rollout: Rollout, prompt: Prompt, pictures: list[Block]) -> None:
    """The item of a prompt whose notice came first: it adds the pictures."""
    event = prompt.events[-1]
    rollout.skip("user_message repeated")
    if pictures and not any(isinstance(block, Image) for block in event.blocks):
        event.blocks = [*event.blocks, *pictures]
        rollout.touch(event)


def _note(rollout: Rollout, event: Event, key: str, value: Any) -> None:
    event.attributes[key] = value
    rollout.touch(event)


def _note_folder(rollout: Rollout, text: str) -> None:
    """The flat form of 2025 names its working directory nowhere else."""
    if rollout.cwd is None and (folder := _FOLDER.search(text)) is not None:
        rollout.enter((folder[1] or folder[2]).strip())


def _paths(payload: dict[str, Any]) -> list[str]:
    return [path for path in fields.sequence(payload.get("local_images")) if isinstance(path, str)]


def _native_id(item: dict[str, Any], number: int = 0) -> str:
    native = fields.text(item.get("id"))
    return f"{native}#{number}" if native and number else native
