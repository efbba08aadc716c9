"""List all rules: code, name, severity, and what each finds."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments


USAGE = "optlint rules"
OPTIONS = ()


def run(arguments: Arguments) -> int:
    """Print one line a rule."""
    from optlint.own_rules import all_rules

    rules = all_rules().rules.values()
    width = max(len(rule.name) for rule in rules)
    for rule in rules:
        severity = rule.severity.value if rule.enabled else "off"
        print(f"{rule.code}  {rule.name:<{width}}  {severity:<7}  {rule.summary}")
    return 0
