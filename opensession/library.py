"""The sessions of this repository and of this machine: ordering them and resolving references.

References are resolved against git history. Only where nothing is committed do the agents' own stores answer, and
then a note says so (README, "Hand it on").
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from opensession import committed, workspace
from opensession.agents import AGENTS, named
from opensession.errors import NothingFoundError, UsageError
from opensession.hail import times
from opensession.refs import GRAMMAR, MIN_PREFIX, ById, ByPath, Latest, Nth, Ref
from opensession.source import from_path, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gitstore.store import Publication, SessionStore
    from opensession.agent import Found, Machine
    from opensession.config import Privacy
    from opensession.hail.session import Session
    from opensession.recognition import Recognised
    from opensession.source import Source

_COMMIT_HINT = "Commit one: `opensession publish upload FILE --git`."


class Selected(NamedTuple):
    """A session a reference meant.

    Attributes:
        session: The session, redacted.
        reference: How to name it again: its id when it is committed, else its path.
        committed: Whether it is on the sessions branch.
    """

    session: Session
    reference: str
    committed: bool


class Library(msgspec.Struct):
    """What references are resolved in.

    Attributes:
        store: The repository's sessions, or None outside of a repository.
        directory: Where the command stands.
        top: The top of the work tree, when there is one.
        privacy: What must not leave; uncommitted sessions pass the same gate as a publish.
        machine: Where the agents' own stores are.
        notes: What the user should know about how references were resolved.
    """

    store: SessionStore | None
    directory: Path
    top: Path | None
    privacy: Privacy
    machine: Machine = msgspec.field(default_factory=workspace.this_machine)
    notes: list[str] = msgspec.field(default_factory=list)

    def select(self, ref: Ref, tool: str | None = None) -> list[Selected]:
        """The sessions a reference means, newest first.

        Args:
            ref: The reference.
            tool: Count only sessions of this agent.

        Raises:
            NothingFoundError: Nothing answers to it.
            UsageError: An id's beginning is ambiguous.
        """
        match ref:
            case ByPath(path):
                return [self._from_file(path)]
            case ById(prefix):
                return [self._by_id(prefix)]
            case Latest(count):
                return self._newest(count, tool)
            case Nth(position):
                return [self._nth(position, tool)]

    def last(self) -> Selected:
        """The newest session of this machine and directory, committed or not.

        Raises:
            NothingFoundError: There is none.
        """
        newest = next(self._publications(None), None)
        here, elsewhere = self._found(None)
        if here and (newest is None or here[0].modified > newest.session_time):
            return self._from_agent(here[0])
        if newest is not None:
            return self._committed(newest.session_ids[0])
        if elsewhere:
            self.notes.append("no session of this directory: showing the newest of this machine")
            return self._from_agent(elsewhere[0])
        raise NothingFoundError("there is no session on this machine", hint=_COMMIT_HINT)

    def committed_id(self, text: str) -> str:
        """The full id of a committed session.

        Raises:
            NothingFoundError: No session begins with it; the hint lists near ones.
            UsageError: Several do.
        """
        ids = self.store.ids_with_prefix(text) if self.store is not None else []
        if not ids:
            raise NothingFoundError(f"no session {text} is committed here", hint=self._near(text))
        return _single(text, ids)

    def _newest(self, count: int, tool: str | None) -> list[Selected]:
        found = list(islice(self._publications(tool), count))
        if found:
            if len(found) < count:
                self.notes.append(f"only {len(found)} of {count} sessions are committed here")
            self._note_newer(found[0], tool)
            return [self._committed(publication.session_ids[0]) for publication in found]
        files = self._uncommitted(tool)
        if len(files) < count:
            self.notes.append(f"only {len(files)} of {count} sessions are on this machine")
        return [self._from_agent(file) for file in files[:count]]

    def _nth(self, position: int, tool: str | None) -> Selected:
        found = list(islice(self._publications(tool), position))
        if not found:
            files = self._uncommitted(tool)
            if len(files) < position:
                raise _past_the_end(position, len(files), tool, "on this machine")
            return self._from_agent(files[position - 1])
        if len(found) < position:
            raise _past_the_end(position, len(found), tool, "committed here")
        if position == 1:
            self._note_newer(found[0], tool)
        return self._committed(found[-1].session_ids[0])

    def _by_id(self, prefix: str) -> Selected:
        ids = self.store.ids_with_prefix(prefix) if self.store is not None else []
        if ids:
            return self._committed(_single(prefix, ids))
        here, elsewhere = self._found(None)
        files = [file for file in [*here, *elsewhere] if _names(file, prefix)]
        if not files:
            raise NothingFoundError(
                f"no session {prefix} is committed here or on this machine, nor is there such a file",
                hint=self._near(prefix),
            )
        if len({_name(file) for file in files}) > 1:
            _single(prefix, sorted({_name(file) for file in files}))
        self.notes.append(f"{prefix} is not committed: taken from {_place(files[0])}")
        return self._from_agent(files[0])

    def _publications(self, tool: str | None) -> Iterator[Publication]:
        if self.store is None:
            return
        slug = _slug(tool)
        for publication in self.store.list():
            if slug is None or publication.tool == slug:
                yield publication

    def _committed(self, session_id: str) -> Selected:
        if self.store is None:
            raise NothingFoundError(f"no session {session_id} is committed here", hint=_COMMIT_HINT)
        return Selected(committed.session_of(self.store.get(session_id)), session_id, committed=True)

    def _from_file(self, path: str) -> Selected:
        return self._through_the_gate(open_source(path))

    def _from_agent(self, file: Found) -> Selected:
        return self._through_the_gate(from_path(file.path, frozenset([file.key]) if file.key is not None else None))

    def _through_the_gate(self, source: Source) -> Selected:
        """The session in a source; of a file of many the newest."""
        # What is committed passed it already; only these need its rules, which take longer to load than to look up.
        from opensession import publish, recognition  # noqa: PLC0415

        count, newest = 0, None
        for recognised in recognition.sessions(source):
            count += 1
            if newest is None or _updated(recognised) >= _updated(newest):
                newest = recognised
        if newest is None:
            raise NothingFoundError(f"there is no session in {source.name}", hint=_COMMIT_HINT)
        if count > 1:
            self.notes.append(f"{source.name} holds {count} sessions: taken the newest; {source.name}#ID names another")
        return Selected(publish.prepare(newest, lambda _: self.privacy).session, newest.name, committed=False)

    def _uncommitted(self, tool: str | None) -> list[Found]:
        here, elsewhere = self._found(tool)
        files = here + elsewhere
        who = f" of {tool}" if tool else ""
        if not files:
            where = "in this repository" if self.store is not None else "here (not a git repository)"
            raise NothingFoundError(
                f"no session{who} is committed {where}, and none is on this machine", hint=_COMMIT_HINT
            )
        self.notes.append(f"no session{who} is committed here: taken from the agents' own files on this machine")
        return files

    def _found(self, tool: str | None, since: float = 0.0) -> tuple[list[Found], list[Found]]:
        """The agents' own sessions, newest activity first: those of this directory, and all others."""
        slug = _slug(tool)
        entries = [entry for entry in AGENTS if slug is None or entry.name == slug]
        files = [file for entry in entries for file in entry.load().discover(self.machine, since)]
        files.sort(key=lambda file: (-file.modified, str(file.path)))
        roots = {str(self.directory), *([str(self.top)] if self.top is not None else [])}
        here: list[Found] = []
        elsewhere: list[Found] = []
        for file in files:
            (here if file.cwd in roots or _below(file.cwd, self.top) else elsewhere).append(file)
        return here, elsewhere

    def _note_newer(self, head: Publication, tool: str | None) -> None:
        # Only what is newer is opened: an agent's store may hold thousands of sessions.
        here, _ = self._found(tool, head.time)
        if here and here[0].modified > head.time:
            self.notes.append(
                f"a newer session is not committed: {_place(here[0])}\n"
                f"  commit it with: opensession publish upload {_place(here[0])} --git"
            )

    def _near(self, text: str) -> str:
        from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

        known = [publication.session_ids[0] for publication in self._publications(None)]
        near = get_close_matches(text, known, n=3, cutoff=0.5) or known[:3]
        return f"Near ones: {', '.join(near)}." if near else _COMMIT_HINT


