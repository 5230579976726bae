from __future__ import annotations

import pytest

from opensession.handoff.model import Summary
from opensession.handoff.summary import summarize
from tests.handoff.stories import Story, first_day, second_day


def told(story: Story) -> Summary:
    return summarize(story.session())


def test_the_objective_is_the_first_prompt_that_asks_for_work() -> None:
    story = (
        Story()
        .system("<environment_context>cwd</environment_context>", injected="environment_context")
        .user("/clear")
        .user("/model opus")
        .user("hi")
        .user("Fix the login page.")
        .user("And the logout page.")
    )
    summary = told(story)
    assert summary.objective is not None
    assert summary.objective.text == "Fix the login page."
    assert [request.text for request in summary.requests] == ["And the logout page."]


def test_a_path_at_the_start_of_a_prompt_is_no_command() -> None:
    summary = told(Story().user("/etc/hosts is wrong on the build machine"))
    assert summary.objective is not None


def test_injected_text_in_the_users_name_is_not_a_prompt() -> None:
    summary = told(Story().user("<system-reminder>Be quick</system-reminder>\nFix the login page."))
    assert summary.objective is not None
    assert summary.objective.text == "Fix the login page."


def test_the_editors_preface_is_not_part_of_the_prompt() -> None:
    summary = told(
        Story().user("# Context from my IDE setup:\n\n## Open tabs\n- a.py\n\n## My request for Codex:\nFix it")
    )
    assert summary.objective is not None
    assert summary.objective.text == "Fix it"


def test_nods_are_not_requests() -> None:
    assert told(Story().user("Fix the login page.").user("yes").user("Continue.").user("ok")).requests == ()


@pytest.mark.parametrize("attribute", ["is_sidechain", "subagent_id", "branch"])
def test_what_subagents_and_abandoned_branches_said_is_left_out(attribute: str) -> None:
    story = (
        Story()
        .user("Fix the login page.")
        .user("Search all files", **{attribute: "1"})
        .agent("Found", **{attribute: "1"})
    )
    summary = told(story)
    assert summary.requests == ()
    assert summary.last_reply is None


def test_turns_with_a_task_id_are_the_users() -> None:
    summary = told(Story().user("Fix the login page.", task_id="turn-1"))
    assert summary.objective is not None


_WRITE, _TEST = {"content": "Write", "status": "completed"}, {"content": "Test", "status": "in_progress"}


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("TodoWrite", {"todos": [_WRITE, _TEST]}),
        ("todowrite", {"items": [{"text": "Write", "completed": True}, {"text": "Test", "status": "active"}]}),
        (
            "update_plan",
            {"plan": [{"step": "Write", "status": "completed"}, {"step": "Test", "status": "in_progress"}]},
        ),
        ("update_plan", '{"plan": [{"step": "Write", "status": "done"}, {"step": "Test", "status": "in_progress"}]}'),
    ],
)
def test_the_todo_list_is_what_the_last_call_wrote(name: str, arguments: object) -> None:
    story = Story().call(name, {"todos": [{"content": "Old", "status": "pending"}]}).call(name, arguments)
    assert [(todo.text, todo.status) for todo in told(story).todos] == [("Write", "completed"), ("Test", "in_progress")]


def test_a_todo_list_kept_entry_by_entry_is_put_together() -> None:
    story = (
        Story()
        .call("TaskCreate", {"subject": "Write", "description": "long"}, "Task #1 created successfully: Write")
        .call("TaskCreate", {"subject": "Test", "description": "long"}, "Task #2 created successfully: Test")
        .call("TaskUpdate", {"taskId": "1", "status": "completed"}, "Updated task #1 status")
        .call("TaskUpdate", {"taskId": "2", "status": "in_progress"}, "Updated task #2 status")
    )
    assert [(todo.text, todo.status) for todo in told(story).todos] == [("Write", "completed"), ("Test", "in_progress")]


@pytest.mark.parametrize(
    "arguments", [{}, [], "no json {", {"todos": 7}, {"todos": [None, 3, {"status": "pending"}]}, None]
)
def test_a_todo_call_that_makes_no_sense_is_survived(arguments: object) -> None:
    assert told(Story().call("TodoWrite", arguments)).todos == ()


def test_files_say_what_the_changes_amount_to() -> None:
    story = (
        Story()
        .create("/w/shop/new.py", "one\ntwo\n")
        .edit("/w/shop/new.py", "@@ -1 +1 @@\n-one\n+uno\n")
        .edit("old.py", "--- a/old.py\n+++ b/old.py\n@@ -1 +1,2 @@\n-a\n+b\n+c\n")
        .delete("gone.py")
        .edit("failed.py", error="String to replace not found")
        .read("/w/shop/known.py")
        .create("known.py", "again\n")
    )
    files = {change.path: change for change in told(story).files}
    assert {path: (change.state, change.added, change.removed, change.edits) for path, change in files.items()} == {
        "new.py": ("created", 3, 1, 2),
        "old.py": ("edited", 2, 1, 1),
        "gone.py": ("deleted", 0, 0, 1),
        "known.py": ("edited", 1, 0, 1),
    }


