"""Conversations of the editor: composers, and the chats that came before them.

A composer's own bubbles stand in it (``conversation``, ``_v`` 1 and 2) or apart, in the order of
``fullConversationHeadersOnly`` (``_v`` 3 and later). In 2024 all composers of a workspace, and before that all tabs of
its chat, were one value of the workspace's database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import database, document, fields
from opensession.agents.cursor import bubbles, chats, values, workspaces
from opensession.agents.cursor.values import BUBBLE, COMPOSER
from opensession.conversation import Conversation, Header
from opensession.errors import NoSessionError
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.agents.cursor.values import Values
    from opensession.hail.session import Reading
    from opensession.source import Source

CHAT = "workbench.panel.aichat.view.aichat.chatdata"


def read(source: Source) -> Iterator[Reading]:
    """The sessions in a database that are wanted and hold anything.

    Raises:
        InputError: It is locked or damaged.
    """
    with database.opened(source) as opened:
        if opened.has("blobs", "id", "data"):
            yield chats.read(source, opened)
        else:
            yield from _sessions(values.Stored(opened), source)


def read_dump(source: Source) -> Iterator[Reading]:
    """The sessions in a dump of such a database.

    Raises:
        InputError: It is damaged.
    """
    unread: list[Unread] = []
    known = values.Dumped(fields.mapping(document.load(source, unread)))
    yield from _sessions(known, source, modified=source.modified)


def _sessions(known: Values, source: Source, modified: float | None = None) -> Iterator[Reading]:
    """The sessions; those without any time are dated by when a dump was written, but not by when a database was."""
    folders = _Folders(source)
    seen: set[str] = set()
    for make in (_composers, _inline, _tabs):
        for key, session in make(known):
            if key in seen or not source.wants(key):
                continue
            try:
                reading = session.read(key, known, folders, (source.name, modified))
            except NoSessionError:
                continue
            seen.add(key)
            yield reading


class _Folders:
    """The folder of each composer, asked for only when one does not state it."""

    def __init__(self, source: Source) -> None:
        self._path = source.path
        self._own = workspaces.folder_of(source.path)
        self._listed: dict[str, str] | None = None

    def of(self, key: str, composer: dict[str, Any]) -> str:
        folder = workspaces.stated(composer) or self._own
        if folder:
            return folder
        if self._listed is None:
            self._listed = workspaces.listed(self._path)
        return self._listed.get(key, "")


class _Session:
    """A conversation as it was found: its own record, and which kind of record that is."""

    def __init__(self, raw: object, *, is_tab: bool = False) -> None:
        self._raw = raw
        self._is_tab = is_tab

    def read(self, key: str, known: Values, folders: _Folders, file: tuple[str, float | None]) -> Reading:
        name, modified = file
        unread: list[Unread] = []
        composer = fields.mapping(values.decoded(self._raw, name, unread))
        began = bubbles.moment(composer.get("lastSendTime" if self._is_tab else "createdAt"))
        talk = Conversation("cursor", started=began, cwd=folders.of(key, composer))
        talk.draft.unread.extend(unread)
        _speak(talk, composer)
        for number, (bubble_id, bubble) in enumerate(_bubbles(talk, key, composer, known), start=1):
            talk.record(number, time=bubbles.time_of(bubble), record_id=bubble_id)
            for uri in fields.sequence(bubble.get("workspaceUris"))[:20]:
                talk.enter(workspaces.local(fields.text(uri)))
            bubbles.tell(talk, bubble, composer, known)
        return talk.finish(_header(key, composer, name, _seconds(began if self._is_tab else None) or modified))


def _seconds(sent: Any) -> float | None:
    """When a tab's last message was sent, in seconds since 1970."""
    return sent / 1000 if isinstance(sent, (int, float)) and 0 < sent < bubbles.LATEST_MS else None


def _composers(known: Values) -> Iterator[tuple[str, _Session]]:
    for key in known.composers():
        yield key, _Session(known.disk(COMPOSER + key))


def _inline(known: Values) -> Iterator[tuple[str, _Session]]:
    """Composers of 2024, which the workspace's database holds whole."""
    unread: list[Unread] = []
    held = fields.mapping(values.decoded(known.item(workspaces.INDEX), workspaces.INDEX, unread))
    for composer in map(fields.mapping, fields.sequence(held.get("allComposers"))):
        key = fields.text(composer.get("composerId"))
        if key and composer.get("conversation"):
            yield key, _Session(composer)


def _tabs(known: Values) -> Iterator[tuple[str, _Session]]:
    unread: list[Unread] = []
    held = fields.mapping(values.decoded(known.item(CHAT), CHAT, unread))
    for tab in map(fields.mapping, fields.sequence(held.get("tabs"))):
        if key := fields.text(tab.get("tabId")):
            yield key, _Session(tab, is_tab=True)


def _speak(talk: Conversation, composer: dict[str, Any]) -> None:
    model = fields.text(fields.mapping(composer.get("modelConfig")).get("modelName"))
    talk.speak(model if model != "default" else None)


def _bubbles(
    talk: Conversation, key: str, composer: dict[str, Any], known: Values
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The bubbles of a composer in their order, each with its id."""
    inline = fields.sequence(composer.get("conversation")) or fields.sequence(composer.get("bubbles"))
    if inline:
        for bubble in map(fields.mapping, inline):
            yield fields.first(bubble, "bubbleId", "id"), bubble
        return
    headers = fields.sequence(composer.get("fullConversationHeadersOnly"))
    ids = [fields.text(fields.mapping(header).get("bubbleId")) for header in headers]
    stored = list(known.bubbles(key))
    dropped = len(set(stored) - set(ids)) if ids else 0
    if dropped:
        talk.draft.skipped["bubble no longer in the conversation"] += dropped
    for number, bubble_id in enumerate(ids or stored, start=1):
        raw = known.disk(f"{BUBBLE}{key}:{bubble_id}")
        bubble = values.decoded(raw, bubble_id, talk.draft.unread)
        if isinstance(bubble, dict):
            yield bubble_id, bubble
        elif raw is None or (bubble is None and raw in ("null", b"null")):
            talk.skip("missing bubble")
        else:
            talk.draft.unread.append(Unread(number, "not a JSON object"))


def _header(key: str, composer: dict[str, Any], name: str, modified: float | None) -> Header:
    repository = fields.mapping(next(iter(fields.sequence(composer.get("trackedGitRepos"))), None))
    branch = fields.mapping(next(iter(fields.sequence(repository.get("branches"))), None))
    parent = fields.text(fields.mapping(composer.get("subagentInfo")).get("parentComposerId"))
    related = [one for one in fields.sequence(composer.get("subagentComposerIds")) if isinstance(one, str)]
    return Header(
        session_id=key,
        source_name=name,
        title=composer.get("name") or composer.get("chatTitle"),
        created=bubbles.moment(composer.get("createdAt")),
        updated=bubbles.moment(composer.get("lastUpdatedAt")),
        modified=modified,
        branch=fields.text(branch.get("branchName")) or composer.get("createdOnBranch"),
        parent=parent or None,
        related=tuple(related[:100]),
        attributes={
            "agent_mode": fields.text(composer.get("unifiedMode")),
            "session_role": "auxiliary" if parent else None,
        },
        key=key,
    )
