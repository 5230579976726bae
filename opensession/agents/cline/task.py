"""A task of Cline, Roo Code or Kilo Code: the messages that the user saw, completed by what lies beside them.

The list of messages is written anew on every change. A message is told once it is whole: while it streams it is there
as ``partial``, and the tokens of a request are put into its first message when it ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import document, fields
from opensession.agents.cline import answers, beside, history
from opensession.agents.cline.family import HISTORY, MESSAGES
from opensession.agents.cline.sayings import Sayings
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import InputError

if TYPE_CHECKING:
    from opensession.agents.cline.beside import Beside
    from opensession.hail.session import Reading, Unread
    from opensession.source import Source

_ASKED_AND_SAID = frozenset({"tool", "command", "use_mcp_server", "browser_action_launch", "completion_result"})
"""Kinds that are asked for first and said again once approved."""


def read(source: Source, tool: str) -> Reading:
    """The task in a list of messages.

    Args:
        source: ``ui_messages.json``, or the model's history where that is all there is.
        tool: The slug of the agent that wrote it.

    Raises:
        InputError: There is no task in it.
    """
    unread: list[Unread] = []
    messages = document.load(source, unread)
    if not isinstance(messages, list):
        raise InputError(f"{source.name} is no task", hint="A task is the list of messages in its ui_messages.json.")
    if not any("role" not in item for item in messages if isinstance(item, dict)):
        return history.read(source, messages, unread, tool, native_id(source))
    found = beside.of_task(source.path)
    teller = _Teller(Conversation(tool, started=_first_time(messages)), found)
    teller.talk.draft.unread.extend(unread)
    teller.tell(messages)
    return teller.talk.finish(_header(source, teller, found))


class _Teller:
    """The messages of a task, told one after the other."""

    def __init__(self, talk: Conversation, found: Beside) -> None:
        self.talk = talk
        self.sayings = Sayings(talk, found.answers)
        self._models = sorted(found.models, key=lambda used: used[0] or 0.0)
        self._next_model = 0
        talk.enter(fields.first(found.item, "cwdOnTaskInitialization", "workspace"))
        for seen in found.answers.surroundings[:1]:
            talk.enter(seen.folder)

    def tell(self, messages: list[Any]) -> None:
        """Tell the messages."""
        partial = {_time(item) for item in messages if fields.mapping(item).get("partial") is True}
        last = {time: number for number, item in enumerate(messages) if (time := _time(item)) in partial}
        before: dict[str, Any] = {}
        for number, item in enumerate(messages):
            message = fields.mapping(item)
            self.sayings.between(message)
            time = _time(message)
            self.talk.record(number + 1, time=time, record_id=f"m{time}" if time is not None else None)
            if not message:
                self.talk.unknown("message", item)
            elif message.get("partial") is True and last.get(time) != number:
                self.talk.skip("partial")
            elif _is_repeated(before, message):
                self.talk.skip("repeated")
            else:
                self._speak(message, time)
                self.sayings.tell(message, is_first=number == 0)
            before = message
            messages[number] = None  # Pictures are not to be held twice.
        self.sayings.finish()

    def _speak(self, message: dict[str, Any], time: float | None) -> None:
        stated = fields.mapping(message.get("modelInfo"))
        while self._next_model < len(self._models) and (self._models[self._next_model][0] or 0.0) <= (time or 0.0):
            _, model, provider = self._models[self._next_model]
            self.talk.speak(model)
            self.sayings.provider = provider or self.sayings.provider
            self._next_model += 1
        self.talk.speak(stated.get("modelId"))
        self.sayings.provider = fields.text(stated.get("providerId")) or self.sayings.provider
        if message.get("say") == "api_req_started" and self.talk.cwd is None:
            self.talk.enter(answers.surroundings(fields.text(message.get("text"))).folder)


def _header(source: Source, teller: _Teller, found: Beside) -> Header:
    item = found.item
    native = native_id(source)
    started = _first_time_of(teller)
    session_id = native if beside.is_unique(native) else distinct_id(native or teller.talk.tool, started)
    parent = fields.first(item, "parentTaskId", "rootTaskId")
    return Header(
        session_id=session_id,
        source_name=source.name,
        version=found.version,
        title=item.get("title"),
        modified=source.modified,
        parent=parent if parent != native else None,
        related=tuple(child for child in fields.sequence(item.get("childIds"))[:1000] if isinstance(child, str)),
        attributes={
            "agent_mode": fields.text(item.get("mode")),
            "session_role": "auxiliary" if parent and parent != native else None,
        },
    )


def native_id(source: Source) -> str:
    """What the agent calls a task: the folder its messages lie in; a renamed file's own name."""
    if source.path is not None and source.path.name.split(".gz")[0] in (*MESSAGES, HISTORY):
        return source.path.absolute().parent.name
    return source.stem


def _first_time_of(teller: _Teller) -> str:
    events = teller.talk.draft.events
    return events[0].timestamp if events else ""


def _first_time(messages: list[Any]) -> object:
    return next((time for item in messages if (time := _time(fields.mapping(item))) is not None), None)


def _time(message: Any) -> float | None:
    return fields.number(fields.mapping(message).get("ts"))


def _is_repeated(before: dict[str, Any], message: dict[str, Any]) -> bool:
    """Whether a message says what was just asked, or asks what was just said."""
    kinds = {fields.text(item.get(fields.text(item.get("type")))) for item in (before, message)}
    is_pair = before.get("type") != message.get("type") and len(kinds) == 1 and kinds <= _ASKED_AND_SAID
    return is_pair and before.get("text") == message.get("text") and bool(message.get("text"))
