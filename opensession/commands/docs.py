"""``opensession docs``: completion scripts and the formats, explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from opensession.commands.options import output_options
from opensession.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opensession.agent import About
    from opensession.agents import Entry

_TITLES = ("AGENT", "OPTION", "SUPPORT", "TOKENS", "DIFFS", "SUBAGENTS", "LIVE", "WHERE")

_FORMAT = """\
HAIL, the Human-AI Interaction Log (hail-1.0.0)

  One JSON object per line: a header, events in order, statistics.

  {"type":"header","version":"hail-1.0.0","session_id":…,"agent":{"provider","model","tool"},"context":{…}}
  {"type":"event","event_id":…,"timestamp":…,"event_type":{"type":KIND,"data":{…}},"content":{"blocks":[…]}}
  {"type":"stats","event_count":…,"message_count":…,…}

  Kinds of events, with their data:
%(kinds)s

  Blocks of content:
%(blocks)s

  Reading accepts the full form, the short form (hail/0.1), the ACP form and a session as one JSON object.
  Writing gives the full form; `opensession session cat REF --format short` gives the short one.

The store (format v1)

  refs/heads/opensession/sessions, an orphan branch (git config opensession.ref names another)
    v1/<aa>/<bb>/<session-id>/
      meta.json          title, times, statistics, parents, links, redaction counts
      0000.hail.jsonl    header line, then events
      0001.hail.jsonl    further events; a segment is closed at 256 KiB of events
      assets/<sha256>    binaries above 64 KiB
  <aa>/<bb> are the first four hex digits of the SHA-256 of the session id.
  One commit per published session, with the trailers Session-Id, Session-Tool, Session-Model, Session-Events.

  Look without opensession:
    git log opensession/sessions
    git show opensession/sessions:v1/<aa>/<bb>/<session-id>/0000.hail.jsonl | jq .
"""


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash:  opensession docs completion bash >> ~/.bashrc
    zsh:   opensession docs completion zsh >> ~/.zshrc
    fish:  opensession docs completion fish > ~/.config/fish/completions/opensession.fish
    """  # noqa: D301 - \b keeps click from filling these lines
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - not needed by any other command

    kind = get_completion_class(shell)
    if kind is not None:
        completer = kind(click.get_current_context().find_root().command, {}, "opensession", "_OPENSESSION_COMPLETE")
        # Not completer.source(): that starts bash to ask for its version, and the script may be for elsewhere.
        Console().document(completer.source_template % completer.source_vars() + "\n")


@click.command("format")
def format_() -> None:
    """Explain the HAIL format and how sessions are kept in git."""
    from opensession.hail.events import KINDS, Block  # noqa: PLC0415 - the table is made from the classes themselves

    Console().document(_FORMAT % {"kinds": _rows(KINDS), "blocks": _rows(Block.__subclasses__())})


@click.command("agents")
@click.option("--markdown", is_flag=True, help="Print the table as the README has it.")
@output_options
def agents(markdown: bool, console: Console) -> None:
    """List the agents whose sessions are read: how far a reader is proven, what it gives, where the sessions are.

    \b
    SUPPORT    recordings: proven on real sessions
               source: built from the producer's source or documents
               samples: from published or written examples only
    TOKENS     per call, per session, or - where the agent's files state none
    DIFFS      recorded by the agent, or made from the arguments of its edits
    SUBAGENTS  folded into the session that started them, or linked to it
    LIVE       how a running session's file changes
    """  # noqa: D301 - \b keeps click from filling these lines
    from opensession.agents import AGENTS  # noqa: PLC0415 - 30 readers are imported for it, and for nothing else

    described = [(entry, entry.load().ABOUT) for entry in AGENTS]
    if console.as_json:
        console.data({"agents": [_as_data(entry, about) for entry, about in described]})
        return
    rows = [cells(entry, about) for entry, about in described]
    if markdown:
        console.document("\n".join(markdown_lines(rows)) + "\n")
        return
    console.table(_TITLES, rows)
    if console.verbose:
        for entry, about in described:
            moved = f"; moved by {', '.join(about.environment)}" if about.environment else ""
            console.write(f"{entry.title}: {about.where}{moved}. Versions: {about.versions}.")
    else:
        console.note("note: -v names the versions, and the environment variables that move a store")


def markdown_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """The table of agents as the README has it."""
    lines = [f"| {' | '.join(_TITLES).lower()} |", "|" + "---|" * len(_TITLES)]
    for title, flag, *read, where in rows:
        lines.append(f"| {title} | `{flag}` | {' | '.join(read)} | `{where}` |")
    return lines


def cells(entry: Entry, about: About) -> list[str]:
    """An agent's row in the table."""
    read = [about.tokens or "-", about.diffs.removeprefix("from ") or "-", about.subagents or "-", about.live]
    return [entry.title, f"--{entry.flag}", about.support, *read, about.where]


def _as_data(entry: Entry, about: About) -> dict[str, Any]:
    import msgspec  # noqa: PLC0415

    return {"name": entry.name, "title": entry.title, "flag": f"--{entry.flag}", **msgspec.to_builtins(about)}


def _rows(classes: object) -> str:
    lines = []
    for cls in classes:  # type: ignore[attr-defined]
        fields = ", ".join(cls.__struct_fields__)
        meaning = (cls.__doc__ or "").splitlines()[0].replace("``", "`")
        lines.append(f"    {cls.__name__:<14} {fields:<26} {meaning}")
    return "\n".join(lines)
