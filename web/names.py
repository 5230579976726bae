"""What people are called: nicknames and e-mail addresses, as they are kept (api.md, 2.4)."""

from __future__ import annotations

import re

from web.errors import Invalid

_LONGEST_NICKNAME = 64
_LONGEST_EMAIL = 254

# Control characters, and those that turn the direction of text so that a name looks like another.
_NEVER = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]")


def nickname(given: str) -> str:
    """A nickname.

    Raises:
        Invalid: It is empty or too long, or would look like another.
    """
    clean = given.strip()
    if not 1 <= len(clean.encode("utf-8", "replace")) <= _LONGEST_NICKNAME:
        raise Invalid("nickname must be 1-64 characters")
    if _NEVER.search(clean):
        raise Invalid("nickname must not have control characters")
    return clean


def email(given: str) -> str:
    """An e-mail address, in lower case.

    Raises:
        Invalid: It is none.
    """
    clean = given.strip().lower()
    size = len(clean.encode("utf-8", "replace"))
    if "@" not in clean or size > _LONGEST_EMAIL or _NEVER.search(clean) or re.search(r"\s", clean):
        raise Invalid("invalid email address")
    return clean
