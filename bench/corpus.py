"""``python -m bench.corpus FOLDER``: read every file below a folder, and say what became of each agent's.

Every file is recognised by its content. A session must have events, be valid under the strict rules, read back as the same
bytes, and be the same when it is read twice; what is no session must be refused with a message. Prints a line for each
agent (files, sessions, events, records, records not understood, speed against ``json.loads``) and every fault; ends with 1
when there is one. ``--memory`` also measures the peak of memory against the size of the file.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from opensession import recognition
from opensession.errors import OpenSessionError
from opensession.hail import canonical, read, validate, write
from opensession.source import Source, from_path

if TYPE_CHECKING:
    from opensession.hail.session import Reading
    from opensession.recognition import Recognised

_LARGE = 1_000_000
"""Bytes from which memory is compared with the size; below that it is the interpreter's."""


@dataclass
class Tally:
    """What was seen of one agent."""

    files: int = 0
    sessions: int = 0
    events: int = 0
    records: int = 0
    unread: int = 0
    size: int = 0
    seconds: float = 0.0
    floor: float = 0.0
    memory: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)


@dataclass
class Report:
    """What was seen of all."""

    agents: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    refused: list[tuple[str, str]] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)


def main() -> int:
    """Read, print, and judge."""
    parser = argparse.ArgumentParser(prog="python -m bench.corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--memory", action="store_true", help="measure the peak of memory too (slow)")
    parser.add_argument("--refused", action="store_true", help="list what is no session")
    options = parser.parse_args()
    report = Report()
    for path in sorted(path for path in options.folder.rglob("*") if path.is_file()):
        _file(path, report, memory=options.memory)
    _print(report, refused=options.refused)
    return 1 if report.faults else 0


def _file(path: Path, report: Report, *, memory: bool) -> None:
    try:
        source = from_path(path)
        start = time.perf_counter()
        found = list(recognition.sessions(source))
        seconds = time.perf_counter() - start
    except OpenSessionError as error:
        report.refused.append((str(path), str(error)))
        return
    except Exception as error:  # A crash is what this run is there to find.
        report.faults.append((str(path), f"crash: {type(error).__name__}: {error}"))
        return
    tally = report.agents[found[0].reader]
    tally.files += 1
    tally.size += path.stat().st_size
    tally.seconds += seconds
    tally.floor += _floor(source)
    if memory and path.stat().st_size > _LARGE:
        tally.memory = max(tally.memory, _peak(path) / path.stat().st_size)
    for recognised in found:
        _count(tally, recognised.reading)
    for fault in _faults(source, found):
        report.faults.append((str(path), fault))


def _count(tally: Tally, reading: Reading) -> None:
    tally.sessions += 1
    tally.events += len(reading.session.events)
    tally.records += reading.records
    tally.unread += len(reading.unread)
    tally.reasons.update(entry.reason for entry in reading.unread)


def _faults(source: Source, found: list[Recognised]) -> list[str]:
    again = [_dumped(recognised.reading) for recognised in recognition.sessions(source)]
    faults = []
    for recognised, second in zip(found, again, strict=True):
        if not recognised.reading.session.events:
            faults.append(f"{recognised.name}: no events")
            continue
        data = _dumped(recognised.reading)
        if data != second:
            faults.append(f"{recognised.name}: reading twice gave two results")
        if problems := validate.validate(io.BytesIO(data)):
            faults.append(f"{recognised.name}: not valid: {problems[0]}")
        if write.dump(canonical.canonical(read.read(io.BytesIO(data)).session)) != data:
            faults.append(f"{recognised.name}: reads back as other bytes")
    return faults


def _dumped(reading: Reading) -> bytes:
    return write.dump(canonical.canonical(reading.session))


def _floor(source: Source) -> float:
    """Seconds that ``json.loads`` takes on every line, or on the whole where that is one value."""
    with source.open() as stream:
        data = stream.read()
    start = time.perf_counter()
    try:
        json.loads(data)
    except ValueError:
        start = time.perf_counter()
        for line in data.split(b"\n"):
            try:
                json.loads(line)
            except ValueError:
                continue
    return time.perf_counter() - start


def _peak(path: Path) -> float:
    tracemalloc.start()
    try:
        for recognised in recognition.sessions(from_path(path)):
            del recognised
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _print(report: Report, *, refused: bool) -> None:
    titles = ("reader", "files", "sessions", "events", "records", "unread", "%", "MB", "MB/s", "x json")
    print("{:<18}{:>7}{:>9}{:>9}{:>9}{:>8}{:>7}{:>8}{:>8}{:>8}".format(*titles))
    for reader, tally in sorted(report.agents.items()):
        megabytes = tally.size / 1e6
        share = 100 * tally.unread / tally.records if tally.records else 0.0
        ratio = tally.seconds / tally.floor if tally.floor else 0.0
        line = f"{reader:<18}{tally.files:>7}{tally.sessions:>9}{tally.events:>9}{tally.records:>9}{tally.unread:>8}"
        line += f"{share:>7.2f}{megabytes:>8.2f}{megabytes / tally.seconds:>8.1f}{ratio:>8.2f}"
        print(line + (f"  memory x{tally.memory:.1f}" if tally.memory else ""))
        for reason, count in tally.reasons.most_common():
            print(f"    {count} {reason}")
    print(f"{len(report.refused)} files are no session" + ("" if refused else " (--refused lists them)"))
    for path, reason in report.refused if refused else []:
        print(f"    {path}: {reason}")
    for path, fault in report.faults:
        print(f"FAULT {path}: {fault}")
    print(f"{len(report.faults)} faults")


if __name__ == "__main__":
    sys.exit(main())
