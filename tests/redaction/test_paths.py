"""Nobody's home directory and name leave with a path."""

from __future__ import annotations

import json

import pytest

from opensession.hail.events import Event, FileRead, Json, Text
from opensession.redact import Redactor


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/Users/mira/shop/a.py", "~/shop/a.py"),
        ("/home/mira/shop/a.py", "~/shop/a.py"),
        ("cd /Users/someone-else && ls", "cd ~ && ls"),
        ("/home/ben/x and /home/mira", "~/x and ~"),
        ("C:\\Users\\Mira Muster\\shop", "~\\shop"),
        ("C:/Users/mira/shop", "~/shop"),
        ('{"cwd": "C:\\\\Users\\\\mira\\\\shop"}', '{"cwd": "~\\\\shop"}'),
        ("file:///Users/mira/a.html", "file://~/a.html"),
        ("~/.claude/projects/-Users-mira-shop/x.jsonl", "~/.claude/projects/-Users-user-shop/x.jsonl"),
        ("/mnt/c/Users/mira/shop", "/mnt/c/Users/user/shop"),
        ("/private/var/home/mira/x", "/private/var/home/user/x"),
        ("vscode://file%2FUsers%2Fmira%2Fshop", "vscode://file%2FUsers%2Fuser%2Fshop"),
        ("PATH=/usr/bin:/home/mira/bin", "PATH=/usr/bin:~/bin"),
        ("error at\n/home/mira/a.py:3", "error at\n~/a.py:3"),
        ("/home/müller/x", "~/x"),
        ("/run/media/mira/stick", "/run/media/user/stick"),
        ("-I/home/mira/include", "-I~/include"),
        ("file:///c%3A/Users/mira/shop", "file:///c%3A/Users/user/shop"),
        ("one\nC:\\Users\\mira\\shop", "one\n~\\shop"),
        ("one\n/c/Users/mira/shop", "one\n/c/Users/user/shop"),
        ("c:\\users\\mira/.config", "~/.config"),
        ("~/.cursor/projects/Users-mira-Desktop-shop", "~/.cursor/projects/Users-user-Desktop-shop"),
        ("[/Users/mira/a.md](/Users/mira/a.md)", "[~/a.md](~/a.md)"),
    ],
)
def test_a_home_directory_becomes_a_tilde_and_a_name_in_another_path_user(text: str, clean: str) -> None:
    redactor = Redactor(home="/home/mira")
    assert redactor.text(text)[0] == clean
    assert redactor.text(clean) == (clean, {})


@pytest.mark.parametrize(
    "text",
    [
        "src/home/index.ts",
        "https://example.org/home/settings",
        'router.push("/home/settings")',
        "GET /home/ 200",
        "/Users/Shared/x",
        "class='btn -home-page'",
        "mysql> show Users\nnext",
        "https://github.com/mira/shop",
        "git@github.com:mira/shop.git",
        "the admirable /miracle/worker",
        "/Users/",
    ],
)
def test_what_only_looks_like_a_home_stays(text: str) -> None:
    assert Redactor(home="/home/mira").text(text) == (text, {})


def test_a_home_in_an_unusual_place_is_known_from_the_machine() -> None:
    redactor = Redactor(home="/data/people/mira")
    assert redactor.text("/data/people/mira/a /data/people/miranda/b")[0] == "~/a /data/people/miranda/b"
    assert redactor.text("projects/-data-people-mira-shop")[0] == "projects/-data-people-user-shop"


def test_the_superusers_home_is_one_only_when_it_is_this_users() -> None:
    assert Redactor(home="/root").text("cat /root/x; ls /rooted")[0] == "cat ~/x; ls /rooted"
    assert Redactor(home="/home/mira").text("/root/x")[0] == "/root/x"


def test_paths_are_counted_but_are_no_secrets() -> None:
    event = Event(
        event_id="e",
        timestamp="2026-01-01T00:00:00Z",
        kind=FileRead("/home/mira/a"),
        blocks=[Text("/home/mira/b"), Json({"/home/mira/c": json.dumps({"p": "/home/mira/d"})})],
    )
    report = Redactor(home="/home/mira").event(event)
    assert event.kind == FileRead("~/a")
    assert event.blocks == [Text("~/b"), Json({"~/c": '{"p": "~/d"}'})]
    assert (report.counts, report.definite, report.likely) == ({"home-path": 4}, 0, 0)
