"""Where in a repository Entire kept transcripts: every ref and folder of its layouts, walked with distrust."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitstore.errors import CorruptError
from opensession.imports.entire import layout, tree
from opensession.imports.origin import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitstore.objects import Entry
    from gitstore.repo import Repo

MAX_ROWS = 2_000_000
"""So many rows of trees are looked at, some hundred thousand checkpoints; the same small tree in many places would
never end."""


class Place(NamedTuple):
    """A folder for one session in one checkpoint, or a file for one subagent.

    Attributes:
        name: What to call it in messages.
        checkpoint: The checkpoint.
        parts: The blobs of the transcript, in order; none when there is no transcript.
        assets: The tree of its pictures, if any.
        metadata: The blob of its metadata, if any.
        subagent: The subagent's id, if it is one's.
        digest: Whether Entire's shortened transcript is there.
    """

    name: str
    checkpoint: str
    parts: tuple[str, ...] = ()
    assets: str | None = None
    metadata: str | None = None
    subagent: str | None = None
    digest: bool = False


def find(repo: Repo, problems: list[Problem]) -> list[Place]:
    """All places on all refs, the newer layouts after the older ones.

    Args:
        repo: The repository.
        problems: Gets what is damaged.
    """
    walk = _Walk(repo, problems)
    own = dict(repo.refs(layout.OWN_REFS))
    for ref, tip in _tree_refs(repo, own):
        walk.branch(ref, tip)
    for ref, tip in own.items():
        if checkpoint := layout.checkpoint_of_ref(ref):
            walk.own_ref(ref, tip, checkpoint)
    return walk.places


def _tree_refs(repo: Repo, own: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The refs whose tree holds many checkpoints; those of remotes where there is no local one."""
    for branch in layout.BRANCHES:
        local = repo.tip(f"refs/heads/{branch}")
        if local is not None:
            yield f"refs/heads/{branch}", local
        else:
            yield from ((ref, tip) for ref, tip in repo.refs("refs/remotes/") if ref.endswith(f"/{branch}"))
    if layout.CUSTOM_REF in own:
        yield layout.CUSTOM_REF, own[layout.CUSTOM_REF]
    for ref, tip in own.items():
        remote = ref.endswith("/v1.1")
        if layout.is_tree_ref(ref) and not (remote and layout.CUSTOM_REF in own):
            yield ref, tip


