from __future__ import annotations

from itertools import permutations

import pytest

from opensession.handoff.merge import merge
from opensession.handoff.summary import summarize
from tests.handoff.stories import DAY, Story, first_day, second_day


def test_the_order_of_the_input_does_not_matter() -> None:
    third = Story("third", start=2 * DAY).user("Ship it to the customers").edit("pdf.py").agent("Shipped.")
    summaries = [summarize(story.session()) for story in (first_day(), second_day(), third)]
    handoffs = {repr(merge(order)) for order in permutations(summaries)}
    assert len(handoffs) == 1


def test_merging_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        merge([])


def test_a_session_given_twice_counts_once_in_its_longer_version() -> None:
    short = Story("same").user("Fix the page")
    long = Story("same").user("Fix the page").agent("Fixed.")
    handoff = merge([summarize(long.session()), summarize(short.session())])
    assert [facts.events for facts in handoff.sessions] == [2]
    assert handoff.last_reply is not None


def test_the_last_action_on_a_file_wins() -> None:
    first = Story("a").create("x.py", "1\n").edit("y.py").delete("z.py")
    second = Story("b", start=DAY).delete("x.py").edit("y.py").create("z.py", "1\n2\n")
    handoff = merge([summarize(second.session()), summarize(first.session())])
    assert {change.path: (change.state, change.edits) for change in handoff.files} == {
        "x.py": ("deleted", 2),
        "y.py": ("edited", 2),
        "z.py": ("created", 2),
    }


def test_a_file_created_and_edited_later_is_still_new() -> None:
    handoff = merge(
        [summarize(Story("a").create("x.py").session()), summarize(Story("b", start=DAY).edit("x.py").session())]
    )
    assert [change.state for change in handoff.files] == ["created"]


def test_files_of_different_folders_are_not_mixed_up() -> None:
    first = Story("a").edit("setup.py")
    second = Story("b", start=DAY, cwd="/w/blog").edit("/w/blog/setup.py").read("/w/shop/setup.py")
    handoff = merge([summarize(first.session()), summarize(second.session())])
    assert sorted(change.path for change in handoff.files) == ["/w/blog/setup.py", "/w/shop/setup.py"]
    assert handoff.reads == ()


def test_an_error_whose_command_succeeds_in_a_later_session_is_resolved_there() -> None:
    first = Story("a").run("pytest tests/test_a.py", 1, "1 failed").run("make", 2, "no rule")
    second = Story("b", start=DAY).run("pytest", 0, "9 passed")
    handoff = merge([summarize(first.session()), summarize(second.session())])
    assert {trouble.what: (trouble.resolved_in, trouble.resolved) for trouble in handoff.troubles} == {
        "pytest tests/test_a.py": ("b", "e1"),
        "make": ("", ""),
    }


def test_an_earlier_success_resolves_nothing() -> None:
    first = Story("a").run("pytest", 0, "9 passed")
    second = Story("b", start=DAY).run("pytest", 1, "1 failed")
    (trouble,) = merge([summarize(first.session()), summarize(second.session())]).troubles
    assert trouble.resolved == ""


def test_runs_of_a_command_add_up_over_sessions() -> None:
    first = Story("a").run("pytest", 1, "1 failed")
    second = Story("b", start=DAY).run("pytest", 0, "1 passed")
    (command,) = merge([summarize(first.session()), summarize(second.session())]).commands
    assert (command.session, command.runs, command.failures, command.failed) == ("b", 2, 1, False)


def test_the_todo_list_is_that_of_the_last_session_that_has_one() -> None:
    first = Story("a").call("TodoWrite", {"todos": [{"content": "Old", "status": "pending"}]})
    second = Story("b", start=DAY).call("TodoWrite", {"todos": [{"content": "New", "status": "pending"}]})
    third = Story("c", start=2 * DAY).user("Ship it")
    handoff = merge([summarize(story.session()) for story in (first, second, third)])
    assert [todo.text for todo in handoff.todos] == ["New"]


def test_the_last_words_are_those_of_the_last_session_that_talked() -> None:
    silent = Story("silent", start=3 * DAY).run("pytest")
    handoff = merge([summarize(story.session()) for story in (silent, second_day(), first_day())])
    assert handoff.last_reply is not None
    assert handoff.last_reply.session == second_day().session_id
    assert [report.text[:27] for report in handoff.reports] == ["The invoice shows the disco"]
