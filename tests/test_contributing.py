"""CONTRIBUTING.md tells the truth about the code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_map_of_the_code_is_true():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    the_map = re.search(r"^optlint/$.*?^```", text, re.MULTILINE | re.DOTALL)[0]
    named = re.findall(r"[\w/]+\.py|[\w/]+/(?= |$)", the_map)
    assert [name for name in named if not any((ROOT / base / name).exists() for base in ("", "optlint", "tests"))] == []
    packages = [path.parent.name for path in (ROOT / "optlint").glob("*/__init__.py")]
    assert [name for name in packages if f"{name}/" not in named] == []