def test_files_that_were_only_read_are_counted() -> None:
    story = Story().read("a.py").read("./a.py").read("b.py").edit("b.py")
    assert [(look.path, look.times) for look in told(story).reads] == [("a.py", 2)]


def test_a_repeated_command_is_one_with_its_last_result() -> None:
    story = (
        Story()
        .run("pytest -q", 1, "2 failed, 1 passed")
        .run("cd /w/shop && pytest -q | tail -3", 0, "3 passed in 1s")
        .run("ls")
    )
    summary = told(story)
    (command,) = summary.commands
    assert (command.command, command.runs, command.failures, command.failed) == ("pytest -q", 2, 1, False)
    assert command.outcome == "3 passed in 1s"
    assert summary.facts.lookups == 1


def test_a_failure_behind_a_pipe_is_seen_in_the_output() -> None:
    (command,) = told(Story().run("pytest | tail -3", 0, "=== 2 failed, 40 passed in 3s ===")).commands
    assert command.failed is True
    assert command.outcome == "2 failed, 40 passed in 3s"


def test_a_pipe_without_a_telling_output_tells_nothing() -> None:
    (command,) = told(Story().run("pytest | tail -3", 0, "collecting ...")).commands
    assert command.failed is None


def test_an_error_is_resolved_by_the_same_command_or_one_that_covers_it() -> None:
    story = (
        Story()
        .run("pytest tests/test_a.py", 1, "1 failed")
        .run("pytest tests/test_b.py", 1, "1 failed")
        .run("pytest tests/test_b.py -x", 0, "1 passed")
        .run("ruff check .", 1, "Found 1 error.")
        .run("pytest", 0, "2 passed")
    )
    state = {trouble.what: trouble.resolved for trouble in told(story).troubles}
    assert state == {"pytest tests/test_a.py": "e9", "pytest tests/test_b.py": "e5", "ruff check .": ""}


def test_a_narrower_success_does_not_resolve_a_wider_failure() -> None:
    (trouble,) = told(Story().run("pytest", 1, "3 failed").run("pytest tests/test_a.py", 0, "1 passed")).troubles
    assert trouble.resolved == ""


def test_different_scripts_are_different_commands_for_resolving() -> None:
    story = (
        Story().run("python - <<'PY'\nimport a\nPY", 1, "ImportError: a").run("python - <<'PY'\nprint(1)\nPY", 0, "1")
    )
    (trouble,) = told(story).troubles
    assert trouble.resolved == ""


def test_a_failed_edit_is_resolved_by_a_later_one_of_the_same_file() -> None:
    (trouble,) = told(Story().edit("/w/shop/a.py", error="String to replace not found").edit("a.py")).troubles
    assert (trouble.what, trouble.resolved) == ("edit a.py", "e3")


def test_a_failure_that_comes_back_is_open_again() -> None:
    (trouble, again) = told(Story().run("make", 1, "no").run("make").run("make", 1, "no, again")).troubles
    assert (trouble.resolved, again.resolved, again.message) == ("e3", "", "no, again")


def test_looking_in_vain_is_no_error() -> None:
    assert told(Story().run("grep nothing a.py", 1).run("ls missing", 2, "No such file")).troubles == ()


def test_errors_of_the_program_are_errors() -> None:
    (trouble,) = told(Story().user("Fix it now, please").system("API Error: overloaded", error=True)).troubles
    assert trouble.message == "API Error: overloaded"


def test_a_refused_action_is_the_users_decision_and_no_error() -> None:
    refusal = "The user doesn't want to proceed with this tool use. The user said:\nnever push from here"
    summary = told(Story().run("git push --force", 1, refusal))
    assert summary.troubles == ()
    (decision,) = summary.decisions
    assert decision.refused
    assert decision.text == "run git push --force (never push from here)"


def test_an_answered_question_is_a_decision_with_its_question() -> None:
    asked = {"questions": [{"question": "Which database?", "options": [{"label": "SQLite"}]}]}
    story = Story().call("AskUserQuestion", asked, 'User has answered your questions: "Which database?"="SQLite".')
    (decision,) = told(story).decisions
    assert (decision.question, decision.text, decision.by) == ("Which database?", "SQLite", "user")


def test_an_answer_of_codex_is_read_from_its_json() -> None:
    asked = {"questions": [{"id": "db", "header": "DB", "question": "Which database?"}]}
    story = Story().call("request_user_input", asked, '{"answers": {"db": {"answers": ["SQLite"]}}}')
    (decision,) = told(story).decisions
    assert (decision.question, decision.text) == ("Which database?", "SQLite")


def test_a_short_prompt_after_a_question_is_its_answer() -> None:
    story = (
        Story().user("Add a cache to the shop").agent("I can do either. Redis or memory?").user("memory").agent("Done.")
    )
    (decision,) = told(story).decisions
    assert (decision.question, decision.text) == ("Redis or memory?", "memory")


