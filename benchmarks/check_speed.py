"""What `optlint check` costs beside other tools over the same files in the same run, and how that grows.

    python benchmarks/check_speed.py [--most LINES] FOLDER [FOLDER ...]

Samples of growing size, of up to a million lines if nothing else is asked for, are taken from the Python files below
the folders, folder after folder: a few minutes; 5 million lines take ten more. Each tool runs once, cold, in a process
of its own; CPU seconds are those of the process and its children. `optlint check` then runs again over what has not
changed, with the cache of a first run. Tools that are not installed beside this Python are left out, and slow ones in
large samples.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

BIN = Path(sys.executable).parent
SIZES = (10_000, 100_000, 1_000_000, 5_000_000)  # lines
MOST = 1_000_000  # lines in a sample
MEDIUM, FEW = 400_000, 30_000  # lines, that slower tools are given at most
UNCHANGED = "optlint check, nothing changed"
PARSE = """\
import sys, threading, warnings
warnings.simplefilter("ignore")
sys.setrecursionlimit(20000)
threading.stack_size(512 * 1024 * 1024)
def run():
    for name in sys.stdin.read().split("\\0"):
        try:
            {parse}(open(name, "rb").read())
        except Exception:
            pass
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


class Sample(NamedTuple):
    """Some files, with the number of their lines."""

    name: str
    files: tuple[Path, ...]
    lines: int


class Tool(NamedTuple):
    """A command to which the folder of a sample is added, unless it reads the names of files from standard input.

    Nothing of more than `most_lines` is given to it.
    """

    name: str
    command: tuple[str, ...]
    reads_names: bool = False
    most_lines: int = sys.maxsize


class Cost(NamedTuple):
    """Seconds: of the processor, and by the clock."""

    cpu: float
    wall: float


def tools() -> Iterator[Tool]:
    """The tools that are installed; the first is what the others are compared with."""
    ruff, optlint = (_bin("ruff"), "check", "--isolated", "--no-cache", "-q"), (_bin("optlint"), "check", "--isolated")
    known = (
        Tool("ruff check (defaults)", ruff),
        Tool("optlint check", (*optlint, "--no-cache", "-q")),
        Tool(UNCHANGED, (*optlint, "-q")),
        _parser("ast", "ast.parse"),
        _parser("libcst", "libcst.parse_module")._replace(most_lines=MEDIUM),
        Tool("flake8", (_bin("flake8"), "-j1", "-q"), most_lines=MEDIUM),
        Tool("torch-preflight", (_bin("torch-preflight"),), most_lines=FEW),
        Tool("torchfix", (_bin("torchfix"),), most_lines=FEW),
        Tool("pylint", (_bin("pylint"), "-j1", "--recursive=y"), most_lines=FEW),
    )
    return (tool for tool in known if Path(tool.command[0]).exists())


def _bin(name: str) -> str:
    return str(BIN / name)


def _parser(module: str, function: str) -> Tool:
    code = f"import {module}\n{PARSE.format(parse=function)}"
    return Tool(f"bare `{function}`", (sys.executable, "-c", code), reads_names=True)


def samples(folders: Iterable[Path], most: int) -> Iterator[Sample]:
    """One file, ten files, and the first files with so many lines each; the last sample is all there is, or `most`."""
    files = [path for folder in folders for path in sorted(folder.rglob("*.py")) if path.is_file()]
    counts = [path.read_bytes().count(b"\n") for path in files]
    about_torch = [number for number, path in enumerate(files) if b"torch" in path.read_bytes()]
    for name, chosen in (("1 file", about_torch[:1]), ("10 files", about_torch[:10])):
        yield Sample(name, tuple(files[number] for number in chosen), sum(counts[number] for number in chosen))
    total, sizes = 0, iter([*(size for size in SIZES if size < most), most])
    wanted = next(sizes)
    for number, count in enumerate(counts, 1):
        total += count
        if total >= wanted:
            yield Sample(f"{wanted:,} lines", tuple(files[:number]), total)
            wanted = next(sizes, sys.maxsize)
    if wanted != sys.maxsize:
        yield Sample(f"{total:,} lines", tuple(files), total)


def cost(tool: Tool, sample: Sample, folder: str) -> Cost:
    """Of a tool and what it starts; the threads of numeric libraries are kept at one."""
    names = "\0".join(map(str, sample.files)) if tool.reads_names else ""
    command = tool.command if tool.reads_names else (*tool.command, ".")
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, input=names, text=True, capture_output=True, check=False, cwd=folder,
                   env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    return Cost(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - started)


def measured(sample: Sample) -> dict[str, Cost]:
    """What each tool costs over copies of the files, which keep their places beside each other."""
    common = os.path.commonpath([path.parent for path in sample.files])
    with tempfile.TemporaryDirectory() as folder:
        for path in sample.files:
            copy = Path(folder) / path.relative_to(common)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        found: dict[str, Cost] = {}
        for tool in tools():
            if sample.lines > tool.most_lines:
                continue
            if tool.name == UNCHANGED:
                time.sleep(2)  # a file that was written to a moment ago may be written to once more
                cost(tool, sample, folder)
            found[tool.name] = cost(tool, sample, folder)
            print(f"{sample.name}: {tool.name}: {found[tool.name].cpu:.2f}", file=sys.stderr)
        return found


def main(words: list[str]) -> None:
    """Print the table: CPU seconds, seconds by the clock, and how many times the first tool's CPU seconds that is."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--most", type=int, default=MOST, metavar="LINES", help="of the largest sample (%(default)s)")
    parser.add_argument("folders", nargs="*", default=["."], metavar="FOLDER")
    given = parser.parse_args(words)
    folders = [Path(os.path.abspath(folder)) for folder in given.folders]
    columns = {sample.name: measured(sample) for sample in samples(folders, given.most)}
    names = [tool.name for tool in tools()]
    print(f"| CPU s / clock s / × | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for name in names:
        cells = (_cell(costs.get(name), costs[names[0]]) for costs in columns.values())
        print(f"| {name} | {' | '.join(cells)} |")


def _cell(found: Cost | None, base: Cost) -> str:
    if found is None:
        return "–"
    return f"{found.cpu:.2f} / {found.wall:.2f} / {found.cpu / base.cpu:.1f}×"


if __name__ == "__main__":
    main(sys.argv[1:])
