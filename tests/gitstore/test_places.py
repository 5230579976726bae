"""Every kind of repository that git knows, and where in it one can stand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from gitstore.backends import Backend, open_repo
from gitstore.backends.libgit2 import Libgit2Repo
from gitstore.backends.program import ProgramRepo
from gitstore.errors import NotARepositoryError, UnsupportedError, UntrustedRepositoryError
from gitstore.store import SessionStore, Stored
from tests.gitstore.samples import REF, Lines, events, fsck, git, init, lines_of, record


def put(folder: Path, backend: Backend, session_id: str = "abc", count: int = 3) -> SessionStore:
    with SessionStore.open(folder, backend) as store:
        assert isinstance(store.put(record(session_id, events(count)), Lines()), Stored)
        assert lines_of(store.get(session_id)) == events(count)
    return store


def committed(folder: Path, *options: str) -> Path:
    init(folder, *options)
    (folder / "file.txt").write_text("x\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def test_a_bare_repository(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "bare.git", "--bare")
    assert put(folder, backend).top is None
    assert git(folder, "rev-list", "--count", REF) == "1"
    assert fsck(folder) == ""


def test_a_subfolder_of_a_work_tree(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    below = folder / "a/b"
    below.mkdir(parents=True)
    top = put(below, backend).top
    assert top is not None
    assert top.resolve() == folder.resolve()
    assert git(folder, "rev-list", "--count", REF) == "1"


def test_inside_of_the_git_folder(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    put(folder / ".git", backend)
    assert git(folder, "rev-list", "--count", REF) == "1"


def test_a_linked_work_tree_shares_its_sessions(tmp_path: Path, backend: Backend) -> None:
    folder = committed(tmp_path / "repository")
    linked = tmp_path / "linked"
    git(folder, "worktree", "add", "-q", str(linked))
    top = put(linked, backend).top
    assert top is not None
    assert top.resolve() == linked.resolve()
    assert git(folder, "rev-list", "--count", REF) == "1"
    with SessionStore.open(folder, backend) as store:
        assert store.contains("abc")


def test_a_submodule_has_its_own_sessions(tmp_path: Path, backend: Backend) -> None:
    outer, inner = committed(tmp_path / "outer"), committed(tmp_path / "inner")
    git(outer, "submodule", "--quiet", "add", str(inner), "module")
    top = put(outer / "module", backend).top
    assert top is not None
    assert top.resolve() == (outer / "module").resolve()
    assert git(outer / "module", "rev-list", "--count", REF) == "1"
    assert git(outer, "for-each-ref", REF) == ""


def test_a_detached_head(tmp_path: Path, backend: Backend) -> None:
    folder = committed(tmp_path / "repository")
    git(folder, "checkout", "-q", "--detach")
    put(folder, backend)
    assert git(folder, "rev-list", "--count", REF) == "1"
    assert git(folder, "branch", "--show-current") == ""


def test_a_shallow_clone_lists_what_its_tree_holds(tmp_path: Path, backend: Backend) -> None:
    origin = init(tmp_path / "origin")
    for number in range(4):
        put(origin, "program", f"s{number}")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=2", "--branch=opensession/sessions", f"file://{origin}", str(clone))
    with SessionStore.open(clone, backend) as store:
        assert [each.session_ids for each in store.history()] == [("s3",), ("s2",)]
        assert [each.session_ids[0] for each in store.list()] == ["s3", "s2", "s0", "s1"]
        assert {each.tool for each in store.list()} == {"claude-code"}
        store.put(record("s4", events(2)), Lines())
        assert [each.session_ids[0] for each in store.list()] == ["s4", "s3", "s2", "s0", "s1"]
    assert fsck(clone) == ""


def test_a_partial_clone_is_enough_to_list(tmp_path: Path, backend: Backend) -> None:
    origin = init(tmp_path / "origin")
    git(origin, "config", "uploadpack.allowFilter", "true")
    put(origin, "program")
    clone = tmp_path / "clone"
    options = ["--filter=blob:none", "--no-checkout", "--branch=opensession/sessions"]
    git(tmp_path, "clone", "-q", *options, f"file://{origin}", str(clone))
    origin.rename(tmp_path / "gone")
    with SessionStore.open(clone, backend) as store:
        assert [each.session_ids for each in store.list()] == [("abc",)]
        assert store.ids_with_prefix("a") == ["abc"]
        store.put(record("new", events(2)), Lines())


def test_objects_that_are_borrowed_from_another_repository_are_read(tmp_path: Path, backend: Backend) -> None:
    lender = init(tmp_path / "lender")
    put(lender, "program")
    git(tmp_path, "clone", "-q", "--shared", "--no-checkout", str(lender), "borrower")
    borrower = tmp_path / "borrower"
    git(borrower, "update-ref", REF, git(lender, "rev-parse", REF))
    put(borrower, backend, count=5)
    assert fsck(borrower) == ""


def test_a_tag_or_another_branch_of_the_same_name_does_not_shadow(tmp_path: Path, backend: Backend) -> None:
    folder = committed(tmp_path / "repository")
    for name in ("opensession/sessions", "refs/heads/opensession/sessions"):
        git(folder, "update-ref", f"refs/tags/{name}", "HEAD")
    git(folder, "update-ref", f"refs/heads/{REF}", "HEAD")
    with SessionStore.open(folder, backend) as store:
        assert store.repo.tip(REF) is None
        store.put(record("abc", events(3)), Lines())
        assert [each.session_ids for each in store.history()] == [("abc",)]
        assert store.repo.tip(REF) == git(folder, "for-each-ref", "--format=%(objectname)", REF)


def test_refs_that_point_nowhere_are_not_listed_and_others_lead_where_they_point(
    tmp_path: Path, backend: Backend
) -> None:
    folder = committed(tmp_path / "repository")
    tip = git(folder, "rev-parse", "HEAD")
    for name in ("refs/x/loose", "refs/x/packed", "refs/xy/near"):
        git(folder, "update-ref", name, tip)
    git(folder, "pack-refs", "--all")
    git(folder, "update-ref", "refs/x/loose", tip)
    git(folder, "symbolic-ref", "refs/x/symbolic", "refs/x/packed")
    git(folder, "symbolic-ref", "refs/x/dangling", "refs/x/nothing")
    (folder / ".git/refs/x/circle").write_text("ref: refs/x/circle2\n")
    (folder / ".git/refs/x/circle2").write_text("ref: refs/x/circle\n")
    (folder / ".git/refs/x/damaged").write_text("no id\n")

    with open_repo(folder, backend) as repo:
        assert list(repo.refs("refs/x/")) == [("refs/x/loose", tip), ("refs/x/packed", tip), ("refs/x/symbolic", tip)]


def test_another_ref_is_used_when_git_config_names_it(tmp_path: Path, backend: Backend) -> None:
    folder = init(tmp_path / "repository")
    git(folder, "config", "opensession.ref", "refs/opensession/sessions")
    put(folder, backend)
    assert git(folder, "for-each-ref", "--format=%(refname)") == "refs/opensession/sessions"


def test_the_environment_of_a_git_hook_does_not_redirect(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked, meant = init(tmp_path / "hooked"), init(tmp_path / "meant")
    monkeypatch.setenv("GIT_DIR", str(hooked / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(hooked / ".git/index"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(hooked / ".git/objects"))
    put(meant, backend)
    monkeypatch.undo()
    assert [len(list((folder / ".git/refs/heads").rglob("sessions"))) for folder in (hooked, meant)] == [0, 1]


def test_settings_come_from_the_global_file_that_git_is_told(
    tmp_path: Path, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = init(tmp_path / "repository")
    (tmp_path / "mine").write_text('[user]\n\tname = Grace\n\temail = g@example.org\n[include]\n\tpath = "more"\n')
    (tmp_path / "more").write_text("[some]\n\tkey = included\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "mine"))
    with open_repo(folder, backend) as repo:
        assert repo.identity("author").name == "Grace"
        assert repo.config("some.key") == "included"
    git(folder, "config", "user.name", "Local")
    with open_repo(folder, backend) as repo:
        assert repo.identity("author").name == "Local"


@pytest.mark.parametrize("make", ["folder", "file", "nothing"])
def test_what_is_no_repository_is_refused(tmp_path: Path, backend: Backend, make: str) -> None:
    place = tmp_path / "place"
    if make == "folder":
        place.mkdir()
    elif make == "file":
        place.write_text("x")
    with pytest.raises(NotARepositoryError) as caught:
        open_repo(place, backend)
    assert str(place) in str(caught.value)


def test_a_sha256_repository_is_for_the_git_program(tmp_path: Path) -> None:
    folder = init(tmp_path / "repository", "--object-format=sha256")
    put(folder, "program", count=9000)
    put(folder, "program", count=9100)
    put(folder, "auto", "other")
    assert len(git(folder, "rev-parse", REF)) == 64
    assert fsck(folder) == ""
    others: list[Backend] = ["libgit2", "pure"]
    for backend in others:
        with pytest.raises(UnsupportedError) as caught:
            open_repo(folder, backend)
        assert "git program" in caught.value.hint


def test_auto_takes_libgit2_where_it_can_and_the_program_where_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = init(tmp_path / "repository")
    with open_repo(folder) as repo:
        assert isinstance(repo, Libgit2Repo)
    git(folder, "config", "core.repositoryformatversion", "1")
    git(folder, "config", "extensions.worktreeConfig", "true")
    git(folder, "config", "extensions.unheardOf", "true")
    with pytest.raises(UnsupportedError, match="unheardof"):
        open_repo(folder)
    git(tmp_path, "config", "--file", str(folder / ".git/config"), "--unset", "extensions.unheardOf")
    monkeypatch.setitem(sys.modules, "pygit2", None)
    monkeypatch.delitem(sys.modules, "gitstore.backends.libgit2")
    with open_repo(folder) as repo:
        assert isinstance(repo, ProgramRepo)


def test_a_stranger_s_repository_is_refused_unless_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = init(tmp_path / "repository")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(UntrustedRepositoryError) as caught:
        open_repo(folder, "program")
    assert "safe.directory" in caught.value.hint
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(folder))
    put(folder, "program")


def test_a_repository_of_another_user_is_refused_unless_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only root can give a repository away; others learn the same from the question who they are.
    folder = init(tmp_path / "repository")
    stranger = 12345
    backends: list[Backend]
    if os.geteuid() == 0:
        for place in (folder, folder / ".git"):
            os.chown(place, stranger, stranger)
        backends = ["libgit2", "pure", "program"]
    else:
        monkeypatch.setattr(os, "geteuid", lambda: stranger)
        backends = ["pure"]
    for backend in backends:
        with pytest.raises(UntrustedRepositoryError) as caught:
            open_repo(folder, backend)
        assert "safe.directory" in caught.value.hint
    git(tmp_path, "config", "--global", "--add", "safe.directory", str(folder))
    for backend in backends:
        put(folder, backend, backend)
