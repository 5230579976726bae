"""What the server says of its work: one line a request, and nothing of what people or agents said."""

from __future__ import annotations

import io
import json
import logging
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import TeamServer, settings_for
from tests.web.hail import session
from tests.web.process import Process
from web import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECRET = "the garden gate opens at noon"


@pytest.fixture
def said() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Gives the lines that the server has written since the test began."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logger = logging.getLogger("opensession")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel("INFO")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(level)


def written(formatter: logging.Formatter, message: str, *values: object, name: str = logs.LOGGER, **rest: Any) -> str:
    """The line of a message."""
    record = logging.getLogger(name).makeRecord(name, logging.WARNING, "here.py", 1, message, values, None, **rest)
    return formatter.format(record)


def failed() -> Any:
    try:
        int(SECRET)
    except ValueError:
        return sys.exc_info()
    return None


def test_a_request_is_one_line(team_server: TeamServer, said: Callable[[], list[dict[str, Any]]]) -> None:
    ada = team_server.person()
    answer = ada.call("GET", "/auth/me")
    answer.close()

    line = said()[-1]
    assert line.pop("time")
    assert line.pop("ms") >= 0
    assert line == {
        "level": "info",
        "message": "request",
        "id": answer.headers["X-Request-Id"],
        "method": "GET",
        "route": "/api/auth/me",
        "status": 200,
        "bytes": len(answer.get_data()),
        "user": ada.id,
    }


def test_nothing_of_a_session_nor_of_a_person_is_said(
    team_server: TeamServer, said: Callable[[], list[dict[str, Any]]]
) -> None:
    ada = team_server.person()
    team = team_server.team(ada, name="the noon team")
    made = ada.call("POST", "/sessions", json={"session": session("noon-1", SECRET), "team_id": team})
    calls = [
        ada.call("GET", "/sessions?search=garden gate"),
        ada.call("GET", f"/sessions/{made.get_json()['id']}/raw"),
        ada.call("POST", "/sessions", json={"session": {"session_id": SECRET}}),
        ada.call("POST", "/teams", json={"name": SECRET, "description": 3}),
        ada.call("GET", f"/sessions/{SECRET}"),
        team_server.call("GET", f"/{SECRET}?token=osk_0123"),
        team_server.call("POST", "/auth/login", json={"email": "gate@example.org", "password": SECRET}),
    ]
    for answer in calls:
        answer.close()

    text = json.dumps(said())
    assert len(said()) >= len(calls)
    for word in ("garden", "gate", "noon", "osk_", ada.nickname, ada.api_key):
        assert word not in text


def test_a_failure_says_where_and_not_what(
    team_server: TeamServer, said: Callable[[], list[dict[str, Any]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError(SECRET)

    ada = team_server.person()
    monkeypatch.setattr(type(team_server.server.database), "reading", broken)
    answer = ada.call("GET", "/teams")

    assert (answer.status_code, answer.get_json()) == (500, {"error": "internal server error"})
    (line,) = [line for line in said() if line["level"] == "error"]
    assert line["failure"] == "ValueError"
    assert line["id"] == answer.headers["X-Request-Id"]
    assert line["trace"][-1] == "ValueError"
    assert any("in broken" in place for place in line["trace"])
    assert SECRET not in json.dumps(said())


def test_messages_of_libraries_are_told_without_their_values() -> None:
    line = json.loads(written(logs.JsonLines(), "could not parse %r", SECRET, name="library.module"))

    assert line["message"] == "library.module: could not parse %r"


def test_a_trace_has_no_text_of_the_error() -> None:
    for formatter in (logs.JsonLines(), logs.Words()):
        record = logging.LogRecord(logs.LOGGER, logging.ERROR, "here.py", 1, "request failed", (), failed())
        line = formatter.format(record)

        assert "ValueError" in line
        assert "test_logs.py" in line
        assert SECRET not in line


def test_words_for_people() -> None:
    line = written(logs.Words(), "request", extra={"id": "0123", "method": "GET", "status": 200, "bytes": 0})

    assert line[8:] == " warning request method=GET status=200 bytes=0"


def test_a_line_stays_one_line() -> None:
    line = written(logs.JsonLines(), "request", extra={"route": "/a\nb\u2028c\x1b[31m"})

    assert line.isascii()
    assert line.splitlines() == [line]
    assert json.loads(line)["route"] == "/a\nb\u2028c\x1b[31m"


def test_settings_say_how_much_and_in_which_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, names = logging.getLogger(), ("opensession", "gitstore", "web")
    before = (root.handlers[:], root.level, [logging.getLogger(name).level for name in names])
    try:
        logs.configure(settings_for(tmp_path, OPENSESSION_LOG_LEVEL="error", OPENSESSION_LOG_FORMAT="text"))
        logging.getLogger(logs.LOGGER).warning("not told")
        logging.getLogger(logs.LOGGER).error("told")
    finally:
        root.handlers[:], level, levels = before
        root.setLevel(level)
        for name, own in zip(names, levels, strict=True):
            logging.getLogger(name).setLevel(own)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("error told")


def test_what_is_no_request_is_not_quoted(tmp_path: Path) -> None:
    process = Process(tmp_path / "data", processes=1)
    for head in (
        b"GET /api/sessions?search=garden gate HTTP/1.1\r\n\r\n",
        b"GET /api/health HTTP/1.1\r\nAuthorization gate: Bearer osk_0123\r\n\r\n",
        b"GET /api/health HTTP/9.gate\r\n\r\n",
        b"gate\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", process.port), timeout=30) as connection:
            connection.sendall(head)
            assert connection.recv(65536).startswith(b"HTTP/1.1 4")
    assert process.stop() == 0

    lines = [json.loads(line) for line in process.log.read_text().splitlines()]
    unreadable = [line for line in lines if line["message"] == "gunicorn: a request could not be read or answered"]
    assert len(unreadable) == 4
    assert "gate" not in json.dumps(lines)
    assert "osk_" not in json.dumps(lines)
