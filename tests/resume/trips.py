"""Ways of the tests of ``resume``: write a conversation for an agent, read it back, say what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from opensession import recognition, resume
from opensession.agent import Machine
from opensession.hail.session import Session
from opensession.resume import acts, conversation
from opensession.resume.calls import Call
from opensession.resume.conversation import Compaction, Conversation, Prompt, Reply
from opensession.resume.paths import Places
from opensession.resume.target import BEGINNING, NO_RESULT, Native, Target
from opensession.source import HEAD_BYTES, Source

HOME = Path("/home/ada")
DIRECTORY = HOME / "work" / "todo app"
SEED = UUID("7f3c2a10-5b1e-4c7d-9a55-2f6f0e8d4b21")


def target(environ: dict[str, str] | None = None, seed: UUID = SEED, **more: Any) -> Target:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    return Target(Machine(environ or {}, HOME), DIRECTORY, moment, seed, **more)


def written(source: Conversation, name: str, **more: Any) -> Native:
    return resume.load(name).native(source, target(**more))


def source_of(content: bytes) -> Source:
    return Source("session", None, content[:HEAD_BYTES] if b"\n" in content[:HEAD_BYTES] else content, content)


def session_of(content: bytes) -> Session:
    return next(iter(recognition.sessions(source_of(content)))).reading.session


def read(content: bytes) -> Conversation:
    return conversation.of(session_of(content))


def agent_of(content: bytes) -> str:
    agent = recognition.agent_of(source_of(content))
    return agent.NAME if agent is not None else ""


def there_and_back(source: Conversation, name: str) -> Conversation:
    return read(written(source, name).content)


def gist(source: Conversation) -> list[Any]:
    """What was said and done, without ids, times and thoughts; edits of one file in one call are one edit."""
    places = Places(DIRECTORY, HOME, source.cwd)
    steps: list[Any] = []
    for step in source.steps:
        match step:
            case Prompt(text=text) if text != BEGINNING:
                steps.append(("prompt", text.strip(), [picture.data for picture in step.pictures]))
            case Reply(text=text):
                steps.append(("reply", text.strip()))
            case Compaction(summary=summary):
                steps.append(("compaction", summary.strip()))
            case Call():
                done = _call(step, places)
                if not (steps and steps[-1] == done and any(isinstance(act, acts.Edit) for act in step.acts)):
                    steps.append(done)
    return steps


def _call(call: Call, places: Places) -> Any:
    result = (call.result.text, call.result.failed) if call.result is not None else (NO_RESULT, False)
    done = tuple(_main(act, places) for act in call.acts) or call.name
    return ("call", done, result, call.exit_code if call.result is not None else None)


def _main(act: acts.Act, places: Places) -> tuple[str, str, str]:
    word = next(
        (str(value) for name in ("command", "pattern", "query", "url", "items") if (value := getattr(act, name, None))),
        "",
    )
    path = getattr(act, "path", None)
    return type(act).__name__, word, places.relative(path) if path else ""


def texts(source: Conversation, kind: type[Prompt] | type[Reply]) -> list[str]:
    return [step.text.strip() for step in source.steps if isinstance(step, kind) and step.text != BEGINNING]


def ended(source: Conversation) -> list[tuple[str, int | None]]:
    """The commands that were run to their end, with what they ended with."""
    return [
        (act.command, step.exit_code)
        for step in source.steps
        if isinstance(step, Call) and step.result is not None and step.result.text != NO_RESULT
        for act in step.acts
        if isinstance(act, acts.Shell)
    ]
