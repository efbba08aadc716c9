from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optlint.batch.policies import Policies
from optlint.linting.linter import lint
from optlint.own_rules import FILE_NOT_ANALYSED, OWN
from optlint.rule import RUN_ONLY, Rule
from optlint.settings.config import Config
from optlint.settings.policy import Policy
from optlint.settings.prefilter import TORCH_USERS, Codes, prefilter_of, uses_torch
from optlint.settings.selection import Selection
from optlint.words import OPTIMIZERS
from tests.pages.page import read_page

ROOT = Path(__file__).parents[2]


@cache
def blocks() -> tuple[str, ...]:
    """All code on the rule pages and in the cases."""
    pages = [*ROOT.glob("rules/OPT*.md"), *ROOT.glob("tests/cases/*/*.md")]
    return tuple(sorted({case.main.text for page in pages for case in read_page(page)}))


@cache
def policy() -> Policy:
    return Policies(Selection(select=("ALL",))).of(Config())


@cache
def words() -> tuple[str, ...]:
    """What the prefilter looks for."""
    needed = {word for rule in policy().registry.rules.values() for clause in rule.needs for word in clause}
    return tuple(
        sorted(needed | {word.decode() for word in TORCH_USERS} | {"optlint: ignore[OPT101]", "# noqa: OPT101"})
    )


def test_codes_are_found_out_as_far_as_they_are_asked_for() -> None:
    told = iter(("OPT101", "OPT102", "OPT103"))
    codes = Codes(told)
    assert codes
    assert next(told) == "OPT102"
    assert "OPT103" in codes
    assert set(codes) == {"OPT101", "OPT103"}
    assert not Codes(iter(()))


def needs(*clauses: tuple[str, ...]) -> Rule:
    return Rule("TST001", "a-rule", "", needs=clauses)


@pytest.mark.parametrize(
    ("rules", "data", "expected"),
    [
        ([needs(("a",))], b"torch a", True),
        ([needs(("a",))], b"a", False),
        ([needs(("a",))], b"torch", False),
        ([needs(("a", "b"), ("c",))], b"torch b c", True),
        ([needs(("a", "b"), ("c",))], b"timm a b", False),
        ([needs(("a",)), needs(("b",))], b"lightning b", True),
        ([needs()], b"torch", True),
        ([needs(*RUN_ONLY)], b"torch a", False),
        ([], b"torch", False),
    ],
)
def test_one_word_of_each_clause_of_one_rule(rules: list[Rule], data: bytes, expected: bool) -> None:
    assert prefilter_of(rules, []).lets_through(data) is expected


@pytest.mark.parametrize(("data", "expected"), [(b"torch a.b;", True), (b"torch a.b", True), (b"torch a.bc", False)])
def test_a_regular_expression_of_a_rule(data: bytes, expected: bool) -> None:
    rule = Rule("TST001", "a-rule", "", needs=(("a",),), pattern=r"\.b(?:;|\Z)")
    assert prefilter_of([rule], []).lets_through(data) is expected


def test_rules_about_optlint_need_no_torch() -> None:
    prefilter = prefilter_of([], [needs(("optlint:",))])
    assert prefilter.lets_through(b"# optlint: ignore")
    assert not prefilter.lets_through(b"torch")


def test_optimizers_that_the_configuration_knows() -> None:
    source = b"import torch\nSophia([])"
    rule = needs(OPTIMIZERS)
    assert not prefilter_of([rule], []).lets_through(source)
    assert prefilter_of([rule], [], ["Sophia"]).lets_through(source)
    known = Policies(Selection(select=("OPT104",))).of(Config(known_optimizers=("mine.Sophia",)))
    assert known.prefilter.lets_through(source)


def test_who_uses_torch() -> None:
    assert uses_torch(b"from transformers import Trainer")
    assert not uses_torch(b"import numpy")


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_the_prefilter_never_changes_a_result(data: st.DataObject) -> None:
    """Take real code, take away and put in words that the prefilter looks for, and lint with and without it."""
    source = data.draw(st.sampled_from(blocks()), label="block")
    present = [one for one in words() if one in source] or ["x"]
    for word in data.draw(st.lists(st.sampled_from(present), max_size=2)):
        source = source.replace(word, data.draw(st.sampled_from([word[::-1].strip(), f"un_{word}", "x"])))
    source += f"# {data.draw(st.sampled_from(words()))}\n"
    found = [one.code for one in lint(source, "f.py", policy()) if one.code != FILE_NOT_ANALYSED.code]
    assert not found or policy().prefilter.lets_through(source.encode())
    assert not any(turned_away(code, source) for code in found)


def test_a_rule_says_the_same_alone_and_among_others() -> None:
    source = "import torch\nx = torch.nn.Linear(1, 1)\nx.requires_grad = x.weight.require_grad = False\n"
    alone = Policies(Selection(select=("OPT404",))).of(Config())
    assert lint(source, "f.py", alone) == [one for one in lint(source, "f.py", policy()) if one.code == "OPT404"] != []


def turned_away(code: str, source: str) -> bool:
    """Whether a file is turned away if the rule with this code is the only one."""
    rule = policy().registry.rules[code]
    if code == FILE_NOT_ANALYSED.code:
        return False
    rules = ([], [rule]) if rule in OWN else ([rule], [])
    return not prefilter_of(*rules).lets_through(source.encode())


def test_the_property_can_fail() -> None:
    assert turned_away("OPT101", "import t0rch; params")
    assert turned_away("OPT101", "import torch")
    assert turned_away("OPT901", "# optl1nt: ignore[OPT101]")
    assert not turned_away("OPT101", "import torch; net.parameters")
    assert turned_away("OPT101", "import torch; params")
