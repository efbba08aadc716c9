"""Values of the engine behave like frozen dataclasses, but for what the type checker sees to."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

from optlint.flow.frozen import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pair:
    left: object
    right: object = None


@dataclass(frozen=True, slots=True)
class Single:
    only: object


def test_values_are_compared_and_hashed_by_their_fields():
    assert Pair(1, 2) == Pair(1, 2)
    assert Pair(1, 2) != Pair(2, 1)
    assert len({Pair(1, 2), Pair(1, 2), Pair(2, 1)}) == 2
    assert Pair(1) == Pair(1, None)


def test_replacing_makes_another_value():
    first = Pair(1, 2)
    assert replace(first, right=3) == dataclasses.replace(first, right=3) == Pair(1, 3)
    assert first == Pair(1, 2)
    assert replace(Single((1, 2)), only=3) == Single(3)
    assert replace(Single((1, 2))) == Single((1, 2))


def test_the_type_checker_takes_them_for_frozen(tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text(
        "from optlint.flow.frozen import dataclass\n\n"
        "@dataclass(frozen=True, slots=True)\nclass Value:\n    field: int\n\nValue(1).field = 2\n"
    )
    command = [sys.executable, "-m", "mypy", "--no-incremental", str(broken)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert 'Property "field" defined in "Value" is read-only' in told.stdout
