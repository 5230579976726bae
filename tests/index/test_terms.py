"""The words of a text are the same however they are asked for, and so is what a document holds."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from opensession.index.reading import DOCUMENT_WORDS, SAME_WORDS, documents, pieces_of
from opensession.index.terms import row_of, words
from opensession.index.texts import COLUMNS, SAID, Piece

_REPEATED = st.tuples(st.sampled_from(["a ", "の", "x y ", "long-word_", "\n", "日本語 "]), st.integers(0, 3000)).map(
    lambda pair: pair[0] * pair[1]
)


@given(st.one_of(st.text(max_size=300), st.text(alphabet=st.characters(max_codepoint=127), max_size=300)))
def test_a_row_is_the_words_with_spaces_between(text: str) -> None:
    assert row_of(text) == " ".join(words(text))


@given(st.lists(st.tuples(st.sampled_from(COLUMNS), st.lists(_REPEATED, max_size=4).map("".join)), max_size=5))
def test_documents_are_as_databases_bear_them_and_hold_every_word(texts: list[tuple[str, str]]) -> None:
    made = list(documents([Piece(f"e{n}", "Any", column, text) for n, (column, text) in enumerate(texts)]))

    for document in made:
        found = Counter(word for rows in document.columns.values() for row in rows for word in row.split())
        assert found.total() <= DOCUMENT_WORDS
        assert max(found.values(), default=0) <= SAME_WORDS
        kept = Counter(word for piece in pieces_of(document.content) for word in words(piece.text))
        assert kept == found
    held = {word for document in made for rows in document.columns.values() for row in rows for word in row.split()}
    assert {word for _, text in texts for word in words(text)} <= held


def test_usual_texts_are_one_document() -> None:
    (document,) = documents([Piece("e1", "Any", SAID, f"the words of event {n}") for n in range(40)])

    assert len(document.columns[SAID]) == 40
