"""Sessions that Entire CLI kept in a repository, in any of its layouts (``layout`` says which there were).

Entire copies a session's transcript into a checkpoint at every commit. In checkpoints of January 2026 a copy is often
what was added since the last one, and all copies must be read; later it is the whole transcript so far, and the last
one is enough. Only their bytes tell them apart: a copy that another one begins with is not read again.
"""

from __future__ import annotations

from opensession.imports.entire.commits import commits
from opensession.imports.entire.sessions import sessions

__all__ = ["commits", "sessions"]