class _Walk:
    """Collects places; a checkpoint that is the same on several refs is looked into once."""

    def __init__(self, repo: Repo, problems: list[Problem]) -> None:
        self.places: list[Place] = []
        self._repo = repo
        self._problems = problems
        self._seen: set[tuple[str, str]] = set()
        self._left = MAX_ROWS

    def branch(self, ref: str, tip: str) -> None:
        """Look into all checkpoints in the tree of a ref."""
        for shard, folder in self._root(ref, tip).items():
            if not layout.is_shard(shard):
                continue  # README.md, vercel.json
            if not folder.is_folder:
                self._lost(f"{ref}:{shard}", "it is no folder")
                continue
            for rest, entry in self._rows(f"{ref}:{shard}", folder).items():
                checkpoint = layout.checkpoint_of_path(shard, rest)
                if checkpoint is None:
                    self._note(f"{ref}:{shard}", f"{rest[:40]!r} is not named like a checkpoint")
                else:
                    self._checkpoint(checkpoint, entry)

    def own_ref(self, ref: str, tip: str, checkpoint: str) -> None:
        """Look into the one checkpoint that a ref was made for."""
        try:
            entry = tree.folder(self._repo.commit(tip).tree)
        except CorruptError as error:
            self._lost(ref, str(error))
        else:
            self._checkpoint(checkpoint, entry)

    def _root(self, ref: str, tip: str) -> dict[str, Entry]:
        try:
            return self._rows(ref, tree.folder(self._repo.commit(tip).tree))
        except CorruptError as error:
            self._lost(ref, str(error))
            return {}

    def _checkpoint(self, checkpoint: str, entry: Entry) -> None:
        name = f"entire:{checkpoint}"
        if (checkpoint, entry.oid) in self._seen:
            return
        self._seen.add((checkpoint, entry.oid))
        if not entry.is_folder:
            self._lost(name, "it is no folder")
            return
        rows = self._rows(name, entry)
        if layout.transcripts_of(rows):
            self._session(name, checkpoint, rows)
        self._tasks(name, checkpoint, rows)
        for row, inner in rows.items():
            if layout.session_number(row) is None:
                continue
            if not inner.is_folder:
                self._lost(f"{name}/{row}", "it is no folder")
                continue
            files = self._rows(f"{name}/{row}", inner)
            self._session(f"{name}/{row}", checkpoint, files)
            self._tasks(f"{name}/{row}", checkpoint, files)

    def _session(self, name: str, checkpoint: str, rows: Mapping[str, Entry]) -> None:
        metadata = rows.get(layout.METADATA)
        if metadata is not None and not metadata.is_file:
            self._note(name, f"its {layout.METADATA} is no file")
            metadata = None
        place = Place(
            name=name,
            checkpoint=checkpoint,
            assets=_assets(rows),
            metadata=metadata.oid if metadata is not None else None,
            digest=layout.DIGEST in rows,
        )
        transcripts = layout.transcripts_of(rows)
        self.places.extend(place._replace(parts=self._parts(name, rows, files)) for files in transcripts)
        if not transcripts:
            self.places.append(place)

    def _parts(self, name: str, rows: Mapping[str, Entry], parts: Mapping[int, str]) -> tuple[str, ...]:
        """The blobs of a transcript; each part holds whole lines, so those that are there are taken."""
        files = {number: rows[file].oid for number, file in parts.items() if rows[file].is_file}
        for number, file in parts.items():
            if number not in files:
                self._lost(name, f"its {file} is no file")
        count = max(parts) + 1
        if len(parts) < count:
            self._lost(name, f"{count - len(parts)} of the {count} parts of its transcript are missing")
        return tuple(files.values())

    def _tasks(self, name: str, checkpoint: str, rows: Mapping[str, Entry]) -> None:
        """The subagents' transcripts in a folder."""
        tasks = rows.get(layout.TASKS)
        if tasks is None or not tasks.is_folder:
            return
        for task, folder in self._rows(f"{name}/{layout.TASKS}", tasks).items():
            if not layout.is_tool_use(task) or not folder.is_folder:
                self._note(f"{name}/{layout.TASKS}", f"{task[:40]!r} is not named like a call, or no folder")
                continue
            where = f"{name}/{layout.TASKS}/{task}"
            files = self._rows(where, folder)
            for file, entry in files.items():
                subagent = layout.subagent_of(file)
                if subagent is None:
                    continue
                if not entry.is_file:
                    self._lost(f"{where}/{file}", "it is no file")
                    continue
                label = f"{where}/agent-{subagent}"
                self.places.append(Place(label, checkpoint, (entry.oid,), _assets(files), subagent=subagent))

    def _rows(self, name: str, entry: Entry) -> dict[str, Entry]:
        if self._left < 0:
            return {}
        try:
            rows = tree.rows(self._repo, entry.oid)
        except CorruptError as error:
            self._left -= 1
            self._lost(name, str(error))
            return {}
        self._left -= 1 + len(rows)
        if self._left < 0:
            self._lost(name, f"it and what follows is left out: no more than {MAX_ROWS} names are looked at")
            return {}
        return rows

    def _lost(self, name: str, reason: str) -> None:
        self._problems.append(Problem(_printable(name), reason))

    def _note(self, name: str, reason: str) -> None:
        self._problems.append(Problem(_printable(name), reason, lost=False))


def _assets(rows: Mapping[str, Entry]) -> str | None:
    entry = rows.get(layout.ASSETS)
    return entry.oid if entry is not None and entry.is_folder else None


def _printable(name: str) -> str:
    """A name with what is no UTF-8 in a ref spelled out."""
    return name.encode("utf-8", "backslashreplace").decode()
