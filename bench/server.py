"""The team server: upload, list, search and sums with 100 sessions in a space and with many, in one process."""

from __future__ import annotations

import itertools
import json
import shutil
from typing import TYPE_CHECKING, Any

from bench.harness import Row, compare

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.rows import Place

_GOAL = 1.5
_SECRET = "a secret of the benchmark, long enough"


def requests(place: Place) -> list[Row]:
    """Requests of somebody with many sessions against those of somebody with few, on the same server."""
    from web.app import create_app  # noqa: PLC0415
    from web.server import server_of  # noqa: PLC0415
    from web.settings import from_environment  # noqa: PLC0415

    folder = place.folder / "server"
    settings = from_environment({"JWT_SECRET": _SECRET, "OPENSESSION_DATA_DIR": str(folder)})
    app = create_app(settings)
    server = server_of(app)
    server.database.upgrade()
    client = app.test_client()
    people = {}
    for count in (100, place.large):
        made = client.post("/api/register", json={"nickname": f"with-{count}"}).get_json()
        people[count] = {"Authorization": f"Bearer {made['api_key']}"}
        where = server.repositories.create(made["user_id"])
        shutil.rmtree(where / "objects")
        shutil.copytree(place.repositories[count] / ".git" / "objects", where / "objects")
        shutil.copytree(place.repositories[count] / ".git" / "refs", where / "refs", dirs_exist_ok=True)
        assert client.get("/api/sessions", headers=people[count]).get_json()["total"] == count

    def get(path: str, count: int) -> Callable[[], object]:
        return lambda: client.get(f"/api{path}", headers=people[count]).get_data()

    rows = []
    for name, path in (
        ("list", "/sessions"),
        ("list, page 50", "/sessions?page=50"),
        ("list of one tool", "/sessions?tool=codex"),
        ("search, a rare word", "/sessions?search=unheard"),
        ("search, a word of all, best first", "/sessions?search=hello"),
        ("search, a word of all, newest first", "/sessions?search=hello&sort=recent"),
        ("sums", "/stats"),
    ):
        theirs, ours = compare(get(path, 100), get(path, place.large), rounds=7)
        rows.append(Row(f"server: {name}, {place.large:,} sessions", "with 100 sessions", theirs, ours, _GOAL))
    few, many = (_uploads(client, people[count]) for count in (100, place.large))
    theirs, ours = compare(few, many, rounds=7)
    rows.append(Row(f"server: upload 300 KB, {place.large:,} sessions", "with 100 sessions", theirs, ours, _GOAL))
    server.close()
    return rows


def _uploads(client: Any, headers: dict[str, str]) -> Callable[[], object]:
    numbers = itertools.count()

    def run() -> object:
        content = json.dumps({"session": _session(f"bench-{next(numbers)}-{id(headers)}", 300_000)})
        answer = client.post("/api/sessions", data=content, headers={**headers, "Content-Type": "application/json"})
        assert answer.status_code == 201, answer.get_data()
        return answer

    return run


def _session(name: str, size: int) -> dict[str, Any]:
    events = []
    for number in range(size // 1000):
        text = " ".join(f"{number * 7919 + k:x}" for k in range(130))
        events.append(
            {
                "event_id": f"e{number}",
                "timestamp": f"2026-03-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
                "event_type": {"type": "AgentMessage"},
                "content": {"blocks": [{"type": "Text", "text": text}]},
            }
        )
    return {
        "version": "hail-1.0.0",
        "session_id": name,
        "agent": {"provider": "p", "model": "m", "tool": "claude-code"},
        "context": {"created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z", "tags": []},
        "events": events,
        "stats": dict.fromkeys(
            ("event_count", "message_count", "tool_call_count", "task_count", "duration_seconds"), 0
        ),
    }
