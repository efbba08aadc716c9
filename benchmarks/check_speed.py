"""What `optlint check` costs, as ratios to other tools over the same files in the same run.

    python benchmarks/check_speed.py FOLDER [FOLDER ...]

Each tool runs once, cold, in a process of its own, over every Python file below the folders; CPU seconds are those of
the process and its children. `optlint check` then runs again over what has not changed, with the cache of a first run.
Tools that are not installed beside this Python are left out.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

BIN = Path(sys.executable).parent
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


def tools(folders: list[str]) -> Iterator[tuple[str, list[str], str]]:
    """Name, command, and what it reads from standard input."""
    files = "\0".join(str(path) for folder in folders for path in sorted(Path(folder).rglob("*.py")) if path.is_file())
    yield "ruff check (defaults)", [str(BIN / "ruff"), "check", "--isolated", "--no-cache", "-q", *folders], ""
    yield "optlint check", [str(BIN / "optlint"), "check", "--isolated", "--no-cache", "-q", *folders], ""
    yield UNCHANGED, [str(BIN / "optlint"), "check", "--isolated", "-q", *folders], ""
    yield "bare ast.parse", [sys.executable, "-c", f"import ast\n{PARSE.format(parse='ast.parse')}"], files
    libcst = f"import libcst\n{PARSE.format(parse='libcst.parse_module')}"
    yield "bare libcst.parse_module", [sys.executable, "-c", libcst], files
    yield "torchfix", [str(BIN / "torchfix"), *folders], ""
    yield "torch-preflight", [str(BIN / "torch-preflight"), *folders], ""
    yield "flake8", [str(BIN / "flake8"), "-j1", "-q", *folders], ""


def cpu_seconds(command: list[str], given: str, folder: str) -> float:
    """User and system seconds of a command and what it starts; the threads of numeric libraries are kept at one."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, input=given, text=True, capture_output=True, check=False, cwd=folder,
                   env={**os.environ, "OMP_NUM_THREADS": "1"})  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(folders: list[str]) -> None:
    """Print the table."""
    lines = sum(
        path.read_bytes().count(b"\n") for folder in folders for path in Path(folder).rglob("*.py") if path.is_file()
    )
    print(f"{lines:,} lines\n\n| tool | CPU seconds | of ruff's |\n|---|---|---|")
    base = 0.0
    with tempfile.TemporaryDirectory() as folder:  # the cache is put there
        for name, command, given in tools([os.path.abspath(folder) for folder in folders]):
            if not Path(command[0]).exists():
                continue
            if name == UNCHANGED:
                cpu_seconds(command, given, folder)
            seconds = cpu_seconds(command, given, folder)
            base = base or seconds
            print(f"| {name} | {seconds:.1f} | {seconds / base:.2f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:] or ["."])
