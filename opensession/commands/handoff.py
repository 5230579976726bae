"""``opensession session handoff``: from stored sessions to a briefing for the next agent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitstore.errors import StoreError
from opensession import files, refs
from opensession.agents import AGENTS
from opensession.commands import selection
from opensession.commands.options import output_options, repo_option
from opensession.errors import OpenSessionError, UsageError
from opensession.handoff.formats import DEFAULT, FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opensession.agents import Entry
    from opensession.console import Console
    from opensession.handoff.audience import Audience
    from opensession.library import Library, Selected

_MACHINE_FORMATS = ("json", "jsonl", "stream")
"""Formats that programs read: errors come as one JSON object too."""


class _AgentOption(click.Option):
    """An agent's own option, which the help names in one line with all the others."""

    def get_help_record(self, ctx: click.Context) -> None:  # noqa: ARG002
        """Nothing of its own."""
        return


class _Handoff(click.Command):
    """The command, with the agents' options gathered in a section of the help."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, then those of the agents."""
        super().format_options(ctx, formatter)
        flags = ", ".join(f"--{entry.flag}" for entry in AGENTS)
        with formatter.section("Sessions of one agent only (each takes a REF, and may be repeated)"):
            formatter.write_text(flags)


def _parameter(entry: Entry) -> str:
    return f"of_{entry.flag.replace('-', '_')}"


def _agent_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """One option for each agent of the registry: ``--claude HEAD``."""
    for entry in reversed(AGENTS):
        words = f"Sessions of {entry.title} only."
        option = click.option(
            f"--{entry.flag}", _parameter(entry), cls=_AgentOption, metavar="REF", multiple=True, help=words
        )
        command = option(command)
    return command


@click.command("handoff", cls=_Handoff)
@click.argument("references", metavar="[REF|FILE]...", nargs=-1)
@click.option("-l", "--last", is_flag=True, help="The newest session of this machine and directory, committed or not.")
@_agent_options
@click.option("--tool", "tools", metavar='"TOOL REF"', multiple=True, help='Like --tool "codex HEAD^1"; repeatable.')
@click.option("-o", "--output", metavar="PATH", type=click.Path(path_type=Path), help="Write to PATH instead.")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default=DEFAULT, show_default=True)
@click.option("--for", "reader", metavar="AGENT", help="Follow the conventions of the agent that will read it.")
@repo_option
@output_options
def handoff(
    references: tuple[str, ...],
    last: bool,
    tools: tuple[str, ...],
    output: Path | None,
    format_: str,
    reader: str | None,
    repo: Path | None,
    console: Console,
    **of_agents: tuple[str, ...],
) -> None:
    """Brief the next agent: what was wanted, done, decided, broken and left open.

    REF is HEAD (the newest session committed here), HEAD~N (the latest N, merged), HEAD^N (the Nth newest), a session
    id or its beginning, or the path of a session file. Without any, HEAD.

    \b
    opensession session handoff --claude HEAD
    opensession session handoff HEAD~3 --format json
    opensession session handoff --tool "codex HEAD^1" --for claude-code
    opensession session handoff a.jsonl b.jsonl -o handoff.md
    """  # noqa: D301 - \b keeps click from filling these lines
    if console.as_json:
        format_ = "json"
    try:
        audience = _audience(reader)
        wanted = _wanted(references, of_agents, tools)
        library = selection.library(repo)
        selected = _select(library, wanted, last=last)
        for note in library.notes:
            console.note(f"note: {note}")
        text = _render(selected, format_, audience)
    except (OpenSessionError, StoreError) as error:
        if format_ in _MACHINE_FORMATS and not console.as_json:
            _tell_program(console, error)
        raise
    if output is None:
        console.document(text)
        return
    files.write(output, text.encode())
    console.note(f"wrote {output} ({len(text.encode()):,} bytes, {len(selected)} session{'s' * (len(selected) != 1)})")


def _wanted(
    references: Sequence[str], of_agents: dict[str, tuple[str, ...]], tools: Sequence[str]
) -> list[tuple[str | None, refs.Ref]]:
    """Every reference with its tool filter: positional ones, then those of the agents' options, then ``--tool``."""
    pairs: list[tuple[str | None, str]] = [(None, text) for text in references]
    for entry in AGENTS:
        pairs += [(entry.name, text) for text in of_agents[_parameter(entry)]]
    pairs += [refs.parse_tool(text) for text in tools]
    return [(tool, selection.parse(text)) for tool, text in pairs]


def _select(library: Library, wanted: Sequence[tuple[str | None, refs.Ref]], *, last: bool) -> list[Selected]:
    found = [library.last()] if last else []
    for tool, ref in wanted if wanted or last else [(None, refs.Latest(1))]:
        found += library.select(ref, tool)
    distinct = {selected.session.session_id: selected for selected in reversed(found)}
    return list(reversed(distinct.values()))


def _render(selected: Sequence[Selected], format_: str, audience: Audience) -> str:
    # Only now: help and errors of the command line need none of it.
    from opensession.handoff import fitting, formats, merge, summary  # noqa: PLC0415

    summaries = [summary.summarize(item.session, reference=item.reference) for item in selected]
    sessions = [item.session for item in selected]
    return formats.load(format_).render(merge.merge(summaries), sessions, audience, fitting.BUDGET)


def _audience(name: str | None) -> Audience:
    from opensession.handoff.audience import AUDIENCES, audience  # noqa: PLC0415

    found = audience(name)
    if name is not None and not found.name:
        raise UsageError(f"--for {name}: unknown agent", hint=f"Known: {', '.join(AUDIENCES)}.")
    return found


def _tell_program(console: Console, error: OpenSessionError | StoreError) -> None:
    """The error as the object that the formats for programs end with."""
    from opensession.handoff.formats.json import error_line  # noqa: PLC0415

    console.document(error_line(str(error), suggestion=error.hint))
