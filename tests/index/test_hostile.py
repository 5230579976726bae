"""What a stranger pushes may be anything: it is indexed or named as a failure, and stops nobody else's sessions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gitstore import layout
from gitstore.objects import FILE, Entry
from gitstore.paths import Trees
from opensession.index import Query
from tests.index.conftest import put, record

if TYPE_CHECKING:
    from gitstore.store import SessionStore
    from opensession.index import Index

_ANYTHING: Any = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(min_value=-(2**70), max_value=2**70),
        st.floats(),
        st.text(alphabet=st.characters(), max_size=8),
        st.sampled_from(["\0", "\ud800", "x" * 9000, "2026-03-01T10:00:00Z", "0001-01-01T00:00:00Z"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_FIELDS = st.sampled_from(
    [
        "tool",
        "model",
        "title",
        "description",
        "tags",
        "created_at",
        "updated_at",
        "stats",
        "parents",
        "related_session_ids",
        "attributes",
        "bytes",
        "events",
    ]
)
_ATTRIBUTES = st.dictionaries(
    st.sampled_from(["cwd", "working_directory", "git_branch", "git_remote", "pr_number", "pr_url", "body_url"]),
    _ANYTHING,
    max_size=4,
)


def push(store: SessionStore, session_id: str, files: dict[str, bytes]) -> None:
    """Commit a session's folder as somebody does who has a git of their own."""
    repo = store.repo
    old = repo.tip(store.ref)
    root = repo.commit(old).tree if old is not None else None
    folder = repo.write_tree({name: Entry(FILE, repo.write_blob(content)) for name, content in files.items()})
    tree = Trees(repo).graft(root, layout.session_names(session_id), folder)
    parent = f"parent {old}\n" if old is not None else ""
    who = "Eve <eve@example.org> 1772359200 +0000"
    message = f"session: x\n\nSession-Id: {session_id}\n"
    data = f"tree {tree}\n{parent}author {who}\ncommitter {who}\n\n{message}".encode()
    commit = repo.write("commit", data)
    repo.flush()
    repo.move_ref(store.ref, commit, old)


def files(session_id: str, meta: dict[str, Any], *more: bytes) -> dict[str, bytes]:
    """A session's folder whose metadata say whatever is wanted."""
    made = record(session_id, "> parser")
    told = {**made.meta, "format": 1, "segments": 1, "events": 1, "bytes": 1, **meta, "session_id": session_id}
    return {
        "meta.json": json.dumps(told).encode(),
        "0000.hail.jsonl": made.header + b"".join(segment.data for segment in made.segments) + b"".join(more),
    }


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(told=st.dictionaries(_FIELDS, _ANYTHING, max_size=5), attributes=_ATTRIBUTES)
@example(told={"tags": 5, "parents": {"a": 1}}, attributes={"pr_number": 2**70})
@example(told={"tags": {"a": 1}, "tool": "xyz" * 3000, "model": "m" * 9000}, attributes={"pr_number": -(2**63)})
@example(told={"stats": {"total_input_tokens": 2**63, "event_count": 2**63}, "tags": None}, attributes={})
@example(told={"stats": {"total_input_tokens": 2**70, "duration_seconds": 2**63}}, attributes={"cwd": 5})
@example(told={"created_at": "0001-01-01T00:00:00Z", "updated_at": "9999-12-31T23:59:59Z"}, attributes={})
def test_metadata_may_be_anything(
    index: Index, store: SessionStore, told: dict[str, Any], attributes: dict[str, Any]
) -> None:
    number = len(list(store.history()))
    push(store, f"evil-{number}", files(f"evil-{number}", {"attributes": attributes, **told}))
    put(store, record(f"good-{number}", "> parser", minute=number % 60))

    progress = index.catch_up("team", store)

    found = index.listed(Query(spaces=["team"], words="parser", limit=1000, show_empty=True))
    names = {entry.session_id for entry in found.entries}
    failed = {session_id for session_id, _ in progress.failed}
    assert f"good-{number}" in names
    assert (f"evil-{number}" in names) != (f"evil-{number}" in failed)
    for entry in found.entries:
        index.linked(entry)
    assert index.stats(Query(spaces=["team"], show_empty=True)).totals.session_count == found.total
    for sort in ("recent", "popular", "longest"):
        assert len(index.listed(Query(spaces=["team"], sort=sort, limit=1000, show_empty=True)).entries) == found.total


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"event"}\n',
        b"not json\n",
        b"[1]\n",
        b'{"type":"event","event_id":"\\ud800","event_type":{"type":"FileEdit","data":{"path":"\\ud800\\u0000"}}}\n',
        b'{"type":"event","event_type":{"type":"UserMessage"},"content":{"blocks":[{"type":"Text","text":"\\udc00"}]}}\n',
        b'{"type":"event","event_type":{"type":"TaskStart","data":{}},"task_id":7}\n',
        b'{"type":"event","event_type":{"type":"Unheard","data":' + b"[" * 5000 + b"]" * 5000 + b"}}\n",
    ],
)
def test_event_lines_may_be_anything(index: Index, store: SessionStore, line: bytes) -> None:
    push(store, "evil", files("evil", {}, line))
    put(store, record("good", "> parser", minute=5))

    progress = index.catch_up("team", store)

    names = [entry.session_id for entry in index.listed(Query(spaces=["team"], words="parser")).entries]
    assert names[0] == "good"
    assert ("evil" in names) != bool(progress.failed)


def test_a_session_that_cannot_be_read_any_more_stays_as_it_was(index: Index, store: SessionStore) -> None:
    put(store, record("one", "> parser", "first"))
    index.catch_up("team", store)
    before = index.named("team", "one")
    push(store, "one", files("one", {"title": "changed"}, b"not json\n"))

    assert [session_id for session_id, _ in index.catch_up("team", store).failed] == ["one"]

    assert index.named("team", "one") == before
    (entry,) = index.listed(Query(spaces=["team"], words="first")).entries
    assert entry.snippets != []


def test_what_is_named_may_have_any_name(index: Index, store: SessionStore) -> None:
    names = ["a/b c", "a/b c", "x" * 5000, "parent"]
    child = record("child", "> go on", minute=2)
    put(store, record("parent", "> begin"), child._replace(meta={**child.meta, "parents": names}))
    index.catch_up("team", store)

    entry, parent = index.named("team", "child"), index.named("team", "parent")
    assert entry is not None
    assert parent is not None
    assert [link.linked_session_id for link in index.linked(entry)] == ["a/b c", "x" * 5000, parent.id]
    assert [link.session_id for link in index.linked(parent)] == [entry.id]
