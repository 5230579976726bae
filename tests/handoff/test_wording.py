from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from opensession.handoff import wording


def test_terminal_colours_go_and_other_controls_become_symbols() -> None:
    assert wording.visible("\x1b[31mred\x1b[0m and \x07 and \x1b]0;title\x07") == "red and ␇ and "


def test_overrides_of_direction_are_shown_and_invisible_characters_go() -> None:
    assert wording.visible("a\u202eb\u200bc\U000e0041d") == "a<U+202E>bcd"


def test_every_kind_of_line_break_is_one() -> None:
    assert wording.visible("a\r\nb\rc\u2028d\x85e") == "a\nb\nc\nd\ne"


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_visible_text_has_no_controls_and_stays_as_it_is(text: str) -> None:
    shown = wording.visible(text)
    assert all(unicodedata.category(character) not in ("Cc", "Cs") or character in "\n\t" for character in shown)
    assert wording.visible(shown) == shown
    shown.encode()


def test_a_cut_falls_between_words() -> None:
    assert wording.one_line("the quick brown fox jumps", 15) == "the quick…"
    assert wording.one_line("short", 15) == "short"
    assert wording.one_line("a" * 50, 10) == "a" * 9 + "…"


@given(st.text(), st.integers(2, 200))
def test_one_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    line = wording.one_line(text, limit)
    assert "\n" not in line
    assert len(line) <= limit


@given(st.text(alphabet=st.sampled_from("ab `~\n"), max_size=3000), st.integers(20, 1500))
def test_a_cut_text_is_not_much_longer_than_its_limit(text: str, limit: int) -> None:
    cut = wording.shortened(text, limit)
    fences = max((len(word) for word in text.split() if set(word) <= {"`"} or set(word) <= {"~"}), default=0)
    assert len(cut.text) <= limit + 2 * fences + 20
    assert cut.whole == (len(text) <= limit)


def test_a_generous_cut_keeps_the_end() -> None:
    text = "first " + "word " * 1000 + "last"
    cut = wording.shortened(text, 700).text
    assert cut.startswith("first word")
    assert cut.endswith("word last")
    assert "[…]" in cut


def test_an_id_that_is_no_plain_word_is_quoted_for_the_shell() -> None:
    assert wording.shell_word("abc-1#e4") == "abc-1#e4"
    assert wording.shell_word("a$(rm -rf ~)'b#e4") == "'a$(rm -rf ~)'\\''b#e4'"
