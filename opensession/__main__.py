"""The way in: ``opensession`` and ``python -m opensession``."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        # Answered before anything is imported: prompts and hooks ask this all the time.
        from opensession import __version__  # noqa: PLC0415

        sys.stdout.write(f"opensession {__version__}\n")
        return 0
    from opensession.cli import run  # noqa: PLC0415

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
