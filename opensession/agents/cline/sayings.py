"""What each kind of message tells; the kinds of Cline, Roo Code and Kilo Code together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.agents.cline import usage
from opensession.agents.cline.running import Running

if TYPE_CHECKING:
    from collections.abc import Callable

    from opensession.agents.cline.answers import Answers
    from opensession.conversation import Conversation
    from opensession.hail.events import Event

    Telling = Callable[["Sayings", dict[str, Any], str], Event | None]

_REQUIRES_APPROVAL = "REQ_APP"
_HAS_CHANGES = "HAS_CHANGES"
"""Marks that Cline puts at the end of a command and of a result, for its buttons."""

_OUTPUT = "\nOutput:\n"
"""What stands between a command and its output where one message holds both (Cline since 2026)."""

_OUTPUTS = frozenset({"command_output", "shell_integration_warning", "shell_integration_warning_with_suggestion"})
"""Kinds that stand between a command and the rest of its output."""

_SILENT = frozenset(
    {"checkpoint_created", "checkpoint_saved", "checkpoint_restore", "api_req_rate_limited", "api_req_rate_limit_wait"}
    | {"api_req_retried", "api_req_deleted", "mcp_server_request_started", "load_mcp_documentation"}
    | {"browser_session_status", "resume_task", "resume_completed_task", "conditional_rules_applied"}
)
"""Kinds that are for the buttons and the progress shown."""

_ERRORS = frozenset(
    {"error", "error_retry", "diff_error", "clineignore_error", "rooignore_error", "command_permission_denied"}
    | {"condense_context_error", "api_req_retry_delayed", "api_req_failed", "mistake_limit_reached", "invalid_model"}
    | {"payment_required_prompt", "auto_approval_max_req_reached"}
)
_WARNINGS = frozenset(
    {"shell_integration_warning", "shell_integration_warning_with_suggestion", "info", "mcp_notification"}
    | {"too_many_tools_warning", "hook_output_stream"}
)
_FACTS = frozenset(
    {"task_progress", "hook_status", "image", "generate_explanation", "user_edit_todos", "report_bug", "new_task"}
)
"""Kinds that HAIL has no kind for."""


class Sayings:
    """The messages of a task as a conversation.

    Attributes:
        provider: Who answers now, as the extension calls it.
    """

    def __init__(self, talk: Conversation, answers: Answers) -> None:
        self.talk = talk
        self.running = Running(talk, answers)
        self.provider = ""
        self._request: dict[str, Any] | None = None
        self._requested: object = None

    def between(self, message: dict[str, Any]) -> None:
        """End what the next message shows to have ended; the record of the last one is still open."""
        kind = _kind(message)
        if kind == "api_req_started" or (self.running.has_output and kind not in _OUTPUTS):
            self.running.settle()

    def tell(self, message: dict[str, Any], *, is_first: bool) -> None:
        """Tell a message; its record has begun."""
        kind, text = _kind(message), fields.text(message.get("text"))
        if is_first and kind == "text":
            kind = "task"
        thought = self.talk.think(message.get("reasoning")) if kind != "reasoning" else None
        told = _TOLD.get(kind)
        event = told(self, message, text) if told is not None else None
        if told is None:
            self._other(kind, message, text)
        if thought is not None or event is not None:
            self._count(thought or event)

    def finish(self) -> None:
        """Tell what was waiting for the end."""
        self.running.settle()
        self._count(None)

    def task(self, message: dict[str, Any], text: str) -> None:
        """What the user typed, with pictures and named files."""
        files = [path for path in fields.sequence(message.get("files")) if isinstance(path, str)]
        self.talk.prompt([text, *_pictures(message.get("images"))], {"files": files} if files else None)

    def said(self, message: dict[str, Any], text: str) -> Event | None:
        """A reply; without a word it only shows buttons."""
        event = self.talk.say([text.removesuffix(_HAS_CHANGES), *_pictures(message.get("images"))])
        if event is None:
            self.talk.skip(_kind(message))
        return event

    def thought(self, message: dict[str, Any], text: str) -> Event | None:
        """Reasoning, in either of two fields."""
        return self.talk.think(text or message.get("reasoning"))

    def question(self, _message: dict[str, Any], text: str) -> Event | None:
        """A question or a plan, and the option that was chosen; other answers are messages of their own."""
        given = fields.mapping(fields.decoded(text))
        if not given:
            return self.talk.say(text)
        options = [option for option in map(_option, fields.sequence(_first(given, "options", "suggest"))) if option]
        asked = fields.first(given, "question", "response")
        event = self.talk.say([asked, {"options": options}] if options else asked)
        chosen = fields.text(given.get("selected"))
        if chosen:
            self.talk.prompt(chosen)
        return event

    def edited(self, _message: dict[str, Any], text: str) -> None:
        """What the user changed in an edit before taking it."""
        given = fields.mapping(fields.decoded(text))
        if given:
            arguments = {key: value for key, value in given.items() if key != "tool"}
            self.talk.call(given.get("tool"), arguments, by_user=True)
        else:
            self.talk.prompt(text)

    def tool(self, message: dict[str, Any], text: str) -> Event | None:
        """Calls of tools."""
        given = fields.mapping(fields.decoded(text))
        if given.get("tool") == "summarizeTask":
            self.compacted(message, fields.text(given.get("content")))
            return None
        return self.running.tool(given or {"tool": "tool", "text": text}, message.get("ts"))

    def command(self, message: dict[str, Any], text: str) -> Event:
        """A command in the terminal."""
        command, _, output = text.partition(_OUTPUT)
        event = self.running.command(command.removesuffix(_REQUIRES_APPROVAL), message.get("ts"))
        self.running.output(output)
        return event

    def output(self, _message: dict[str, Any], text: str) -> None:
        """A part of a command's output."""
        if text:
            self.running.output(text)
        else:
            self.talk.skip("command_output")

    def server(self, _message: dict[str, Any], text: str) -> Event:
        """A call of an MCP server."""
        return self.running.server(fields.mapping(fields.decoded(text)))

    def served(self, message: dict[str, Any], text: str) -> None:
        """What an MCP server answered."""
        pictures = _pictures(message.get("images"))
        self.running.answer("server", [text, *pictures], failed=text.startswith("Error:"))

    def launch(self, _message: dict[str, Any], text: str) -> Event:
        """A browser is opened."""
        return self.running.browser({"action": "launch", "url": text})

    def act(self, _message: dict[str, Any], text: str) -> Event:
        """Something is done in the browser."""
        return self.running.browser(fields.decoded(text) or text)

    def acted(self, _message: dict[str, Any], text: str) -> None:
        """What the browser shows; its first, empty message only says that it loads."""
        given = fields.mapping(fields.decoded(text))
        rest = {key: value for key, value in given.items() if key != "screenshot"}
        if given:
            self.running.answer("browser", [rest, *_pictures([given.get("screenshot")])])
        else:
            self.talk.skip("browser_action_result")

    def found(self, _message: dict[str, Any], text: str) -> None:
        """What a search in the index found."""
        given = fields.mapping(fields.decoded(text))
        self.running.search(given.get("content") or text)

    def subtask(self, _message: dict[str, Any], text: str) -> None:
        """What a subtask ended with."""
        self.running.subtask(text)

    def delegate(self, _message: dict[str, Any], text: str) -> Event | None:
        """Subagents are asked for."""
        return self.running.delegate(fields.sequence(fields.mapping(fields.decoded(text)).get("prompts")))

    def delegated(self, _message: dict[str, Any], text: str) -> Event | None:
        """Where the subagents are."""
        return self.running.delegated(fields.sequence(fields.mapping(fields.decoded(text)).get("items")))

    def compacted(self, message: dict[str, Any], text: str) -> None:
        """Older messages were left out of what the model sees, or a summary took their place."""
        stated = fields.mapping(message.get("contextCondense")) or fields.mapping(message.get("contextTruncation"))
        figures = {key: value for key, value in stated.items() if key != "summary"}
        self.talk.custom("context_compacted", fields.text(stated.get("summary")) or text or None, {**figures})

    def compacting(self, message: dict[str, Any], text: str) -> None:
        """A compaction goes on, or has ended."""
        figures = fields.mapping(fields.decoded(text))
        if figures.get("status") == "completed":
            self.talk.custom("context_compacted", None, figures)
        else:
            self.talk.skip(_kind(message))

    def requested(self, message: dict[str, Any], text: str) -> None:
        """A request to the model begins; the message gets its tokens when it ends."""
        self._count(None)
        self._request, self._requested = fields.mapping(fields.decoded(text)), message.get("ts")
        failure = fields.text(self._request.get("streamingFailedMessage"))
        reason = fields.text(self._request.get("cancelReason"))
        if failure or reason:
            self.talk.notice(failure or reason, error=reason or True)

    def ended(self, message: dict[str, Any], text: str) -> None:
        """A request ended; the oldest versions say its tokens here."""
        given = fields.mapping(fields.decoded(text))
        if self._request is None:
            self._requested = message.get("ts")
        self._request = {**given, **(self._request or {})}

    def counted(self, message: dict[str, Any], text: str) -> None:
        """Tokens of requests that stand nowhere else: of deleted ones, of subagents."""
        given = fields.mapping(fields.decoded(text))
        if any(given.get(name) for name in usage.COUNTS):
            event = self.talk.custom(f"{_kind(message)}")
            usage.tell(self.talk, given, event, message.get("ts"), self.provider)
        else:
            self.talk.skip(_kind(message))

    def _count(self, event: Event | None) -> None:
        """Put the tokens of the request that ran on its first event, or on one of its own."""
        request, self._request = self._request, None
        if request is None:
            return
        if not any(request.get(name) for name in usage.COUNTS):
            self.talk.skip("request without tokens")
            return
        target = event if event is not None else self.talk.custom("model_call")
        usage.tell(self.talk, request, target, self._requested, self.provider)

    def _other(self, kind: str, message: dict[str, Any], text: str) -> None:
        if kind in _ERRORS:
            self.talk.notice(text, error=kind if kind != "error" else True)
        elif kind in _WARNINGS and text:
            self.talk.notice(text, attributes={"source.raw_type": kind})
        elif kind in _FACTS:
            self.talk.custom(kind, fields.decoded(text) or text)
        elif kind in _SILENT or kind in _WARNINGS:
            self.talk.skip(kind)
        else:
            self.talk.unknown(kind or "message", message)


