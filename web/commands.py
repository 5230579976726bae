"""``opensession serve`` and ``opensession admin``: running the team server."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gitstore.errors import StoreError
from opensession.commands.options import output_options
from opensession.errors import NothingFoundError, PartialFailureError, UsageError
from web.settings import from_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opensession.console import Console
    from web.server import Server
    from web.settings import Settings

_PRIVATE = 0o077
_GUNICORN = ("-c", "python:web.gunicorn_conf", "web.wsgi:app")


@click.command("serve")
@click.option("--host", metavar="ADDRESS", help="Listen on this address.  [OPENSESSION_HOST; 127.0.0.1 with --dev]")
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), help="Listen on this port.  [PORT, else 3000]")
@click.option("--data-dir", metavar="DIR", type=click.Path(path_type=Path), help="Keep everything in this folder.")
@click.option("--dev", is_flag=True, help="Try it out: nothing needs to be set, only this machine can reach it.")
def serve(host: str | None, port: int | None, data_dir: Path | None, dev: bool) -> None:
    """Run the team server.

    It keeps one bare git repository for each team, speaks the HTTP API and git's own protocol. What it is told comes
    from the environment: JWT_SECRET must be set, DATABASE_URL may name PostgreSQL (docs/self-hosting.md has all).

    \b
    opensession serve --dev
    JWT_SECRET=$(openssl rand -hex 32) opensession serve --data-dir /srv/opensession
    """  # noqa: D301 - \b keeps click from filling these lines
    given = {"OPENSESSION_HOST": host, "PORT": port, "OPENSESSION_DATA_DIR": data_dir}
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    settings = from_environment(dev=dev)
    for note in settings.notes:
        click.echo(f"note: {note}", err=True)
    # What is kept is its owner's alone, whatever folder it is in.
    os.umask(_PRIVATE)
    if dev:
        _develop(settings)
        return
    _require_free(settings)
    command = str(Path(sys.executable).with_name("gunicorn"))
    words = [command] if Path(command).exists() else [sys.executable, "-m", "gunicorn"]
    # Its own process from here on, so that signals reach it and nothing stands in between.
    os.execv(words[0], [*words, *_GUNICORN])  # noqa: S606 - no shell is wanted


def _develop(settings: Settings) -> None:
    """One process with threads, on this machine."""
    from werkzeug.serving import make_server  # noqa: PLC0415 - a web framework is not for --help

    from web import logs  # noqa: PLC0415
    from web.app import create_app  # noqa: PLC0415
    from web.start import prepare  # noqa: PLC0415

    logs.configure(settings)
    prepare(settings)
    app = create_app(settings)
    try:
        server = make_server(settings.host, settings.port, app, threaded=True)
    except (OSError, SystemExit) as error:
        raise _taken(settings) from error
    click.echo(f"opensession listens on http://{settings.host}:{server.server_port}  (data in {settings.data_dir})")
    click.echo(
        "Make an account:  POST /api/auth/register, then `opensession account config --server URL --api-key KEY`"
    )
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        server.server_close()


def _require_free(settings: Settings) -> None:
    """Say that a port is taken in our own words, before another program says it in its."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise _taken(settings) from error


def _taken(settings: Settings) -> UsageError:
    hint = "Another program listens there: choose another with --port."
    return UsageError(f"{settings.host}:{settings.port} cannot be listened on", hint=hint)


@click.command("reindex")
@click.argument("names", metavar="[TEAM]...", nargs=-1)
@output_options
def reindex(names: tuple[str, ...], console: Console) -> None:
    """Make the index anew from the repositories, of some teams or of all; the server may go on running."""
    from web.admin import spaces_named  # noqa: PLC0415

    with _opened() as server:
        results = [_reindexed(server, space, console) for space in spaces_named(server, names)]
    failed = sum(len(result["failed"]) for result in results)
    if console.as_json:
        console.data({"spaces": results})
    if failed:
        _end(console, f"{failed} could not be read", "`opensession admin check` tells more.")


