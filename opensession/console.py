"""The only printer: results on stdout, everything about them on stderr.

For people on a terminal it uses rich; piped, the same words without colour; with ``--json`` one JSON document.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from opensession.terminal import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console as RichConsole

_GUTTER = "  "
_WORTH_A_BAR = 10
"""Steps of work that are likely to take longer than a second."""
_STYLES = {"title": "1", "user": "1;36", "agent": "1;32", "tool": "33", "error": "1;31", "quiet": "2", "found": "1;33"}
"""Select Graphic Rendition parameters (ECMA-48, 8.3.117) of the styles of a transcript."""


class Console:
    """Where a command shows things.

    Attributes:
        as_json: The result is one JSON document on stdout.
        quiet: No notes.
        verbose: Commands say more.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose

    def write(self, text: str) -> None:
        """A line of the result. Text of sessions is shown, never obeyed."""
        sys.stdout.write(visible(text) + "\n")

    def styled(self, text: str, style: str) -> None:
        """A line of the result in one of the styles below; plain when piped or with NO_COLOR."""
        line = visible(text)
        if style and _colours():
            line = f"\x1b[{_STYLES[style]}m{line}\x1b[0m"
        sys.stdout.write(line + "\n")

    def pieces(self, pieces: Sequence[tuple[str, str]]) -> None:
        """A line of the result made of pieces, each with its style."""
        colours = _colours()
        for text, style in pieces:
            shown = visible(text)
            sys.stdout.write(f"\x1b[{_STYLES[style]}m{shown}\x1b[0m" if style and colours else shown)
        sys.stdout.write("\n")

    def document(self, text: str) -> None:
        """A finished document as the result: exactly as it is, but for what would command a terminal."""
        sys.stdout.write(visible(text) if sys.stdout.isatty() else text)

    def content(self, data: bytes) -> None:
        """UTF-8 bytes as the result: exactly as they are, but for what would command a terminal."""
        if sys.stdout.isatty():
            sys.stdout.write(visible(data.decode("utf-8", "replace")))
            return
        sys.stdout.flush()
        sys.stdout.buffer.write(data)

    def data(self, value: Any) -> None:
        """The result as one JSON document."""
        import json  # noqa: PLC0415 - most runs print words

        sys.stdout.write(json.dumps(value, ensure_ascii=sys.stdout.isatty() or not _writes_utf8(), indent=2) + "\n")

    def note(self, text: str) -> None:
        """Something about the result, on stderr."""
        if not self.quiet:
            sys.stderr.write(visible(text) + "\n")

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Rows under titles: a table on a terminal, plain columns elsewhere."""
        clean = [[visible(cell) for cell in row] for row in rows]
        if sys.stdout.isatty():
            _rich_table(titles, clean)
            return
        widths = [max(len(row[place]) for row in [titles, *clean]) for place in range(len(titles))]
        for row in [titles, *clean]:
            sys.stdout.write(_GUTTER.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
            sys.stdout.write("\n")

    @contextmanager
    def progress(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        """A bar on stderr for longer work; gives what to call after each step."""
        if self.quiet or total < _WORTH_A_BAR or not sys.stderr.isatty():
            yield lambda: None
            return
        from rich.progress import Progress  # noqa: PLC0415

        with Progress(console=_rich(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=total)
            yield lambda: bar.advance(task)

    @contextmanager
    def counter(self, title: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on stderr for work whose size shows later; gives what to call with how much is done, of how much."""
        if self.quiet or not sys.stderr.isatty():
            yield lambda _done, _total: None
            return
        from rich.progress import Progress  # noqa: PLC0415

        with Progress(console=_rich(stderr=True), transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)

    def failure(self, message: str, hint: str = "", exit_code: int = 1) -> None:
        """An error: its cause and the next step."""
        if self.as_json:
            self.data({"error": {"message": message, "hint": hint, "exit_code": exit_code}})
        sys.stderr.write(f"error: {visible(message)}\n")
        if hint:
            sys.stderr.write(f"hint: {visible(hint)}\n")


def can_ask() -> bool:
    """Whether somebody is there to answer a question."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str) -> bool:
    """A yes-or-no question on the terminal; no is the default."""
    sys.stderr.write(f"{visible(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _rich(*, stderr: bool) -> RichConsole:
    from rich.console import Console as RichConsole  # noqa: PLC0415

    return RichConsole(stderr=stderr, markup=False, highlight=False, emoji=False)


def _rich_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, title in enumerate(titles):
        last = place == len(titles) - 1
        # Only the last column gives way on a narrow terminal: ids and times are there to be copied.
        width = None if last else max(len(row[place]) for row in [titles, *rows])
        table.add_column(title, overflow="ellipsis", no_wrap=True, min_width=width, ratio=1 if last else None)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    _rich(stderr=False).print(table)


def _colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _writes_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" and os.name != "nt"
