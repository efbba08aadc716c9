"""Write the output of the commands that README.md shows in its console blocks anew.

Where a shown output is cut by a line `...`, its first paragraph and its closing lines are kept.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
SESSION = re.compile(r"^\$ optlint (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def renewed(readme: str) -> str:
    """The README with what its commands print now."""
    return BLOCK.sub(lambda block: SESSION.sub(_session, block[0]), readme)


def _session(found: re.Match[str]) -> str:
    command = [sys.executable, "-m", "optlint", *found[1].split()]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    is_cut = "\n...\n" in found[2]
    return f"$ optlint {found[1]}\n{_cut(printed) if is_cut else printed}"


def _cut(printed: str) -> str:
    paragraphs = printed.split("\n\n")
    return f"{paragraphs[0]}\n\n...\n{paragraphs[-1]}"


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(renewed(readme.read_text(encoding="utf-8")), encoding="utf-8")
