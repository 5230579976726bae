"""Which HAIL kind a tool call is: one table for all agents, since they share their tools' names.

A name is compared in lower case and without the prefix of the host (``functions.``, ``ext__``, ``builtin_``); the
name as written stays in the event's attributes.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail.events import (
    CodeSearch,
    FileCreate,
    FileDelete,
    FileEdit,
    FileRead,
    FileSearch,
    Kind,
    ShellCommand,
    TaskStart,
    ToolCall,
    WebFetch,
    WebSearch,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[str, dict[str, Any], str | None], tuple[Kind, dict[str, Any]]]

UNKNOWN = "unknown"

_READ = (
    "read read_file readfile view view_file view_image notebookread load_file fs_read read_many_files "
    "read_file_v2 open_file cat read_files read_file_range"
)
_CREATE = (
    "write write_file writefile create create_file writetofile write_to_file newfilecreated save-file save_file "
    "create_new_file fs_write save"
)
_EDIT = (
    "edit multiedit edit_file replace replace_in_file str_replace search_replace strreplace apply_diff "
    "editedexistingfile applieddiff insert_content notebookedit patch edit_file_v2 strreplacefile "
    "replace_string_in_file insert_edit_into_file multi_replace_string_in_file replace_file_content "
    "multi_replace_file_content single_find_and_replace edit_existing_file multi_edit search_and_replace "
    "code_action append editor"
)
_DELETE = "delete_file delete filedeleted"
_CODE_SEARCH = (
    "grep grep_search search_files searchfiles codebase_search rg search_file_content finder ripgrep "
    "ripgrep_raw_search semantic_search builtin_grep_search grep_files "
    "codebasesearch search_codebase search"
)
_FILE_SEARCH = (
    "glob file_search glob_file_search list_files listfiles listfilestoplevel listfilesrecursive "
    "file_glob_search list_dir list_directory ls list find find_files find_by_name list_dir_v2 listdir"
)
_SHELL = (
    "bash shell shell_command local_shell exec_command run_shell_command run_terminal_cmd run_command "
    "execute_command command powershell developer__shell execute terminal run_terminal_command_v2 "
    "run_in_terminal runterminalcommand run_terminal_command execute_bash execute_shell shell_exec runcommand exec "
    "run_commands"
)
_WEB_SEARCH = "websearch web_search google_web_search search_web searchweb"
_WEB_FETCH = (
    "webfetch web_fetch fetch fetchurl fetch_url read_url_content browser_navigate read_web_page fetch_webpage "
    "fetch_web_content fetch_url_content"
)
_TASK = (
    "task agent spawn_agent newtask new_task delegate delegate_task delegate_to_agent invoke_agent runsubagent "
    "task_v2 spawn_subagent use_subagents"
)

_PATH_KEYS = (
    "file_path",
    "path",
    "filePath",
    "target_file",
    "absolute_path",
    "AbsolutePath",
    "TargetFile",
    "relative_workspace_path",
    "notebook_path",
    "filename",
    "filepath",
    "targetFile",
    "relativePath",
    "file",
    "uri",
)
_COMMAND_KEYS = ("command", "cmd", "CommandLine", "script")
_QUERY_KEYS = ("query", "pattern", "regex", "q", "search_term", "Query", "search_query", "searchTerm", "SearchPattern")
_PATTERN_KEYS = (
    "pattern",
    "glob_pattern",
    "globPattern",
    "filePattern",
    "glob",
    "Pattern",
    "path",
    "directory",
    "DirectoryPath",
    "query",
    "dir_path",
    "target_directory",
    "targetDirectory",
    "SearchDirectory",
    "dirPath",
    "directory_path",
)
_URL_KEYS = ("url", "Url", "uri", "prompt")
_TITLE_KEYS = ("description", "title", "task_name", "prompt", "message", "subagent_type", "agent_type")

TEXT_EDITORS = frozenset(
    {"text_editor", "developer__text_editor", "str_replace_editor", "str_replace_based_edit_tool", "file_editor"}
)
_WRITERS = frozenset({"write", "fs_write"})
"""Kiro's: what they do stands in ``command``."""

_SHELLS = frozenset({"bash", "sh", "zsh", "/bin/bash", "/bin/sh", "/bin/zsh", "/usr/bin/bash", "/usr/bin/env"})


def plain_name(name: str) -> str:
    """The name as the table has it."""
    for prefix in ("functions.", "ext__", "builtin_"):
        name = name.removeprefix(prefix)
    return name.lower()


