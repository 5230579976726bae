"""One transcript in git: its parts joined, and the pictures that were taken out put back."""

from __future__ import annotations

import re
from base64 import b64encode
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from gitstore.errors import CorruptError, StoreError
from opensession.errors import InputError
from opensession.imports.entire import tree
from opensession.source import from_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitstore.repo import Repo
    from opensession.source import Source

BYTES = 512 * 1024 * 1024
"""A longer transcript is not read into memory; Entire cuts parts of 50 MB, and hosts refuse blobs of 100 MB."""

_PACKED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
_ASSET = re.compile(rb"entire-asset:assets/(img-[0-9a-f]{1,64}\.[a-z0-9]{1,10})")


class StoredTranscript(msgspec.Struct, frozen=True):
    """A transcript in a repository.

    Attributes:
        repo: The repository.
        name: What to call it: ``entire:38ecf75f2f1d/0``.
        parts: The blobs of its parts, in order.
        assets: The tree of its pictures, if any.
    """

    repo: Repo
    name: str
    parts: tuple[str, ...]
    assets: str | None = None

    def content(self) -> bytes:
        """The transcript as the agent wrote it, as far as Entire kept it.

        Raises:
            CorruptError: It cannot be read, or is too long.
        """
        blobs: list[bytes] = []
        left = BYTES
        for oid in self.parts:
            blobs.append(self.repo.read("blob", oid, left))
            left -= len(blobs[-1]) + 1
        if len(blobs) == 1:
            joined = blobs.pop()
        else:
            joined = _merged(blobs) or b"\n".join(blobs)
            blobs.clear()
        return self._with_pictures(joined)

    def open(self) -> Source:
        """The transcript as readers take it.

        Raises:
            InputError: It is damaged, too long, empty or no text.
        """
        try:
            content = self.content()
        except StoreError as error:
            raise InputError(f"{self.name} cannot be read: {error}", hint="`git fsck` may tell why.") from error
        if content.startswith(_PACKED):
            # Entire never packs: what looks so was put there to be unpacked.
            raise InputError(f"{self.name} is a binary file, not a session", hint="Entire keeps text.")
        return from_bytes(self.name, content)

    def _with_pictures(self, content: bytes) -> bytes:
        """Put back what ``transcript/imageextract`` takes out: the Base64 of each picture, to the byte.

        A picture that is missing, or would make the transcript too long, keeps its placeholder.
        """
        wanted = Counter(_ASSET.findall(content)) if self.assets is not None else {}
        if self.assets is None or not wanted:
            return content
        rows = tree.rows(self.repo, self.assets)
        pictures: dict[bytes, bytes] = {}
        left = BYTES - len(content)
        for name, count in wanted.items():
            row = rows.get(name.decode())
            if row is None or not row.is_file:
                continue
            try:
                picture = b64encode(self.repo.read("blob", row.oid, left // count * 3 // 4))
            except CorruptError:
                continue
            left -= len(picture) * count
            pictures[name] = picture
        return _ASSET.sub(lambda found: pictures.get(found[1], found[0]), content)


def _merged(parts: Sequence[bytes]) -> bytes | None:
    """Parts of one JSON document, each complete with some of its messages, as one; None when they are lines.

    Gemini's and OpenCode's are cut so (``agent/geminicli/gemini.go``, ``agent/opencode``). The label of the agent may
    be wrong, so the content decides. The messages are not decoded.
    """
    first: dict[str, msgspec.Raw] = {}
    messages: list[bytes] = []
    for part in parts:
        try:
            document: Any = msgspec.json.decode(part, type=dict[str, msgspec.Raw])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        listed = bytes(document.get("messages", b"")).strip()
        if not listed.startswith(b"["):
            return None
        first = first or document
        if inner := listed[1:-1].strip():
            messages.append(inner)
    return msgspec.json.encode({**first, "messages": msgspec.Raw(b"[" + b",".join(messages) + b"]")})
