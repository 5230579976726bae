"""What the current request says of who sends it: where they come from, what they call us, where they want to go."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

if TYPE_CHECKING:
    from web.settings import Settings


def address() -> str:
    """The network address it comes from; that of a proxy in front, unless the settings say to believe it."""
    return request.remote_addr or ""


def base(settings: Settings) -> str:
    """Our address, without a slash at its end: the one of the settings, else the one the browser used (api.md, 3.2)."""
    return settings.base_url if settings.base_url_given else request.host_url.rstrip("/")


def wants_page() -> bool:
    """Whether it is a browser that shows what comes."""
    return "text/html" in request.headers.get("Accept", "")


def relative(target: str | None) -> str:
    """A path of ours that somebody may be sent on to; the front page when it is none, so that nobody is led away."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return "/"
    if not target.isprintable() or " " in target:
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else target
