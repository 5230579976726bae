r"""The marks that rules are written with, and what they mean in the bytes of a JSON line.

Text may be escaped more than once there: a quote is ``\"`` inside a string and ``\\\"`` inside a string that holds
JSON, a line break is ``\n`` or ``\\n``. Every repetition is bounded, so a match costs at most a constant.
"""

from __future__ import annotations

import re
from functools import cache

_QUOTE = r"""(?:\\{0,7}["'`]|&quot;|&#3[49];|%2[27])"""

MARKS = {
    # The character before is no part of a longer word; escapes, percent codes and terminal colours end in one.
    "⟨b⟩": (r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u00[0-9a-f]{2})|(?<=[\[;0-9][0-9]m))"),
    "⟨e⟩": r"(?![A-Za-z0-9])",
    "⟨q⟩": _QUOTE,
    # What may stand between a name and its value: KEY=v, "key": "v", key: str = "v", {"name": "key", "value": "v"}.
    "⟨sep⟩": (
        rf"(?:{_QUOTE}?\]?[ \t]{{0,8}}"
        r"(?::[ \t]?[A-Za-z_][A-Za-z_|.\[\] ]{0,24}=|:=|=>|={1,3}|:|%3[AaDd])"
        rf"|{_QUOTE},[ \t]{{0,8}}(?:{_QUOTE}(?i:value){_QUOTE}[ \t]{{0,8}}:)?(?=[ \t]{{0,8}}{_QUOTE})"
        rf"|{_QUOTE}[ \t]{{1,4}}(?i:value)=(?={_QUOTE})"
        rf"|>(?=[^<>\s]{{4,200}}</))"
        rf"(?:[ \t]{{1,8}}|%20|\+(?=[\"']))?(?:[brufBRUF]{{1,2}}(?=\\{{0,7}}[\"']))?{_QUOTE}?"
    ),
    # Blanks and line breaks, plain or escaped once or twice.
    "⟨s⟩": r"(?:[ \t\r\n]|\\{1,4}[nrt])",
    # A value in quotes, or one that ends at a blank; backslashes only where they are the value's own.
    "⟨value⟩": r"(?:[^\s\"'`\\<>,;&|(){}\[\]]{1,256}+|\\\\(?![\"'`nrtu\\])){1,6}",
    "⟨uuid⟩": r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
}
# What may follow the word and leave it a secret: PASSWORD_PROD, token2, tokenValue; not token_count, tokens. An id is
# one only for those services that say so.
_LEAD = (
    r"(?:[_-]?(?:(?i:value|prod|production|dev|staging|live|main|default|raw|plain|text|primary|secondary|base"
    r"|b64|base64|new|old|[0-9]{1,3})|(?P<id>(?i:id))))?(?:⟨sep⟩|：\s?)"
)

_MARK = re.compile("⟨[a-z0-9]+⟩")


def expand(pattern: str) -> re.Pattern[bytes]:
    """The compiled form of a rule's pattern, over bytes."""
    return re.compile(_MARK.sub(lambda mark: MARKS[mark[0]], pattern).encode())


@cache
def lead() -> re.Pattern[bytes]:
    """What stands between a name and the value assigned to it; all rules about assignments share it."""
    return expand(_LEAD)
