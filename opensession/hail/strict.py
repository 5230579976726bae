"""HAIL as its strict readers accept it: hail-1.0.0 as read by Rust's serde_json, rule by rule.

Checked against that reader on some two hundred small files. On purpose stricter in three places, where it accepts
what nobody means: times must be RFC 3339 of the years 1 to 9999 (it also takes ``2026-1-1 0:0:0 UTC``), no
object may have a key twice (it forbids that only for keys of the format), and structs are objects (it also takes
lists of their fields).
"""

from __future__ import annotations

import json
import math
import re
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, get_args, get_origin

import msgspec

from opensession.hail import times
from opensession.hail.events import KINDS, Block
from opensession.hail.read import HailError
from opensession.hail.session import Agent, Context
from opensession.hail.stats import Stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opensession.hail.session import Reading

    Check = Callable[[Any], Iterator["Fault"]]

MAX_DEPTH = 127
"""Levels: serde_json's limit of 128 refuses the one that reaches it."""

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.A
)
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
_RANGES = {"exit_code": (-(2**31), 2**31), "start_line": (0, 2**32)}
_PLAIN = frozenset((str, bool, int))
_ALWAYS = frozenset(("mime",))
"""Fields that have a default with us and none in the format."""


NO_JSON = frozenset(("json", "utf-8", "depth", "surrogate"))
"""Codes of faults that make a text no JSON that every peer reads."""


class Fault(NamedTuple):
    """What is wrong with a line.

    Attributes:
        code: A stable name: ``missing-field``.
        message: What is the matter, with the place in the line; never content.
    """

    code: str
    message: str


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(code, message)


def read(stream: BinaryIO) -> Reading:
    """The session in a stream of the full form, refused at its first fault.

    Raises:
        HailError: Names the line.
    """
    from opensession.hail import full, lines  # noqa: PLC0415 - they are no part of checking

    def checked() -> Iterator[tuple[int, bytes]]:
        number = 0
        for number, line in lines.numbered(stream):
            if number > 1 and is_empty(line):
                continue
            _, faults = check(line, first=number == 1)
            if faults:
                raise HailError(number, *faults[0])
            yield number, line
        if number == 0:
            raise HailError(1, "no-header", "the file is empty")

    return full.read(checked())


def is_empty(line: bytes) -> bool:
    """Whether a line is one that is passed over: nothing but its end."""
    return line in (b"\n", b"\r\n", b"")


