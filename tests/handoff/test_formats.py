from __future__ import annotations

import json

import pytest

from opensession.errors import UsageError
from opensession.hail import stats
from opensession.hail.session import Session
from opensession.handoff.audience import AUDIENCES, audience
from opensession.handoff.fitting import BUDGET, SMALLEST
from opensession.handoff.formats import FORMATS, load
from opensession.handoff.formats.json import error_line
from opensession.handoff.merge import merge
from opensession.handoff.sections import KEYS
from opensession.handoff.summary import summarize
from tests.handoff import snapshot
from tests.handoff.stories import Story, first_day, second_day

_SUFFIX = {"markdown": "md", "text": "txt", "json": "json", "jsonl": "jsonl", "hail": "hail.jsonl", "stream": "ndjson"}


def rendered(form: str, *sessions: Session, to: str | None = None, budget: int = BUDGET) -> str:
    handoff = merge([summarize(session) for session in sessions])
    return load(form).render(handoff, sessions, audience(to), budget)


@pytest.mark.parametrize("form", FORMATS)
def test_one_session_looks_like_its_snapshot(form: str) -> None:
    snapshot.matches(rendered(form, first_day().session()), f"one.{_SUFFIX[form]}")


@pytest.mark.parametrize("form", FORMATS)
def test_two_sessions_look_like_their_snapshot(form: str) -> None:
    snapshot.matches(rendered(form, first_day().session(), second_day().session()), f"two.{_SUFFIX[form]}")


def test_a_briefing_for_claude_code_stands_between_tags_and_names_its_file() -> None:
    text = rendered("markdown", first_day().session(), to="claude")
    assert text.startswith("<handoff>\n")
    assert text.endswith("</handoff>\n")
    assert "CLAUDE.md" in text


def test_every_audience_is_named_in_its_briefing() -> None:
    for name, row in AUDIENCES.items():
        text = rendered("text", first_day().session(), to=name)
        assert row.title in text
        assert row.instructions.split()[0] in text


def test_an_unknown_audience_gets_the_generic_words() -> None:
    assert rendered("markdown", first_day().session(), to="nobody-knows") == rendered("markdown", first_day().session())


def test_json_has_every_list_even_when_it_is_empty() -> None:
    data = json.loads(rendered("json", Story().user("Hello there, old friend").session()))
    assert set(KEYS) < data.keys()
    assert data["files"] == []
    assert data["omitted"] == {}
    assert [objective["text"] for objective in data["objectives"]] == ["Hello there, old friend"]


def test_json_lines_hold_the_same_items_as_json() -> None:
    sessions = first_day().session(), second_day().session()
    data = json.loads(rendered("json", *sessions))
    lines = [json.loads(line) for line in rendered("jsonl", *sessions).splitlines()]
    assert lines[0]["type"] == "handoff"
    assert lines[-1] == {"type": "end", "omitted": {}}
    assert len(lines) - 2 == sum(len(data[key]) for key in KEYS)
    files = [
        {name: value for name, value in line.items() if name != "type"} for line in lines if line["type"] == "file"
    ]
    assert files == data["files"]


def test_a_stream_counts_its_envelopes_and_ends_with_complete() -> None:
    envelopes = [json.loads(line) for line in rendered("stream", first_day().session()).splitlines()]
    assert [envelope["sequence"] for envelope in envelopes] == list(range(len(envelopes)))
    assert all(envelope.keys() == {"version", "type", "sequence", "data"} for envelope in envelopes)
    assert envelopes[0]["type"] == "handoff"
    assert envelopes[-1]["type"] == "complete"


def test_the_hail_of_one_session_is_that_session() -> None:
    session = first_day().session()
    lines = [json.loads(line) for line in rendered("hail", session).splitlines()]
    assert lines[0]["session_id"] == session.session_id
    assert [line["event_id"] for line in lines[1:-1]] == [event.event_id for event in session.events]


def test_the_hail_of_several_sessions_is_one_session_in_time_order() -> None:
    first, second = first_day().session(), second_day().session()
    lines = [json.loads(line) for line in rendered("hail", second, first).splitlines()]
    header, events, figures = lines[0], lines[1:-1], lines[-1]
    assert header["context"]["related_session_ids"] == [first.session_id, second.session_id]
    assert header["context"]["created_at"] == first.context.created_at
    assert header["context"]["updated_at"] == second.context.updated_at
    assert [event["timestamp"] for event in events] == sorted(event["timestamp"] for event in events)
    assert len({event["event_id"] for event in events}) == len(first.events) + len(second.events)
    assert events[0]["event_id"] == f"{first.session_id}:e1"
    assert figures["event_count"] == stats.compute([*first.events, *second.events]).event_count


def test_calls_and_results_still_pair_in_merged_hail() -> None:
    lines = [json.loads(line) for line in rendered("hail", first_day().session(), second_day().session()).splitlines()]
    calls = [
        line["attributes"]["semantic.call_id"] for line in lines if "semantic.call_id" in line.get("attributes", {})
    ]
    results = [
        line["event_type"]["data"]["call_id"]
        for line in lines
        if line.get("event_type", {}).get("type") == "ToolResult"
    ]
    assert set(results) <= set(calls)
    assert len(set(results)) == len(results) > 0


def test_making_hail_leaves_the_sessions_as_they_were() -> None:
    first, second = first_day().session(), second_day().session()
    rendered("hail", first, second)
    assert first == first_day().session()
    assert second == second_day().session()


def test_an_error_is_one_json_object() -> None:
    line = error_line("no session answers to HEAD~9", detail="HEAD~9", suggestion="opensession session list")
    assert json.loads(line) == {
        "version": 1,
        "type": "error",
        "diagnostic": {
            "severity": "error",
            "summary": "no session answers to HEAD~9",
            "detail": "HEAD~9",
            "suggestion": "opensession session list",
        },
    }


def test_a_budget_too_small_for_the_frame_is_refused() -> None:
    with pytest.raises(UsageError):
        rendered("markdown", first_day().session(), budget=SMALLEST - 1)


def test_text_lines_are_no_longer_than_eighty_characters_unless_a_word_is() -> None:
    text = rendered("text", first_day().session(), second_day().session())
    assert all(len(line) <= 80 for line in text.splitlines())


def test_a_long_reply_is_cut_with_its_size_and_the_command_that_shows_the_rest() -> None:
    reply = "\n".join(f"Line {number} of the report." for number in range(1000))
    text = rendered("markdown", Story("0199c0de-1111-7000").user("Report, please, at length").agent(reply).session())
    assert f"cut, {len(reply):,} characters in full: `opensession session show 0199c0de-1111#e2`" in text
    assert "> Line 0 of the report." in text
    assert "> Line 999 of the report." in text
    assert "> […]" in text


def test_a_code_block_that_is_cut_is_closed_and_opened_again() -> None:
    reply = "Here:\n\n```python\n" + "x = 1\n" * 3000 + "```\n\nDone."
    text = rendered("markdown", Story().user("Write it down for me").agent(reply).session())
    fences = [line for line in text.splitlines() if line.lstrip("> ").startswith("```")]
    assert len(fences) == 4
    assert text.rstrip().endswith("> Done.")
