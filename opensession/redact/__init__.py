"""What must not leave: secrets, home directories, excluded files.

Rules are data (``rules``); one pass of an automaton over the bytes of a line says where one may match (``keywords``),
its pattern and its validator decide (``pattern``, ``checks``), and a mark takes the secret's place (``splice``).
"""

from __future__ import annotations

from opensession.redact.envfile import env_values
from opensession.redact.redactor import Redactor
from opensession.redact.report import PATH_RULE, Finding, Report

RULES_VERSION = 1
"""Raise it when the same session would come out otherwise."""

__all__ = ["PATH_RULE", "RULES_VERSION", "Finding", "Redactor", "Report", "env_values"]
