"""Sessions, events and text: everything is looked at, and what comes out is still a session."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.config import Privacy, Rule
from opensession.hail import events, write
from opensession.hail.events import (
    Code,
    Event,
    File,
    FileEdit,
    Image,
    Json,
    ShellCommand,
    Text,
    ToolResult,
    UserMessage,
)
from opensession.hail.session import Agent, Context, Session
from opensession.redact import Redactor, Report
from opensession.redact.rule import plain
from opensession.redact.rules import RULES

TOKEN = plain("gh¦p_16C7e42F292c6912E7710c838347Ae178B4a")
MARK = "[REDACTED:github-pat]"
NOW = "2026-01-01T00:00:00Z"


def event(*blocks: Any, kind: events.Kind | None = None, **more: Any) -> Event:
    return Event(event_id="e1", timestamp=NOW, kind=kind or UserMessage(), blocks=list(blocks), **more)


def session(*found: Event, **context: Any) -> Session:
    return Session(
        session_id="s-1",
        agent=Agent("anthropic", "opus", "claude-code"),
        context=Context(created_at=NOW, updated_at=NOW, **context),
        events=list(found),
    )


@pytest.mark.parametrize(
    "given_event",
    [
        event(Text(f"use {TOKEN} please")),
        event(Code(f"x = '{TOKEN}'", "python")),
        event(File(f"notes/{TOKEN}.txt", f"# {TOKEN}")),
        event(Json({"deep": [{"er": {TOKEN: [TOKEN]}}]})),
        event(Image("data:image/png;base64,AAAA", f"screenshot with {TOKEN}", "image/png")),
        event(kind=ShellCommand(f"curl -H 'X: {TOKEN}'", 0)),
        event(kind=FileEdit("a.py", f"@@ -1 +1 @@\n-x = 1\n+x = '{TOKEN}'\n")),
        event(kind=events.FileRead(f"/w/{TOKEN}")),
        event(kind=events.WebFetch(f"https://api.example.org/?t={TOKEN}")),
        event(kind=events.CodeSearch(TOKEN)),
        event(kind=events.TaskStart(f"rotate {TOKEN}")),
        event(attributes={"stdout": TOKEN, "nested": {"k": [TOKEN]}}),
        event(kind=events.Custom(f"kind {TOKEN}"), task_id=TOKEN),
    ],
    ids=lambda value: type(value.kind).__name__,
)
def test_a_secret_is_taken_out_wherever_it_stands_in_an_event(given_event: Event) -> None:
    report = Redactor().event(given_event)
    line = write.event_line(given_event).decode()
    assert TOKEN not in line
    assert MARK in line
    assert report.counts.keys() == {"github-pat"}
    assert report.definite == report.counts["github-pat"]


def test_title_description_tags_and_attributes_of_a_session_are_looked_at_too() -> None:
    given_session = session(
        event(Text("hello")), title=f"with {TOKEN}", description=TOKEN, tags=[TOKEN], attributes={"env": {"T": TOKEN}}
    )
    report = Redactor().session(given_session)
    assert TOKEN not in write.dump(given_session).decode()
    assert given_session.context.title == f"with {MARK}"
    assert report == Report(counts={"github-pat": 4}, definite=4, likely=0)


def test_an_event_without_secrets_is_left_as_it_is() -> None:
    blocks = [Text("nothing to hide: token count 42, password policy, secret santa"), Json({"b": 1, "a": [1.5, None]})]
    given_event = event(*blocks)
    assert Redactor(home="/home/mira").event(given_event).counts == {}
    assert given_event.blocks[0] is blocks[0]
    assert given_event.blocks[1] is blocks[1]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"password": "hunter2"}),
        json.dumps({"arguments": json.dumps({"password": "hunter2"})}),
        json.dumps(json.dumps(json.dumps({"password": "hunter2"}))),
        "%7B%22password%22%3A%22hunter2%22%7D",
        "<password>hunter2</password>",
        "password: hunter2",
        "&quot;password&quot;: &quot;hunter2&quot;",
        "line one\npassword=hunter2\nline three",
        '"name": "DB_PASSWORD", "value": "hunter2"',
    ],
)
def test_a_password_is_seen_through_every_layer_of_escaping(text: str) -> None:
    clean, counts = Redactor().text(text)
    assert "hunter2" not in clean
    assert counts == {"password": 1}


def test_a_key_and_its_value_are_separate_strings_and_belong_together_all_the_same() -> None:
    given_event = event(Json({"user": "mira", "password": "hunter2", "port": 5432}))
    Redactor().event(given_event)
    assert given_event.blocks == [Json({"user": "mira", "password": "[REDACTED:password]", "port": 5432})]


@pytest.mark.parametrize("padding", ["", "a", "ab"])
def test_base64_does_not_hide_a_secret(padding: str) -> None:
    hidden = base64.b64encode(f'{padding}{{"token": "{TOKEN}"}}'.encode()).decode()
    clean, counts = Redactor().text(f"blob: {hidden} end")
    assert clean == f"blob: {MARK} end"
    assert counts == {"github-pat": 1}


def test_base64_of_something_harmless_stays() -> None:
    text = base64.b64encode(b"a picture, a sound or a note about ghp_ tokens and AKIA ids").decode()
    assert Redactor().text(text) == (text, {})


def test_what_was_a_secret_in_one_place_is_one_everywhere_in_the_session() -> None:
    given_session = session(
        event(Text("printed: q7Zk2mPx91Lw")),
        event(Text("DB_PASSWORD=q7Zk2mPx91Lw")),
        event(Text("so it is q7Zk2mPx91Lw, not q7Zk2mPx91Lwother")),
        title="about q7Zk2mPx91Lw",
    )
    report = Redactor().session(given_session)
    assert [block.text for found in given_session.events for block in found.blocks if isinstance(block, Text)] == [
        "printed: [REDACTED:password]",
        "DB_PASSWORD=[REDACTED:password]",
        "so it is [REDACTED:password], not q7Zk2mPx91Lwother",
    ]
    assert given_session.context.title == "about [REDACTED:password]"
    assert report == Report(counts={"password": 4}, definite=0, likely=4)


def test_a_short_password_is_hidden_in_its_place_only() -> None:
    clean, _ = Redactor().text("password: hunter2\nthe hunter2 of the story")
    assert clean == "password: [REDACTED:password]\nthe hunter2 of the story"


def test_a_diff_stays_a_diff() -> None:
    body = "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtz"
    key = "PRIVATE KEY-----"
    diff = f"@@ -0,0 +1,3 @@\n+-----BEGIN OPENSSH {key}\n+{body}\n+-----END OPENSSH {key}\n"
    given_event = event(kind=FileEdit("k", diff))
    Redactor().event(given_event)
    assert given_event.kind == FileEdit("k", diff.replace(body, "[REDACTED:private-key]"))


def test_what_ids_hashes_and_signatures_look_like_is_no_secret() -> None:
    attributes = {
        "signature": base64.b64encode(bytes(range(256)) * 2).decode(),
        "semantic.call_id": "toolu_01A09q90qw90lq917835lq9X",
        "uuid": "6f1e0f0e-3c1b-4a53-9d0b-0c8a7a1f6f00",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "integrity": "sha512-9l0vYh0X3f7nq1o2bJmT8r5sKfWcZyGdEaUiPxLvNtQhRjBkMwSzCgDfVbXeYuTi==",
        "encrypted_content": "gAAAAABo" + "Zk3vJr5Zx9mW2sYhKp4LtNcUoEiRgAf8" * 8,
        "input_tokens": 1200,
    }
    given_event = event(
        Image("data:image/png;base64," + "iVBORw0KGgoAAAANSUhEUg" * 50, mime="image/png"), attributes=attributes
    )
    assert Redactor(home="/home/mira").event(given_event).counts == {}


def test_a_number_taken_for_a_secret_does_not_break_the_event() -> None:
    redactor = Redactor(env_values=("2026073199",))
    given_session = session(
        event(Json({"n": 2026073199, "note": TOKEN, "password": 12345678})),
        event(Text("n is 2026073199"), Json({"n": 2026073199})),
    )
    redactor.session(given_session)
    assert [found.blocks for found in given_session.events] == [
        [Json({"n": 2026073199, "note": MARK, "password": 12345678})],
        [Text("n is [REDACTED:env-value]"), Json({"n": 2026073199})],
    ]


def test_keys_that_become_equal_stay_apart() -> None:
    redactor = Redactor(Privacy(rules=(Rule("host", r"\w+\.corp"), Rule("kind", "[A-Z]+[a-z]+|e1"))))
    given_event = event(Json({"a.corp": 1, "b.corp": 2, "c.corp": 3}))
    redactor.event(given_event)
    assert given_event == event(Json({"[REDACTED:host]": 1, "[REDACTED:host]~2": 2, "[REDACTED:host]~3": 3}))


def test_a_quote_in_a_secret_does_not_break_the_json_around_it() -> None:
    given_event = event(Json({"password": 'tr0ub"4dor\\x9', "next": "kept"}), Text('password: "a9\\"b8\\"c7xyz"'))
    Redactor().event(given_event)
    assert isinstance(given_event.blocks[0], Json)
    assert given_event.blocks[0].data["next"] == "kept"


def test_the_more_certain_of_two_findings_wins() -> None:
    clean, counts = Redactor().text(f"Authorization: Bearer {TOKEN}\npassword={TOKEN}")
    assert clean == f"Authorization: Bearer {MARK}\npassword={MARK}"
    assert counts == {"github-pat": 2}


def test_a_users_own_rule_and_allowed_values() -> None:
    privacy = Privacy(rules=(Rule("internal-host", r"[a-z]+\.corp\.example"),), allow=("q7Zk2mPx91Lw", "dev-[0-9a-f]+"))
    redactor = Redactor(privacy)
    given_event = event(
        Text("on db.corp.example with password=q7Zk2mPx91Lw"),
        Json({"secret": "dev-0f3c9a7be21d", "db.corp.example": 1}),
    )
    report = redactor.event(given_event)
    assert given_event.blocks == [
        Text("on [REDACTED:internal-host] with password=q7Zk2mPx91Lw"),
        Json({"secret": "dev-0f3c9a7be21d", "[REDACTED:internal-host]": 1}),
    ]
    assert report.counts == {"internal-host": 2}


def test_an_own_rule_that_matches_its_own_mark_is_applied_once() -> None:
    redactor = Redactor(Privacy(rules=(Rule("word", "[A-Z]{6,}"),)))
    clean = event(Text("ABCDEFG"))
    redactor.event(clean)
    again = event(*clean.blocks)
    redactor.event(again)
    assert again.blocks == clean.blocks == [Text("[REDACTED:word]")]


def test_the_content_of_an_excluded_file_is_left_out_with_what_its_call_gave_back() -> None:
    redactor = Redactor(Privacy(exclude_patterns=("*.env", "secrets/*")))
    given_session = session(
        event(kind=events.FileRead("/w/app/prod.env"), attributes={"semantic.call_id": "c1"}),
        event(Text("COLOUR=blue"), kind=ToolResult("Read", is_error=False, call_id="c1")),
        event(kind=ShellCommand("cat prod.env", 0), attributes={"semantic.call_id": "c2"}),
        event(Text("COLOUR=blue"), kind=ToolResult("Bash", is_error=False, call_id="c2")),
        event(kind=FileEdit("secrets/a.txt", "@@ -1 +1 @@\n-a\n+b")),
        event(Text("COLOUR=blue"), kind=ToolResult("Read", is_error=False, call_id="c3")),
    )
    report = redactor.session(given_session)
    assert [found.blocks for found in given_session.events] == [
        [],
        [Text("[REDACTED:excluded-file]")],
        [],
        [Text("[REDACTED:excluded-file]")],
        [],
        [Text("COLOUR=blue")],
    ]
    assert given_session.events[4].kind == FileEdit("secrets/a.txt", "[REDACTED:excluded-file]")
    assert report.counts["excluded-file"] == 3


def test_values_of_the_environment_file_are_removed_wherever_they_appear() -> None:
    redactor = Redactor(env_values=('Kx"9 mira', "tannenbaumweg"))
    given_event = event(Text('the value Kx"9 mira is set'), Json({"a": "tannenbaumweg", "b": "tannenbaumwege"}))
    report = redactor.event(given_event)
    assert given_event.blocks == [
        Text("the value [REDACTED:env-value] is set"),
        Json({"a": "[REDACTED:env-value]", "b": "tannenbaumwege"}),
    ]
    assert report.counts == {"env-value": 2}


def test_switches_turn_paths_and_environment_values_off() -> None:
    privacy = Privacy(strip_paths=False, strip_env_vars=False)
    redactor = Redactor(privacy, home="/home/mira", env_values=("tannenbaumweg",))
    assert redactor.text("/home/mira/tannenbaumweg")[1] == {}


def test_a_scan_says_where_and_what_but_never_the_value() -> None:
    data = f"täglich {TOKEN} /home/mira/x".encode()
    (finding,) = Redactor(home="/home/mira").scan(data)
    assert data[finding.start : finding.end].decode() == TOKEN
    assert (finding.rule_id, finding.severity) == ("github-pat", "definite")
    assert TOKEN not in repr(finding)


_SECRETS = st.sampled_from([plain(example) for rule in RULES for example in rule.yes])
_PIECES = st.lists(
    st.one_of(_SECRETS, st.text(max_size=12), st.sampled_from(list("\"'\\\n\t:=, {}[]/-_.~¦"))), max_size=6
)
_TEXTS = _PIECES.map("".join)
_JSON = st.recursive(
    st.one_of(_TEXTS, st.integers(-(2**63), 2**63), st.booleans(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(_TEXTS, st.sampled_from(["password", "api_key", "token", "auth", "cookie"])), inner, max_size=3
        ),
    ),
    max_leaves=6,
)


@given(_TEXTS)
def test_redacting_a_text_twice_changes_nothing(text: str) -> None:
    redactor = Redactor(home="/home/mira")
    clean, _ = redactor.text(text)
    assert redactor.text(clean) == (clean, {})


@given(_JSON, _TEXTS)
def test_any_event_stays_an_event_and_redacting_it_twice_changes_nothing(data: Any, text: str) -> None:
    redactor = Redactor(home="/home/mira")
    given_event = event(Text(text), Json(data), attributes={"raw": data, "text": text})
    redactor.event(given_event)
    once = write.event_line(given_event)
    assert redactor.event(given_event).counts == {}
    assert write.event_line(given_event) == once
    assert redactor.scan(once) == []


@given(st.lists(_JSON, max_size=4))
def test_what_a_session_becomes_depends_on_the_session_alone(values: list[Any]) -> None:
    first, second = (session(*(event(Json(value)) for value in values)) for _ in range(2))
    Redactor(home="/home/mira").session(first)
    Redactor(home="/home/mira").session(second)
    assert write.dump(first) == write.dump(second)


HOSTILE = [
    "password=",
    "-eyJ",
    "://a:",
    "-----BEGIN PRIVATE KEY-----\n",
    "sk-ant-api03-",
    "AKIAQ3EGRK7Z5WXM2LTP ",
    "curl ",
    "Cookie: a=b; ",
    "Z2hwX",
    '\\"token\\": ',
    "T3BlbkFJ",
    "/home/a",
    "machine a login b ",
    'kty"',
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_work_grows_with_the_text_and_no_faster(piece: str) -> None:
    redactor = Redactor(home="/home/mira")
    steps = [_steps(redactor, piece * count) for count in (200, 400)]
    assert steps[1] <= 2.6 * steps[0] + 50


def _steps(redactor: Redactor, text: str) -> int:
    """How many places the rules look at: each costs at most a constant, for no pattern repeats without bound."""
    return sum(1 for _ in redactor._keywords._automaton.find_matches_as_indexes(text.encode(), overlapping=True))
