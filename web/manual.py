"""The manual at ``/docs`` and the page for language models at ``/llms.txt``, both written in Markdown."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Response, render_template, request
from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from flask import Flask

_MARKDOWN = "text/markdown"
_CACHE = "public, max-age=3600"
_PAGES = Path(__file__).with_name("pages")


def manual() -> str:
    """The manual, in Markdown."""
    return (_PAGES / "manual.md").read_text("utf-8")


def for_models() -> str:
    """The short page, in Markdown."""
    return (_PAGES / "llms.md").read_text("utf-8")


def install(app: Flask) -> None:
    """Answer at ``/docs`` and ``/llms.txt``."""

    def docs() -> Response:
        if _MARKDOWN in request.headers.get("Accept", ""):
            return _plain(manual())
        body = MarkdownIt("commonmark", {"html": False}).enable("table").render(manual())
        answer = Response(render_template("manual.html", body=body), mimetype="text/html")
        answer.headers["Cache-Control"] = _CACHE
        answer.vary.add("Accept")
        return answer

    app.add_url_rule("/docs", "docs", docs, methods=["GET"], provide_automatic_options=False)
    app.add_url_rule(
        "/llms.txt", "llms", lambda: _plain(for_models()), methods=["GET"], provide_automatic_options=False
    )


def _plain(text: str) -> Response:
    answer = Response(text, content_type=f"{_MARKDOWN}; charset=utf-8")
    answer.headers["Cache-Control"] = _CACHE
    answer.vary.add("Accept")
    return answer
