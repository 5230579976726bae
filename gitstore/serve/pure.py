"""Smart HTTP without the git program: dulwich reads for clones and fetches, and unpacks what is pushed.

It speaks protocol v0 only, which every client understands, and what it makes is collected in a file before it is sent.
"""

from __future__ import annotations

import tempfile
from io import BytesIO
from typing import IO, TYPE_CHECKING, cast

from dulwich.errors import GitProtocolError, HangupException
from dulwich.object_store import DiskObjectStore
from dulwich.protocol import Protocol
from dulwich.repo import Repo
from dulwich.server import DictBackend, UploadPackHandler

from gitstore.serve import pktline
from gitstore.serve.answer import Answer, streamed, whole
from gitstore.serve.body import CHUNK
from gitstore.serve.failures import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dulwich.server import BackendRepo

    from gitstore.serve.body import Body
    from gitstore.serve.request import Request
    from gitstore.serve.slots import Turn

_IN_MEMORY = 1024 * 1024


class PureFetching:
    """Answers clones and fetches with dulwich."""

    def advertised(self, place: Path, request: Request) -> Answer:
        """Which refs there are."""
        written = BytesIO()
        with Repo(str(place)) as repo:
            _handler(repo, Protocol(BytesIO().read, written.write), advertise=True).handle()
        head = pktline.encode(b"# service=git-upload-pack\n") + pktline.FLUSH
        return whole(request.content_type, head, written.getvalue())

    def fetched(self, place: Path, request: Request, turn: Turn) -> Answer:
        """What the client wants and does not have."""
        made = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - lives as long as the answer
        try:
            with Repo(str(place)) as repo:
                _handler(repo, Protocol(turn.body.exactly, made.write), advertise=False).handle()
        except (GitProtocolError, HangupException, AssertionError, ValueError, KeyError) as error:
            made.close()
            raise RequestError("The request is none of git's, or of a protocol that this server lacks.") from error
        except BaseException:
            made.close()
            raise
        made.seek(0)
        return streamed(request.content_type, _Spooled(made, turn))


class _Spooled:
    """An answer that was made, and is in a file."""

    def __init__(self, made: IO[bytes], turn: Turn) -> None:
        self._made = made
        self._turn = turn

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._made.read(CHUNK):
            yield chunk

    def close(self) -> None:
        """Remove the file and free the place."""
        self._made.close()
        self._turn.end()


def unpacked(folder: Path, head: bytes, body: Body) -> str | None:
    """Put the objects of a pack into a folder of objects; why not, or None.

    Args:
        folder: The quarantine, which names the repository's own objects as its alternates.
        head: The pack's first bytes, read already.
        body: The rest of it.

    Raises:
        RequestError: It was cut off, or is too large.
    """
    held = head

    def some(size: int) -> bytes:
        nonlocal held
        if held:
            piece, held = held[:size], held[size:]
            return piece
        return body.read(size)

    def all_of(size: int) -> bytes:
        pieces = []
        while size > 0 and (piece := some(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    store = DiskObjectStore(str(folder))
    try:
        store.add_thin_pack(all_of, some)
    except RequestError:
        raise
    except OSError:
        return "the server could not store the pack"
    except Exception as error:
        return f"the pack cannot be taken: {type(error).__name__}"
    finally:
        store.close()
    return None


def _handler(repo: Repo, protocol: Protocol, *, advertise: bool) -> UploadPackHandler:
    served = DictBackend(cast("dict[str, BackendRepo]", {"/": repo}))
    return UploadPackHandler(served, ["/"], protocol, stateless_rpc=True, advertise_refs=advertise)
