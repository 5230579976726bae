"""The sessions of a history: each run in which a model was asked, told from its items."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from opensession import changes, providers
from opensession.agent import Found
from opensession.agents.aider import FILE, edits, history
from opensession.agents.aider.messages import Messages
from opensession.conversation import Conversation, Header, distinct_id
from opensession.errors import NoSessionError, OpenSessionError
from opensession.hail import times
from opensession.hail.events import File, FileCreate, FileEdit
from opensession.source import from_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from opensession.agents.aider.history import Item, Run
    from opensession.hail.events import Event
    from opensession.hail.session import Reading
    from opensession.source import Source

_COMMAND = re.compile(r"(/[a-z][a-z-]*|!)\s*(.*)", re.DOTALL)
_RUNNING = frozenset({"/run", "/test", "/git", "/ru", "/tes", "!"})
"""Commands that run a program; ``/git`` runs git. They may be shortened."""

_THINKING = re.compile(r"<(thinking-content-[0-9a-f]{32})>")
"""Stands around reasoning (``aider/reasoning_tags.py``)."""


class _Named(NamedTuple):
    """A run, and what names it in its file: its start, and a number for those of the same second."""

    key: str
    run: Run


def read(source: Source) -> Iterator[Reading]:
    """The runs that are wanted and in which somebody, or the command line (``--message``), asked something.

    Raises:
        InputError: It cannot be read.
    """
    alike: Counter[str] = Counter()
    for key, run in _named(source):
        asked = _asked(run)
        if asked is None:
            continue
        told = f"{run.started}\n{asked}"
        alike[told] += 1
        if source.wants(key):
            try:
                yield _Session(source, run).reading(key, told, alike[told])
            except NoSessionError:
                continue


def listed(path: Path, since: float) -> Iterator[Found]:
    """The runs in the history at a path that are sessions and may have changed since a time.

    The last one lasted until the file was written; of all others it is known that the next one began after them.
    """
    try:
        source = from_path(path)
        found = list(_named(source))
    except (OpenSessionError, OSError):
        return
    for place, (key, run) in enumerate(found):
        following = found[place + 1].run.started if place + 1 < len(found) else ""
        ended = _local(following) if following else None
        modified = times.parse(ended) / 1e9 if ended is not None else source.modified or 0.0
        if modified >= since and _asked(run) is not None:
            yield Found(path, modified, str(path.parent), key)


def _named(source: Source) -> Iterator[_Named]:
    seen: Counter[str] = Counter()
    with source.open() as stream:
        for run in history.runs(stream, blanks=history.marked(source.head)):
            name = re.sub(r"[-:]", "", run.started).replace(" ", "-") or "page"
            seen[name] += 1
            yield _Named(name if seen[name] == 1 else f"{name}.{seen[name]}", run)


def _asked(run: Run) -> str | None:
    """What was asked first: empty when the command line did (``--message``, not written), None when nobody did."""
    for item in run.items:
        if item.kind == "prompt":
            return item.text
        if item.kind == "message" and item.lines[0].startswith("Tokens: "):
            return ""
    return None


def _local(started: str) -> str | None:
    """The canonical time of a run's start, taken to be in the zone of this machine; None when it is none."""
    return times.canonical(times.zoned(started))


class _Session:
    """Tells one run."""

    def __init__(self, source: Source, run: Run) -> None:
        self._source = source
        self._run = run
        self._started = _local(run.started) if run.started else None
        self.talk = Conversation("aider", started=self._started)
        self.messages = Messages(self.talk, self._edited)
        self._edits: list[edits.Edit] = []
        self._title = ""

    def reading(self, key: str, told: str, number: int) -> Reading:
        """The session.

        Args:
            key: What names it in its file.
            told: Its start and first prompt, which tell it from others wherever the file lies.
            number: Which one of those that are told so.
        """
        for item in self._run.items:
            if item.kind != "message":
                self.messages.end()
            made = len(self.talk.draft.events)
            time = None if made else self._started
            self.talk.record(item.line, time=time, record_id=f"line-{item.line - self._run.line}")
            match item.kind:
                case "prompt":
                    self._prompt(item)
                case "message":
                    self.messages.tell(item)
                case _:
                    self._reply(item)
            for event in self.talk.draft.events[made:]:
                self.talk.draft.touch(event, item.line + len(item.lines) - 1)
            item.lines.clear()  # Told: a long run is not to be held twice.
        self.messages.end()
        talk, path = self.talk, self._source.path
        if path is not None and path.name == FILE:
            talk.enter(str(path.absolute().parent))
        return talk.finish(
            Header(
                session_id=distinct_id(f"aider-{key.partition('.')[0]}", told, number),
                source_name=self._source.name,
                provider=providers.of_model(talk.models[0]) if talk.models else "unknown",
                version=self.messages.version,
                title=self._title,
                created=self._started,
                modified=self._source.modified,
                attributes={"tz_assumed": "local" if self._started is not None else None},
                key=key,
            )
        )

    def _prompt(self, item: Item) -> None:
        self._edits = []
        self.messages.spoken = None
        text = item.text
        found = _COMMAND.fullmatch(text)
        if found is not None and found[1] in _RUNNING and found[2]:
            command = f"git {found[2]}" if found[1] == "/git" else found[2]
            self.messages.ran = self.talk.call("shell", {"command": command}, by_user=True)
            return
        self._title = self._title or (text if found is None else "")
        self.talk.prompt(text, {"command": found[1]} if found is not None else None)

    def _reply(self, item: Item) -> None:
        rest = item.text.strip("\n")
        self._edits = edits.of(rest)
        while (opening := _THINKING.search(rest)) is not None:
            self._note(self.talk.say(rest[: opening.start()].strip("\n")))
            closing = f"</{opening[1]}>"
            thought, _, rest = rest[opening.end() :].partition(closing)
            self._note(self.talk.think(thought.strip("\n")))
        self._note(self.talk.say(rest.strip("\n")))

    def _note(self, event: Event | None) -> None:
        self.messages.spoken = self.messages.spoken or event

    def _edited(self, path: str, *, is_new: bool) -> None:
        """A file that was changed as the last reply asked for."""
        mine = edits.of_file(self._edits, path)
        self._edits = [edit for edit in self._edits if edit not in mine]
        whole = next((edit.new for edit in mine if edit.old is None), None)
        pairs = [(edit.old, edit.new) for edit in mine if edit.old is not None]
        if is_new:
            content = whole if whole is not None else "\n".join(new for _, new in pairs)
            self.talk.add(FileCreate(path), [File(path, content)] if content else [])
        elif pairs:
            self.talk.add(FileEdit(path, changes.joined(pairs) or None), attributes={"diff_positions": "unknown"})
        else:
            self.talk.add(FileEdit(path), [File(path, whole)] if whole is not None else [])
