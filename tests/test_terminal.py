"""What text of strangers may do on a terminal: nothing."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from opensession.terminal import one_line, visible


@given(st.text())
def test_no_control_or_bidi_character_gets_through(text: str) -> None:
    shown = visible(text)

    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not [
        c
        for c in shown
        if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI")
    ]


def test_symbols_say_what_stood_there() -> None:
    assert visible("a\x1b[31mb\u202ec\td\n") == "a␛[31mb⟨U+202E⟩c\td\n"


@given(st.text(), st.integers(min_value=2, max_value=50))
def test_one_line_is_one_line_of_bounded_length(text: str, limit: int) -> None:
    line = one_line(text, limit)

    assert "\n" not in line
    assert len(line) <= limit
