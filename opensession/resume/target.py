"""Where a continued session goes, and the file that results."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

import msgspec

from opensession.hail import times

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from opensession.agent import Machine
    from opensession.resume.calls import Call

NO_RESULT = "[No result of this call is in the session.]"
"""What stands for the result of a call that never got one, for every API wants one."""

BEGINNING = "[The session begins in the middle of a turn.]"
"""What stands for the prompt of a session that has only the end of a turn, for every API wants one first."""

_MILLISECOND = 1_000_000


def _nothing(_path: Path) -> bytes:
    return b""


class Target(msgspec.Struct, frozen=True):
    """What a writer knows of the machine and the moment.

    Attributes:
        machine: Home and environment, which say where the agent's store is.
        directory: The absolute directory in which the session goes on.
        now: The moment of writing, in the zone of the machine.
        seed: Fresh; the session's id, and what all other ids are made of.
        look: Gives the content of one of the agent's own small files; nothing when there is none.
        output: Where the user wants the file, or None for the agent's own place.
    """

    machine: Machine
    directory: Path
    now: datetime
    seed: UUID
    look: Callable[[Path], bytes] = _nothing
    output: Path | None = None

    def folder(self, variable: str, usual: Path) -> Path:
        """The folder that an environment variable names (the first one of several), else the usual one."""
        named = self.machine.environ.get(variable, "").split(",")[0].strip()
        if not named:
            return usual
        return self.machine.home / named[2:] if named.startswith("~/") else Path(named)

    def command(self, *words: str) -> str:
        """A command line that runs in the directory."""
        return f"cd {shlex.quote(str(self.directory))} && {shlex.join(words)}"

    @property
    def milliseconds(self) -> int:
        """The moment of writing, in milliseconds since 1970."""
        return int(self.now.timestamp() * 1000)


class Ids:
    """Ids of records, calls and messages: different for every session written, the same for the same seed."""

    def __init__(self, seed: UUID) -> None:
        self._seed = seed
        self._count = 0

    def uuid(self) -> str:
        """The next id."""
        self._count += 1
        return str(uuid5(self._seed, str(self._count)))

    def word(self, prefix: str, length: int = 24) -> str:
        """The next id as a prefix and so many hexadecimal digits, at most 32."""
        return prefix + self.uuid().replace("-", "")[:length]


class Native(msgspec.Struct, frozen=True):
    """A session file of an agent, and how to go on with it.

    Attributes:
        path: Where the agent looks for it.
        content: Its bytes.
        session_id: The new session's id.
        command: What to run.
        mapped: Calls that are calls of the agent's own tools now.
        told: Calls that stand as text in the agent's voice.
        notes: What else is not as it was, for the user.
    """

    path: Path
    content: bytes
    session_id: str
    command: str
    mapped: int = 0
    told: int = 0
    notes: tuple[str, ...] = ()


def lines(records: Iterable[dict[str, Any]]) -> bytes:
    """Records as JSON Lines."""
    encoder = msgspec.json.Encoder()
    return b"".join(encoder.encode(record) + b"\n" for record in records)


def milliseconds(time: str) -> int:
    """A canonical time in milliseconds since 1970; earlier ones count as 0."""
    return max(0, times.parse(time) // _MILLISECOND)


def iso(time: str) -> str:
    """A canonical time with exactly three digits of a second's fraction, as JavaScript writes it."""
    text = times.render(times.parse(time) // _MILLISECOND * _MILLISECOND)
    return text if "." in text else text.removesuffix("Z") + ".000Z"


def told(call: Call) -> str:
    """A call as the agent would tell it, for a target that has no such tool."""
    arguments = call.arguments
    given = f" with {_shown(arguments)}" if arguments not in (None, "", {}, []) else ""
    if call.result is None:
        return f"[Called {call.name}{given}]"
    outcome = "it failed" if call.result.failed else "it answered"
    return f"[Called {call.name}{given}; {outcome}: {call.result.text or 'nothing'}]"


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def stated(**arguments: Any) -> dict[str, Any]:
    """The arguments that have a value."""
    return {name: value for name, value in arguments.items() if value is not None}
