from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.cli import BUG, Done, clean_environment, optlint, plant

CACHE = ".optlint_cache"


def parsed(done: Done) -> int:
    """How many files the run has parsed."""
    (line,) = [line for line in done.err.splitlines() if " of them parsed" in line]
    return int(line.split()[3])


def test_a_second_run_parses_nothing_and_says_the_same(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG, b=BUG.replace("params", "weights"), c="x = 1\n")
    first = optlint("check", "-v", cwd=tmp_path)
    second = optlint("check", "-v", cwd=tmp_path)
    assert (parsed(first), parsed(second)) == (2, 0)
    assert (second.code, second.out) == (first.code, first.out)
    assert optlint("check", str(tmp_path / "a.py"), cwd=tmp_path).out.count(f"{tmp_path}/a.py:8") == 1


def test_what_is_changed_among_many_is_noticed(tmp_path: Path) -> None:
    """So many that unchanged ones are not read again."""
    plant(tmp_path, **{f"f{number}": "x = 1\n" for number in range(510)}, a=BUG)
    first = optlint("check", cwd=tmp_path)
    assert (first.code, optlint("check", cwd=tmp_path)) == (1, first)
    time.sleep(2.1)  # now nobody can have written to them in the same moment
    assert optlint("check", cwd=tmp_path) == optlint("check", cwd=tmp_path) == first
    plant(tmp_path, f7=BUG, a=BUG.replace("for param in", "for param in list(), *"))
    assert optlint("check", cwd=tmp_path).out == optlint("check", "--no-cache", cwd=tmp_path).out != first.out
    (tmp_path / "f7.py").unlink()
    assert "f7" not in optlint("check", cwd=tmp_path).out


def test_what_has_changed_is_parsed(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG, b=BUG)
    optlint("check", cwd=tmp_path)
    plant(tmp_path, b=BUG.replace("optim.SGD(params", "optim.SGD(list(model.parameters())"))
    done = optlint("check", "-v", cwd=tmp_path)
    assert (parsed(done), done.out.count("error[OPT101]")) == (1, 1)
    (tmp_path / "optlint.toml").write_text('ignore = ["OPT101"]\n')
    assert optlint("check", cwd=tmp_path).code == 0


def test_a_change_in_a_helper_is_noticed(tmp_path: Path) -> None:
    using = "import torch\nfrom helpers import show\n\nparams = torch.nn.Linear(1, 1).parameters()\nshow(params)\n"
    using += "optimizer = torch.optim.SGD(params, lr=1)\n"
    plant(tmp_path, a=using, helpers="def show(params):\n    print(params)\n")
    assert optlint("check", cwd=tmp_path).code == 0
    plant(tmp_path, helpers="def show(params):\n    print(list(params))\n")
    done = optlint("check", cwd=tmp_path)
    assert (done.code, done.out.count("error[OPT101]")) == (1, 1)
    assert done == optlint("check", "--no-cache", cwd=tmp_path)


def test_a_helper_that_comes_and_goes_is_noticed(tmp_path: Path) -> None:
    using = "import torch\nfrom helpers import show\n\nparams = torch.nn.Linear(1, 1).parameters()\nshow(params)\n"
    using += "optimizer = torch.optim.SGD(params, lr=1)\n"
    plant(tmp_path, a=using)
    assert optlint("check", cwd=tmp_path).code == 0
    plant(tmp_path, helpers="def show(params):\n    print(list(params))\n")
    assert optlint("check", cwd=tmp_path).code == 1
    (tmp_path / "helpers.py").unlink()
    assert optlint("check", cwd=tmp_path).code == 0


def test_a_file_is_judged_alike_alone_and_among_others(tmp_path: Path) -> None:
    using = "import torch\nfrom {} import show\n\n\ndef f(model):\n    p = model.parameters()\n    show(p)\n"
    using += "    return torch.optim.SGD(p, lr=1)\n"
    show = "def show(params):\n    print(list(params))\n"
    plant(tmp_path, a=using.format("b"), b=using.format("c") + show, c=f"from d import *\n{show}", d="import a\n")
    together = optlint("check", "--no-cache", "--output-format", "concise", cwd=tmp_path).out
    assert together.count("OPT101") == 2
    for name in ("a.py", "b.py"):
        alone = optlint("check", "--no-cache", "--output-format", "concise", name, cwd=tmp_path).out
        assert [line for line in together.splitlines() if line.startswith(name)] == alone.splitlines()[:1]


def test_a_key_that_another_file_reads_or_no_more_is_noticed(tmp_path: Path) -> None:
    group = '{"params": torch.nn.Linear(1, 1).parameters(), "my_rate": 2}'
    plant(tmp_path, a=f"import torch\noptimizer = torch.optim.SGD([{group}], lr=1)\n", pkg____init__="")
    (tmp_path / "pyproject.toml").touch()
    reads = 'def scale(optimizer):\n    return [group["my_rate"] for group in optimizer.param_groups]\n'
    for reader, code in ((reads, 0), ("", 1), (reads, 0)):
        plant(tmp_path, pkg__scales=reader)
        done = optlint("check", cwd=tmp_path)
        assert (done.code, "OPT301" in done.out) == (code, bool(code))
        assert optlint("check", cwd=tmp_path) == done


def test_without_a_cache_nothing_is_kept(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG)
    optlint("check", "--no-cache", cwd=tmp_path)
    assert os.listdir(tmp_path) == ["a.py"]


def test_a_broken_cache_changes_nothing(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG)
    first = optlint("check", cwd=tmp_path)
    for path in (tmp_path / CACHE).glob("results-*"):
        path.write_bytes(b"\x00broken")
    assert optlint("check", cwd=tmp_path) == first
    assert optlint("check", cwd=tmp_path) == first


def test_two_runs_at_once_do_no_harm(tmp_path: Path) -> None:
    plant(tmp_path, **{f"bug{number}": BUG for number in range(20)})
    command = [sys.executable, "-m", "optlint", "check", "--output-format", "concise"]
    runs = [
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=clean_environment())
        for _ in range(3)
    ]
    outputs = {run.communicate() for run in runs}
    assert len(outputs) == 1
    assert optlint("check", "--output-format", "concise", cwd=tmp_path).out.encode() in outputs.pop()


def test_a_run_that_is_killed_leaves_no_harm(tmp_path: Path) -> None:
    """At any moment: the files are whole, and the cache is whole or absent."""
    unused = "import torch\nx = 1  # optlint: ignore[OPT101]\n" * 30
    clean = "import torch\nx = 1\n" * 30
    rng = random.Random(0)
    for _ in range(6):
        plant(tmp_path, **{f"f{number}": unused for number in range(12)})
        run = subprocess.Popen(
            [sys.executable, "-m", "optlint", "check", "--fix", "-q"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            env=clean_environment(),
        )
        time.sleep(rng.uniform(0.2, 2.5))
        run.send_signal(signal.SIGKILL)
        run.wait()
        assert {path.read_text() for path in tmp_path.glob("*.py")} <= {unused, clean}
    assert optlint("check", "--fix", cwd=tmp_path).code == 0
    assert {path.read_text() for path in tmp_path.glob("*.py")} == {clean}
