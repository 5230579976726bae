"""Large binaries out of a session and back, exactly."""

from __future__ import annotations

import base64
import copy
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensession.hail import assets
from opensession.hail.events import Audio, Block, Event, File, Image, Text, UserMessage, Video
from opensession.hail.session import Agent, Context, Session

NOON = "2026-01-01T12:00:00Z"
PICTURE = bytes(range(256)) * 400
ENCODED = base64.b64encode(PICTURE).decode()
DIGEST = hashlib.sha256(PICTURE).hexdigest()


def session(*blocks: Block) -> Session:
    event = Event(event_id="e", timestamp=NOON, kind=UserMessage(), blocks=list(blocks))
    context = Context(created_at=NOON, updated_at=NOON)
    return Session(session_id="s", agent=Agent("p", "m", "t"), context=context, events=[event])


@pytest.mark.parametrize(
    ("block", "moved"),
    [
        (Image(f"data:image/png;base64,{ENCODED}", "alt", "image/png"), Image(f"asset:{DIGEST}", "alt", "image/png")),
        (Video(f"data:video/mp4;base64,{ENCODED}", "video/mp4"), Video(f"asset:{DIGEST}", "video/mp4")),
        (Audio(f"data:audio/wav;base64,{ENCODED}", "audio/wav"), Audio(f"asset:{DIGEST}", "audio/wav")),
        (File("a.bin", ENCODED), File("a.bin", f"asset:{DIGEST}")),
    ],
)
def test_a_large_binary_is_moved_and_comes_back(block: Block, moved: Block) -> None:
    given_session = session(Text("before"), block)
    found = assets.extract(given_session)
    assert found == {DIGEST: PICTURE}
    assert given_session.events[0].blocks == [Text("before"), moved]
    assert assets.inline(given_session.events, found.__getitem__) == []
    assert given_session.events[0].blocks == [Text("before"), block]


@pytest.mark.parametrize(
    "block",
    [
        Image("data:image/png;base64,iVBORw0=", None, "image/png"),
        Image(f"data:image/png;base64,{ENCODED}", None, "image/jpeg"),
        Image(f"data:image/png;base64,{ENCODED[:-1]}", None, "image/png"),
        Image(f"data:image/png;base64,{ENCODED[:76]}\n{ENCODED[76:]}", None, "image/png"),
        Image("https://example.org/" + "a" * 70_000, None, "image/png"),
        File("a.txt", "QUJD" * 20_000),
        File("a.txt", "é" * 70_000),
        Text(ENCODED),
    ],
    ids=["small", "other type", "no padding", "wrapped", "address", "text in base64", "text", "prose"],
)
def test_what_is_small_or_would_not_come_back_exactly_stays(block: Block) -> None:
    given_session = session(block)
    assert assets.extract(given_session) == {}
    assert given_session.events[0].blocks == [block]


def test_the_same_binary_twice_is_kept_once() -> None:
    image = Image(f"data:image/png;base64,{ENCODED}", None, "image/png")
    assert len(assets.extract(session(image, image, File("a", ENCODED)))) == 1


def test_extracting_again_changes_nothing() -> None:
    given_session = session(File("a", ENCODED))
    assets.extract(given_session)
    before = copy.deepcopy(given_session)
    assert assets.extract(given_session) == {}
    assert given_session == before


def test_a_missing_binary_is_told_and_its_reference_stays() -> None:
    empty: dict[str, bytes] = {}
    given_session = session(File("a", f"asset:{DIGEST}"))
    assert assets.inline(given_session.events, empty.__getitem__) == [DIGEST]
    assert given_session.events[0].blocks == [File("a", f"asset:{DIGEST}")]


@pytest.mark.parametrize("text", ["asset:", f"asset:{DIGEST[:-1]}", f"asset:../{DIGEST[3:]}", f"x{DIGEST}", DIGEST])
def test_what_only_looks_like_a_reference_is_none(text: str) -> None:
    assert assets.reference(File("a", text)) is None
    assert assets.reference(Text(f"asset:{DIGEST}")) is None


@given(st.binary(min_size=1), st.sampled_from(("image/png", "", "a;b")))
def test_any_binary_comes_back_exactly(data: bytes, mime: str) -> None:
    large = data * (assets.LARGE // len(data) + 1)
    text = base64.b64encode(large).decode()
    given_session = session(Image(f"data:{mime};base64,{text}", None, mime), File("a", text))
    before = copy.deepcopy(given_session)
    found = assets.extract(given_session)
    assert hashlib.sha256(large).hexdigest() in found
    assets.inline(given_session.events, found.__getitem__)
    assert given_session == before
