"""The registry of agents, the most used first: adding one is a module and a line here."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from opensession.agent import Agent


class Entry(msgspec.Struct, frozen=True):
    """An agent by name, without importing its reader.

    Attributes:
        name: The slug used in HAIL and by ``--tool``.
        title: What people call it.
        flag: The option of ``session handoff``, without dashes.
        module: Its reader.
        aliases: Other words for it that ``--tool`` understands.
    """

    name: str
    title: str
    flag: str
    module: str
    aliases: tuple[str, ...] = ()

    def load(self) -> Agent:
        """The reader."""
        return cast("Agent", import_module(self.module))


AGENTS: tuple[Entry, ...] = (
    Entry("claude-code", "Claude Code", "claude", "opensession.agents.claude_code", ("claude",)),
    Entry("codex", "Codex CLI", "codex", "opensession.agents.codex"),
    Entry("gemini", "Gemini CLI", "gemini", "opensession.agents.gemini"),
    Entry("cursor", "Cursor", "cursor", "opensession.agents.cursor", ("cursor-agent",)),
    Entry("copilot", "GitHub Copilot CLI", "copilot", "opensession.agents.copilot", ("copilot-cli",)),
    Entry("copilot-chat", "VS Code Copilot Chat", "copilot-chat", "opensession.agents.copilot_chat"),
    Entry("opencode", "OpenCode", "opencode", "opensession.agents.opencode"),
    Entry("cline", "Cline", "cline", "opensession.agents.cline", ("claude-dev",)),
    Entry("roo", "Roo Code", "roo", "opensession.agents.roo", ("roo-code", "roo-cline")),
    Entry("kilo", "Kilo Code", "kilo", "opensession.agents.kilo", ("kilo-code", "kilocode")),
    Entry("aider", "Aider", "aider", "opensession.agents.aider"),
    Entry("amp", "Amp", "amp", "opensession.agents.amp"),
    Entry("goose", "Goose", "goose", "opensession.agents.goose"),
    Entry("continue", "Continue", "continue", "opensession.agents.continue_"),
    Entry("windsurf", "Windsurf", "windsurf", "opensession.agents.windsurf"),
    Entry("antigravity", "Antigravity", "antigravity", "opensession.agents.antigravity", ("agy",)),
    Entry("droid", "Factory Droid", "droid", "opensession.agents.droid", ("factory",)),
    Entry("qwen", "Qwen Code", "qwen", "opensession.agents.qwen", ("qwen-code",)),
    Entry("kimi", "Kimi CLI", "kimi", "opensession.agents.kimi", ("kimi-cli", "kimi-code")),
    Entry("kiro", "Kiro", "kiro", "opensession.agents.kiro", ("kiro-cli", "amazon-q")),
    Entry("crush", "Crush", "crush", "opensession.agents.crush"),
    Entry("pi", "Pi", "pi", "opensession.agents.pi", ("pi-agent", "omp")),
    Entry("openclaw", "OpenClaw", "openclaw", "opensession.agents.openclaw", ("clawdbot", "moltbot")),
    Entry("openhands", "OpenHands", "openhands", "opensession.agents.openhands"),
    Entry("grok", "Grok Build", "grok", "opensession.agents.grok", ("grok-build",)),
    Entry("hermes", "Hermes", "hermes", "opensession.agents.hermes", ("hermes-agent",)),
    Entry("iflow", "iFlow CLI", "iflow", "opensession.agents.iflow"),
    Entry("gptme", "gptme", "gptme", "opensession.agents.gptme"),
    Entry("specstory", "SpecStory", "specstory", "opensession.agents.specstory"),
)


def named(name: str) -> Entry | None:
    """The agent a user means by a slug, flag or alias, in any case."""
    wanted = name.lower().replace("_", "-")
    for entry in AGENTS:
        if wanted in (entry.name, entry.flag, *entry.aliases):
            return entry
    return None
