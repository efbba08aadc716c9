"""Show the page of a rule: what it finds, why that is bad, and what to write instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from optlint.config import ConfigError

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """Which rule."""
    parser.add_argument("rule", metavar="CODE|NAME", help="the code or the name of a rule")


def run(arguments: Namespace) -> int:
    """Print the page, or at least the sentence that every rule has."""
    from optlint.own_rules import all_rules
    from optlint.pages import page
    from optlint.selection import names_and_codes, suggestion

    registry = all_rules()
    rule = registry.named(arguments.rule)
    if rule is None:
        raise ConfigError(f"there is no rule `{arguments.rule}`{suggestion(arguments.rule, names_and_codes(registry))}")
    text = page(rule.code) or f"# {rule.code} {rule.name}\n\n{rule.summary}\n"
    print(text.rstrip("\n"))
    return 0
