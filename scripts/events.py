"""What the engine tells of a file: its events, which checks are written over, with the facts that they carry.

    python scripts/events.py train.py               # all of them
    python scripts/events.py train.py AttributeSet  # those of one kind

`None` means "cannot tell". Each kind of event is explained in `optlint/flow/events/`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from optlint.flow.analysis import analyse
from optlint.flow.events import Site
from optlint.flow.reading.texts import AstText
from optlint.flow.settings import Settings


def lines(source: str, filename: str) -> Iterator[tuple[int, str, str]]:
    """The row, the kind and the facts of each event; SyntaxError if the source does not parse."""
    for event in analyse(AstText(source, filename), Settings()):
        site: Site = event.site  # type: ignore[attr-defined]
        yield site.span.row, type(event).__name__, _facts(event)


def _facts(value: object) -> str:
    names = [name for name in type(value).__annotations__ if name != "site"]
    return ", ".join(f"{name}={_shown(getattr(value, name))}" for name in names)


def _shown(fact: object) -> str:
    if isinstance(fact, Site):
        return repr(fact.text)
    if hasattr(type(fact), "__annotations__"):
        return f"{type(fact).__name__}({_facts(fact)})"
    return f"[{', '.join(map(_shown, fact))}]" if isinstance(fact, (list, tuple)) else repr(fact)


def main() -> None:
    """Print a line for each event."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("kinds", nargs="*", help="names of classes; default: all")
    options = parser.parse_args()
    for row, kind, facts in lines(options.file.read_text(encoding="utf-8"), str(options.file)):
        if not options.kinds or kind in options.kinds:
            print(f"{options.file}:{row}: {kind}({facts})")


if __name__ == "__main__":
    main()