def check(line: bytes, *, first: bool = False) -> tuple[dict[str, Any] | None, list[Fault]]:
    """The object of a line and all that is wrong with it.

    Args:
        line: The bytes, with or without their newline.
        first: It is the file's first line, which must be a header.

    Returns:
        The object, or None where there is none to speak of, and its faults.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None, [Fault("utf-8", "not UTF-8")]
    try:
        value = _parsed(text.removesuffix("\n"), line)
    except _Refused as refused:
        return None, [refused.fault]
    if not isinstance(value, dict):
        return None, [Fault("not-object", "not a JSON object")]
    kind = value.get("type")
    check_line = _lines().get(kind) if isinstance(kind, str) else None
    if check_line is None:
        return value, [Fault("line-type", "type is none of header, event and stats")]
    faults = [Fault(code, message.removeprefix(".")) for code, message in check_line(value)]
    if first and kind != "header":
        faults.insert(0, Fault("no-header", "the first line is no header"))
    return value, faults


def check_session(data: bytes) -> list[Fault]:
    """All that is wrong with a session that is one JSON object, as the HTTP contract has it."""
    return check_member("session", data)


def check_member(name: str, data: bytes) -> list[Fault]:
    """All that is wrong with a part of a session: ``session`` itself, or its ``stats``."""
    try:
        value = _parsed(data.decode(), data)
    except UnicodeDecodeError:
        return [Fault("utf-8", "not UTF-8")]
    except _Refused as refused:
        return [refused.fault]
    return list(_parts()[name](value))


def is_time(text: str) -> bool:
    """Whether a text is a time as the format has it."""
    return _TIME.fullmatch(text) is not None and times.canonical(text) is not None


def _parsed(text: str, line: bytes) -> Any:
    try:
        value = _decoder().decode(text)
    except RecursionError as error:
        raise _Refused("depth", f"nested more than {MAX_DEPTH} deep") from error
    except json.JSONDecodeError as error:
        what = "empty" if not text.strip(" \t\r") else "no JSON"
        raise _Refused("json", f"{what} at column {error.colno}") from error
    if line.count(b"[") + line.count(b"{") > MAX_DEPTH or _SURROGATE_ESCAPE.search(line) is not None:
        _walk(value)
    return value


@cache
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_members, parse_int=_integer, parse_float=_real, parse_constant=_constant)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _Refused("duplicate-key", "a key stands twice in one object")
    return members


def _integer(text: str) -> int | float:
    """As serde_json: what 64 bits cannot hold is a float, and so is minus zero."""
    if len(text) < 21 and text != "-0" and -(2**63) <= (value := int(text)) < 2**64:
        return value
    return _real(text)


def _real(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Refused("number", "a number out of range")
    return value


def _constant(_name: str) -> float:
    raise _Refused("json", "NaN and Infinity are no JSON")


def _walk(value: Any) -> None:
    pending = [(value, 1)]
    while pending:
        item, depth = pending.pop()
        if isinstance(item, str):
            if not item.isascii() and any("\ud800" <= character <= "\udfff" for character in item):
                raise _Refused("surrogate", "half of a surrogate pair")
        elif isinstance(item, (dict, list)):
            if depth > MAX_DEPTH:
                raise _Refused("depth", f"nested more than {MAX_DEPTH} deep")
            inner = (*item, *item.values()) if isinstance(item, dict) else item
            pending.extend((part, depth + 1) for part in inner)


class _Field(NamedTuple):
    name: str
    check: Check
    required: bool
    nullable: bool


@cache
def _parts() -> dict[str, Check]:
    """The check of a session that is one object, and of its statistics."""
    lines = _lines()
    session = [
        *(_Field(name, _typed(str, "a string"), True, False) for name in ("version", "session_id")),
        _Field("agent", _object(_fields(Agent)), True, False),
        _Field("context", _object(_fields(Context)), True, False),
        _Field("events", _list_of(lines["event"]), True, False),
        _Field("stats", lines["stats"], True, False),
    ]
    return {"session": _object(session), "stats": lines["stats"]}


@cache
def _lines() -> dict[str, Check]:
    """The check of each type of line."""
    agent, context = _object(_fields(Agent)), _object(_fields(Context))
    header = [
        *(_Field(name, _typed(str, "a string"), True, False) for name in ("version", "session_id")),
        _Field("agent", agent, True, False),
        _Field("context", context, True, False),
    ]
    content = _object([_Field("blocks", _list_of(_blocks()), True, False)])
    event = [
        _Field("event_id", _typed(str, "a string"), True, False),
        _Field("timestamp", _time, True, False),
        _Field("event_type", _event_type(), True, False),
        _Field("task_id", _typed(str, "a string"), False, True),
        _Field("content", content, True, False),
        _Field("duration_ms", _whole(0, 2**64), False, True),
        _Field("attributes", _typed(dict, "an object"), False, False),
    ]
    return {"header": _object(header), "event": _object(event), "stats": _object(_fields(Stats))}


def _fields(struct: type[msgspec.Struct]) -> list[_Field]:
    """What a struct of the model asks of an object: adding a kind or a block needs nothing here."""
    return [
        _Field(field.name, _of_type(field.name, field.type), field.required or field.name in _ALWAYS,
               NoneType in get_args(field.type))
        for field in msgspec.structs.fields(struct)
    ]  # fmt: skip


def _of_type(name: str, annotation: Any) -> Check:
    if name in ("created_at", "updated_at"):
        return _time
    if get_origin(annotation) is list:
        return _list_of(_typed(str, "a string"))
    if get_origin(annotation) is dict:
        return _typed(dict, "an object")
    (plain,) = {annotation, *get_args(annotation)} & _PLAIN or {annotation}
    if plain is str:
        return _typed(str, "a string")
    if plain is bool:
        return _typed(bool, "true or false")
    if plain is int:
        return _whole(*_RANGES.get(name, (0, 2**64)))
    return _anything


def _event_type() -> Check:
    checks = {kind.__name__: _object(_fields(kind)) if kind.__struct_fields__ else None for kind in KINDS}

    def check(value: Any) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault("type", " is no object")
        elif (name := value.get("type")) not in checks or not isinstance(name, str):
            yield Fault("event-type", ".type is no kind of event that the format has")
        elif (inner := checks[name]) is None:
            if value.get("data") is not None:
                yield Fault("type", f".data has no place in {name}")
        elif "data" not in value:
            yield Fault("missing-field", f".data is missing, even an empty {name} has it")
        else:
            yield from _at(".data", inner(value["data"]))

    return check


def _blocks() -> Check:
    checks = {block.__name__: _object(_fields(block)) for block in Block.__subclasses__()}

    def check(value: Any) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault("type", " is no object")
        elif not isinstance(name := value.get("type"), str) or name not in checks:
            yield Fault("block-type", ".type is no kind of block that the format has")
        else:
            yield from checks[name](value)

    return check


def _object(fields: list[_Field]) -> Check:
    def check(value: Any) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault("type", " is no object")
            return
        for field in fields:
            if field.name not in value:
                if field.required:
                    yield Fault("missing-field", f".{field.name} is missing")
            elif value[field.name] is not None or not field.nullable:
                yield from _at(f".{field.name}", field.check(value[field.name]))

    return check


def _list_of(inner: Check) -> Check:
    def check(value: Any) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault("type", " is no list")
            return
        for place, item in enumerate(value):
            yield from _at(f"[{place}]", inner(item))

    return check


def _at(place: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    return (Fault(fault.code, place + fault.message) for fault in faults)


def _typed(wanted: type, name: str) -> Check:
    def check(value: Any) -> Iterator[Fault]:
        if not isinstance(value, wanted):
            yield Fault("type", f" is not {name}")

    return check


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> Iterator[Fault]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield Fault("type", " is no whole number")
        elif not low <= value < high:
            yield Fault("number", f" is not between {low} and {high - 1}")

    return check


def _time(value: Any) -> Iterator[Fault]:
    if not isinstance(value, str):
        yield Fault("type", " is not a string")
    elif _TIME.fullmatch(value) is None or times.canonical(value) is None:
        yield Fault("time", " is no RFC 3339 time")


def _anything(_value: Any) -> Iterator[Fault]:
    return iter(())
