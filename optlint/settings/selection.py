"""Which rules are enabled: by code, by prefix of a code, by name, or `ALL`."""

from __future__ import annotations

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from optlint.rule import Registry, Rule

ALL = "ALL"
NAMED = 100  # a code or a name says more than any prefix
LONG_ENOUGH = 4  # of the beginning of a word, to tell which is meant


class UnknownRuleError(ValueError):
    """A word that selects no rule; its text says which comes nearest."""


class Selection(NamedTuple):
    """What one layer of configuration asks for; `select` of a later layer discards the earlier layers."""

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


def enabled_codes(registry: Registry, *layers: Selection) -> frozenset[str]:
    """The codes that are on after all layers; within a layer the more specific word wins, then `ignore`.

    A prefix does not select rules that are off by default: these are to be named, or `ALL`.
    """
    enabled = {code for code, rule in registry.rules.items() if rule.enabled}
    for layer in layers:
        if layer.select is not None:
            enabled = set()
        words = [(word, True) for word in (*(layer.select or ()), *layer.extend_select)]
        words += [(word, False) for word in layer.ignore]
        for word, wanted in sorted(words, key=lambda pair: _specificity(registry, pair[0])):
            matching = rules_named(registry, word)
            if not wanted:
                enabled -= {rule.code for rule in matching}
            else:
                enabled |= {rule.code for rule in matching if rule.enabled or not _is_prefix(registry, word)}
    return frozenset(enabled)


def rules_named(registry: Registry, word: str) -> list[Rule]:
    """The rules that `word` stands for."""
    if word == ALL:
        return list(registry.rules.values())
    if rule := registry.named(word):
        return [rule]
    family = [rule for code, rule in registry.rules.items() if code.startswith(word.upper())]
    if not word or not family:
        raise UnknownRuleError(f"unknown rule `{word}`{suggestion(word, [ALL, *names_and_codes(registry)])}")
    return family


def names_and_codes(registry: Registry) -> list[str]:
    """Every word that stands for one rule."""
    return [*registry.rules, *(rule.name for rule in registry.rules.values())]


def suggestion(word: str, known: Iterable[str]) -> str:
    """A phrase that proposes the nearest of the known words, or nothing; one that the word begins comes first."""
    from difflib import get_close_matches

    spellings = {name.lower(): name for name in known}
    longer = [name for name in spellings if len(word) >= LONG_ENOUGH and name.startswith(word.lower())]
    near = longer or get_close_matches(word.lower(), spellings, n=1)
    return f", did you mean `{spellings[near[0]]}`?" if near else ""


def _is_prefix(registry: Registry, word: str) -> bool:
    return word != ALL and registry.named(word) is None


def _specificity(registry: Registry, word: str) -> int:
    if word == ALL:
        return 0
    return len(word) if _is_prefix(registry, word) else NAMED
