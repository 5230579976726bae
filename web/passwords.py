"""Passwords: which ones are taken, and how they are kept."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from web.errors import Invalid

SHORTEST, LONGEST = 8, 128
"""In characters."""

# What OWASP asks for at least (Password Storage Cheat Sheet): 19 MiB, so that a server whose threads are all busy with
# sign-ins keeps its memory.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# The first that anybody tries: years of published lists agree on these. Shorter ones are refused anyway.
_LISTED = """
00000000 0987654321 11111111 111111111 1111111111 11223344 12121212 123123123 1234512345 12341234 12344321
12345678 123456789 1234567890 12345678910 123456789a 123456abc 1234abcd 1234qwer 123qweasd 1357924680
147258369 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qazxsw2 22222222 55555555 66666666 741852963 77777777 87654321 88888888
987654321 9876543210 99999999 a1b2c3d4 a123456789 aa123456 aaaaaaaa abc12345 abc123456 abcd1234 abcdefgh access14
administrator admin123 admin1234 adminadmin alexander asdfasdf asdfghjk asdfghjkl asdf1234 babygirl baseball
basketball blink182 butterfly changeit changeme changeme1 changeme123 charlie1 chocolate computer corvette danielle
default1 dragon123 einstein elephant facebook firebird football football1 fuckyou1 google123 hello123 helloworld
iloveyou iloveyou1 internet jennifer jordan23 jonathan letmein1 letmein123 liverpool liverpool1 master123 mercedes
metallica michelle midnight minecraft monkey123 mustang1 nicholas opensession p@ssw0rd p@ssword pa$$word passpass
passw0rd password password! password1 password12 password123 password1234 pokemon1 princess princess1 q1w2e3r4
q1w2e3r4t5 qazwsxedc qwaszx12 qwer1234 qwerasdf qwerty12 qwerty123 qwerty1234 qwerty12345 qwertyui qwertyuiop
rootroot samantha samsung1 secret123 security starwars sunshine sunshine1 superman superman1 swordfish test1234
testtest trustno1 trustnoone victoria welcome1 welcome12 welcome123 whatever william1 zaq12wsx zaq1zaq1 zxcvbnm1
zxcvbnm123 zxcvbnm,
"""
_KNOWN = frozenset(_LISTED.split())


def check(password: str, *own: str | None) -> None:
    """See whether a password may be used.

    Args:
        password: As somebody chose it.
        own: What others know of them: nickname and e-mail.

    Raises:
        Invalid: It is too short, too long, or among the first that anybody would try.
    """
    if len(password) < SHORTEST:
        raise Invalid(f"password must be at least {SHORTEST} characters")
    if len(password) > LONGEST:
        raise Invalid(f"password must be at most {LONGEST} characters")
    lower = password.lower()
    obvious = {part.lower() for text in own if text for part in (text, text.partition("@")[0])}
    if lower in _KNOWN or lower in obvious or len(set(lower)) == 1:
        raise Invalid("password is too easy to guess")


def hashed(password: str) -> str:
    """What is kept of a password: Argon2id with its parameters and salt (RFC 9106)."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether a password is the one that was kept.

    Without one it takes as long, and is none: the time tells nobody whether there is an account.
    """
    try:
        return _HASHER.verify(kept or _decoy(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether a password was kept with other parameters than are used now."""
    return _HASHER.check_needs_rehash(kept)


@cache
def _decoy() -> str:
    return _HASHER.hash("nobody's")
