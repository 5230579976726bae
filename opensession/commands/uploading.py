"""Uploading single files, whatever they go into: reading them, passing the gate, telling what became of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from opensession import recognition, workspace
from opensession.config import load
from opensession.errors import AuthenticationError, NetworkError, OpenSessionError, PartialFailureError, UsageError
from opensession.redact import PATH_RULE
from opensession.source import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from opensession.config import Config, Privacy
    from opensession.console import Console
    from opensession.publish import Prepared
    from opensession.recognition import Recognised
    from opensession.workspace import Workspace


_OF_A_SERVER = frozenset({AuthenticationError.exit_code, NetworkError.exit_code})
"""What a run ends with when a server let nothing through at all."""


class Wish(NamedTuple):
    """What the user asked for, beside the files."""

    repo: Path | None
    parents: tuple[str, ...]
    agent: str | None
    dry_run: bool
    redact: bool
    yes: bool


class Upload(ABC):
    """One run of the command: take each file's sessions, say what happened to each."""

    def __init__(self, console: Console, wish: Wish) -> None:
        self._console = console
        self._wish = wish
        self._around = workspace.locate(wish.repo)
        if wish.repo is not None and self._around.store is None:
            raise UsageError(f"{wish.repo} is not a git repository", hint="Run `git init` there first.")
        self._configs: dict[Path, Config] = {}
        # A broken configuration ends the command before any file is read, not once for each.
        self._privacy(self._around)
        self._results: list[dict[str, Any]] = []
        self._failures: list[OpenSessionError] = []
        self._is_over = False

    def run(self, files: Sequence[str]) -> None:
        """Take the files; ends with an error when one of them failed."""
        with self._console.progress("Storing", len(files)) as step:
            for name in files:
                self._take(name, alone=len(files) == 1)
                step()
                if self._is_over:
                    break
            self._finish()
        failed = len(self._failures)
        if self._console.as_json:
            self._console.data({"sessions": self._results, "failed": failed})
        if failed:
            self._end(failed)

    @abstractmethod
    def _prepare(self, recognised: Recognised) -> None:
        """Bring a session through the gate and on its way."""

    @abstractmethod
    def _finish(self) -> None:
        """Do what was put off."""

    def _end(self, failed: int) -> None:
        """Say that part of the work failed; with ``--json`` the one document has said it already."""
        total = len(self._results)
        codes = {error.exit_code for error in self._failures}
        lasting = failed == total and len(codes) == 1 and codes <= _OF_A_SERVER
        code = codes.pop() if lasting else PartialFailureError.exit_code
        if self._console.as_json:
            raise click.exceptions.Exit(code)
        hint = "The others are stored; run it again for these once they are mended." if failed < total else ""
        error = PartialFailureError(f"{failed} of {total} could not be stored", hint=hint)
        error.exit_code = code
        raise error

    def _take(self, name: str, *, alone: bool) -> None:
        """Prepare the sessions of a file; what fails is an error when it is all there is, else noted."""
        held: list[Recognised] = []
        try:
            for recognised in recognition.sessions(open_source(name), self._wish.agent):
                # One behind: only then is it known whether a session is the only one.
                if held:
                    self._prepare_one(held.pop(), alone=False)
                    alone = False
                if self._is_over:
                    return
                held.append(recognised)
        except OpenSessionError as error:
            self._fail(name, error, alone=alone and not held)
            alone = False
        if held:
            self._prepare_one(held.pop(), alone=alone)

    def _prepare_one(self, recognised: Recognised, *, alone: bool) -> None:
        try:
            self._prepare(recognised)
        except OpenSessionError as error:
            self._fail(recognised.name, error, alone=alone)

    def _fail(self, name: str, error: OpenSessionError, *, alone: bool) -> None:
        if alone:
            raise error
        self._failures.append(error)
        # These two themselves, and none of their kinds: the next one would fare no better.
        self._is_over |= type(error) in (AuthenticationError, NetworkError)
        self._results.append({"file": name, "status": "failed", "error": str(error), "hint": error.hint})
        self._console.note(f"failed  {name}: {error}")

    def _privacy(self, target: Workspace) -> Privacy:
        """What the user and the repository keep back."""
        return self._config(target).privacy

    def _config(self, target: Workspace) -> Config:
        """What the user and the repository want; read once for each repository."""
        if target.place not in self._configs:
            config = load(target.top)
            for note in config.notes:
                self._console.note(f"note: {note}")
            self._configs[target.place] = config
        return self._configs[target.place]

    def _found(self, prepared: Prepared) -> dict[str, Any]:
        """What redaction and reading found, for a receipt."""
        counts = prepared.report.counts
        return {
            "redacted": {rule: counts[rule] for rule in sorted(counts) if rule != PATH_RULE},
            "paths_shortened": counts.get(PATH_RULE, 0),
            "unread": prepared.unread,
            "skipped": prepared.skipped,
            "reader": prepared.reader,
        }

    def _receipt_of(self, result: dict[str, Any]) -> None:
        """The lines of a receipt about what redaction and reading found."""
        say = self._console.write
        if result["redacted"]:
            say(f"  redacted {_secrets(result['redacted'])}")
        if result["paths_shortened"]:
            say(f"  paths    {result['paths_shortened']} shortened, so that they name no home folder")
        if result["skipped"] and self._console.verbose:
            kinds = ", ".join(f"{kind} x{count}" for kind, count in result["skipped"].items())
            say(f"  skipped  {sum(result['skipped'].values())} records that say nothing: {kinds}")
        if self._console.verbose:
            say(f"  reader   {result['reader']}")
        if result["unread"]:
            say(f"  unread   {result['unread']} records were not understood; they are kept as they were")


def _secrets(counts: dict[str, int]) -> str:
    total = sum(counts.values())
    each = ", ".join(f"{rule} x{count}" for rule, count in counts.items())
    return f"{total} secret{'' if total == 1 else 's'}: {each}"
