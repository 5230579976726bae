"""A loose object that is cut short is an error at once: libgit2 by itself reads some of them for ever."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from gitstore.backends import Backend, open_repo
from gitstore.errors import CorruptError

_READ = """
import sys
from gitstore.backends import open_repo
from gitstore.errors import CorruptError
repo = open_repo(sys.argv[1], sys.argv[2])
for oid in sys.argv[3:]:
    try:
        repo.read("blob", oid)
    except CorruptError:
        continue
    sys.exit(f"{oid} was read")
for oid in sys.argv[3:]:
    try:
        repo.size("blob", oid)
    except CorruptError:
        continue
"""


@pytest.mark.parametrize("backend", ["libgit2", "program", "pure"])
def test_what_is_cut_short_is_corrupt(backend: Backend, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    repo = open_repo(tmp_path, "libgit2")
    cut = []
    for number, size in enumerate((10, 1_000, 50_000)):
        for missing in (1, 4, 12, 30):
            noise = b"".join(hashlib.sha256(b"%d %d %d" % (number, missing, n)).digest() for n in range(size // 32 + 1))
            oid = repo.write_blob(noise[:size])
            path = tmp_path / ".git" / "objects" / oid[:2] / oid[2:]
            content = path.read_bytes()
            path.chmod(0o644)
            path.write_bytes(content[: max(0, len(content) - missing)])
            cut.append(oid)
    repo.close()

    # In a process of its own, for a read that never ends keeps the interpreter from ending it.
    done = subprocess.run([sys.executable, "-c", _READ, str(tmp_path), backend, *cut], timeout=60, check=False)

    assert done.returncode == 0


def test_an_object_that_is_another_one_is_corrupt(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    repo = open_repo(tmp_path, "libgit2")
    one, two = (tmp_path / ".git" / "objects" / oid[:2] / oid[2:] for oid in map(repo.write_blob, (b"one", b"two")))
    two.chmod(0o644)
    two.write_bytes(one.read_bytes())

    with pytest.raises(CorruptError):
        repo.read("blob", two.parent.name + two.name)
