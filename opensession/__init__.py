"""opensession: a git-native store for AI coding-agent sessions."""

__version__ = "0.1.0"
