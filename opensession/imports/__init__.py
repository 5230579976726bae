"""Where other programs keep sessions: ``--from NAME`` is made from this registry.

Adding one is a module with the names of ``opensession.imports.origin.Importer``, and a line here.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from opensession.imports.origin import Importer


class Entry(msgspec.Struct, frozen=True):
    """A source of sessions by name, without importing what reads it.

    Attributes:
        name: What ``--from`` takes.
        title: What people call it.
        module: What reads it.
    """

    name: str
    title: str
    module: str

    def load(self) -> Importer:
        """What reads it."""
        return cast("Importer", import_module(self.module))


IMPORTS: tuple[Entry, ...] = (Entry("entire", "Entire CLI", "opensession.imports.entire"),)


def named(name: str) -> Entry | None:
    """The source a user means, in any case."""
    return next((entry for entry in IMPORTS if entry.name == name.lower()), None)
