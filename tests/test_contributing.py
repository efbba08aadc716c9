"""CONTRIBUTING.md tells the truth about the code."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_map_of_the_code_is_complete():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    the_map = re.search(r"^optlint/$.*?^```", text, re.MULTILINE | re.DOTALL)[0]
    parts = [path.name for path in (ROOT / "optlint").iterdir() if path.is_dir() or path.suffix == ".py"]
    assert [name for name in parts if not name.startswith("_") and name not in the_map] == []
    named = re.findall(r"[\w/]+\.py|[\w/]+/(?= |$)", the_map)
    assert [name for name in named if not any((ROOT / base / name).exists() for base in ("", "optlint", "tests"))] == []
