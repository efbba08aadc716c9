"""What holds while a file is linted: the enabled rules, their severities, the prefilter and the engine's settings."""

from __future__ import annotations

import os

from optlint import own_rules
from optlint.diagnostic import Severity
from optlint.flow.settings import Settings
from optlint.named_tuple import NamedTuple
from optlint.prefilter import Prefilter, prefilter_of
from optlint.selection import enabled_codes, rules_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from optlint.config import Config
    from optlint.patterns import Patterns
    from optlint.rule import Registry
    from optlint.selection import Selection


class Policy(NamedTuple):
    """`registry` knows every rule, `enabled` the codes that are on in files for which `per_file` says nothing."""

    registry: Registry
    enabled: frozenset[str]
    severities: Mapping[str, Severity]
    per_file: tuple[tuple[Patterns, frozenset[str]], ...]
    root: str
    prefilter: Prefilter
    settings: Settings

    def enabled_in(self, path: str) -> frozenset[str]:
        """The codes that are on in the file at this path."""
        if not self.per_file:
            return self.enabled
        from optlint.patterns import relative_path

        relative = relative_path(os.path.abspath(path), self.root)
        return self.enabled.difference(*(codes for patterns, codes in self.per_file if patterns.covers(relative)))


def policy_of(registry: Registry, config: Config, command_line: Selection) -> Policy:
    """The policy of one configuration; `UnknownRuleError` if it names a rule that does not exist."""
    enabled = enabled_codes(registry, config.selection, command_line) | _always_on(registry, config, command_line)
    rules = [rule for code, rule in registry.rules.items() if code in enabled and rule not in own_rules.OWN]
    return Policy(
        registry,
        enabled,
        {rule.code: Severity(word) for name, word in config.severity for rule in rules_named(registry, name)},
        tuple(_per_file(registry, config)),
        config.root,
        prefilter_of(rules, [own_rules.UNUSED_SUPPRESSION] if own_rules.UNUSED_SUPPRESSION.code in enabled else []),
        Settings(config.known_optimizers, frozenset(config.known_group_keys), config.torch_version),
    )


def _always_on(registry: Registry, config: Config, command_line: Selection) -> frozenset[str]:
    """The rules that tell that optlint did not do its work, unless they are ignored by name."""
    return own_rules.ALWAYS_ON - _codes(registry, (*config.ignore, *command_line.ignore))


def _per_file(registry: Registry, config: Config) -> Iterator[tuple[Patterns, frozenset[str]]]:
    for pattern, words in config.per_file_ignores:
        from optlint.patterns import Patterns

        yield Patterns([pattern]), _codes(registry, words)


def _codes(registry: Registry, words: tuple[str, ...]) -> frozenset[str]:
    return frozenset(rule.code for word in words for rule in rules_named(registry, word))
