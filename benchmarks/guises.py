"""How many bugs of the pages and cases the linter still finds when the same program is written in another way.

    python benchmarks/guises.py [SUBSTRING ...] [--misses] [--show GUISE]

Each block of `rules/` and `tests/cases/` that one file holds is put into each guise of `dress.py`: within `main()`, in
a class, over two files, as a notebook and so on. None of them changes what is wrong with it, so the linter should say
the same. `--misses` lists the blocks of which it says less or more, with the rules; `--show` prints them as well.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dress import GUISES, Files, dressed

from optlint.api import lint

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


class Outcome(NamedTuple):
    """A block in a guise: the rules that were found before, those no longer found, and those found besides."""

    place: str
    guise: str
    known: Counter[str]
    lost: Counter[str]
    added: Counter[str]
    files: Files


def blocks(substrings: list[str]) -> Iterator[tuple[str, str]]:
    """The place and text of each block that stands alone."""
    from tests.pages.page import read_page

    for page in sorted([*ROOT.glob("rules/OPT[1-7]*.md"), *ROOT.glob("tests/cases/OPT[1-7]*/*.md")]):
        for case in read_page(page) if not substrings or any(one in str(page) for one in substrings) else ():
            if len(case.files) == 1 and case.main.name == "main.py" and not case.config:
                yield f"{page.relative_to(ROOT)}:{case.row}", case.main.text


def outcomes(substrings: list[str], wanted: list[str]) -> Iterator[Outcome]:
    """What becomes of each block in each guise that fits it."""
    for place, text in blocks(substrings):
        known = _found({"main.py": text})
        for guise in wanted:
            files = dressed(text, guise)
            if files is not None:
                now = _found(files)
                yield Outcome(place, guise, known, known - now, now - known, files)


def _found(files: Files) -> Counter[str]:
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        return Counter(one.code for one in lint(folder) if one.severity.value != "info")


def _print(one: Outcome, *, files: bool) -> None:
    print(f"{one.place} {one.guise}: lost {dict(one.lost)}, more {dict(one.added)}", flush=True)
    for name, text in one.files.items() if files else ():
        print(f"    --- {name}")
        print("\n".join(f"    {line}" for line in text.splitlines()), flush=True)


def main(arguments: list[str]) -> int:
    """Print a table by guise."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("substrings", nargs="*", help="parts of the names of pages")
    parser.add_argument("--misses", action="store_true", help="list the blocks of which another thing is said")
    parser.add_argument("--show", metavar="GUISE", help="try this guise alone, and print those blocks")
    chosen = parser.parse_args(arguments)
    counts: dict[str, Counter[str]] = {}
    for one in outcomes(chosen.substrings, [chosen.show] if chosen.show else list(GUISES)):
        kept = Counter(known=one.known.total(), lost=one.lost.total(), more=one.added.total())
        counts.setdefault(one.guise, Counter()).update(kept)
        if (chosen.misses or chosen.show) and (one.lost or one.added):
            _print(one, files=bool(chosen.show))
    for guise, kept in counts.items():
        print(f"{guise:12} {kept['known'] - kept['lost']:5} of {kept['known']:5} found, {kept['more']} more")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
