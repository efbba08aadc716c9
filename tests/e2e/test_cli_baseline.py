from __future__ import annotations

from pathlib import Path

from tests.e2e.cli import BUG, optlint, plant


def test_a_baseline_from_its_first_day_to_its_last(tmp_path: Path) -> None:
    plant(tmp_path, old=BUG, other=BUG)
    done = optlint("baseline", "write", cwd=tmp_path)
    assert (done.code, done.out) == (0, ".optlint-baseline.json: known from now on: 2 diagnostics in 2 files.\n")
    assert optlint("check", cwd=tmp_path)[:2] == (0, "All checks passed: 2 files. Known from the baseline: 2.\n")
    assert optlint("baseline", "check", cwd=tmp_path).code == 0

    plant(tmp_path, old=f"# a line above\n\n{BUG}", new=BUG)
    done = optlint("check", "--output-format", "concise", cwd=tmp_path)
    assert (done.code, "\nFound 1 error in 1 of 3 files. Known from the baseline: 2.\n" in done.out) == (1, True)
    assert done.out.startswith("new.py:8:23: error: OPT101")

    plant(tmp_path, old=BUG.replace("SGD(params,", "SGD(list(model.parameters()),"), new="x = 1\n")
    done = optlint("check", cwd=tmp_path)
    assert done.code == 0
    assert "1 known diagnostic not found any more, `optlint baseline prune` takes out" in done.err
    done = optlint("baseline", "check", cwd=tmp_path)
    assert (done.code, done.out.splitlines()[-1]) == (1, ".optlint-baseline.json: 1 known, 0 new, 1 gone.")
    assert optlint("baseline", "prune", cwd=tmp_path).out == ".optlint-baseline.json: 1 taken out, 1 left.\n"
    assert optlint("baseline", "check", cwd=tmp_path).code == 0


def test_only_what_was_looked_at_can_be_gone(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG, b=BUG, c="import torch\nx = (model.parameters()\n")
    optlint("baseline", "write", cwd=tmp_path)
    before = (tmp_path / ".optlint-baseline.json").read_bytes()
    for words in (["a.py"], ["--select", "OPT201"], ["--ignore", "OPT1"]):
        assert optlint("baseline", "prune", *words, cwd=tmp_path).out.startswith(".optlint-baseline.json: 0 taken out")
    for words in (["a.py"], ["c.py"], []):
        optlint("baseline", "write", *words, cwd=tmp_path)
        assert (tmp_path / ".optlint-baseline.json").read_bytes() == before


def test_the_baseline_is_found_from_below_and_by_name(tmp_path: Path) -> None:
    plant(tmp_path, sub__a=BUG)
    optlint("baseline", "write", "--baseline", "known.json", cwd=tmp_path)
    assert optlint("check", cwd=tmp_path).code == 1
    assert optlint("check", "--baseline", "known.json", cwd=tmp_path).code == 0
    (tmp_path / "known.json").rename(tmp_path / ".optlint-baseline.json")
    assert optlint("check", "a.py", cwd=tmp_path / "sub").code == 0
    assert optlint("check", "--baseline", "none.json", cwd=tmp_path).code == 2
    assert optlint("check", "--baseline=", cwd=tmp_path).code == 1


def test_wrong_use_is_told(tmp_path: Path) -> None:
    for words in ([], ["update"]):
        assert "which action? One of write, check, prune" in optlint("baseline", *words, cwd=tmp_path).err
    done = optlint("baseline", "check", cwd=tmp_path)
    assert (done.code, "there is no such baseline" in done.err) == (2, True)