def _reindexed(server: Server, space: str, console: Console) -> dict[str, Any]:
    from web import spaces  # noqa: PLC0415

    try:
        with console.counter(f"Reading {space}") as step:
            indexed, removed, failed = spaces.reread(server, space, step=step)
    except StoreError as error:
        # One repository that is damaged keeps nobody from the others.
        indexed, removed, failed = 0, 0, [("", f"the repository: {error}")]
    if not console.as_json:
        console.write(f"{space}  {indexed} sessions indexed, {removed} removed")
    for session_id, reason in failed:
        console.note(f"failed  {session_id or space}: {reason}")
    told = [{"session_id": session_id, "reason": reason} for session_id, reason in failed]
    return {"space": space, "indexed": indexed, "removed": removed, "failed": told}


@click.command("check")
@click.argument("names", metavar="[TEAM]...", nargs=-1)
@output_options
def check(names: tuple[str, ...], console: Console) -> None:
    """Check the repositories with git, and the index against them."""
    from web.admin import faults, spaces_named  # noqa: PLC0415

    found: list[dict[str, str]] = []
    with _opened() as server:
        for space in spaces_named(server, names):
            found += [{"space": space, "fault": fault} for fault in faults(server, space)]
    if console.as_json:
        console.data({"faults": found})
    for fault in found:
        console.note(f"{fault['space']}: {fault['fault']}")
    if found:
        _end(console, f"{len(found)} faults", "`opensession admin reindex` mends what the index lacks.")
    if not console.as_json:
        console.write("no fault")


@click.command("maintain")
@output_options
def maintain(console: Console) -> None:
    """Pack the repositories that need it, and sweep out what has expired; for a nightly job."""
    from web.admin import spaces_named, sweep  # noqa: PLC0415

    packed, failed = [], []
    with _opened() as server:
        for space in spaces_named(server, ()):
            try:
                told = server.repositories.maintain(space)
            except StoreError as error:
                failed.append(space)
                console.note(f"failed  {space}: {error}")
                continue
            if told.packed:
                packed.append(space)
                console.note(f"packed  {space}: {told.loose} loose objects, {told.packs} packs")
        rows, folders = sweep(server)
    if console.as_json:
        console.data({"packed": packed, "failed": failed, "expired_rows": rows, "folders": folders})
    else:
        console.write(f"{len(packed)} repositories packed; {rows} expired rows, {folders} leftover folders removed")
    if failed:
        _end(console, f"{len(failed)} repositories could not be packed", "`opensession admin check` tells more.")


@click.command("make-repository")
@click.argument("space")
def make_repository(space: str) -> None:
    """Make the empty repository of a team or user id, and print where it is; for restoring a backup."""
    with _opened() as server:
        click.echo(server.repositories.create(space))


@click.command("reset-password")
@click.argument("nickname")
@output_options
def reset_password(nickname: str, console: Console) -> None:
    """Give somebody a new password, which is printed once; their sign-ins end."""
    from web.admin import new_password  # noqa: PLC0415

    with _opened() as server:
        password = new_password(server, nickname)
    if password is None:
        raise NothingFoundError(f"nobody is called {nickname} and signs in with a password")
    if console.as_json:
        console.data({"nickname": nickname, "password": password})
    else:
        console.write(password)


def _end(console: Console, message: str, hint: str) -> NoReturn:
    """Say that part of the work failed; with ``--json`` the one document has said so already."""
    if console.as_json:
        raise click.exceptions.Exit(PartialFailureError.exit_code)
    raise PartialFailureError(message, hint=hint)


@contextmanager
def _opened() -> Iterator[Server]:
    """The stores of the server that the environment names, brought up to date."""
    from web.start import opened  # noqa: PLC0415

    folder = Path(os.environ.get("OPENSESSION_DATA_DIR", "").strip() or "data")
    if not folder.is_dir():
        hint = "Set OPENSESSION_DATA_DIR, and DATABASE_URL where the server has it, as they are for the server."
        raise UsageError(f"{folder} holds no server's data", hint=hint)
    before = os.umask(_PRIVATE)
    try:
        with closing(opened(from_environment(dev=not os.environ.get("JWT_SECRET")))) as server:
            yield server
    finally:
        os.umask(before)
