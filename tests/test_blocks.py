"""Content in the shapes of every provider becomes the same blocks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession import blocks
from opensession.hail.events import Block, Image, Json, Reference, Text

PNG = "data:image/png;base64,AAAA"


@pytest.mark.parametrize(
    "content",
    [
        "hello",
        ["hello"],
        [{"type": "text", "text": "hello"}],
        [{"type": "input_text", "text": "hello"}],
        [{"type": "output_text", "text": "hello"}],
        [{"text": "hello"}],
        {"type": "text", "text": "hello"},
        [{"type": "text", "text": ""}, "", None, {"text": "hello"}],
    ],
)
def test_text_in_every_shape(content: Any) -> None:
    assert blocks.of(content) == [Text("hello")]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "image_url", "image_url": {"url": PNG}},
        {"type": "input_image", "image_url": PNG},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
        {"type": "image", "mimeType": "image/png", "data": "AAAA"},
        {"type": "image", "mimeType": "image/png", "data": PNG},
    ],
)
def test_a_picture_in_every_shape(part: dict[str, Any]) -> None:
    assert blocks.of([part]) == [Image(PNG, mime="image/png")]


@pytest.mark.parametrize(
    ("part", "block"),
    [
        ({"type": "document", "source": {"type": "text", "data": "a letter"}}, Text("a letter")),
        (
            {"type": "document", "source": {"media_type": "application/pdf", "data": "AAAA"}},
            Reference("data:application/pdf;base64,AAAA", "application/pdf"),
        ),
        ({"fileData": {"mimeType": "text/csv", "fileUri": "gs://x/y"}}, Reference("gs://x/y", "text/csv")),
        ({"type": "image"}, Json({"type": "image"})),
        ({"type": "hologram", "beam": 7}, Json({"type": "hologram", "beam": 7})),
        (7, Json(7)),
    ],
)
def test_other_parts_are_referred_to_or_kept_as_they_are(part: Any, block: Block) -> None:
    assert blocks.of([part]) == [block]


KEYS = st.sampled_from(["type", "text", "source", "data", "image_url", "inlineData", "url"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "source", "data", "image_url", "inlineData", "url"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_becomes_blocks(value: Any) -> None:
    assert all(isinstance(block, Block) for block in blocks.of(value))
