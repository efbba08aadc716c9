"""List all rules: code, name, severity, and what each finds."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments


USAGE = "optlint rules [RULE ...]    (codes, prefixes or names; the default is ALL)"
OPTIONS = ()


def run(arguments: Arguments) -> int:
    """Print one line a rule."""
    from optlint.arguments import UsageError
    from optlint.own_rules import all_rules
    from optlint.settings.selection import ALL, UnknownRuleError, rules_named

    registry = all_rules()
    try:
        rules = [rule for word in arguments.paths or (ALL,) for rule in rules_named(registry, word)]
    except UnknownRuleError as error:
        raise UsageError(str(error)) from None
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        severity = rule.severity.value if rule.enabled else "off"
        print(f"{rule.code}  {rule.name:<{width}}  {severity:<7}  {rule.summary}")
    return 0
