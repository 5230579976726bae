"""What a git client asks for (git's gitprotocol-http): three URLs below a repository, and a header for the protocol."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from gitstore.serve.failures import RequestError

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

UPLOAD = "git-upload-pack"
RECEIVE = "git-receive-pack"
_SERVICES = (UPLOAD, RECEIVE)
_REFS = "info/refs"

_PROTOCOL = re.compile(r"[A-Za-z0-9_.=-]{1,64}(?::[A-Za-z0-9_.=-]{1,64}){0,7}\Z")


class Request(NamedTuple):
    """A request that was understood.

    Attributes:
        service: ``git-upload-pack`` or ``git-receive-pack``.
        is_advertisement: Whether it asks which refs there are.
        protocol: What the ``Git-Protocol`` header says; empty when it says nothing that could be meant.
        environ: All of it.
    """

    service: str
    is_advertisement: bool
    protocol: str
    environ: WSGIEnvironment

    @property
    def content_type(self) -> str:
        """What the answer is."""
        return f"application/x-{self.service}-{'advertisement' if self.is_advertisement else 'result'}"

    @property
    def wants_v2(self) -> bool:
        """Whether the client speaks protocol v2."""
        return "version=2" in self.protocol.split(":")


def understood(suffix: str, environ: WSGIEnvironment) -> Request:
    """What is asked for.

    Raises:
        RequestError: Nothing that is served here.
    """
    method = environ.get("REQUEST_METHOD", "GET")
    said = environ.get("HTTP_GIT_PROTOCOL", "")
    protocol = said if _PROTOCOL.match(said) else ""
    if suffix == _REFS:
        _refuse_method(method, "GET", "HEAD")
        service = parse_qs(environ.get("QUERY_STRING", "")).get("service", [""])[0]
        if service not in _SERVICES:
            raise RequestError("Only git's smart protocol is served here; use git 1.6.6 or later.", status=403)
        return Request(service, is_advertisement=True, protocol=protocol, environ=environ)
    if suffix not in _SERVICES:
        raise RequestError("There is no such thing in a repository.", status=404)
    _refuse_method(method, "POST")
    wanted = f"application/x-{suffix}-request"
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != wanted:
        raise RequestError(f"The content type must be {wanted}.", status=415)
    return Request(suffix, is_advertisement=False, protocol=protocol, environ=environ)


def _refuse_method(method: str, *allowed: str) -> None:
    if method not in allowed:
        raise RequestError("There is another method for this.", status=405, headers={"Allow": ", ".join(allowed)})