def _slug(tool: str | None) -> str | None:
    if tool is None:
        return None
    entry = named(tool)
    return entry.name if entry is not None else tool


def _single(prefix: str, ids: list[str]) -> str:
    if len(ids) == 1 or prefix in ids:
        return prefix if prefix in ids else ids[0]
    shown = "\n  ".join(ids[:10])
    more = f"\n  and {len(ids) - 10} more" if len(ids) > 10 else ""
    raise UsageError(
        f"{prefix} is the beginning of {len(ids)} sessions:\n  {shown}{more}", hint="Give more characters."
    )


def _past_the_end(position: int, there: int, tool: str | None, where: str) -> NothingFoundError:
    who = f" of {tool}" if tool else ""
    sessions = "session is" if there == 1 else "sessions are"
    return NothingFoundError(f"HEAD^{position}: only {there} {sessions} {where}{who}", hint=GRAMMAR)


def _names(file: Found, prefix: str) -> bool:
    """Whether a session's name holds an id that begins so: agents put a date or a word before it."""
    name = _name(file)
    return len(prefix) >= MIN_PREFIX and (name.startswith(prefix) or f"-{prefix}" in name)


def _name(file: Found) -> str:
    """What names a session on this machine: its key in a file of many, else the file's name, or its folder's.

    A file's name says little where each session has a folder: ``<session>/events.jsonl``.
    """
    if file.key is not None:
        return file.key
    stem = file.path.name.split(".", 1)[0]
    return stem if any(character.isdigit() for character in stem) else file.path.parent.name


def _place(file: Found) -> str:
    return f"{file.path}#{file.key}" if file.key is not None else str(file.path)


def _updated(recognised: Recognised) -> int:
    return times.parse(recognised.reading.session.context.updated_at)


def _below(cwd: str | None, top: Path | None) -> bool:
    return cwd is not None and top is not None and cwd.startswith(f"{top}/")
