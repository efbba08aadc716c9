"""The rules about optlint itself; the linter keeps them, so they have pages but no check files."""

from __future__ import annotations

from optlint.diagnostic import Severity
from optlint.rule import Registry, Rule, load_rules, registry_of

FILE_NOT_ANALYSED = Rule("OPT900", "file-not-analysed", "a file could not be read or parsed, so nothing is known of it")
UNUSED_SUPPRESSION = Rule(
    "OPT901",
    "unused-suppression",
    "a comment suppresses a diagnostic that is not there",
    severity=Severity.WARNING,
    needs=(("optlint:", "noqa"), ("optlint:", *(f"OPT{family}" for family in range(1, 10)))),
)
RULE_CRASHED = Rule("OPT902", "rule-crashed", "a rule failed on a file; the other rules went on")

OWN = (FILE_NOT_ANALYSED, UNUSED_SUPPRESSION, RULE_CRASHED)
ALWAYS_ON = frozenset({FILE_NOT_ANALYSED.code, RULE_CRASHED.code})


def all_rules() -> Registry:
    """Every rule there is, with its checks: those found by discovery, and these here."""
    found = load_rules()
    return registry_of([*found.rules.values(), *OWN], [check for checks in found.checks.values() for check in checks])
