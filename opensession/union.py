"""Uniting two versions of one session: a pure function, commutative, associative and idempotent.

A session is a set of events, each in one version; of two versions of an event the later one wins, where later means:
made by a newer reader or rule set, then completed by a later line of the source (``source.through``), then with more
taken out of it (a secret that shows itself late is removed from what was said before, too), then the larger SHA-256.
Events stand in the order of ``agent.order_key``, which is a function of the event alone. Both together make
the union the same whichever way clones exchange it (docs/format.md).

An event kept from an older writer in a session that a newer one has touched says so (attribute ``writer``), for
else a third clone could not tell, and the union would depend on who met whom first.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from gitstore.layout import Segmenter, canonical_json
from gitstore.store import Record
from opensession.agent import Place, place, whole
from opensession.hail import full, stats, times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WRITER = "writer"
_MARK = b"[REDACTED:"
_LISTS = ("parents", "commits")
_MAXIMA = ("unread",)
_COUNTED = ("stats", "redaction", "writer", "created_at", "updated_at", *_LISTS, *_MAXIMA)

_DECODER = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()

Writer = tuple[int, int]


class _Version(NamedTuple):
    """One version of an event; versions compare by age, the newest is the greatest."""

    writer: Writer
    through: int
    marks: int
    digest: bytes
    line: bytes
    place: Place


class Union:
    """The resolver that the store is handed: what it asks when stored and published differ."""

    def extend(self, stored: Mapping[str, Any], published: Mapping[str, Any]) -> dict[str, Any] | None:
        """The metadata of a session that was published again with further events, or none.

        Returns:
            The united metadata, or None when the events must be compared one by one because what is published
            comes from an older reader or rule set.
        """
        if writer_of(published) < writer_of(stored):
            return None
        return {**_united_meta(stored, published), "stats": published.get("stats", {})}

    def unite(self, stored: Record, published: Record) -> Record:
        """The union of two versions of a session."""
        newest = max(writer_of(stored.meta), writer_of(published.meta))
        versions: dict[str, _Version] = {}
        for record in (stored, published):
            for event_id, version in _versions(record):
                kept = versions.get(event_id)
                if kept is None or version[:4] > kept[:4]:
                    versions[event_id] = version
        ordered = sorted(versions.values(), key=lambda version: version.place)
        lines = [_labelled(version, newest) for version in ordered]
        cutter = Segmenter()
        cutter.extend(lines)
        meta = _united_meta(stored.meta, published.meta)
        meta["stats"] = msgspec.to_builtins(stats.compute(full.decode_event(line) for line in lines))
        header = max((writer_of(record.meta), record.header) for record in (stored, published))[1]
        assets = {**stored.assets, **published.assets}
        return Record(stored.session_id, header, cutter.segments(), meta, assets)


def writer_of(meta: Mapping[str, Any]) -> Writer:
    """The reader's and the rule set's version, for comparing."""
    found = meta.get("writer")
    versions = found if isinstance(found, dict) else {}
    return (whole(versions.get("reader")), whole(versions.get("rules")))


def _versions(record: Record) -> Iterable[tuple[str, _Version]]:
    default = writer_of(record.meta)
    for segment in record.segments:
        for line in segment.data.split(b"\n")[:-1]:
            yield _version(line + b"\n", default)


def _version(line: bytes, default: Writer) -> tuple[str, _Version]:
    event = _DECODER.decode(line)
    attributes = event.get("attributes", {})
    writer = default
    match attributes.get(WRITER):
        case [int(reader), int(rules)]:
            del attributes[WRITER]
            if not attributes:
                del event["attributes"]
            writer = (reader, rules)
            line = _ENCODER.encode(event) + b"\n"
    through = whole(attributes.get("source.through")) or whole(attributes.get("source.line"))
    marks, digest = line.count(_MARK), hashlib.sha256(line).digest()
    where = place(event["timestamp"], attributes, event["event_id"])
    return event["event_id"], _Version(writer, through, marks, digest, line, where)


def _labelled(version: _Version, newest: Writer) -> bytes:
    if version.writer == newest:
        return version.line
    event = _DECODER.decode(version.line)
    attributes = {**event.get("attributes", {}), WRITER: list(version.writer)}
    event["attributes"] = dict(sorted(attributes.items()))
    return _ENCODER.encode(event) + b"\n"


def _united_meta(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    early, late = sorted((first, second), key=_age)
    same_age = _age(early) == _age(late)
    meta: dict[str, Any] = {}
    for key in {*early, *late} - set(_COUNTED):
        values = [side[key] for side in (early, late) if key in side]
        if same_age:
            meta[key] = max(values, key=canonical_json)
        elif key in late:
            meta[key] = late[key]
    for key in _LISTS:
        meta[key] = _united_list(first.get(key, []), second.get(key, []))
    for key in _MAXIMA:
        meta[key] = max(whole(first.get(key)), whole(second.get(key)))
    meta["redaction"] = _largest(first.get("redaction", {}), second.get("redaction", {}))
    meta["writer"] = dict(zip(("reader", "rules"), max(writer_of(first), writer_of(second)), strict=True))
    meta["created_at"] = min((first["created_at"], second["created_at"]), key=times.parse)
    meta["updated_at"] = max((first["updated_at"], second["updated_at"]), key=times.parse)
    return meta


def _age(meta: Mapping[str, Any]) -> int:
    return times.parse(meta["updated_at"])


def _united_list(first: list[Any], second: list[Any]) -> list[Any]:
    distinct = {canonical_json(item): item for item in [*first, *second]}
    return [distinct[key] for key in sorted(distinct)]


def _largest(first: Mapping[str, int], second: Mapping[str, int]) -> dict[str, int]:
    return {rule: max(first.get(rule, 0), second.get(rule, 0)) for rule in sorted({*first, *second})}
