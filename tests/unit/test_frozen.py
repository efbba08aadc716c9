"""Values of the engine behave like frozen dataclasses, but for what the type checker sees to."""

from __future__ import annotations

import dataclasses

from optlint.flow.frozen import dataclass, replace


@dataclass(frozen=True, slots=True)
class Pair:
    left: object
    right: object = None


@dataclass(frozen=True, slots=True)
class Single:
    only: object


def test_values_are_compared_and_hashed_by_their_fields() -> None:
    assert Pair(1, 2) == Pair(1, 2)
    assert Pair(1, 2) != Pair(2, 1)
    assert len({Pair(1, 2), Pair(1, 2), Pair(2, 1)}) == 2
    assert Pair(1) == Pair(1, None)


def test_replacing_makes_another_value() -> None:
    first = Pair(1, 2)
    assert replace(first, right=3) == dataclasses.replace(first, right=3) == Pair(1, 3)
    assert first == Pair(1, 2)
    assert replace(Single((1, 2)), only=3) == Single(3)
    assert replace(Single((1, 2))) == Single((1, 2))


def test_only_the_type_checker_minds_a_change() -> None:
    """`mypy` checks this file: an error that it does not find is one, too."""
    pair = Pair(1, 2)
    pair.left = 3  # type: ignore[misc]
    assert pair.left == 3


def test_values_show_their_fields() -> None:
    assert repr(Pair(1, Single("a"))) == "Pair(left=1, right=Single(only='a'))"
    assert Pair.__doc__ == "Pair"
