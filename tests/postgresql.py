"""A PostgreSQL server of the tests' own: in a folder that goes away, on a socket in it, with nothing on the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

import psycopg


def program(name: str) -> str:
    """Where a program of the server is; Debian keeps them off the PATH."""
    there = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(there[-1]) if there else shutil.which(name)
    if found is None:
        raise RuntimeError(f"PostgreSQL's {name} is not installed; `make test` installs it")
    return found


class PostgreSQL:
    """A running server; every test gets a database of its own."""

    def __init__(self) -> None:
        # A socket's path is limited to 107 bytes, so pytest's long folders will not do.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        # The server refuses to run as root, which is who runs tests in a container.
        self._as = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self._folder, "postgres", "postgres")
        self._run(
            "initdb", "--auth=trust", "--username=opensession", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"
        )
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=200"
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={self._folder / 'log'}", f"--options={options}")

    def database(self) -> str:
        """The address of a fresh, empty database."""
        name = f"t{uuid4().hex}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._address(name)

    def stop(self) -> None:
        """End it, and remove its folder."""
        self._run("pg_ctl", "stop", "--mode=immediate", "--silent")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _address(self, database: str) -> str:
        return f"postgresql://opensession@/{database}?host={self._folder}"

    def _run(self, name: str, *arguments: str) -> None:
        words = [program(name), f"--pgdata={self._folder / 'data'}", *arguments]
        # Its output goes nowhere: a server that inherits a pipe would keep the caller waiting.
        subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as)  # type: ignore[call-overload]
