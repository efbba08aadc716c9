"""Write `rules/README.md`: the table of all rules, from the rules themselves."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from optlint import observations  # noqa: E402
from optlint.flow import events  # noqa: E402
from optlint.own_rules import all_rules  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

    from optlint.rule import Registry, Rule

FAMILIES = {
    "1": "One-shot iterators",
    "2": "What kind of tensor it is",
    "3": "Param groups",
    "4": "Who belongs to whom",
    "5": "The order of a step",
    "6": "Rates and schedules",
    "7": "State",
    "8": "Values, at run time",
    "9": "optlint itself",
}
HEAD = """# Rules

One page a rule: what it finds, why that is bad, what to write instead, and what it does not see yet.
Every example on a page is a test: `# error` behind a line says that the linter reports it, `# audit` that a run does,
and no other line is reported. Error: training is wrong, or raises. Warning: very likely unintended. Info: worth
knowing, never fails a run. This table is written by `scripts/rules_table.py`.
"""


def table() -> str:
    """The text of `rules/README.md`."""
    return "\n".join(_lines(all_rules()))


def _lines(registry: Registry) -> Iterator[str]:
    yield HEAD.rstrip()
    for digit, title in FAMILIES.items():
        family = [rule for rule in registry.rules.values() if rule.code[3] == digit]
        if family:
            yield from ("", f"## {title}", "", "| rule | what is wrong | severity | found in |", "|---|---|---|---|")
            yield from (_row(rule, registry) for rule in family)
    yield ""


def _row(rule: Rule, registry: Registry) -> str:
    default = rule.severity.value if rule.enabled else f"{rule.severity.value}, off by default"
    link = f"[{rule.code} {rule.name}]({rule.code}-{rule.name}.md)"
    return f"| {link} | {rule.summary} | {default} | {_sides(rule, registry)} |"


def _sides(rule: Rule, registry: Registry) -> str:
    """Where its checks look; a rule about optlint itself has none, and speaks of source."""
    subjects = [subject for subject, checks in registry.checks.items() if rule in {check.rule for check in checks}]
    in_source = not subjects or any(hasattr(events, subject) for subject in subjects)
    in_run = any(hasattr(observations, subject) for subject in subjects)
    return ", ".join(["source"] * in_source + ["run"] * in_run)


if __name__ == "__main__":
    (ROOT / "rules" / "README.md").write_text(table(), encoding="utf-8")
