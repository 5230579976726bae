"""Words: of what was said, and of what is searched for. Both engines get the same ones, so both find the same.

Text is folded (NFKC, case) and cut at whatever is neither letter nor digit, so that ``foo_bar.baz`` is three words and
searching for it is searching for the three in a row. Scripts that are written without spaces (CJK, Kana, Hangul,
Thai and their neighbours) are cut into characters: any part of such a text can be found. Letters outside of ASCII are
spelled as their code point, so that no engine has an opinion of its own about them.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

T = TypeVar("T")

LONGEST_WORD = 64
"""Characters after which a word is cut: longer ones are hashes and encoded data, found by their beginning."""

MOST = 30
"""Different things that one search may ask for; what is typed beyond them is passed over, as databases have limits."""

_LONGEST_PHRASE = 100
"""Words in a row that one search may ask for; of a longer row its beginning is sought."""

_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")
_APART = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}
"""What becomes of each character of ASCII, where what is neither letter nor digit parts words."""

_FOREIGN = re.compile(r"[^a-z0-9]")
_PART = re.compile(r'(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))')

FILTERS = ("tool", "model", "author", "file", "branch", "since", "until", "has", "in")
"""The words before a colon that are filters; before any other, a colon is a colon."""


class Term(NamedTuple):
    """Words in a row that are searched for.

    Attributes:
        words: Spelled as the index spells them.
        excluded: Sessions that hold them are not wanted.
        prefix: The last one is only the beginning of a word.
        in_paths: They stand in the path of a file.
    """

    words: tuple[str, ...]
    excluded: bool = False
    prefix: bool = False
    in_paths: bool = False


class Asked(NamedTuple):
    """What a user typed, taken apart.

    Attributes:
        terms: The words.
        filters: Name, value, and whether what it holds for is unwanted; in the order they were typed.
        in_output: Also look in what tools printed.
        nothing: It is something, but nothing that could be found.
    """

    terms: tuple[Term, ...]
    filters: tuple[tuple[str, str, bool], ...]
    in_output: bool
    nothing: bool


def folded(text: str) -> str:
    """Text as it is compared: compatibility forms are one, and so are capitals and small letters."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()


def words(text: str) -> Iterator[str]:
    """The words of a text, as the index spells them, in order."""
    return (spelled(word) for word in _WORD.findall(folded(text)))


def row_of(text: str) -> str:
    """The words of a text with a space between them."""
    if not text.isascii():
        return " ".join(words(text))
    found = text.translate(_APART).split()
    if max(map(len, found), default=0) > LONGEST_WORD:
        found = [word[:LONGEST_WORD] for word in found]
    return " ".join(found)


def spelled(word: str) -> str:
    """A word in letters that every engine takes for letters."""
    cut = word[:LONGEST_WORD]
    return cut if cut.isascii() else _FOREIGN.sub(lambda found: f"u{ord(found[0]):x}u", cut)


def parsed(typed: str) -> Asked:
    """What a user typed, taken apart; nothing of it is an error.

    Args:
        typed: Words, ``"words in a row"``, ``-unwanted``, ``begin*``, and filters such as ``tool:codex``.
    """
    terms: list[Term] = []
    filters: list[tuple[str, str, bool]] = []
    in_output = nothing = False
    for minus, name, phrase, plain in _PART.findall(typed):
        value = phrase or plain
        if name == "in" and value.lower() == "output":
            in_output = True
        elif name == "has" and value.lower() in ("failure", "failures", "error", "errors"):
            filters.append((name, "failure", bool(minus)))
        elif name == "file":
            terms += _terms(value, excluded=bool(minus), in_paths=True)
        elif name in FILTERS and name not in ("in", "has"):
            filters.append((name, value, bool(minus)))
        else:
            whole = f"{name}:{value}" if name else value
            found = _terms(whole, excluded=bool(minus))
            nothing = nothing or not found
            terms += found
    return Asked(_first(terms), _first(filters), in_output, nothing and not terms)


def _first(found: Iterable[T]) -> tuple[T, ...]:
    return tuple(islice(dict.fromkeys(found), MOST))


def in_paths(path: str) -> Term | None:
    """The term that finds a path, or None when there is no word in it."""
    return next(iter(_terms(path, in_paths=True)), None)


def pattern(terms: tuple[Term, ...]) -> re.Pattern[str] | None:
    """What finds the terms in folded text, for showing where they are; None when there is nothing to show."""
    shown = [_pattern(term) for term in terms if not term.excluded]
    return re.compile("|".join(shown)) if shown else None


def _terms(text: str, *, excluded: bool = False, in_paths: bool = False) -> list[Term]:
    found = tuple(islice(words(text), _LONGEST_PHRASE))
    return [Term(found, excluded, text.endswith("*"), in_paths)] if found else []


def _pattern(term: Term) -> str:
    plain = [re.escape(_unspelled(word)) for word in term.words]
    # One that was cut is a beginning, too.
    open_end = term.prefix or len(_unspelled(term.words[-1])) >= LONGEST_WORD
    return (
        r"(?<![^\W_])" * _edges(term.words[0])
        + r"[\W_]*".join(plain)
        + ("" if open_end or not _edges(term.words[-1]) else r"(?![^\W_])")
    )


def _edges(word: str) -> bool:
    """Whether a word ends where its letters do; a character of an unspaced script has neighbours."""
    return re.fullmatch(rf"[{_UNSPACED}]", _unspelled(word)) is None


def _unspelled(word: str) -> str:
    return re.sub(r"u([0-9a-f]{2,6})u", lambda found: _character(found[0], int(found[1], 16)), word)


def _character(written: str, code: int) -> str:
    return chr(code) if 0x80 <= code < 0x110000 else written
