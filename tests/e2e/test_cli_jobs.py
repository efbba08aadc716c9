from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.cli import BUG, clean_environment, optlint, plant


def many(folder: Path, count: int = 130) -> Path:
    sources = {f"bug{number:03}": BUG.replace("params", f"params{number % 7}") for number in range(count)}
    return plant(folder, **sources, broken="import torch\nx = (net.parameters()\n")


def test_the_number_of_processes_changes_nothing(tmp_path: Path) -> None:
    many(tmp_path)
    alone = optlint("check", "--jobs", "1", "--no-cache", "--output-format", "json", cwd=tmp_path)
    shared = optlint("check", "--jobs=3", "--output-format", "json", cwd=tmp_path)
    assert shared == alone
    assert alone.out.count('"OPT101"') == 130
    assert "131 files, 0 of them parsed" in optlint("check", "--jobs", "2", "-v", cwd=tmp_path).err


def test_fixes_are_made_by_several_processes_too(tmp_path: Path) -> None:
    plant(tmp_path, **{f"f{number}": "import torch\nx = 1  # optlint: ignore[OPT101]\n" for number in range(120)})
    assert optlint("check", "--fix", "--jobs", "2", cwd=tmp_path).out.startswith("Fixed 120 diagnostics.\n")
    assert {path.read_text() for path in tmp_path.glob("*.py")} == {"import torch\nx = 1\n"}


def test_a_wrong_number_is_told(tmp_path: Path) -> None:
    for word in ("0", "-1", "two"):
        done = optlint("check", f"--jobs={word}", cwd=tmp_path)
        assert (done.code, f"`--jobs {word}`: a number from 1 on is needed" in done.err) == (2, True)


def processes_of(group: int) -> list[str]:
    """The processes of a group that are alive."""
    listed = subprocess.run(["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    return [
        line for line in listed.splitlines() if line.split()[0] == str(group) and not line.split()[1].startswith("Z")
    ]


def stopped_by(signal_number: int, folder: Path) -> tuple[int, bytes, list[str]]:
    """The exit code, what was said, and what is still running a moment later."""
    run = subprocess.Popen(
        [sys.executable, "-m", "optlint", "check", "--jobs", "2", "--no-cache", "-q"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while len(processes_of(run.pid)) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    if signal_number == signal.SIGINT:
        os.killpg(run.pid, signal_number)
    else:
        run.send_signal(signal_number)
    _, said = run.communicate(timeout=60)
    deadline = time.monotonic() + 10
    while processes_of(run.pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    return run.returncode, said, processes_of(run.pid)


def test_nothing_is_left_behind_by_ctrl_c_or_a_kill(tmp_path: Path) -> None:
    plant(tmp_path, **{f"bug{number:03}": BUG * 30 for number in range(400)})
    assert stopped_by(signal.SIGINT, tmp_path) == (130, b"", [])
    assert stopped_by(signal.SIGKILL, tmp_path)[2] == []
