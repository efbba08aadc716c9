"""Which diagnostics of an audit are reported: by rule, by whose code it is, by configuration and comments."""

from __future__ import annotations

import linecache
import os
from functools import cache

from optlint.auditing.memory.places import OWN, is_users_file
from optlint.diagnostic import Severity
from optlint.linting.suppress import Suppression, find_directives, read_suppressions
from optlint.own_rules import all_rules
from optlint.settings.config import Config, ConfigError, Configs
from optlint.settings.patterns import Patterns
from optlint.settings.selection import Selection, enabled_codes, rules_named

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.auditing.memory.summaries import AuditFacts
    from optlint.diagnostic import Diagnostic
    from optlint.rule import Registry


class Choice:
    """What of an audit is reported; the nearest configuration of the reported file holds, as in the linter.

    `registry` holds the rules for the session to judge by: those that some file might have enabled.
    """

    def __init__(self, select: tuple[str, ...] = (), ignore: tuple[str, ...] = ()) -> None:
        self._all = all_rules()
        self._words = Selection(select or None, (), ignore)
        self._configs = Configs()
        self._suppressions: dict[str, tuple[Suppression, ...]] = {}
        self.registry = self._judging()

    def _judging(self) -> Registry:
        nearest = self._configs.of_folder(os.getcwd()).selection
        by_default = enabled_codes(self._all)
        return self._all.only(by_default | enabled_codes(self._all, nearest, self._words))

    def of(self, diagnostic: Diagnostic) -> Diagnostic | None:
        """The diagnostic as it is to be reported, if it is."""
        config = self._config(diagnostic.span.filename)
        if diagnostic.code not in enabled_codes(self._all, config.selection, self._words):
            return None
        if self._ignored_in(config, diagnostic) or self._suppressed(diagnostic):
            return None
        return diagnostic._replace(severity=self._severity(config, diagnostic))

    def hand_on(self, diagnostic: Diagnostic, receive: Callable[[Diagnostic], object]) -> None:
        """Call `receive` with the diagnostic as it is to be reported, if it is."""
        kept = self.of(diagnostic)
        if kept is not None:
            receive(kept)

    def of_facts(self, facts: AuditFacts) -> AuditFacts:
        """The facts with those of their diagnostics that are to be reported."""
        kept = (self.of(one) for one in facts.diagnostics)
        return facts._replace(diagnostics=tuple(one for one in kept if one is not None))

    def _config(self, filename: str) -> Config:
        """A configuration that cannot be read must not end a training."""
        try:
            return self._configs.of_file(filename)
        except ConfigError:
            return Config()

    def _ignored_in(self, config: Config, diagnostic: Diagnostic) -> bool:
        path = _relative(diagnostic.span.filename, config.root)
        lists = [words for pattern, words in config.per_file_ignores if Patterns([pattern]).covers(path)]
        return any(self._stands_for(word, diagnostic.code) for words in lists for word in words)

    def _suppressed(self, diagnostic: Diagnostic) -> bool:
        path = diagnostic.span.filename
        if path not in self._suppressions:
            text = "".join(linecache.getlines(path))
            self._suppressions[path] = tuple(read_suppressions(find_directives(text), self._all)[0])
        return any(one.hides(diagnostic.code, diagnostic.span.row) for one in self._suppressions[path])

    def _severity(self, config: Config, diagnostic: Diagnostic) -> Severity:
        wanted = [word for rule, word in config.severity if self._stands_for(rule, diagnostic.code)]
        return Severity(wanted[-1]) if wanted else diagnostic.severity

    def _stands_for(self, word: str, code: str) -> bool:
        return any(rule.code == code for rule in rules_named(self._all, word))


def reportable(include: tuple[str, ...], omit: tuple[str, ...]) -> Callable[[str], bool]:
    """Whose code may be reported: files of these patterns, where there are none the user's own, never the omitted."""
    included, omitted = Patterns(include), Patterns(omit)
    folder = os.getcwd()

    @cache
    def may_be_reported(filename: str) -> bool:
        if filename.startswith("<") or not (include or omit):
            return is_users_file(filename)
        path = os.path.abspath(filename)
        wanted = included.covers(_relative(path, folder)) if include else is_users_file(path)
        return wanted and not path.startswith(OWN) and not omitted.covers(_relative(path, folder))

    return may_be_reported


def _relative(path: str, folder: str) -> str:
    """The path for patterns that stand for `folder`; one outside it counts from the root."""
    relative = os.path.relpath(path, folder or os.getcwd())
    return (path if relative.startswith(os.pardir) else relative).replace(os.sep, "/").lstrip("/")
