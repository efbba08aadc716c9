from __future__ import annotations

import pytest

from optlint.rule import Rule, registry_of
from optlint.settings.selection import Selection, UnknownRuleError, enabled_codes, suggestion

RULES = [
    Rule("OPT101", "reused-iterator", ""),
    Rule("OPT102", "membership-test", ""),
    Rule("OPT201", "no-grad", ""),
    Rule("OPT299", "noisy-one", "", enabled=False),
    Rule("ABC001", "of-a-third-party", ""),
]
REGISTRY = registry_of(RULES, [])
DEFAULT = {"OPT101", "OPT102", "OPT201", "ABC001"}


@pytest.mark.parametrize(
    ("layers", "codes"),
    [
        ([], DEFAULT),
        ([Selection()], DEFAULT),
        ([Selection(select=("OPT101", "no-grad"))], {"OPT101", "OPT201"}),
        ([Selection(select=("opt1",))], {"OPT101", "OPT102"}),
        ([Selection(select=("OPT",))], DEFAULT - {"ABC001"}),
        ([Selection(select=("ALL",))], DEFAULT | {"OPT299"}),
        ([Selection(select=())], set()),
        ([Selection(extend_select=("noisy-one",))], DEFAULT | {"OPT299"}),
        ([Selection(extend_select=("OPT2",))], DEFAULT),
        ([Selection(ignore=("OPT1",))], {"OPT201", "ABC001"}),
        ([Selection(select=("OPT101",), ignore=("OPT1",))], {"OPT101"}),
        ([Selection(select=("OPT1",), ignore=("reused-iterator",))], {"OPT102"}),
        ([Selection(select=("ALL",), ignore=("OPT",))], {"ABC001"}),
        ([Selection(select=("OPT101",), ignore=("OPT101",))], set()),
        ([Selection(ignore=("OPT101",)), Selection(select=("OPT1",))], {"OPT101", "OPT102"}),
        ([Selection(select=("OPT1",)), Selection(extend_select=("OPT201",))], {"OPT101", "OPT102", "OPT201"}),
        ([Selection(select=("OPT1",)), Selection(ignore=("OPT102",))], {"OPT101"}),
    ],
)
def test_which_rules_are_on(layers: list[Selection], codes: set[str]) -> None:
    assert enabled_codes(REGISTRY, *layers) == codes


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("OPT103", "unknown rule `OPT103`, did you mean `OPT10"),
        ("reused-iterators", "did you mean `reused-iterator`"),
        ("OPT3", "unknown rule `OPT3`"),
        ("", "unknown rule ``"),
        ("all", "unknown rule `all`"),
    ],
)
def test_a_word_that_means_nothing_is_an_error(word: str, message: str) -> None:
    with pytest.raises(UnknownRuleError, match=message):
        enabled_codes(REGISTRY, Selection(ignore=(word,)))


def test_nothing_near_is_proposed_where_nothing_is_near() -> None:
    assert suggestion("xyz", ["reused-iterator"]) == ""
    assert suggestion("ALLL", ["ALL"]) == ", did you mean `ALL`?"
    assert suggestion("reused", ["used", "reused-iterator"]) == ", did you mean `reused-iterator`?"
