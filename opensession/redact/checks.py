"""Validators: the last word on what a pattern found, by name as the rules use them.

Most of what looks secret is not: placeholders, code that only names a variable, words. Everything here is a pure
function of the match, linear in its length.
"""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from itertools import pairwise
from math import log2
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    Check = Callable[[re.Match[bytes], bytes], bool]

MARK = b"[REDACTED:"

_RUN = re.compile(rb"(.)\1{4}")
_SEQUENCE = re.compile(rb"(?i)12345678|23456789|abcdefgh|qwertyui|0a1b2c3d|deadbeef")
_DUMMY = re.compile(
    rb"(?i)example|placeholder|xxxx|your[-_ ]|my[-_](?:api|key|token|secret|pass)|redacted|change[-_]?me"
    rb"|insert[-_]|replace[-_]?(?:me|with|this)|dummy|\*\*\*|\.\.\.|<[a-z]|\$\{|\{\{|not[-_]?(?:a[-_])?real"
)
_WORDS = re.compile(
    rb"(?i)passw(?:or)?ds?|passphrase|passwd|passcode|pass|pwd|secrets?|tokens?|api|keys?|access|client|private|public"
    rb"|auth(?:orization|entication|orize|enticate)?|credentials?|creds?|bearer|basic|session|cookie|admin|root|user(?:name)?|login|test(?:ing|s)?"
    rb"|dev(?:elopment|eloper)?|prod(?:uction)?|staging|local(?:host)?|demo|sample|example|default|fake|mock|dummy|stub"
    rb"|foo|bar|baz|qux|value|string|text|name|none|null|true|false|undefined|invalid|valid|wrong|correct|incorrect"
    rb"|new|old|first|second|some|other|another|super|very|random|long|short|enough|must|least|char(?:acter)?s?|min|max|hidden|masked"
    rb"|change|your|here|goes|this|that|with|for|not|the|and|only|safe|unsafe|secure|strong|weak|plain|hash(?:ed)?"
    rb"|real|refresh|temp(?:orary)?|shared|server|service|account|app(?:lication)?|github|gitlab|openai|anthropic|google"
    rb"|aws|azure|slack|stripe|postgres(?:ql)?|mysql|redis|mongo(?:db)?|database|db|jwt|oauth|env|config|abc|xyz"
    rb"|version|enabled|disabled|required|optional|missing|expired|provided|empty|unset|field|input|output|type|id"
)
_IDENTIFIER = re.compile(rb"[A-Za-z_][A-Za-z_]*(?:[-_.:/][A-Za-z_]+)*")
_DOTTED = re.compile(rb"[A-Za-z_$][\w$]*(?:(?:\?|!)?(?:\.|->|::)[A-Za-z_$][\w$]*)+")
_NUMBER = re.compile(rb"[-+]?[0-9][0-9.,:_/ eE+-]*(?:[a-zA-Z]{1,2})?|0[xX][0-9a-fA-F]{1,8}")
_CODE = re.compile(
    rb"(?i)process\.|os\.|env[.\[(:]|self\.|this\.|config\.|ctx\.|req\.|args\.|options\.|secrets?[.\[]|vault:|arn:|sha\d+[-:]"
    rb"|https?:|file:|data:|ssh-|op://|ref\+|/|~|\.|#|%|\$|@|&|\*|\[|\{|<|=|-|\+|\^|!|\?|\||,|;|:"
)
_COUNT = re.compile(rb"[-_]?(?:123\d{0,6}|[0-9]{1,2})[!@#$]?$")
"""The small number people put behind a made-up word: secret123, token_2."""
_SIGNS = bytes(char for char in range(128) if not chr(char).isalnum())
_LOOKED_AT = 128
"""Bytes of a value by which it is judged; what goes on longer is of the same kind."""
_HARMLESS_NAME = re.compile(
    rb"(?i)(?:page|next|prev(?:ious)?|continu(?:e|ation)|cursor|sync|resume|start|stop|end|pad|eos|bos|unk|mask|sep|cancel\w{0,8})"
    rb"[_-]?token\W{1,8}$|(?:public|primary|foreign|cache|storage|sort|partition|object|i18n|locale|idempotency|routing"
    rb"|group|react|row|item|map|dict|lookup|hash|range|query|translation|registry|config|settings?|ssh|host|pub)[_-]?key\W{1,8}$"
)
_UUID = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_FILE = re.compile(
    rb"(?i)[\w./\\-]+\.(?:py|js|ts|tsx|go|rs|rb|java|json|ya?ml|toml|txt|md|pem|key|crt|env|sh|sql|html?|png|com|org|io|dev|net)"
)
_HASHED = re.compile(rb"\$(?:2[aby]|argon2\w{1,2}|pbkdf2[\w-]*|[156]|scrypt)\$|\{(?:SSHA|bcrypt)\}")