def _kind(message: dict[str, Any]) -> str:
    return fields.text(message.get(fields.text(message.get("type"))))


def _pictures(urls: Any) -> list[dict[str, Any]]:
    """Pictures as addresses with their data."""
    return [{"type": "image_url", "image_url": url} for url in fields.sequence(urls) if isinstance(url, str) and url]


def _first(given: dict[str, Any], *names: str) -> Any:
    return next((given[name] for name in names if given.get(name)), None)


def _option(item: Any) -> str:
    return fields.text(item) or fields.text(fields.mapping(item).get("answer"))


_TOLD: dict[str, Telling] = {
    "task": Sayings.task,
    "user_feedback": Sayings.task,
    "user_feedback_diff": Sayings.edited,
    "text": Sayings.said,
    "completion_result": Sayings.said,
    "plan_completion_result": Sayings.said,
    "reasoning": Sayings.thought,
    "followup": Sayings.question,
    "plan_mode_respond": Sayings.question,
    "plan_mode_response": Sayings.question,
    "act_mode_respond": Sayings.question,
    "tool": Sayings.tool,
    "command": Sayings.command,
    "command_output": Sayings.output,
    "use_mcp_server": Sayings.server,
    "mcp_server_response": Sayings.served,
    "browser_action_launch": Sayings.launch,
    "browser_action": Sayings.act,
    "browser_action_result": Sayings.acted,
    "codebase_search_result": Sayings.found,
    "subtask_result": Sayings.subtask,
    "use_subagents": Sayings.delegate,
    "subagent": Sayings.delegated,
    "condense_context": Sayings.compacted,
    "condense": Sayings.compacted,
    "summarize_task": Sayings.compacted,
    "sliding_window_truncation": Sayings.compacted,
    "compaction": Sayings.compacting,
    "api_req_started": Sayings.requested,
    "api_req_finished": Sayings.ended,
    "deleted_api_reqs": Sayings.counted,
    "subagent_usage": Sayings.counted,
}
