"""What optlint says of real packages, compared with what a person has read and recorded.

    python scripts/real_code.py              # tests/real_code/short, which `.ci/run` checks
    python scripts/real_code.py long         # tests/real_code/long: 5.9 M lines, minutes; for changes of the engine
    python scripts/real_code.py --update     # after reading what has changed: record it

A list is a folder of `tests/real_code`: `packages.txt` pins them, `diagnostics.txt` is the record. The wheels are
downloaded by pip and unpacked into a temporary folder.
"""

from __future__ import annotations

import argparse
import difflib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LISTS = Path(__file__).parents[1] / "tests" / "real_code"


def main() -> int:
    """Returns 1, and shows what differs, if the record does not hold."""
    options = _options()
    chosen = LISTS / options.list
    record = chosen / "diagnostics.txt"
    with tempfile.TemporaryDirectory() as folder:
        unpack(chosen / "packages.txt", Path(folder))
        found = diagnostics(Path(folder))
    if options.update:
        record.write_text("".join(found), encoding="utf-8")
        return 0
    return _compare(record.read_text(encoding="utf-8").splitlines(keepends=True), found)


def unpack(packages: Path, folder: Path) -> None:
    """Puts each package into a folder of its own, named like its wheel; subprocess.CalledProcessError if pip fails."""
    wheels = folder / "wheels"
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(wheels), "--requirement", str(packages)], check=True)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / "-".join(wheel.name.split("-")[:2]))


def diagnostics(folder: Path) -> list[str]:
    """What `optlint check` says of the folder, a line each, with paths below the folder."""
    words = ["check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "--output-format", "concise"]
    run = subprocess.run(
        [sys.executable, "-m", "optlint", *words, "."], cwd=folder, check=True, stdout=subprocess.PIPE, text=True
    )
    return sorted(run.stdout.splitlines(keepends=True))


def _compare(recorded: list[str], found: list[str]) -> int:
    changes = list(difflib.unified_diff(recorded, found, "recorded", "found", n=0))
    sys.stdout.writelines(changes)
    if changes:
        print("Read each line that differs; `python scripts/real_code.py --update` records what is right.")
    return 1 if changes else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("list", nargs="?", default="short", choices=sorted(path.name for path in LISTS.iterdir()))
    parser.add_argument("--update", action="store_true", help="write the record")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
