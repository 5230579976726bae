"""``python -m bench [NAME...]``: the table of performance, and ``bench/results.json``.

Rows whose name contains one of the given words are measured, all without any. ``--sessions N`` sets the size of the
large repository (100,000 by default; building it takes a minute or two).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench import rows

if TYPE_CHECKING:
    from bench.harness import Row


def main() -> int:
    """Measure, print, and write the results."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="measure only rows whose name contains one of these")
    parser.add_argument("--sessions", type=int, default=100_000, help="sessions in the large repository")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="opensession-bench-") as folder:
        place = rows.Place(Path(folder), options.sessions)
        os.environ.update(place.environment)
        measured: list[Row] = []
        for name, measure in rows.ALL:
            if options.names and not any(word in name for word in options.names):
                continue
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            measured.extend(measure(place))
    print(_table(measured))
    results = Path(__file__).with_name("results.json")
    results.write_text(json.dumps([row.as_json() for row in measured], indent=2) + "\n")
    return 0


def _table(measured: list[Row]) -> str:
    lines = [f"{'work':<58} {'reference':<34} {'ref':>9} {'ours':>9} {'ratio':>7} {'goal':>6}"]
    for row in measured:
        verdict = "met" if row.met else "MISSED"
        figures = f"{row.reference_ms:>9.1f} {row.ours_ms:>9.1f} {row.ratio:>7.2f} {row.goal:>6.2f}"
        lines.append(f"{row.name:<58} {row.reference:<34} {figures}  {verdict} {row.note}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
