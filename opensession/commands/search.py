"""``opensession session search``: find sessions by what was said and done in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from opensession import workspace
from opensession.commands.options import moment, output_options, repo_option
from opensession.errors import NothingFoundError, OpenSessionError, UsageError
from opensession.terminal import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from gitstore.store import SessionStore
    from opensession.console import Console
    from opensession.index import Entry, Index, Page, Query, Snippet

FILE = "index.db"
_LIMIT = 20
_FEW = 10
"""Sessions to read anew that are worth a word on the terminal."""


@click.command("search")
@click.argument("words", metavar="QUERY...", nargs=-1, required=True)
@click.option("--sort", type=click.Choice(["best", "recent", "longest"]), default="best", show_default=True)
@click.option("--limit", metavar="N", type=click.IntRange(min=1, max=1000), default=_LIMIT, show_default=True)
@click.option("--rebuild", is_flag=True, help="Make the index anew first.")
@repo_option
@output_options
def search(words: tuple[str, ...], sort: str, limit: int, rebuild: bool, repo: Path | None, console: Console) -> None:
    """Find stored sessions by prompts, replies, tool calls and paths.

    All words must be there, in any order; capitals do not matter. Filters narrow it down:

    \b
    "in a row"        these words, one after the other
    -word             sessions without it (quote the whole query, or begin with --)
    begin*            words that begin so
    tool:codex        of this agent              model:opus   of this model
    author:ada        published by them          branch:main  on this branch
    file:src/app.py   a path that was touched
    since:2026-03-01  until:2026-04-01           when the session began
    has:failure       a command or tool failed   in:output    also in what tools printed

    \b
    opensession session search parser has:failure
    opensession session search '"rate limit" -retry file:client.py since:2026-03-01'
    """  # noqa: D301 - \b keeps click from filling these lines
    from opensession.index import Query  # noqa: PLC0415 - a database is not for --help

    typed = " ".join(_quoted(word) for word in words)
    _check_days(typed)
    store = workspace.locate(repo).sessions()
    query = Query(spaces=[store.ref], words=typed, sort=sort, limit=limit)  # type: ignore[arg-type]
    page = _searched(store, query, console, rebuild=rebuild)
    if console.as_json:
        facts = {"sessions": [_facts(entry) for entry in page.entries], "total": page.total, "exact": page.exact}
        console.data(facts)
    else:
        for entry in page.entries:
            _show(entry, console)
    if not page.entries:
        hint = "Fewer words find more; `opensession session search --help` has the filters."
        raise click.exceptions.Exit(3) if console.as_json else NothingFoundError("nothing found", hint=hint)
    if page.total > len(page.entries):
        of = page.total if page.exact else f"at least {page.total}"
        console.note(f"note: {len(page.entries)} of {of} are shown; --limit shows more")


def _quoted(word: str) -> str:
    """An argument as the search understands it: one with spaces was quoted for the shell, and is words in a row."""
    if " " in word and '"' not in word:
        name, colon, rest = word.partition(":")
        return f'{name}:"{rest}"' if colon and name.isalpha() else word
    return word


def _check_days(typed: str) -> None:
    """Refuse a day that is none; as a filter it would only find nothing."""
    for day in re.findall(r"(?:^|\s)(?:since|until):(\S+)", typed):
        moment(day)


def _searched(store: SessionStore, query: Query, console: Console, *, rebuild: bool) -> Page:
    """What a query finds in this repository, with the index made or brought up to date first."""
    import sqlite3  # noqa: PLC0415

    folder = store.repo.own_folder
    if folder is None:
        raise UsageError("this repository has no folder for an index")
    place = folder / FILE
    try:
        try:
            return _asked(place, store, query, console, rebuild=rebuild)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            # It was damaged. Nothing in it is worth keeping.
            for path in folder.glob(f"{FILE}*"):
                path.unlink()
            return _asked(place, store, query, console, rebuild=True)
    except (OSError, sqlite3.Error) as error:
        hint = "The index lies beside the repository and can be deleted at any time."
        reason = getattr(error, "strerror", None) or str(error)
        raise OpenSessionError(f"{place} cannot be used: {reason}", hint=hint) from error


def _asked(place: Path, store: SessionStore, query: Query, console: Console, *, rebuild: bool) -> Page:
    from opensession.index import open_index  # noqa: PLC0415

    index = open_index(place)
    try:
        _catch_up(index, store, console, rebuild=rebuild)
        return index.listed(query)
    finally:
        index.close()


def _catch_up(index: Index, store: SessionStore, console: Console, *, rebuild: bool) -> None:
    if not rebuild and index.tip(store.ref) is not None:
        progress = index.catch_up(store.ref, store)
    else:
        with console.counter("Reading sessions") as step:
            progress = index.rebuild(store.ref, store, step=step)
    if progress.indexed >= _FEW:
        console.note(f"note: {progress.indexed} sessions were read into the index")
    for session_id, reason in progress.failed:
        console.note(f"note: {session_id} cannot be searched: {reason}")


def _show(entry: Entry, console: Console) -> None:
    console.styled(one_line(entry.title or entry.session_id, 100), "title")
    facts = [entry.session_id[:12], entry.tool, entry.created_at[:16].replace("T", " "), entry.owner_name]
    failed = ["failed"] if entry.has_errors else []
    console.styled("  " + "  ".join(filter(None, [*facts, entry.git_branch or "", *failed])), "quiet")
    for snippet in entry.snippets:
        console.pieces([("  ", ""), *_pieces(snippet)])


def _pieces(snippet: Snippet) -> list[tuple[str, str]]:
    shown = [(_one_spaced(text), "found" if is_match else "") for text, is_match in snippet.parts]
    return [*shown, (f"  #{snippet.event_id}", "quiet")]


def _one_spaced(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _facts(entry: Entry) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415 - most searches are read by people

    facts: dict[str, Any] = msgspec.to_builtins(entry)
    for local in ("id", "space", "is_public", "owner", "uploaded_at"):
        del facts[local]
    facts["author"] = facts.pop("owner_name")
    for snippet in facts["snippets"]:
        snippet["parts"] = [{"text": text, "match": is_match} for text, is_match in snippet["parts"]]
    return facts
