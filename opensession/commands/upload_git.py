"""Single files onto the sessions branch of a repository, in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gitstore.layout import session_path
from gitstore.store import Stored
from opensession import publish, workspace
from opensession.commands.options import confirm
from opensession.commands.uploading import Upload, Wish
from opensession.errors import UsageError
from opensession.library import Library

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.store import Record
    from opensession.config import Privacy
    from opensession.console import Console
    from opensession.publish import Prepared
    from opensession.recognition import Recognised
    from opensession.workspace import Workspace

_BATCH = 64
_BATCH_BYTES = 64 * 1024 * 1024
"""Sessions, and bytes, in one move of the ref: enough to make moving it cheap, few enough to hold in memory."""


class _Ready(NamedTuple):
    """A session on its way into a repository."""

    file: str
    prepared: Prepared
    record: Record

    @property
    def size(self) -> int:
        return sum(len(segment.data) for segment in self.record.segments)


class GitUpload(Upload):
    """Prepare each session, store in batches."""

    def __init__(self, console: Console, wish: Wish) -> None:
        super().__init__(console, wish)
        self._waiting: dict[Path, tuple[Workspace, list[_Ready]]] = {}
        self._parent_ids: dict[Path, list[str]] = {}

    def _prepare(self, recognised: Recognised) -> None:
        target = self._around

        def privacy_of(directory: str | None) -> Privacy:
            nonlocal target
            target = self._target(directory)
            return self._privacy(target)

        prepared = publish.prepare(recognised, privacy_of, redact=self._wish.redact)
        record = publish.record_of(prepared, self._parents(target))
        waiting = self._waiting.setdefault(target.place, (target, []))[1]
        waiting.append(_Ready(recognised.name, prepared, record))
        if len(waiting) >= _BATCH or sum(ready.size for ready in waiting) >= _BATCH_BYTES:
            self._store(target.place)

    def _finish(self) -> None:
        for place in list(self._waiting):
            self._store(place)

    def _parents(self, target: Workspace) -> list[str]:
        """The full ids of the sessions named as parents, which must be committed there."""
        if target.place not in self._parent_ids:
            library = Library(target.store, target.directory, target.top, self._privacy(target))
            self._parent_ids[target.place] = [library.committed_id(parent) for parent in self._wish.parents]
        return self._parent_ids[target.place]

    def _target(self, directory: str | None) -> Workspace:
        """The repository the session goes into: where the command stands, or where the session took place."""
        around = self._around
        if self._wish.repo is not None:
            return around
        own = workspace.of_session(directory)
        if around.store is None:
            if own is None:
                hint = "Go to a git repository, name one with --repo DIR, or make one with `git init`."
                raise workspace.not_a_repository(hint)
            self._console.note(f"note: storing in {own.place}, where the session took place")
            return own
        if own is not None and own.place != around.place:
            question = f"The session took place in {own.place}, not here. Store it in {around.place}?"
            if not confirm(question, yes=self._wish.yes, instead=f"Add --yes, or --repo {own.place}."):
                raise UsageError("nothing was stored")
        return around

    def _store(self, place: Path) -> None:
        target, waiting = self._waiting.pop(place)
        if self._wish.dry_run:
            for ready in waiting:
                self._show(ready, target, "would-store", None)
            return
        outcomes = publish.to_git(target.sessions(), [ready.record for ready in waiting])
        for ready, outcome in zip(waiting, outcomes, strict=True):
            if isinstance(outcome, Stored):
                self._show(ready, target, "stored" if outcome.new else "updated", outcome)
            else:
                self._show(ready, target, "unchanged", None)

    def _show(self, ready: _Ready, target: Workspace, status: str, stored: Stored | None) -> None:
        record, store = ready.record, target.sessions()
        result = {
            "file": ready.file,
            "status": status,
            "session_id": record.session_id,
            "repository": str(target.place),
            "ref": store.ref,
            "path": session_path(record.session_id),
            "commit": stored.commit if stored else None,
            "events": sum(segment.lines for segment in record.segments),
            "events_added": stored.events_added if stored else 0,
            "segments_written": stored.segments_written if stored else 0,
            **self._found(ready.prepared),
        }
        self._results.append(result)
        if not self._console.as_json:
            self._receipt(result)

    def _receipt(self, result: dict[str, Any]) -> None:
        say = self._console.write
        say(f"{result['status'].replace('-', ' ')}  {result['session_id']}")
        if result["commit"]:
            plural = "" if result["segments_written"] == 1 else "s"
            added = f"{result['events_added']} of {result['events']} events"
            say(f"  commit   {result['commit'][:12]} on {result['ref'].removeprefix('refs/heads/')}")
            say(f"  new      {added}, {result['segments_written']} segment{plural} written")
        elif result["status"] == "would-store":
            say(f"  events   {result['events']}")
        say(f"  path     {result['path']}")
        self._receipt_of(result)
