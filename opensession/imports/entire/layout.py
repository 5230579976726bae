"""How Entire CLI names what it keeps in git; pure.

Learned from the source and the documents of github.com/entireio/cli, where each rule names the file:

- A checkpoint's folder is ``<id[:2]>/<id[2:]>/`` in the tree of a branch (``checkpoint/id/id.go``, ``Path``): of
  ``entire/sessions`` in the earliest source, of ``entire/checkpoints/v1`` by 0.4.4 (``paths/paths.go``, ``CHANGELOG``).
- On ``entire/sessions`` the newest session's files lie in the checkpoint's folder itself, and those of earlier
  ones in ``1/``, ``2/`` (``checkpoint/committed.go``, ``archiveExistingSession``). On ``v1`` every session has a
  numbered folder, from ``0/`` on (``docs/architecture/sessions-and-checkpoints.md``).
- 0.7.0 can keep the same tree on ``refs/entire/checkpoints/v1.1``, fetched to
  ``refs/entire/remotes/<remote>/checkpoints/v1.1`` (``checkpoint/metadata_ref.go``).
- 0.6.1 also wrote a layout v2, given up in 0.6.2: metadata on ``refs/entire/checkpoints/v2/main``, transcripts as
  ``raw_transcript`` on ``v2/full/current`` and ``v2/full/<13 digits>`` (``checkpoint/v2_store.go``).
- After 0.8.0 each checkpoint can have a ref of its own, ``refs/entire/checkpoints/<id[-2:]>/<id>``, whose tree is
  the checkpoint's folder; new repositories get this (``checkpoint/refs_naming.go``,
  ``docs/architecture/ref-checkpoint-backend.md``).
- An id is 12 hexadecimal digits or, with refs of their own, a ULID (``checkpoint/id/id.go``).
- Subagents' transcripts are ``tasks/<tool use>/agent-<id>.jsonl`` in a checkpoint's or a session's folder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

BRANCHES = ("entire/sessions", "entire/checkpoints/v1")
OWN_REFS = "refs/entire/"
CHECKPOINT_REFS = "refs/entire/checkpoints/"
CUSTOM_REF = "refs/entire/checkpoints/v1.1"

METADATA = "metadata.json"
ASSETS = "assets"
TASKS = "tasks"
DIGEST = "transcript.jsonl"
"""Entire's own shortened transcript (since 0.5); it is made from the full one, which is the one that counts."""

TRANSCRIPTS = ("full.jsonl", "raw_transcript", "full.log")
"""Names of a transcript: now, in layout v2, and of the first releases (``paths/paths.go``)."""

_ID = re.compile(r"[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SHARD = re.compile(r"[0-9a-f]{2}|[0-7][0-9A-HJKMNP-TV-Z]")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,5}")
_TREE_REF = re.compile(r"refs/entire/(?:remotes/.+/checkpoints/v1\.1|checkpoints/v2/(?:main|full/(?:current|[0-9]+)))")
_PART = re.compile(r"\.([0-9]{3,6})")
_TOOL_USE = re.compile(r"[A-Za-z0-9_-]{1,200}")
_AGENT_FILE = re.compile(r"agent-([A-Za-z0-9_-]{1,200})\.jsonl")
_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-(.+)", re.DOTALL)
_TRAILER = re.compile(rf"^Entire-Checkpoint:[ \t]*({_ID.pattern})[ \t\r]*$", re.MULTILINE)


def checkpoint_of_path(shard: str, rest: str) -> str | None:
    """The checkpoint that lies in a folder below a folder of a branch's tree."""
    return shard + rest if _ID.fullmatch(shard + rest) else None


def checkpoint_of_ref(ref: str) -> str | None:
    """The checkpoint that a ref was made for, when its place agrees with its name."""
    shard, _, checkpoint = ref.removeprefix(CHECKPOINT_REFS).partition("/")
    return checkpoint if _ID.fullmatch(checkpoint) and shard == checkpoint[-2:] else None


def is_tree_ref(ref: str) -> bool:
    """Whether a ref of Entire's own holds many checkpoints, as the branch does; ``CUSTOM_REF`` is known by name."""
    return _TREE_REF.fullmatch(ref) is not None


def is_shard(name: str) -> bool:
    """Whether checkpoints may lie in a folder of this name."""
    return _SHARD.fullmatch(name) is not None


def session_number(name: str) -> int | None:
    """Which session of a checkpoint lies in a folder of this name."""
    return int(name) if _NUMBER.fullmatch(name) else None


def is_tool_use(name: str) -> bool:
    """Whether a folder below ``tasks`` is named after a call."""
    return _TOOL_USE.fullmatch(name) is not None


def subagent_of(name: str) -> str | None:
    """The subagent whose transcript a file is."""
    found = _AGENT_FILE.fullmatch(name)
    return found[1] if found is not None else None


def transcripts_of(names: Iterable[str]) -> list[dict[int, str]]:
    """The transcripts among the files of a folder, each as its files by their place in it.

    One of more than 50 MB is cut: ``full.jsonl``, ``full.jsonl.001``, ... (``agent/chunking.go``). There is one, but
    layout v2 left an older ``full.jsonl`` beside its ``raw_transcript`` for a while.
    """
    names = sorted(names)
    found = [
        {number: name for name in names if (number := _part_number(name, base)) is not None} for base in TRANSCRIPTS
    ]
    return [dict(sorted(parts.items())) for parts in found if parts]


def native_id(session_id: str) -> str:
    """The agent's own id of a session: the first releases wrote a date before it (``sessionid/sessionid.go``)."""
    dated = _DATED.fullmatch(session_id)
    return dated[1] if dated is not None else session_id


def checkpoints_in(message: str) -> list[str]:
    """The checkpoints that a commit's message names, each once; a squashed commit names several (``trailers.go``)."""
    return list(dict.fromkeys(_TRAILER.findall(message)))


def _part_number(name: str, base: str) -> int | None:
    if name == base:
        return 0
    found = _PART.fullmatch(name.removeprefix(base)) if name.startswith(base) else None
    number = int(found[1]) if found is not None else 0
    return number if number and name == f"{base}.{number:03d}" else None
