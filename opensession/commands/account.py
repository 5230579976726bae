"""``opensession account``: which server, which key, which team, and whether the server agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from opensession import addresses, config, credentials, settings_file
from opensession.commands.options import output_options
from opensession.commands.server_options import key_of, server_options
from opensession.config import FILE, Server, config_dir, load
from opensession.credentials import PERSONAL, Keyring, masked
from opensession.errors import AuthenticationError

if TYPE_CHECKING:
    from opensession.console import Console

_TABLE = "server"


@click.command("config")
@click.option("--server", metavar="URL", help="Set the address of the team server; an empty one takes it out.")
@click.option("--api-key", metavar="KEY", help="Set the key for it; - reads it, an empty one takes it out.")
@click.option("--team-id", metavar="ID", help="Set the team to upload to; personal is your own space.")
@click.option("--allow-http/--no-allow-http", default=None, help="Let plain http go to another machine.")
@output_options
def configure(
    server: str | None, api_key: str | None, team_id: str | None, allow_http: bool | None, console: Console
) -> None:
    """Show the team server, key and team; with options, set them first.

    The key goes into the system's keyring where there is one, else into config.toml, which only you can read. With
    --api-key - it is asked for, or read from standard input, and stands neither in the shell's history nor in the list
    of processes.

    \b
    opensession account config --server https://sessions.example.org --api-key -
    opensession account config --team-id 0d8f6a52-9c1e-4b7a-8e39-5a4b1c2d3e4f
    """  # noqa: D301 - \b keeps click from filling these lines
    _set(console, server, key_of(api_key) if api_key is not None else None, team_id, allow_http)
    _show(console)


@click.command("status")
@server_options
@output_options
def status(flags: Server, console: Console) -> None:
    """Say whether the team server answers; exit code 5 when it does not."""
    account = credentials.account(load(None), flags, with_key=False)
    health = _client(account.url, "").health()
    if console.as_json:
        console.data({"server": account.url, "status": health.status, "version": health.version})
        return
    console.write(f"online   {account.url}")
    console.write(f"version  {health.version}")


@click.command("verify")
@server_options
@output_options
def verify(flags: Server, console: Console) -> None:
    """Ask the team server whose key this is; exit code 4 when it knows none like it."""
    account = credentials.account(load(None), flags).with_key()
    if note := credentials.plain_http_note(account):
        console.note(note)
    identity = _client(account.url, account.key).verify()
    if console.as_json:
        console.data({"server": account.url, "user_id": identity.user_id, "nickname": identity.nickname})
        return
    console.write(f"user     {identity.nickname}")
    console.write(f"id       {identity.user_id}")
    console.write(f"server   {account.url}")


@click.command("api-url")
@click.argument("value", metavar="URL")
@output_options
def set_url(value: str, console: Console) -> None:
    """Set the address of the team server: the older spelling of `account config --server URL`."""
    _set(console, value, None, None, None)
    _show(console)


@click.command("api-key")
@click.argument("value", metavar="KEY")
@output_options
def set_key(value: str, console: Console) -> None:
    """Set the key for the team server: the older spelling of `account config --api-key KEY`."""
    _set(console, None, key_of(value), None, None)
    _show(console)


def _client(url: str, key: str) -> Any:
    from opensession.client import Client  # noqa: PLC0415 - showing settings needs no HTTP

    return Client(url, key)


def _set(
    console: Console, server: str | None, api_key: str | None, team_id: str | None, allow_http: bool | None
) -> None:
    path = config_dir() / FILE
    before = load(None)
    values: dict[str, str | bool | None] = {}
    if allow_http is not None:
        values["allow_http"] = allow_http or None
    if server is not None:
        allowed = before.server.allow_http if allow_http is None else allow_http
        values["url"] = addresses.server(server, allow_http=allowed) if server.strip() else None
    if team_id is not None:
        values["team_id"] = team_id.strip() or None
    if api_key is not None:
        url = str(values["url"] or "") if "url" in values else before.server.url
        values["api_key"] = _kept(credentials.checked_key(api_key), url, Keyring(allowed=before.keyring))
    if values:
        settings_file.change(path, _TABLE, values)
    if api_key is None and before.server.api_key and _moved(before.server.url, values.get("url")):
        console.note(f"note: the key in {path} was the one for {before.server.url}; --api-key sets another")


def _kept(key: str, url: str, keyring: Keyring) -> str | None:
    """What of a key has to stand in the file: nothing when a keyring keeps it."""
    if not url:
        # Keyrings keep a key for a server; it has none yet.
        return key or None
    url = addresses.server(url, allow_http=True)
    if not key:
        keyring.forget(url)
        return None
    return None if keyring.keep(url, key) else key


def _moved(before: str, now: object) -> bool:
    return bool(before) and isinstance(now, str) and not addresses.is_same_place(before, now)


def _show(console: Console) -> None:
    found = load(None)
    path = config_dir() / FILE
    account, problem = _account(found)
    shown = {
        "server": account.url,
        "server_from": account.url_from,
        "api_key": masked(account.key),
        "api_key_from": account.key_from,
        "team_id": account.team_for("") or PERSONAL,
        "config": str(path),
    }
    if problem:
        console.note(f"note: {problem}")
    if account.url and (note := credentials.plain_http_note(account)):
        console.note(note)
    if console.as_json:
        console.data(shown)
        return
    console.write(f"server   {_told(shown['server'], shown['server_from'])}")
    console.write(f"api-key  {_told(shown['api_key'], shown['api_key_from'])}")
    console.write(f"team-id  {shown['team_id']}")
    console.write(f"config   {path}{'' if path.exists() else ' (not there)'}")


def _account(found: config.Config) -> tuple[credentials.Account, str]:
    """The account as far as it is set, and what is the matter with the rest."""
    stated = found.environment.url or found.server.url
    if not stated:
        key, where = credentials.stated_key(found, "")
        return credentials.Account("", key, where, default_team=found.environment.team_id or found.server.team_id), ""
    try:
        return credentials.account(found, Server()), ""
    except AuthenticationError as error:
        return credentials.account(found, Server(), with_key=False), f"{error}. {error.hint}"


def _told(value: str, where: str) -> str:
    return f"{value}  ({where})" if value else "not set"
