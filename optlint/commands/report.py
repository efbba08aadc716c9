"""Show what earlier runs of `optlint run` have left in a folder, also those that were killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_arguments(parser: ArgumentParser) -> None:
    """The argument of `optlint report`."""
    about = "the folder of the reports of `optlint run --report`, or one such .json or .jsonl file (default: .)"
    parser.add_argument("path", nargs="?", default=".", metavar="DIR", help=about)


def run(arguments: Namespace) -> int:
    """Print what the reports and journals there tell."""
    from optlint.auditing.read import main

    return main(arguments.path)
