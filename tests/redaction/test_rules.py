"""Every rule proves itself by its own row."""

from __future__ import annotations

import re

import pytest

from opensession.redact import Redactor, pattern
from opensession.redact.checks import CHECKS
from opensession.redact.rule import DEFINITE, LIKELY, SPLIT, Rule, plain
from opensession.redact.rules import FAMILIES, RULES

COMPANIONS = {"aws-secret-beside-id": {"aws-access-key-id"}}
"""Rules that only ever speak beside another one."""

REDACTOR = Redactor()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_positive_examples_and_no_other_rule_does(rule: Rule) -> None:
    for example in rule.yes:
        found = {finding.rule_id for finding in REDACTOR.scan(plain(example))}
        assert found - COMPANIONS.get(rule.id, set()) == {rule.id}, example


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_nothing_is_found_in_a_rules_negative_examples(rule: Rule) -> None:
    for example in rule.no:
        assert REDACTOR.scan(plain(example)) == [], example


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_positive_example_is_hidden_once_and_for_all(rule: Rule) -> None:
    for example in rule.yes:
        clean, counts = REDACTOR.text(plain(example))
        assert f"[REDACTED:{rule.id}]" in clean
        assert counts[rule.id] >= 1
        assert REDACTOR.text(clean) == (clean, {})


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.severity == DEFINITE], ids=lambda rule: rule.id)
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"text": "line\\n', '\\nnext"}'),
        ("\x1b[32m", "\x1b[0m"),
        ("日本語「", "」です"),
        ("a\\\\nb\\n", "\\n"),
        ("`", "`"),
    ],
    ids=["in JSON", "coloured", "in Japanese", "escaped twice", "in markdown"],
)
def test_a_definite_secret_is_found_whatever_surrounds_it(rule: Rule, before: str, after: str) -> None:
    example = plain(rule.yes[0])
    clean, counts = REDACTOR.text(before + example + after)
    assert counts.get(rule.id), clean


def test_rules_are_many_and_their_names_are_unique() -> None:
    ids = [rule.id for rule in RULES]
    assert len(ids) >= 200
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", name) for name in ids)
    assert set(FAMILIES["keys"]) < set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_row_is_complete(rule: Rule) -> None:
    assert rule.severity in (DEFINITE, LIKELY)
    assert rule.check in CHECKS
    assert rule.title
    assert rule.yes
    assert rule.no
    assert all(SPLIT in example for example in rule.yes), "an example of a secret stands whole in the source"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_no_pattern_repeats_without_bound(rule: Rule) -> None:
    source = pattern.expand(rule.pattern).pattern.decode()
    bare = re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", "x", source)
    bare = re.sub(r"\}[+?]", "}", bare)  # possessive and lazy: bounded all the same
    assert not re.search(r"[+*](?!\?\))|\{\d+,\}", re.sub(r"\(\?P?[<:=!iaLmsux-]", "(", bare)), source


def test_the_same_rule_has_one_mark_for_one_secret() -> None:
    secret = plain("gh¦p_16C7e42F292c6912E7710c838347Ae178B4a")
    clean, counts = REDACTOR.text(f"{secret} and again {secret}")
    assert clean == "[REDACTED:github-pat] and again [REDACTED:github-pat]"
    assert counts == {"github-pat": 2}
