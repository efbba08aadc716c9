"""Command-line arguments: options as data, their values by type, and a help page.

`argparse` costs as much as starting Python; this reads what we need and knows how to propose a spelling.
"""

from __future__ import annotations

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


COLUMNS = 79


class UsageError(Exception):
    """Arguments that cannot be understood; its text says which."""


class Option(NamedTuple):
    """An option: without a `value` it is a flag; one that may go without its value takes it only after `=`."""

    names: tuple[str, ...]
    about: str
    value: str = ""
    needs_value: bool = True


HELP = Option(("--help", "-h"), "show this page")


class Arguments(NamedTuple):
    """What was given: for each option, by its first name, its values in order."""

    paths: tuple[str, ...]
    options: dict[str, list[str]]

    def has(self, name: str) -> bool:
        """Whether the option was given at all."""
        return name in self.options

    def value(self, name: str, default: str = "") -> str:
        """The last value of the option."""
        return self.options.get(name, [default])[-1]

    def words(self, name: str) -> tuple[str, ...]:
        """All words of an option that takes comma-separated words and may be repeated."""
        split = (word.strip() for value in self.options.get(name, ()) for word in value.split(","))
        return tuple(word for word in split if word)


def parse(words: Sequence[str], known: Sequence[Option]) -> Arguments:
    """Tell options from paths; `UsageError` if an option is unknown or lacks its value."""
    by_name = {name: option for option in (*known, HELP) for name in option.names}
    paths: list[str] = []
    options: dict[str, list[str]] = {}
    remaining = iter(words)
    for word in remaining:
        if word == "--":
            paths += remaining
        elif not word.startswith("-") or word == "-":
            paths.append(word)
        else:
            _read_option(word, remaining, by_name, options)
    return Arguments(tuple(paths), options)


def _read_option(
    word: str, remaining: Iterator[str], by_name: dict[str, Option], options: dict[str, list[str]]
) -> None:
    name, equals, value = word.partition("=")
    option = by_name.get(name)
    if option is None:
        raise UsageError(_unknown(name, by_name))
    if not option.value and equals:
        raise UsageError(f"`{name}` takes no value")
    if option.value and option.needs_value and not equals:
        taken = next(remaining, None)
        if taken is None:
            raise UsageError(f"`{name}` needs a value: {option.value}")
        value = taken
    options.setdefault(option.names[0], []).append(value)


def _unknown(name: str, by_name: dict[str, Option]) -> str:
    from os.path import exists

    from optlint.settings.selection import suggestion

    hint = f"; for the file write `./{name}`" if exists(name) else suggestion(name, by_name)
    return f"there is no option `{name}`{hint}"


def help_page(usage: str, about: str, known: Sequence[Option]) -> str:
    """What `--help` shows."""
    from textwrap import fill

    spelled = [(", ".join(option.names) + _value(option), option.about) for option in (*known, HELP)]
    paragraphs = [fill(paragraph, COLUMNS) for paragraph in about.strip().split("\n\n")]
    shown = fill(f"usage: {usage}", COLUMNS, subsequent_indent="       ", break_on_hyphens=False)
    return "\n\n".join([shown, *paragraphs, f"options:\n{in_two_columns(spelled)}"])


def in_two_columns(rows: Sequence[tuple[str, str]]) -> str:
    """Words and what they mean, broken so that a narrow terminal can show them."""
    from textwrap import fill

    width = max(len(word) for word, _ in rows)
    indent = " " * (width + 4)
    return "\n".join(
        fill(about, COLUMNS, initial_indent=f"  {word:<{width}}  ", subsequent_indent=indent, break_on_hyphens=False)
        for word, about in rows
    )


def _value(option: Option) -> str:
    if not option.value:
        return ""
    return f" {option.value}" if option.needs_value else f"[={option.value}]"
