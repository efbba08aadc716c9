"""Feeds optlint what no person would write, guided by coverage: whatever comes in, it must not crash.

    pip install atheris && python scripts/fuzz.py source -max_total_time=600

What is fuzzed is `source`, `program` (sources that parse, which takes hypothesis), `notebook`, `configuration` or
`suppression`; the other words are libFuzzer's. It starts from the rule pages, and keeps an input that crashes in the
current folder.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import atheris  # type: ignore[import-untyped]

ROOT = Path(__file__).parents[1]
LAZY = ("checks", "fixes", "flow", "linting", "sources")  # imported when needed: too late to be instrumented
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["optlint"]):
    from optlint.api import lint
    from optlint.batch.policies import Policies
    from optlint.linting.suppress import find_directives
    from optlint.settings.config import ConfigError, parse_table, table_of
    from optlint.settings.selection import Selection
    from optlint.sources.decoding import NotAnalysedError
    from optlint.sources.notebook import read_notebook

    for package in LAZY:
        for module in pkgutil.walk_packages([str(ROOT / "optlint" / package)], f"optlint.{package}."):
            importlib.import_module(module.name)

from tests.properties.programs import blocks  # noqa: E402

CRASHED = "OPT902"
CONFIGURATION = b'[tool.optlint]\nselect = ["OPT1"]\nseverity = {OPT101 = "info"}\nper-file-ignores = {"a*" = ["ALL"]}'


def fuzz_source(data: bytes) -> None:
    """A Python file of any bytes."""
    found = lint(data, filename="fuzzed.py", select=["ALL"])
    assert CRASHED not in {one.code for one in found}


def fuzz_program(data: bytes) -> None:
    """A program that parses, chosen by the bytes."""
    from tests.properties.test_programs import test_nothing_crashes_and_all_stands_inside_the_file as holds

    holds.hypothesis.fuzz_one_input(data)  # type: ignore[attr-defined]


def fuzz_notebook(data: bytes) -> None:
    """A notebook of any bytes: what can be read is written as it was."""
    found = lint(data, filename="fuzzed.ipynb", select=["ALL"])
    assert CRASHED not in {one.code for one in found}
    try:
        notebook = read_notebook(data)
    except NotAnalysedError:
        return
    assert notebook.data() == data


def fuzz_configuration(data: bytes) -> None:
    """A configuration of any bytes: it holds, or is refused in words."""
    try:
        Policies(Selection()).of(parse_table(table_of(data, "optlint.toml") or {}))
    except ConfigError:
        return


def fuzz_suppression(data: bytes) -> None:
    """Comments in any text stand inside it."""
    text = data.decode(errors="replace")
    rows = text.count("\n") + text.count("\r") + 1
    for found in find_directives(text):
        assert 1 <= found.first_row <= found.row <= rows


TARGETS: dict[str, Callable[[bytes], None]] = {
    "source": fuzz_source,
    "program": fuzz_program,
    "notebook": fuzz_notebook,
    "configuration": fuzz_configuration,
    "suppression": fuzz_suppression,
}


def seeds(target: str) -> Iterator[bytes]:
    """Where to start from: good input of the kind."""
    if target == "configuration":
        yield CONFIGURATION
    for block in blocks()[::10]:
        if target == "notebook":
            cell = {"cell_type": "code", "source": block.splitlines(keepends=True)}
            yield json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
        elif target in ("source", "suppression"):
            yield block.encode()


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    target = sys.argv.pop(1)
    with tempfile.TemporaryDirectory() as corpus:
        for index, seed in enumerate(seeds(target)):
            Path(corpus, str(index)).write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], TARGETS[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
