"""Who makes a model, from its name: agents that work with many providers often name the model only."""

from __future__ import annotations

_MAKERS = (
    ("claude", "anthropic"),
    ("gpt", "openai"),
    ("chatgpt", "openai"),
    ("codex", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("gemini", "google"),
    ("gemma", "google"),
    ("grok", "xai"),
    ("kimi", "moonshot"),
    ("moonshot", "moonshot"),
    ("qwen", "alibaba"),
    ("deepseek", "deepseek"),
    ("glm", "zhipu"),
    ("minimax", "minimax"),
    ("mistral", "mistral"),
    ("devstral", "mistral"),
    ("codestral", "mistral"),
    ("llama", "meta"),
    ("composer", "cursor"),
    ("swe-1", "cognition"),
)


def of_model(model: str, otherwise: str = "unknown") -> str:
    """The maker of a model: ``anthropic/claude-x`` and ``claude-x`` are both anthropic's.

    Args:
        model: Its name, with or without the route it was reached by.
        otherwise: What to answer when the name tells nothing.
    """
    name = model.rpartition("/")[2].lower()
    for start, maker in _MAKERS:
        if name.startswith(start):
            return maker
    return next((maker for start, maker in _MAKERS if f"{start}-" in name), otherwise)