@pytest.mark.parametrize(
    "sentence",
    [
        "I decided to keep the old parser.",
        "I’m going with SQLite because nobody wants to run a server.",
        "I'll use a dataclass instead of a dict here.",
        "We chose plain text over HTML so that mails stay readable.",
    ],
)
def test_a_sentence_that_decides_is_quoted(sentence: str) -> None:
    story = Story().user("Go and improve it").agent(f"Read it. {sentence} Now the tests.").agent("All done.")
    assert [decision.text for decision in told(story).decisions] == [sentence.replace("’", "'")]


@pytest.mark.parametrize(
    "sentence",
    [
        "The function returns None instead of raising.",
        "Should I use SQLite instead of PostgreSQL?",
        "The test fails because the clock is wrong.",
        "```\nI decided to put this in a comment instead.\n```",
    ],
)
def test_a_sentence_that_only_describes_or_asks_is_not(sentence: str) -> None:
    story = Story().user("Go and improve it").agent(f"{sentence}\n\nNext.").agent("All done.")
    assert told(story).decisions == ()


def test_what_the_briefing_shows_whole_is_not_quoted_again() -> None:
    story = Story().user("Never touch the old template, use the new one instead.").agent("I decided to do just that.")
    assert told(story).decisions == ()


def test_an_open_question_is_the_end_of_the_last_reply_or_an_unanswered_call() -> None:
    story = (
        Story()
        .user("Add a cache to the shop")
        .call("AskUserQuestion", {"questions": [{"question": "How large?"}]}, None)
        .agent("I wrote it.\n\nShall I also clear it at night?")
    )
    assert [question.text for question in told(story).questions] == ["How large?", "Shall I also clear it at night?"]


def test_a_question_that_was_followed_by_a_prompt_is_not_open() -> None:
    assert told(Story().user("Add a cache").agent("Redis?").user("Write the docs first").agent("Done.")).questions == ()


@pytest.mark.parametrize(
    ("story", "ending"),
    [
        (Story().user("Fix the page").agent("Done."), "answered"),
        (Story().user("Fix the page").agent("On it.").run("pytest"), "unfinished"),
        (Story().user("Fix the page").agent("Done.").user("And the other one"), "unanswered"),
        (
            Story().user("Fix the page").agent("On it.").system("[Request interrupted]", injected="interrupted"),
            "interrupted",
        ),
        (Story().user("Fix the page").run("pytest").custom("turn_aborted"), "interrupted"),
        (Story().system("hook ran"), "empty"),
        (Story(), "empty"),
    ],
)
def test_the_ending_says_how_the_session_stands(story: Story, ending: str) -> None:
    assert told(story).facts.ending == ending


def test_the_final_exchange_is_kept_word_for_word() -> None:
    summary = told(first_day())
    assert summary.last_prompt is not None
    assert summary.last_reply is not None
    assert summary.last_prompt.text.startswith("Good. Now show it in the invoice")
    assert summary.last_reply.text.endswith("```\n\nShould the PDF show it too?")


def test_earlier_replies_are_kept_with_what_they_reply_to() -> None:
    report = "The form validates the discount. " * 10
    story = Story().user("Add a discount").agent("Looking.").agent(report).user("Now the invoice").agent("Done.")
    (kept,) = told(story).reports
    assert (kept.asked, kept.text) == ("Add a discount", report.strip())


def test_commits_are_read_from_what_git_printed() -> None:
    story = (
        Story()
        .run("git commit -qm 'Start' && git log", output="[main (root-commit) 0a1b2c3] Start\n 1 file changed")
        .run("cat notes.txt", output="[main 9999999] not a commit")
    )
    assert [(commit.sha, commit.branch, commit.subject) for commit in told(story).commits] == [
        ("0a1b2c3", "main", "Start")
    ]


def test_a_commit_that_shows_in_a_later_output_of_a_running_command_counts() -> None:
    story = Story().run("git commit -m Start", None).call("write_stdin", {"session_id": 7}, "[main 0a1b2c3] Start\n")
    assert [commit.sha for commit in told(story).commits] == ["0a1b2c3"]


def test_a_plan_is_kept_with_the_users_verdict() -> None:
    plan = {"plan": "1. Read\n2. Write"}
    approved = told(Story().call("ExitPlanMode", plan, "User has approved your plan. You can now start coding.")).plan
    refused = told(Story().call("ExitPlanMode", plan, "The user doesn't want to proceed", is_error=True)).plan
    assert approved is not None
    assert refused is not None
    assert (approved.text, approved.approved, refused.approved) == ("1. Read\n2. Write", True, False)


def test_the_agents_own_summary_at_a_compaction_is_background() -> None:
    story = (
        Story()
        .system("We built the form.", injected="compact_summary", compact_summary=True)
        .custom("context_compacted")
    )
    summary = told(story)
    assert summary.background is not None
    assert summary.background.text == "We built the form."
    assert summary.facts.compactions == 1


def test_subtasks_say_what_they_found() -> None:
    story = Story().task("Find the templates", "Two: a4 and letter").task("Never ended", None)
    assert [(task.title, task.report, task.done) for task in told(story).tasks] == [
        ("Find the templates", "Two: a4 and letter", True),
        ("Never ended", "", False),
    ]


def test_summarizing_leaves_the_session_as_it_was() -> None:
    session = second_day().session()
    summarize(session)
    assert session == second_day().session()
