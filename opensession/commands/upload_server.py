"""Single files to the team server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import credentials, uploads, workspace
from opensession.client import Client
from opensession.commands.uploading import Upload, Wish
from opensession.credentials import PERSONAL, Account
from opensession.errors import NothingFoundError
from opensession.library import Library
from opensession.uploads import Parents

if TYPE_CHECKING:
    from pathlib import Path

    from opensession.client import Uploaded
    from opensession.config import Privacy
    from opensession.console import Console
    from opensession.recognition import Recognised
    from opensession.workspace import Workspace


class ServerUpload(Upload):
    """Prepare each session and send it."""

    def __init__(self, console: Console, wish: Wish, account: Account) -> None:
        super().__init__(console, wish)
        self._account = account
        self._client = Client(account.url, account.key)
        self._parents_in: dict[Path, Parents] = {}
        if note := credentials.plain_http_note(account):
            console.note(note)

    def _prepare(self, recognised: Recognised) -> None:
        own = self._own(recognised.reading.repository_dir)
        target = own or self._around

        def privacy_of(_directory: str | None) -> Privacy:
            return self._privacy(target)

        prepared, facts = uploads.prepare(recognised, own, privacy_of, redact=self._wish.redact)
        team = self._account.team_for(self._config(target).repository_team)
        request = uploads.request(prepared, facts, team, self._parents(target))
        with request.body:
            sent = None if self._wish.dry_run else self._client.upload(request.body, request.size)
        result = {
            "file": recognised.name,
            "status": sent.status if sent is not None else "would-store",
            "session_id": prepared.session.session_id,
            "server": self._account.url,
            "team_id": team or PERSONAL,
            **self._server_says(sent),
            "events": request.events,
            **self._found(prepared),
        }
        self._results.append(result)
        if not self._console.as_json:
            self._receipt(result)

    def _finish(self) -> None:
        self._client.close()

    def _own(self, directory: str | None) -> Workspace | None:
        """The repository whose settings and facts hold: the one that is named, or the session's own."""
        return self._around if self._wish.repo is not None else workspace.of_session(directory)

    def _parents(self, target: Workspace) -> Parents:
        """The full ids of parents that the repository knows; others the server must know, or says what is near."""
        if target.place not in self._parents_in:
            library = Library(target.store, target.directory, target.top, self._privacy(target))
            found = [_known(library, parent) for parent in self._wish.parents]
            ids = [known or parent for known, parent in zip(found, self._wish.parents, strict=True)]
            self._parents_in[target.place] = Parents(ids, unproven="" in found)
        return self._parents_in[target.place]

    def _server_says(self, sent: Uploaded | None) -> dict[str, Any]:
        if sent is None:
            return {}
        more = {"redacted_by_server": sent.redacted} if sent.redacted else {}
        return {"id": sent.id, "url": sent.url, **more}

    def _receipt(self, result: dict[str, Any]) -> None:
        say = self._console.write
        say(f"{result['status'].replace('-', ' ')}  {result['session_id']}")
        if result.get("url"):
            say(f"  url      {result['url']}")
        say(f"  team     {result['team_id']}")
        say(f"  events   {result['events']}")
        self._receipt_of(result)


def _known(library: Library, parent: str) -> str:
    """The full id of a committed session; an empty string when none begins so."""
    try:
        return library.committed_id(parent)
    except NothingFoundError:
        return ""
