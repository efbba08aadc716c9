from __future__ import annotations

import pytest

from optlint.batch import progress
from optlint.batch.progress import ERASE, shown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that pass with each look at the clock."""
    now = [0.0]
    steps = [0.04]

    def tick() -> float:
        now[0] += steps[0]
        return now[0]

    monkeypatch.setattr(progress, "monotonic", tick)
    return steps


def test_a_short_run_shows_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    assert list(shown(range(5), 5)) == list(range(5))
    assert capsys.readouterr() == ("", "")


def test_a_long_run_tells_how_far_it_has_come_and_tidies_up(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    clock[0] = 0.3
    assert list(shown(range(1_000), 1_000)) == list(range(1_000))
    out, err = capsys.readouterr()
    assert out == ""
    assert "checked 2 of 1,000 files" in err
    assert err.endswith(f"checked 1,000 of 1,000 files{ERASE}")


def test_it_tidies_up_when_it_is_stopped(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    clock[0] = 1
    iterator = iter(shown(range(9), 9))
    next(iterator)
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]
    assert capsys.readouterr().err.endswith(ERASE)
