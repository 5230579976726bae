"""The log of changes to a session's document, played back (``objectMutationLog.ts``).

Each line is an operation: 0 gives the whole value, 1 sets the value at a path, 2 cuts the list at a path to a length
and appends, 3 deletes the value at a path. The editor writes the whole value anew after some hundred operations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opensession import fields
from opensession.hail import lines
from opensession.hail.session import Unread

if TYPE_CHECKING:
    from typing import BinaryIO

_WHOLE, _SET, _APPEND, _DELETE = range(4)
_DEEPEST = 64


def replayed(stream: BinaryIO, unread: list[Unread]) -> dict[str, Any]:
    """The document that the operations in a log make.

    Args:
        stream: The log, from its start.
        unread: Receives operations that cannot be carried out; the others go on.
    """
    document: dict[str, Any] = {}
    for number, operation in lines.objects(stream, unread):
        kind = operation.get("kind")
        if kind == _WHOLE and type(kind) is int:
            document = fields.mapping(operation.get("v"))
        elif not _applied(document, kind, operation):
            unread.append(Unread(number, "unknown operation"))
    return document


def _applied(document: dict[str, Any], kind: object, operation: dict[str, Any]) -> bool:
    path = fields.sequence(operation.get("k"))
    if type(kind) is not int or not 0 < len(path) <= _DEEPEST:
        return False
    holder: Any = document
    for step in path[:-1]:
        holder = _at(holder, step)
    last = path[-1]
    if kind == _SET:
        return _set(holder, last, operation.get("v"))
    if kind == _APPEND:
        return _append(holder, last, operation)
    return kind == _DELETE and _delete(holder, last)


def _at(holder: Any, step: Any) -> Any:
    if isinstance(holder, dict) and isinstance(step, str):
        return holder.get(step)
    if isinstance(holder, list) and type(step) is int and 0 <= step < len(holder):
        return holder[step]
    return None


def _set(holder: Any, step: Any, value: Any) -> bool:
    if isinstance(holder, dict) and isinstance(step, str):
        holder[step] = value
        return True
    if not isinstance(holder, list) or type(step) is not int or not 0 <= step <= len(holder):
        return False
    holder[step : step + 1] = [value]
    return True


def _append(holder: Any, step: Any, operation: dict[str, Any]) -> bool:
    held = _at(holder, step)
    if not isinstance(held, list):
        held = []
        if not _set(holder, step, held):
            return False
    length = operation.get("i")
    if type(length) is int and length >= 0:
        del held[length:]
    held.extend(fields.sequence(operation.get("v")))
    return True


def _delete(holder: Any, step: Any) -> bool:
    if isinstance(holder, dict) and isinstance(step, str):
        holder.pop(step, None)
        return True
    # A place in a list stays, empty, as in the editor.
    return isinstance(holder, list) and _at(holder, step) is not None and _set(holder, step, None)