def token(_match: re.Match[bytes], secret: bytes) -> bool:
    """A token with a shape of its own: anything but a placeholder."""
    return not is_dummy(secret) and entropy(secret[-32:]) >= 2.6


def random(match: re.Match[bytes], secret: bytes) -> bool:
    """A value that no one would type: long, mixed and no words."""
    secret = secret[:_LOOKED_AT]
    if _is_harmless_name(match) or _DOTTED.fullmatch(secret) or _FILE.fullmatch(secret):
        return False
    return (
        len(secret) >= 16
        and not is_dummy(secret)
        and _is_mixed(secret)
        and entropy(secret) >= 3.0
        and _left(secret) >= 10
    )


def aws_secret(_match: re.Match[bytes], secret: bytes) -> bool:
    """Forty characters of base64 that are no hexadecimal digest."""
    return not is_dummy(secret) and _is_mixed(secret) and entropy(secret) >= 4.2


def jwt(_match: re.Match[bytes], secret: bytes) -> bool:
    """Three parts whose first is a JSON header that names an algorithm."""
    header = decoded(secret.split(b".", 1)[0])
    # The token on the front page of jwt.io and in every tutorial.
    return header is not None and b'"alg"' in header and b"SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c" not in secret


def basic(_match: re.Match[bytes], secret: bytes) -> bool:
    """Base64 of a user and a password."""
    plain = decoded(secret)
    if plain is None or b":" not in plain or not plain.isascii() or not plain.decode().isprintable():
        return False
    user, _, password = plain.partition(b":")
    return bool(user) and len(password) >= 3 and not is_placeholder(password)


def login(match: re.Match[bytes], secret: bytes) -> bool:
    """The password in an address: anything but a placeholder or the user's name over again."""
    user = match["user"] if "user" in match.re.groupindex else b""
    if secret.lower() == user.lower() or _CODE.match(secret) or is_placeholder(secret):
        return False
    return (len(secret) >= 4 and not _IDENTIFIER.fullmatch(secret)) or (len(secret) >= 10 and _left(secret) >= 8)


def password(match: re.Match[bytes], secret: bytes) -> bool:
    """What people type as a password where one is expected."""
    secret = secret[:_LOOKED_AT]
    if len(secret) < 6 or not _may_be_secret(match, secret):
        return False
    kinds = _kinds(secret)
    return kinds >= 2 and (any(48 <= char <= 57 for char in secret) or kinds >= 3 or len(secret) >= 20)


def key(match: re.Match[bytes], secret: bytes) -> bool:
    """What a machine made, beside a name such as token, secret or key."""
    secret = secret[:_LOOKED_AT]
    if len(secret) < 10 or not _may_be_secret(match, secret):
        return False
    if len(secret) >= 20:
        return _is_mixed(secret) and entropy(secret) >= 3.0
    return _is_mixed(secret) and entropy(secret) >= 2.8 and _left(secret) >= 8


def cookie(_match: re.Match[bytes], secret: bytes) -> bool:
    """A cookie line with at least one value that no one would type."""
    values = [part.partition(b"=")[2] for part in re.split(rb"[;&]\s?", secret)]
    return any(
        len(value) >= 10 and not is_dummy(value) and not _CODE.match(value) and _is_mixed(value) for value in values
    )


def pem(_match: re.Match[bytes], secret: bytes) -> bool:
    """The body of a private key, long enough to be one."""
    lines = re.findall(rb"[A-Za-z0-9+/=]{16,}", re.sub(rb"\\{1,7}[nrt]", b"\n", secret))
    body = b"".join(lines)
    return len(body) >= 40 and 2 * len(body) >= len(secret) and not _DUMMY.search(body[:64]) and entropy(body) >= 3.5


