"""What holds while a file is linted: the enabled rules, their severities, the prefilter and the engine's settings."""

from __future__ import annotations

import os

from optlint import own_rules
from optlint.diagnostic import Severity
from optlint.flow.settings import Settings
from optlint.named_tuple import NamedTuple
from optlint.settings.prefilter import Prefilter, prefilter_of
from optlint.settings.selection import enabled_codes, rules_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeVar

    T = TypeVar("T")

    from optlint.rule import Registry
    from optlint.settings.config import Config
    from optlint.settings.patterns import Patterns
    from optlint.settings.selection import Selection


class Policy(NamedTuple):
    """`registry` knows every rule; `enabled` and `severities` hold in files that no pattern says anything of."""

    registry: Registry
    enabled: frozenset[str]
    severities: Mapping[str, Severity]
    per_file: tuple[tuple[Patterns, frozenset[str]], ...]
    severities_per_file: tuple[tuple[Patterns, Mapping[str, Severity]], ...]
    root: str
    prefilter: Prefilter
    settings: Settings

    def enabled_in(self, path: str) -> frozenset[str]:
        """The codes that are on in the file at this path."""
        return self.enabled.difference(*_of_file(path, self.root, self.per_file))

    def severities_in(self, path: str) -> Mapping[str, Severity]:
        """The configured severities in the file at this path; of two patterns the later one counts."""
        if not self.severities_per_file:
            return self.severities
        tables = (self.severities, *_of_file(path, self.root, self.severities_per_file))
        return {code: severity for table in tables for code, severity in table.items()}


def policy_of(registry: Registry, config: Config, command_line: Selection) -> Policy:
    """The policy of one configuration; `UnknownRuleError` if it names a rule that does not exist."""
    enabled = enabled_codes(registry, config.selection, command_line) | _always_on(registry, config, command_line)
    rules = [rule for code, rule in registry.rules.items() if code in enabled and rule not in own_rules.OWN]
    return Policy(
        registry,
        enabled,
        _severities(registry, config.severity),
        tuple((_pattern(pattern), _codes(registry, words)) for pattern, words in config.per_file_ignores),
        tuple((_pattern(pattern), _severities(registry, table)) for pattern, table in config.per_file_severity),
        config.root,
        prefilter_of(
            rules,
            [own_rules.UNUSED_SUPPRESSION] if own_rules.UNUSED_SUPPRESSION.code in enabled else [],
            [path.rpartition(".")[2] for path in config.known_optimizers],
        ),
        Settings(config.known_optimizers, frozenset(config.known_group_keys), config.torch_version),
    )


def _always_on(registry: Registry, config: Config, command_line: Selection) -> frozenset[str]:
    """The rules that tell that optlint did not do its work, unless they are ignored by name."""
    return own_rules.ALWAYS_ON - _codes(registry, (*config.ignore, *command_line.ignore))


def _pattern(pattern: str) -> Patterns:
    from optlint.settings.patterns import Patterns

    return Patterns([pattern])


def _of_file(path: str, root: str, per_file: tuple[tuple[Patterns, T], ...]) -> Iterator[T]:
    """What is said for the patterns that cover a file."""
    if not per_file:
        return
    from optlint.settings.patterns import relative_path

    relative = relative_path(os.path.abspath(path), root)
    yield from (said for patterns, said in per_file if patterns.covers(relative))


def _severities(registry: Registry, table: tuple[tuple[str, str], ...]) -> Mapping[str, Severity]:
    return {rule.code: Severity(word) for name, word in table for rule in rules_named(registry, name)}


def _codes(registry: Registry, words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(rule.code for word in words for rule in rules_named(registry, word))
