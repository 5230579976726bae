"""What a tool gave back: Codex puts exit code and time into a header before the text, in five ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from opensession import fields
from opensession.hail.events import Image, Json, Text

if TYPE_CHECKING:
    from opensession.hail.events import Block

_HEADER = re.compile(
    r"(?:Command: [^\n]*\n)?"
    r"(?:Chunk ID: [^\n]*\n)?"
    r"(?:Exit code: (?P<exit>-?\d{1,10})\n)?"
    r"(?:Script (?P<script>[^\n]*)\n)?"
    r"(?:Wall time:? (?P<wall>\d{1,9}(?:\.\d{1,9})?) seconds\n)?"
    r"(?:Process exited with code (?P<code>-?\d{1,10})\n)?"
    r"(?:Process running with session ID (?P<process>\d{1,20})\n)?"
    r"(?:Original token count: (?P<tokens>\d{1,12})\n)?"
    r"(?:Total output lines: \d+\n)?"
    r"Output:(?:\n|$)"
)
_FAILURE = re.compile(
    r"aborted by user|execution error|failed to parse function arguments|unsupported (?:custom tool )?call|"
    r"err: |Error: |error: |[a-z_]{1,40}(?: \w{1,20})? failed[ :]|exec_command rejected|patch rejected"
)
_DATA_URL = re.compile(r"data:([\w.+-]{1,60}/[\w.+-]{1,60})[;,]")


class Output(NamedTuple):
    """A result, taken apart.

    Attributes:
        blocks: Its content, without the header.
        exit_code: What the process ended with.
        duration_ms: How long it took, in milliseconds.
        process: The id under which the process still runs.
        tokens: How long the text was before it was cut for the model.
        failed: Whether the text itself says that the call failed.
    """

    blocks: list[Block]
    exit_code: int | None = None
    duration_ms: int | None = None
    process: str | None = None
    tokens: int | None = None
    failed: bool = False


def read(value: Any) -> Output:
    """A result in any of its shapes: text with a header, text of JSON with metadata, or a list of parts."""
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, list):
        return _from_parts(value)
    if isinstance(value, dict):
        if "type" in value:
            return _from_parts([value])
        if "content" in value:
            output = read(value["content"])
            return output._replace(failed=output.failed or value.get("success") is False)
        return Output([Json(value)])
    return Output([] if value is None else [Json(value)])


def image(url: Any, alt: str | None = None) -> Image | None:
    """A picture by address, or None when the value is none."""
    address = fields.text(url) or fields.text(fields.mapping(url).get("url"))
    if not address:
        return None
    mime = _DATA_URL.match(address)
    return Image(address, alt, mime[1] if mime else "")


def parts(values: list[Any]) -> list[Block]:
    """The blocks of a list of content parts; an unknown part stays as it is."""
    blocks: list[Block] = []
    for value in values:
        part = fields.mapping(value)
        match part.get("type"):
            case "input_text" | "output_text" | "text" | "inputText" | "Text":
                if content := fields.text(part.get("text")):
                    blocks.append(Text(content))
            case "input_image" | "image_url" | "inputImage":
                picture = image(part.get("image_url") or part.get("imageUrl"))
                if picture is not None:
                    blocks.append(picture)
            case "image" if isinstance(part.get("data"), str):
                mime = fields.text(part.get("mimeType")) or "image/png"
                blocks.append(Image(f"data:{mime};base64,{part['data']}", None, mime))
            case "encrypted_content":
                continue
            case _:
                blocks.append(Json(value) if not isinstance(value, str) else Text(value))
    return blocks


def _from_text(value: str) -> Output:
    if value.startswith('{"'):
        data = fields.decoded(value)
        if isinstance(data, dict) and isinstance(data.get("metadata"), dict) and isinstance(data.get("output"), str):
            metadata = data["metadata"]
            return Output(
                [Text(data["output"])] if data["output"] else [],
                exit_code=fields.whole(metadata.get("exit_code")),
                duration_ms=_seconds(metadata.get("duration_seconds")),
            )
        return Output([Text(value)])
    header = _HEADER.match(value, _command_end(value))
    if header is None or header.end() - header.start() <= len("Output:\n"):
        return Output([Text(value)] if value else [], failed=_FAILURE.match(value) is not None)
    return _headed(header, value[header.end() :])


def _command_end(value: str) -> int:
    """Where the header begins, for some versions put the whole command before it."""
    if not value.startswith("Command: "):
        return 0
    return max(0, value.find("\nChunk ID: ") + 1)


def _headed(header: re.Match[str], rest: str) -> Output:
    code = header["exit"] or header["code"]
    script = header["script"] or ""
    return Output(
        [Text(rest)] if rest else [],
        exit_code=int(code) if code else None,
        duration_ms=_seconds(float(header["wall"])) if header["wall"] else None,
        process=header["process"],
        tokens=int(header["tokens"]) if header["tokens"] else None,
        failed=script.startswith(("failed", "error")),
    )


def _from_parts(values: list[Any]) -> Output:
    blocks = parts(values)
    if not blocks or not isinstance(blocks[0], Text):
        return Output(blocks)
    first = _from_text(blocks[0].text)
    return first._replace(blocks=[*first.blocks, *blocks[1:]])


def _seconds(value: Any) -> int | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 1e12:
        return None
    return round(value * 1000)