def mnemonic(_match: re.Match[bytes], secret: bytes) -> bool:
    """Twelve to twenty-four different words."""
    words = secret.lower().split()
    return len(words) in (12, 15, 18, 21, 24) and len(set(words)) >= 10


def anything(_match: re.Match[bytes], _secret: bytes) -> bool:
    """For rules of the user: what the pattern finds is what is meant."""
    return True


CHECKS: dict[str, Check] = {
    "token": token,
    "random": random,
    "aws-secret": aws_secret,
    "jwt": jwt,
    "basic": basic,
    "login": login,
    "password": password,
    "key": key,
    "cookie": cookie,
    "pem": pem,
    "mnemonic": mnemonic,
    "anything": anything,
}


def decoded(text: bytes) -> bytes | None:
    """The bytes behind base64 in either alphabet, padded or not; None when it is none."""
    stripped = text.rstrip(b"=").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return base64.b64decode(stripped + b"=" * (-len(stripped) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def entropy(text: bytes) -> float:
    """Bits per character, by the text's own frequencies."""
    size = len(text)
    if not size:
        return 0.0
    return -sum(n / size * log2(n / size) for n in map(text.count, set(text)))


def is_dummy(text: bytes) -> bool:
    """Whether a token is one that documentation shows: XXXX, EXAMPLE, 12345678, your-key."""
    return bool(_DUMMY.search(text) or _RUN.search(text) or _SEQUENCE.search(text)) or MARK in text


def is_placeholder(text: bytes) -> bool:
    """Whether nothing is left of a value once the words that stand for a secret are taken out."""
    return _left(text) < 4 or is_dummy(text)


def _left(text: bytes) -> int:
    """How many letters and digits remain without such words."""
    return len(_WORDS.sub(b"", _COUNT.sub(b"", text[:_LOOKED_AT])).translate(None, _SIGNS))


def _is_harmless_name(match: re.Match[bytes]) -> bool:
    """The name says that it is a place in a list, a word of a vocabulary or a key of a map."""
    start = match.start()
    return bool(_HARMLESS_NAME.search(match.string[max(0, start - 48) : start]))


def _may_be_secret(match: re.Match[bytes], secret: bytes) -> bool:
    return _is_no_code(secret) and not _is_called(match) and not _is_harmless_name(match)


@lru_cache(maxsize=1024)
def _is_no_code(secret: bytes) -> bool:
    """Neither a placeholder nor an expression, a number, a word or a file."""
    if _CODE.match(secret) and not _is_strong(secret):
        return False
    if _NUMBER.fullmatch(secret) or (_IDENTIFIER.fullmatch(secret) and not _is_camel_noise(secret)):
        return False
    if (_DOTTED.fullmatch(secret) and not _is_strong(secret)) or _FILE.fullmatch(secret) or _HASHED.match(secret):
        return False
    return b"://" not in secret and not is_placeholder(secret)


def _is_called(match: re.Match[bytes]) -> bool:
    """The value is the beginning of an expression: ``token = parse(`` or ``key = names[0]``."""
    end = match.end()
    following = match.string[end : end + 1]
    return following in (b"(", b"[", b"{") or match.string[end : end + 2] == b"?."


def _is_mixed(text: bytes) -> bool:
    """Digits and letters, not only at its end; or capitals all over."""
    digits = sum(48 <= char <= 57 for char in text)
    letters = sum(65 <= char <= 90 or 97 <= char <= 122 for char in text)
    if digits >= 2 and letters >= 2:
        return True
    return (digits >= 1 and letters >= 8 and _kinds(text) >= 3) or _is_camel_noise(text)


def _is_camel_noise(text: bytes) -> bool:
    """Capitals and small letters change so often that it spells nothing."""
    if len(text) < 16 or _kinds(text) < 2:
        return False
    changes = sum((65 <= a <= 90) != (65 <= b <= 90) for a, b in pairwise(text))
    return changes >= len(text) * 0.38


def _is_strong(text: bytes) -> bool:
    return len(text) >= 12 and _kinds(text) >= 3 and entropy(text) >= 3.2 and _left(text) >= 9


def _kinds(text: bytes) -> int:
    lower = any(97 <= char <= 122 for char in text)
    upper = any(65 <= char <= 90 for char in text)
    digit = any(48 <= char <= 57 for char in text)
    return lower + upper + digit + any(char < 48 or 57 < char < 65 or 90 < char < 97 or char > 122 for char in text)
