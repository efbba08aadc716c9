"""How many bugs the linter finds that a program puts, one at a time, into code that is right.

    python benchmarks/recall.py FOLDER [FOLDER ...] [--most N] [--misses]

Files in which the linter finds nothing are broken in one place at a time, in each of the ways of `breaks.py`, and
linted again where they stand, so that the rest of their project is seen. A mutant counts as found if there is a
diagnostic of the rule that it was made for. Some mutants are no bugs: who calls the code may clear or step instead. So
the shares are lower bounds; `--misses` lists what to read.
"""

from __future__ import annotations

import argparse
import random
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from breaks import WAYS, Mutant, mutants

from optlint.api import lint

LARGEST = 60_000  # characters of a file


def _clean_files(folders: list[str]) -> Iterator[tuple[Path, str]]:
    """The files that may be broken, in an order of no meaning."""
    paths = [path for folder in folders for path in (sorted(Path(folder).rglob("*.py")) or [Path(folder)])]
    random.Random(0).shuffle(paths)
    for path in paths:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        if "import torch\n" in text and len(text) <= LARGEST and "\r" not in text and "\t" not in text:
            yield path, text


def judged(folders: list[str], most: int) -> Iterator[tuple[Path, Mutant, bool]]:
    """Mutants, at most so many of each kind, and whether they are found."""
    planted: dict[tuple[str, str], int] = defaultdict(int)
    for path, text in _clean_files(folders):
        try:
            wanted = [one for one in mutants(text) if planted[one.code, one.how] < most]
            known = {one.code for one in lint(path)} if wanted else set()
        except (SyntaxError, ValueError, RecursionError):
            continue
        for mutant in wanted:
            asked = set(mutant.code.split())
            if not asked & known and planted[mutant.code, mutant.how] < most:
                planted[mutant.code, mutant.how] += 1
                yield path, mutant, any(one.code in asked for one in lint(mutant.text, filename=str(path)))


def main(arguments: list[str]) -> int:
    """Print a table by rule and kind of mutant."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0] if __doc__ else "")
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--most", type=int, default=60, help="mutants of each kind")
    parser.add_argument("--misses", action="store_true", help="list the mutants that are not found")
    chosen = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    counts: dict[tuple[str, str], list[bool]] = {way: [] for way in WAYS}
    for path, mutant, found in judged(chosen.folders, chosen.most):
        counts[mutant.code, mutant.how].append(found)
        if chosen.misses and not found:
            print(f"{path}:{mutant.row}: {mutant.code} {mutant.how}", flush=True)
    for (code, how), verdicts in sorted(counts.items()):
        share = f"{100 * sum(verdicts) / len(verdicts):3.0f} %" if verdicts else "    -"
        print(f"{code}  {how:28}  {sum(verdicts):4} of {len(verdicts):4}  {share}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
