"""List all rules: code, name, severity, and what each finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """There are none."""


def run(arguments: Namespace) -> int:
    """Print one line a rule."""
    from optlint.own_rules import all_rules

    rules = all_rules().rules.values()
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        severity = rule.severity.value if rule.enabled else "off"
        print(f"{rule.code}  {rule.name:<{width}}  {severity:<7}  {rule.summary}")
    return 0
