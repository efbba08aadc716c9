from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.cli import BUG, clean_environment, plant


def on_a_terminal(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    """The exit code of `optlint`, and all that it shows on a terminal."""
    terminal, end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "optlint", *words],
        cwd=folder,
        stdout=end,
        stderr=end,
        env=clean_environment(TERM="xterm", **environment),
    )
    os.close(end)
    shown = b""
    try:
        while part := os.read(terminal, 4096):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(terminal)
    return process.wait(), shown.decode()


def test_a_terminal_gets_colour_unless_it_does_not_want_it(tmp_path: Path) -> None:
    plant(tmp_path, a=BUG)
    assert "\x1b[1;31merror[OPT101]\x1b[0m" in on_a_terminal(tmp_path, "check")[1]
    assert "\x1b" not in on_a_terminal(tmp_path, "check", NO_COLOR="1")[1]


def test_many_files_show_progress(tmp_path: Path) -> None:
    plant(tmp_path, **{f"bug{number}": BUG * 5 for number in range(150)})
    code, shown = on_a_terminal(tmp_path, "check", "--statistics")
    assert (code, "checked " in shown, " of 150 files" in shown) == (1, True, True)
    assert "checked" not in on_a_terminal(tmp_path, "check", "--statistics", "-q")[1]


def test_ctrl_c_is_quiet(tmp_path: Path) -> None:
    plant(tmp_path, **{f"bug{number}": BUG * 20 for number in range(400)})
    process = subprocess.Popen(
        [sys.executable, "-m", "optlint", "check", "-v"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")
