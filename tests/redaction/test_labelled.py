"""The two figures that redaction is judged by, pinned."""

from __future__ import annotations

from bench.redaction import corpus, score
from opensession.redact import Redactor


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    texts = corpus()
    assert sum(len(text.secrets) for text in texts) >= 150
    assert sum(len(text.decoys) for text in texts) >= 300


def test_every_definite_secret_is_found_and_hardly_anything_else_is_hidden() -> None:
    result = score(corpus())
    expected, hidden = result.definite
    assert hidden == expected, result.missed
    assert result.recall >= 0.98, result.missed
    assert result.precision >= 0.98, result.wrong


def test_no_secret_of_the_corpus_is_left_in_its_text_and_no_decoy_is_gone() -> None:
    redactor = Redactor()
    decoys = gone = 0
    for text in corpus():
        clean, _ = redactor.text(text.data.decode())
        for secret in text.secrets:
            assert text.data[secret.start : secret.end].decode() not in clean, f"{text.name}: {secret.rule}"
        decoys += len(text.decoys)
        gone += sum(text.data[start:end].decode() not in clean for start, end in text.decoys)
    assert gone <= decoys * 0.01


def test_redacting_the_corpus_twice_changes_nothing() -> None:
    redactor = Redactor(home="/home/mira")
    for text in corpus():
        clean, _ = redactor.text(text.data.decode())
        assert redactor.text(clean) == (clean, {})
