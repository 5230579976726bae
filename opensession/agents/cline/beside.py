"""What lies beside a task's messages: the model's history, the models used, the entry of the task in the list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from opensession import fields
from opensession.agents.cline.answers import Answers
from opensession.agents.cline.family import HISTORY
from opensession.hail import lines

if TYPE_CHECKING:
    from pathlib import Path

_LONGEST = 128 * 1024 * 1024
"""Bytes of a file beside; histories hold pictures."""

_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


class Beside(NamedTuple):
    """What is known of a task besides its messages.

    Attributes:
        answers: What the model saw.
        item: Its entry in the list of tasks.
        models: When which model was used: time in milliseconds, model, provider.
        version: The extension's version as last stated.
    """

    answers: Answers
    item: dict[str, Any]
    models: list[tuple[float | None, str, str]]
    version: str


def of_task(path: Path | None) -> Beside:
    """What lies beside the messages at a path; nothing for messages that lie in no file."""
    if path is None:
        return Beside(Answers(None), {}, [], "")
    folder = path.parent
    answers = Answers(value_in(folder / HISTORY))
    metadata = fields.mapping(value_in(folder / "task_metadata.json"))
    used = [fields.mapping(item) for item in fields.sequence(metadata.get("model_usage"))]
    models = [
        (fields.number(item.get("ts")), fields.text(item.get("model_id")), fields.text(item.get("model_provider_id")))
        for item in used
    ]
    models += [(seen.time, seen.model, "") for seen in answers.surroundings if seen.model]
    return Beside(answers, _item(folder), models, _version(metadata))


def is_unique(native: str) -> bool:
    """Whether an id is unique on all machines."""
    return _UUID.fullmatch(native) is not None


def value_in(path: Path) -> Any:
    """The JSON value in a file, or None when there is none, it is too long or a link."""
    try:
        if path.is_symlink() or path.stat().st_size > _LONGEST:
            return None
        return msgspec.json.decode(path.read_bytes())
    except (OSError, *lines.UNDECODABLE):
        return None


def _item(folder: Path) -> dict[str, Any]:
    """The task's own file of Roo and Kilo, or its entry in Cline's list."""
    own = value_in(folder / "history_item.json")
    if isinstance(own, dict):
        return own
    listed = fields.sequence(value_in(folder.parent.parent / "state" / "taskHistory.json"))
    return next((item for item in map(fields.mapping, listed) if item.get("id") == folder.name), {})


def _version(metadata: dict[str, Any]) -> str:
    stated = [fields.mapping(item) for item in fields.sequence(metadata.get("environment_history"))]
    return next((version for item in reversed(stated) if (version := fields.text(item.get("cline_version")))), "")
