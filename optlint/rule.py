"""Rules and checks: what a rule promises, the functions that keep it, and how they are found.

A module of `optlint.checks` defines one `Rule` and decorates its checks with `@rule.check`. A check takes
one event (from source) or observation (from a run) and yields diagnostics; the annotation of
its only parameter says which. Annotations are compared by name, so a check module imports the types for
type checkers only and costs next to nothing at start-up.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from optlint.diagnostic import Diagnostic, Note, Severity
from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import ModuleType
    from typing import Any

    from optlint.diagnostic import Fix, Place

ENTRY_POINT_GROUP = "optlint.rules"
RUN_ONLY: tuple[tuple[str, ...], ...] = ((),)  # the `needs` of a rule that no source can break, only a run


class Rule(NamedTuple):
    """The promise: a code, a kebab-case name that says what is wrong, and one sentence.

    `needs` tells the prefilter which files can possibly break the rule: of each tuple at least one
    string must occur in the file's text, and the regular expression `pattern` must match something in it.
    """

    code: str
    name: str
    summary: str
    severity: Severity = Severity.ERROR
    needs: tuple[tuple[str, ...], ...] = ()
    enabled: bool = True
    pattern: str = ""

    def check(self, function: Callable[..., Iterator[Diagnostic]]) -> Check:
        """Turn a generator function over one event or observation into a check of this rule.

        Raises `TypeError` where the annotations don't tell of which one.
        """
        subjects = [kind for name, kind in function.__annotations__.items() if name != "return"]
        if len(subjects) != 1:
            raise TypeError(
                f"{self.code}: a check has one parameter, annotated with what it judges: {function.__name__}"
            )
        subject = subjects[0]
        return Check(self, subject if isinstance(subject, str) else subject.__name__, function)

    def at(
        self,
        place: Place,
        message: str,
        *,
        notes: Iterable[tuple[str, Place]] = (),
        severity: Severity | None = None,
        fix: Fix | None = None,
        **known_to_audit: Any,
    ) -> Diagnostic:
        """A diagnostic of this rule at `place`; `known_to_audit` are the last fields of `Diagnostic`."""
        return Diagnostic(
            self.code,
            self.name,
            message,
            severity or self.severity,
            place.span,
            tuple(Note(text, where.span) for text, where in notes),
            fix,
            **known_to_audit,
        )


class Check(NamedTuple):
    """A function that judges one kind of event or observation for one rule."""

    rule: Rule
    subject: str
    function: Callable[..., Iterator[Diagnostic]]


class Registry(NamedTuple):
    """All rules by code, and all checks by the kind of event or observation that they judge."""

    rules: dict[str, Rule]
    checks: dict[str, tuple[Check, ...]]

    def judge(self, subject: object) -> Iterator[Diagnostic]:
        """What all rules say of one event or observation."""
        for check in self.checks.get(type(subject).__name__, ()):
            yield from check.function(subject)

    def named(self, word: str) -> Rule | None:
        """The rule with this code (in any case) or name, if there is one."""
        by_code = self.rules.get(word.upper())
        return by_code or next((rule for rule in self.rules.values() if rule.name == word), None)

    def only(self, codes: Iterable[str]) -> Registry:
        """This registry without the rules whose codes are not given."""
        kept = frozenset(codes)
        return registry_of(
            [rule for code, rule in self.rules.items() if code in kept],
            [check for group in self.checks.values() for check in group if check.rule.code in kept],
        )


def registry_of(rules: Iterable[Rule], checks: Iterable[Check]) -> Registry:
    """A registry of these rules, ordered by code, and checks."""
    by_subject: dict[str, tuple[Check, ...]] = {}
    for check in checks:
        by_subject[check.subject] = (*by_subject.get(check.subject, ()), check)
    return Registry({rule.code: rule for rule in sorted(rules)}, by_subject)


def load_rules() -> Registry:
    """All rules of `optlint.checks` and of the entry point group `optlint.rules`."""
    members = [value for module in _check_modules() for value in vars(module).values()]
    return registry_of(
        [value for value in members if isinstance(value, Rule)],
        [value for value in members if isinstance(value, Check)],
    )


def _check_modules() -> Iterator[ModuleType]:
    package = import_module("optlint.checks")
    for name in _module_names(package.__path__):
        yield import_module(f"{package.__name__}.{name}")
    if any(map(_announces_rules, sys.path)):
        yield from _third_party_modules()


def _module_names(folders: Iterable[str]) -> Iterator[str]:
    """The modules in a package's folders (`pkgutil` costs 5 ms, and does the same in a zip)."""
    for folder in folders:
        if os.path.isdir(folder):
            files = sorted(os.listdir(folder))
            yield from (file[:-3] for file in files if file.endswith(".py") and file != "__init__.py")
        else:
            from pkgutil import iter_modules

            yield from (found.name for found in iter_modules([folder]))


def _announces_rules(folder: str) -> bool:
    """Whether a distribution installed there has entry points of ours (`importlib.metadata` costs 25 ms)."""
    if not os.path.isdir(folder):
        return False
    with os.scandir(folder) as entries:
        names = [entry.path for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]
    return any(_mentions_group(os.path.join(name, "entry_points.txt")) for name in names)


def _mentions_group(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return f"[{ENTRY_POINT_GROUP}]".encode() in file.read()
    except OSError:
        return False


def _third_party_modules() -> Iterator[ModuleType]:
    from importlib.metadata import entry_points

    for entry in entry_points(group=ENTRY_POINT_GROUP):
        yield entry.load()
