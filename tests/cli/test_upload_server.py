"""``publish upload`` to a server, and what happens when the server is not well."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opensession import cli
from tests.cli.conftest import Repository, claude_lines, codex_lines, run_cli
from tests.scripted import AT_ONCE, Says, Scripted, nobody, serving

KEY = "osk_" + "0123456789abcdef" * 2
SESSION = "0a1b2c3d-0000-4000-8000-000000000001"
TEAM = "0d8f6a52-9c1e-4b7a-8e39-5a4b1c2d3e4f"


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with serving() as server:
        monkeypatch.setenv("OPENSESSION_SERVER", server.url)
        monkeypatch.setenv("OPENSESSION_API_KEY", KEY)
        yield server


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of a command that runs in this process, none of which is made."""
    found: list[float] = []
    monkeypatch.setattr("opensession.connection._sleep", found.append)
    return found


def upload(*arguments: str | Path, cwd: Path, **rest: Any) -> Any:
    return run_cli("publish", "upload", *map(str, arguments), cwd=cwd, **rest)


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"".join(lines))
    return path


def test_a_session_arrives_as_the_contract_has_it(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    done = upload(session_file, cwd=tmp_path)

    assert done.code == 0, done.err
    assert done.out.startswith(f"stored  {SESSION}\n  url      https://sessions.example.org/session/server-{SESSION}\n")
    assert "  team     personal\n" in done.out
    (asked,) = scripted.uploads
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    body = asked.data
    assert set(body) == {"session", "git_branch"}
    session = body["session"]
    assert set(session) == {"version", "session_id", "agent", "context", "events", "stats"}
    assert session["agent"]["tool"] == "claude-code"
    assert session["stats"]["event_count"] == len(session["events"]) == 4
    assert session["events"][0]["event_type"] == {"type": "UserMessage"}
    assert session["events"][0]["content"] == {"blocks": [{"type": "Text", "text": "Add a --json flag"}]}


def test_what_is_sent_is_what_git_would_keep(
    scripted: Scripted, session_file: Path, repository: Repository, tmp_path: Path
) -> None:
    repository.run("publish", "upload", str(session_file), "--git")
    upload(session_file, cwd=tmp_path)

    lines = [json.loads(line) for line in repository.run("session", "cat", "HEAD").out.splitlines()]
    session = scripted.uploads[0].data["session"]
    assert session["events"] == [
        {key: value for key, value in line.items() if key != "type"} for line in lines if line["type"] == "event"
    ]
    assert session["stats"] == {key: value for key, value in lines[-1].items() if key != "type"}


def test_secrets_and_paths_stay_here(scripted: Scripted, home: Path, tmp_path: Path) -> None:
    secret = "ghp_" + "aB3dE5fG7hJ9kL1mN2pQ" + "4rS6tU8vW0xY2zA4"  # two halves, so that scanners leave it alone
    lines = claude_lines(cwd=f"{home}/todo", prompts=(f"Use {secret} in {home}/todo",))

    done = upload(write(tmp_path / "s.jsonl", lines), "--json", cwd=tmp_path)

    body = scripted.uploads[0].body.decode()
    assert secret not in body
    assert str(home) not in body
    (result,) = done.data["sessions"]
    assert result["redacted"] == {"github-pat": 2}
    assert result["paths_shortened"] > 0
    assert result["id"] == f"server-{SESSION}"
    assert result["server"] == scripted.url
    assert secret not in done.out + done.err


def test_the_facts_of_the_repository_go_along_without_its_password(
    scripted: Scripted, repository: Repository, tmp_path: Path
) -> None:
    repository.git("remote", "add", "origin", "https://ada:letmein@github.com/ada/todo.git")
    path = write(tmp_path / "s.jsonl", claude_lines(cwd=str(repository.path)))

    assert upload(path, cwd=tmp_path).code == 0

    body = scripted.uploads[0].data
    assert body["git_remote"] == "https://github.com/ada/todo.git"
    assert body["git_repo_name"] == "ada/todo"
    assert body["git_branch"] == "main"
    assert "letmein" not in scripted.uploads[0].body.decode()
    assert "git_remote" not in body["session"]["context"].get("attributes", {})


def test_a_remote_of_this_machine_is_not_told(scripted: Scripted, repository: Repository, tmp_path: Path) -> None:
    repository.git("remote", "add", "origin", "/home/ada/secret-project.git")
    upload(write(tmp_path / "s.jsonl", claude_lines(cwd=str(repository.path))), cwd=tmp_path)

    assert "git_remote" not in scripted.uploads[0].data
    assert "secret-project" not in scripted.uploads[0].body.decode()


def test_pull_requests_go_along(scripted: Scripted, tmp_path: Path) -> None:
    link = {"type": "pr-link", "prNumber": 12, "prUrl": "https://github.com/ada/todo/pull/12", "sessionId": SESSION}
    stamp = {"timestamp": "2026-03-02T10:00:00.000Z", "prRepository": "ada/todo"}
    lines = [*claude_lines(), json.dumps({**link, **stamp}).encode() + b"\n"]
    upload(write(tmp_path / "s.jsonl", lines), cwd=tmp_path)

    body = scripted.uploads[0].data
    assert (body["pr_url"], body["pr_number"]) == ("https://github.com/ada/todo/pull/12", 12)


def test_the_team_is_the_flags_then_the_environments_then_the_repositorys(
    scripted: Scripted, repository: Repository, tmp_path: Path
) -> None:
    (repository.path / ".opensession").mkdir()
    (repository.path / ".opensession/config.toml").write_text(
        "[team]\nid = 'of-the-repository'\n[server]\nurl = 'https://evil.example'\napi_key = 'osk_evil'\n"
    )
    path = write(tmp_path / "s.jsonl", claude_lines(cwd=str(repository.path)))

    from_repository = upload(path, cwd=tmp_path)
    upload(path, cwd=tmp_path, env={"OPENSESSION_TEAM_ID": "of-the-environment"})
    upload(path, "--team", TEAM, cwd=tmp_path)
    upload(path, "--team", "personal", cwd=tmp_path)

    assert from_repository.code == 0
    assert "[server] is ignored in a repository" in from_repository.err
    teams = [asked.data.get("team_id") for asked in scripted.uploads]
    assert teams == ["of-the-repository", "of-the-environment", TEAM, None]
    assert {asked.headers["Authorization"] for asked in scripted.uploads} == {f"Bearer {KEY}"}


def test_parents_that_are_committed_here_are_known_by_their_beginning(
    scripted: Scripted, session_file: Path, repository: Repository, tmp_path: Path
) -> None:
    repository.run("publish", "upload", str(session_file), "--git")
    path = write(tmp_path / "c.jsonl", codex_lines())

    done = repository.run("publish", "upload", str(path), "--parent", SESSION[:8])
    mixed = repository.run("publish", "upload", str(path), "--parent", SESSION[:8], "--parent", "elsewhere-1")

    assert (done.code, mixed.code) == (0, 0), done.err + mixed.err
    here, there = (asked.data for asked in scripted.uploads)
    assert (here["linked_session_ids"], here.get("strict_parents")) == ([SESSION], None)
    assert (there["linked_session_ids"], there["strict_parents"]) == ([SESSION, "elsewhere-1"], True)


def test_an_unknown_parent_is_an_error_with_near_ones(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    scripted.script = [Says(400, {"error": "unknown parent session: 0a1c", "near": [SESSION]})]

    done = upload(session_file, "--parent", "0a1c", cwd=tmp_path)

    assert done.code == 2
    assert f"hint: Near: {SESSION}." in done.err


def test_a_dry_run_sends_nothing_and_needs_no_key(session_file: Path, tmp_path: Path) -> None:
    done = upload(session_file, "--dry-run", "--server", nobody(), cwd=tmp_path)

    assert done.code == 0, done.err
    assert done.out.startswith(f"would store  {SESSION}\n")


def test_secrets_are_sent_only_when_that_is_confirmed(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    refused = upload(session_file, "--no-redact", cwd=tmp_path)
    sent = upload(session_file, "--no-redact", "--yes", cwd=tmp_path)

    assert (refused.code, sent.code) == (2, 0)
    assert len(scripted.uploads) == 1


def test_without_a_server_both_ways_are_named(session_file: Path, tmp_path: Path) -> None:
    done = upload(session_file, cwd=tmp_path)

    assert done.code == 2
    assert "--git" in done.err
    assert "account config --server" in done.err


def test_git_and_a_server_at_once_make_no_sense(session_file: Path, repository: Repository) -> None:
    done = repository.run("publish", "upload", str(session_file), "--git", "--team", TEAM)

    assert done.code == 2
    assert not repository.sessions


def test_without_a_key_nothing_is_read(session_file: Path, tmp_path: Path) -> None:
    done = upload(session_file, cwd=tmp_path, env={"OPENSESSION_SERVER": nobody()})

    assert done.code == 4
    assert "account config --api-key" in done.err


def test_a_server_that_is_busy_is_asked_again(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    scripted.script = [Says(503, b"<html>", AT_ONCE), Says(429, {"error": "slowly"}, AT_ONCE)]

    done = upload(session_file, cwd=tmp_path)

    assert done.code == 0, done.err
    assert len({asked.body for asked in scripted.uploads}) == 1
    assert len(scripted.uploads) == 3


def test_an_unchanged_and_an_updated_session_are_told(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    answer = {"id": "i", "url": "https://sessions.example.org/session/i"}
    scripted.script = [Says(200, {**answer, "status": "updated", "redacted": {"jwt": 1}}), Says(200, answer)]

    updated = upload(session_file, "--json", cwd=tmp_path)
    unchanged = upload(session_file, cwd=tmp_path)

    assert updated.data["sessions"][0]["status"] == "updated"
    assert updated.data["sessions"][0]["redacted_by_server"] == {"jwt": 1}
    assert unchanged.out.startswith("unchanged")


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (Says(401, {"error": "invalid API key"}), 4),
        (Says(403, {"error": "not a member of this team"}), 4),
        (Says(404, {"error": "team not found"}), 3),
        (Says(409, {"error": "this session was removed"}), 1),
        (Says(413, {"error": "too large"}), 1),
        (Says(422, {"error": "\x1b[31m" + "x" * 100_000}), 1),
        (Says(302, {}, {"Location": "https://evil.example/login"}), 5),
    ],
)
def test_refusals_have_their_exit_codes(
    scripted: Scripted, session_file: Path, tmp_path: Path, says: Says, code: int
) -> None:
    scripted.otherwise = lambda _: says

    done = upload(session_file, cwd=tmp_path)
    data = upload(session_file, "--json", cwd=tmp_path)

    assert done.code == data.code == code
    assert data.data["error"]["exit_code"] == code
    assert "\x1b" not in done.err
    assert len(done.err) < 1000
    assert KEY not in done.err + data.out


@pytest.mark.parametrize("says", [Says(500, {"error": "internal server error"}), Says(breaks=True), Says(429, {})])
def test_a_server_that_stays_unwell_is_a_network_error(
    scripted: Scripted,
    session_file: Path,
    pauses: list[float],
    capsys: pytest.CaptureFixture[str],
    says: Says,
) -> None:
    scripted.otherwise = lambda _: says

    assert cli.run(["publish", "upload", str(session_file)]) == 5

    assert len(scripted.uploads) == 4
    assert len(pauses) == 3
    assert "error: " in capsys.readouterr().err


def test_one_bad_file_does_not_hold_up_the_others(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    bad = write(tmp_path / "bad.jsonl", [b"no session\n"])

    done = upload(bad, session_file, "--json", cwd=tmp_path)

    assert done.code == 1
    assert [result["status"] for result in done.data["sessions"]] == ["failed", "stored"]


def test_a_refused_key_ends_the_run_at_once(scripted: Scripted, session_file: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "c.jsonl", codex_lines())
    scripted.otherwise = lambda _: Says(401, {"error": "invalid API key"})

    done = upload(session_file, other, "--json", cwd=tmp_path)

    assert done.code == 4
    assert len(scripted.uploads) == 1
    assert [result["status"] for result in done.data["sessions"]] == ["failed"]


def test_what_was_sent_before_the_server_went_away_counts(
    scripted: Scripted, session_file: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "c.jsonl", codex_lines())
    scripted.script = [Says(201, {"id": "i", "url": "u"}), Says(401, {"error": "invalid API key"})]

    done = upload(session_file, other, cwd=tmp_path)

    assert done.code == 1
    assert "1 of 2 could not be stored" in done.err


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of memory is read as Linux gives it")
def test_a_large_session_is_not_held_twice(scripted: Scripted, tmp_path: Path) -> None:
    """The request is built in a file: of 40 MB nothing but the session itself is in memory."""
    path = write(tmp_path / "large.jsonl", claude_lines(prompts=("x " * 1000,) * 10, reply="word " * 800_000))
    # VmHWM, for the maximum that getrusage gives is that of the process which started this one, too.
    code = (
        "import re, sys; from opensession import cli\n"
        "code = cli.run(sys.argv[1:])\n"
        "peak = re.search(r'VmHWM:\\s+(\\d+) kB', open('/proc/self/status').read())\n"
        "print(code, int(peak[1]) // 1024, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "publish", "upload", str(path)], cwd=tmp_path, capture_output=True, text=True
    )

    code_text, megabytes = done.stderr.split()[-2:]
    assert code_text == "0", done.stderr
    size = path.stat().st_size / 2**20
    assert len(scripted.uploads[0].body) / 2**20 > size * 0.9
    assert int(megabytes) < 60 + 2 * size


def test_key_and_session_may_both_come_on_standard_input(
    scripted: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENSESSION_API_KEY")

    done = upload("-", "--api-key", "-", cwd=tmp_path, stdin=f"{KEY}\n".encode() + b"".join(claude_lines()))

    assert done.code == 0, done.err
    assert scripted.uploads[0].headers["Authorization"] == f"Bearer {KEY}"
    assert len(scripted.uploads[0].data["session"]["events"]) == 4