def call_kind(name: str, arguments: Any, cwd: str | None = None) -> tuple[Kind, dict[str, Any]]:
    """What a call is, and the attributes its event should have.

    Args:
        name: The tool's name as the source has it.
        arguments: Its arguments, an object as a rule; anything else is tolerated.
        cwd: The working directory; paths inside it become relative to it.

    Returns:
        The kind, and ``tool_use_name`` with, for paths made relative, ``path_abs``.
    """
    given = arguments if isinstance(arguments, dict) else {}
    make = _TABLE.get(_key(plain_name(name), given), _other)
    kind, attributes = make(name, given, cwd)
    attributes["tool_use_name"] = name
    return kind, attributes


def relative_path(path: str, cwd: str | None) -> str:
    """A path relative to the working directory when it lies inside, with ``/`` between its parts."""
    slashed = path.replace("\\", "/") if _is_windows(path) or (cwd is not None and _is_windows(cwd)) else path
    if not cwd:
        return slashed
    root = cwd.replace("\\", "/").rstrip("/") if _is_windows(cwd) else cwd.rstrip("/")
    if slashed == root:
        return "."
    if root and slashed.startswith(root + "/"):
        inside = posixpath.normpath(slashed[len(root) + 1 :])
        return slashed if inside.startswith("..") else inside
    return slashed


def path_kind(make: Callable[[str], Kind], path: str, cwd: str | None) -> tuple[Kind, dict[str, Any]]:
    """A kind made of a path, with the absolute one kept when it was shortened."""
    short = relative_path(path, cwd)
    return make(short or UNKNOWN), ({"path_abs": path} if short != path else {})


def command_text(value: Any) -> str:
    """A command as typed: ``["bash", "-lc", x]`` is ``x``, other argument lists are joined."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        words = [str(word) for word in value]
        if len(words) >= 3 and words[0] in _SHELLS and words[1].startswith("-") and words[1].endswith("c"):
            return words[2]
        return " ".join(_quoted(word) for word in words)
    return ""


def _key(name: str, given: dict[str, Any]) -> str:
    if name in TEXT_EDITORS or (name in _WRITERS and "command" in given):
        verb = str(given.get("command", ""))
        return {"view": "read", "create": "write", "write": "write"}.get(verb, "edit")
    return "task" if name.startswith("subagent.") else name


def _quoted(word: str) -> str:
    if word and all(character.isalnum() or character in "@%+=:,./_-" for character in word):
        return word
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _is_windows(path: str) -> bool:
    return len(path) > 2 and path[1] == ":" and path[2] in "\\/" and path[0].isalpha()


def _on_path(make: Callable[[str], Kind]) -> Maker:
    def kind(_name: str, given: dict[str, Any], cwd: str | None) -> tuple[Kind, dict[str, Any]]:
        return path_kind(make, fields.first(given, *_PATH_KEYS), cwd)

    return kind


def _on_text(make: Callable[[str], Kind], keys: tuple[str, ...]) -> Maker:
    def kind(_name: str, given: dict[str, Any], _cwd: str | None) -> tuple[Kind, dict[str, Any]]:
        return make(fields.first(given, *keys) or UNKNOWN), {}

    return kind


def _shell(_name: str, given: dict[str, Any], _cwd: str | None) -> tuple[Kind, dict[str, Any]]:
    for key in _COMMAND_KEYS:
        if text := command_text(given.get(key)):
            return ShellCommand(text), {}
    return ShellCommand(UNKNOWN), {}


def _task(_name: str, given: dict[str, Any], _cwd: str | None) -> tuple[Kind, dict[str, Any]]:
    title = fields.first(given, *_TITLE_KEYS)
    return TaskStart(title.split("\n", 1)[0][:200] or None), {}


def _other(name: str, _given: dict[str, Any], _cwd: str | None) -> tuple[Kind, dict[str, Any]]:
    return ToolCall(name or UNKNOWN), {}


def _rows(names: str, make: Maker) -> dict[str, Maker]:
    return dict.fromkeys(names.split(), make)


_TABLE: dict[str, Maker] = {
    **_rows(_READ, _on_path(FileRead)),
    **_rows(_CREATE, _on_path(FileCreate)),
    **_rows(_EDIT, _on_path(FileEdit)),
    **_rows(_DELETE, _on_path(FileDelete)),
    **_rows(_CODE_SEARCH, _on_text(CodeSearch, _QUERY_KEYS)),
    **_rows(_FILE_SEARCH, _on_text(FileSearch, _PATTERN_KEYS)),
    **_rows(_SHELL, _shell),
    **_rows(_WEB_SEARCH, _on_text(WebSearch, _QUERY_KEYS)),
    **_rows(_WEB_FETCH, _on_text(WebFetch, _URL_KEYS)),
    **_rows(_TASK, _task),
}
