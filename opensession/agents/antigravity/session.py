"""A conversation as a whole: its steps in their order, and where it took place."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.antigravity.places import conversation_of, workspace_of
from opensession.agents.antigravity.steps import Steps
from opensession.conversation import Conversation, Header, distinct_id
from opensession.hail import lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opensession.hail.session import Reading
    from opensession.source import Source


def read(source: Source) -> Reading:
    """The conversation in a log.

    Raises:
        InputError: There is no conversation in it, or a line is too long.
    """
    talk = Conversation("antigravity", cwd=workspace_of(source.path))
    steps = Steps(talk)
    with source.open() as stream:
        # A step is written when it is done, which may be after one that came later.
        for _, line, step in sorted(_placed(lines.objects(stream, talk.draft.unread)), key=itemgetter(0)):
            steps.tell(line, step)
    started = talk.draft.events[0].timestamp if talk.draft.events else ""
    return talk.finish(
        Header(
            session_id=conversation_of(source.path) or source.named or distinct_id("antigravity", started),
            source_name=source.name,
            provider="" if talk.models else "google",
            modified=source.modified,
        )
    )


def _placed(numbered: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[tuple[int, int, dict[str, Any]]]:
    """The steps with their place and line; one that states no place stands behind the one before it."""
    place = 0
    for line, step in numbered:
        stated = fields.whole(step.get("step_index"))
        place = stated if stated is not None else place
        yield place, line, step
