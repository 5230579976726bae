"""The small languages inside a rollout: patches, headers of outputs, scripts of code mode."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import patches
from opensession.agents.codex import outputs, script
from opensession.hail.events import Image, Json, Text
from opensession.patches import Change

PATCH = """*** Begin Patch
*** Add File: docs/beds.md
+# Beds
+
+Dry below 3.
*** Delete File: old.py
*** Update File: beds.py
*** Move to: garden/beds.py
@@ def dry(bed):
 class Bed:
-    water = 3
+    water = 2
+    soil = 1
@@
-last
*** End of File
*** End Patch
"""
CHANGES = [
    Change("add", "docs/beds.md", content="# Beds\n\nDry below 3.\n"),
    Change("delete", "old.py"),
    Change(
        "update",
        "beds.py",
        diff="@@ -1,2 +1,3 @@ def dry(bed):\n class Bed:\n-    water = 3\n+    water = 2\n+    soil = 1\n"
        "@@ -1,1 +1,0 @@\n-last",
        moved_to="garden/beds.py",
    ),
]


def test_a_patch_is_one_change_for_each_file() -> None:
    assert patches.parse(PATCH) == CHANGES


def test_a_patch_with_windows_line_ends_names_the_same_files() -> None:
    assert [change.path for change in patches.parse(PATCH.replace("\n", "\r\n"))] == [
        "docs/beds.md",
        "old.py",
        "beds.py",
    ]


def test_a_patch_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    assert patches.parse("*** Begin Patch\n*** Update File: a.py\n@@\n-x") == [
        Change("update", "a.py", diff="@@ -1,1 +1,0 @@\n-x")
    ]


def test_blank_lines_between_sections_belong_to_no_file() -> None:
    text = "*** Begin Patch\n*** Update File: a.py\n@@\n-x\n\n+y\n\n*** Delete File: b.py\n*** End Patch"
    assert [change.diff for change in patches.parse(text)] == ["@@ -1,2 +1,2 @@\n-x\n \n+y", ""]


@pytest.mark.parametrize("text", ["", "no patch", "*** Begin Patch", "*** Update File: a.py\n+x"])
def test_a_text_without_a_patch_has_no_changes(text: str) -> None:
    assert patches.parse(text) == []


@pytest.mark.parametrize(
    ("command", "folder"),
    [
        (f"apply_patch <<'EOF'\n{PATCH}EOF", None),
        (f'apply_patch <<"EOF"\n{PATCH}EOF\n', None),
        (f"apply_patch << PATCH\n{PATCH}PATCH\n", None),
        (f"cd src/garden && apply_patch <<'EOF'\n{PATCH}EOF", "src/garden"),
        (f"cd 'my garden' && apply_patch <<'EOF'\n{PATCH}EOF", "my garden"),
    ],
)
def test_a_command_that_only_applies_a_patch_is_that_patch(command: str, folder: str | None) -> None:
    found = patches.heredoc(command)
    assert found is not None
    assert found.folder == folder
    assert patches.parse(found.patch) == CHANGES


@pytest.mark.parametrize(
    "command",
    [f"apply_patch <<'EOF'\n{PATCH}EOF\nmake test", f"echo hi && apply_patch <<'EOF'\n{PATCH}EOF", "ls"],
)
def test_a_command_that_does_more_is_no_mere_patch(command: str) -> None:
    assert patches.heredoc(command) is None


def test_the_patches_of_a_longer_command_are_found() -> None:
    command = f"make && apply_patch <<'EOF'\n{PATCH}EOF\napply_patch <<'EOF'\n{PATCH}EOF\nmake test"
    assert [patches.parse(patch) for patch in patches.embedded(command)] == [CHANGES, CHANGES]


def test_a_patch_that_is_only_printed_is_not_applied() -> None:
    assert patches.embedded(f"cat <<'EOF'\n{PATCH}EOF") == []


@pytest.mark.parametrize(
    ("path", "placed"),
    [("a.py", "/w/east/a.py"), ("/tmp/a.py", "/tmp/a.py"), ("~/a.py", "~/a.py"), ("C:\\a.py", "C:\\a.py")],
)
def test_a_relative_path_starts_from_the_folder(path: str, placed: str) -> None:
    assert patches.based(Change("delete", path), "/w/east").path == placed


@given(st.lists(st.sampled_from([*PATCH.split("\n"), "*** ", "+++ b", "", "@@", "*** Move to: x"]), max_size=20))
def test_any_lines_are_read_as_changes_with_a_path_field(lines: list[str]) -> None:
    for change in patches.parse("\n".join(["*** Begin Patch", *lines])):
        assert change.verb in ("add", "update", "delete")
        counted = [line for line in change.diff.split("\n") if line and not line.startswith("@@")]
        assert all(line[0] in "+- " for line in counted)


def shown(output: outputs.Output) -> str:
    return "".join(block.text for block in output.blocks if isinstance(block, Text))


@pytest.mark.parametrize(
    ("value", "text", "code", "milliseconds"),
    [
        (
            "Chunk ID: 9f\nWall time: 0.4788 seconds\nProcess exited with code 2\nOutput:\nno\n",
            "no\n",
            2,
            479,
        ),
        ("Exit code: 0\nWall time: 12 seconds\nOutput:\nfine", "fine", 0, 12000),
        ("Exit code: 1\nWall time: 1.5 seconds\nTotal output lines: 900\nOutput:\nx", "x", 1, 1500),
        (
            "Command: cat <<E\nE\nChunk ID: 1\nWall time: 0.1 seconds\nProcess exited with code 0\nOutput:\ny",
            "y",
            0,
            100,
        ),
        ('{"output":"z","metadata":{"exit_code":130,"duration_seconds":2.5}}', "z", 130, 2500),
        ("Wall time: 3 seconds\nOutput:\n{}", "{}", None, 3000),
        ("Plan updated", "Plan updated", None, None),
        ("Output:\nis what this file says", "Output:\nis what this file says", None, None),
        ('{"output":"z"}', '{"output":"z"}', None, None),
    ],
)
def test_a_result_is_taken_apart(value: str, text: str, code: int | None, milliseconds: int | None) -> None:
    found = outputs.read(value)
    assert (shown(found), found.exit_code, found.duration_ms) == (text, code, milliseconds)


def test_a_process_that_goes_on_has_an_id_and_no_exit_code() -> None:
    found = outputs.read("Chunk ID: 1\nWall time: 1 seconds\nProcess running with session ID 42\nOutput:\n")
    assert (found.process, found.exit_code, found.blocks) == ("42", None, [])


def test_a_list_of_parts_keeps_text_pictures_and_what_is_unknown() -> None:
    picture = {"type": "input_image", "image_url": "data:image/webp;base64,AAAA"}
    found = outputs.read([{"type": "input_text", "text": "see"}, picture, {"type": "hologram", "x": 1}])
    assert found.blocks == [
        Text("see"),
        Image("data:image/webp;base64,AAAA", None, "image/webp"),
        Json({"type": "hologram", "x": 1}),
    ]


@pytest.mark.parametrize(
    "value",
    [
        "aborted by user after 3.1s",
        "apply_patch verification failed: Failed to find expected lines",
        "write_stdin failed: stdin is closed",
        "failed to parse function arguments: missing field",
        "Script failed\nWall time 0.1 seconds\nOutput:\n",
        {"content": "no", "success": False},
    ],
)
def test_a_result_says_that_the_call_failed(value: object) -> None:
    assert outputs.read(value).failed


@pytest.mark.parametrize(
    "value", ["All tests failed yesterday", "Plan updated", "", {"content": "yes", "success": True}]
)
def test_a_result_that_only_speaks_of_failure_has_not_failed(value: object) -> None:
    assert not outputs.read(value).failed


@pytest.mark.parametrize(
    ("code", "command"),
    [
        ('const r = await tools.exec_command({cmd: "ls -l"});', "ls -l"),
        ("text(await tools.exec_command({workdir:'/w', 'cmd':'echo \\'hi\\''}))", "echo 'hi'"),
        ('await tools.shell_command({"command":"printf \\"a\\\\n\\" \\u00e9"})', 'printf "a\\n" é'),
        ("await tools.exec_command({cmd: `ls\nwc`})", "ls\nwc"),
        ("await tools.exec_command({cmd: `ls ${folder}`})", None),
        ('await tools.exec_command({cmd: "a" });await tools.exec_command({cmd: "b"})', None),
        ("await tools.exec_command({cmd})", None),
        ("const x = {cmd: 'no tool'}", None),
    ],
)
def test_a_script_that_runs_one_literal_command_is_that_command(code: str, command: str | None) -> None:
    assert script.read(code).command == command


@pytest.mark.parametrize("quoted", [json.dumps(PATCH), f"`{PATCH}`", f"String.raw`{PATCH}`"])
def test_a_script_that_applies_a_literal_patch_is_that_patch(quoted: str) -> None:
    found = script.read(f"// don't stop here\nconst p = {quoted};\ntext(await tools.apply_patch(p));")
    assert found.only_patches
    assert [patches.parse(patch) for patch in found.patches] == [CHANGES]


def test_a_script_that_also_runs_something_keeps_both() -> None:
    found = script.read(f"await tools.apply_patch(`{PATCH}`); await tools.exec_command({{cmd: 'make'}})")
    assert (found.only_patches, len(found.patches), found.command) == (False, 1, None)


@given(st.text(st.sampled_from("`'\"\\u{}$ntx1fD8/*tools.exec_command(:,cmd \n"), max_size=60))
def test_any_code_is_read(code: str) -> None:
    found = script.read(f"*** Begin Patch {code} *** End Patch")
    assert found.command is None or found.command.encode()
