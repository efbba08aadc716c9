"""Show the page of a rule: what it finds, why that is bad, and what to write instead."""

from __future__ import annotations

from optlint.arguments import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from optlint.arguments import Arguments


USAGE = "optlint rule CODE|NAME"
OPTIONS = ()


def run(arguments: Arguments) -> int:
    """Print the page, or at least the sentence that every rule has."""
    from optlint.own_rules import all_rules
    from optlint.pages import page
    from optlint.settings.selection import names_and_codes, suggestion

    if len(arguments.paths) != 1:
        raise UsageError("which rule? Give one code or name; `optlint rules` lists them")
    registry = all_rules()
    (word,) = arguments.paths
    rule = registry.named(word)
    if rule is None:
        family = word and any(code.startswith(word.upper()) for code in registry.rules)
        hint = f"; `optlint rules {word}` lists those" if family else suggestion(word, names_and_codes(registry))
        raise UsageError(f"there is no rule `{word}`{hint}")
    text = page(rule.code) or f"# {rule.code} {rule.name}\n\n{rule.summary}\n"
    print(text.rstrip("\n"))
    return 0
