"""Running a program twice, by Python itself and under `optlint run`, to compare all that it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

SIGKILL = 9
PATIENCE = 120
ABORTED = "terminate called without an active exception"  # threads of gloo, now and then, with or without an audit


class Outcome(NamedTuple):
    """What is seen of a program from outside."""

    code: int
    out: str
    err: str


class Folder:
    """A folder of programs, and how to run them there."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> str:
        """Write a file there, and give its name back."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return name

    def python(self, *arguments: str, **variables: str) -> Outcome:
        """Run Python with these arguments; once more where PyTorch itself could not end a process group."""
        outcome = self._python(arguments, variables)
        return self._python(arguments, variables) if ABORTED in outcome.err else outcome

    def _python(self, arguments: tuple[str, ...], variables: dict[str, str]) -> Outcome:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.path,
            env=_environment() | variables,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def audited(self, *arguments: str, **variables: str) -> Outcome:
        """Run `optlint run` with these arguments."""
        return self.python("-m", "optlint", "run", *arguments, **variables)

    def start_audited(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Start `optlint run` and leave it running."""
        command = [sys.executable, "-m", "optlint", "run", *arguments]
        return subprocess.Popen(
            command, cwd=self.path, env=_environment() | variables, stdout=subprocess.PIPE, stderr=-3, text=True
        )

    def json(self, name: str) -> Any:
        """The content of a JSON file there."""
        return json.loads((self.path / name).read_text(encoding="utf-8"))

    def lines(self, name: str) -> list[Any]:
        """The content of a file of JSON lines there."""
        return [json.loads(line) for line in (self.path / name).read_text(encoding="utf-8").splitlines()]


def _environment() -> dict[str, str]:
    ours = {"OMP_NUM_THREADS": "1", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    foreign = ("OPTLINT", "COV_", "PYTEST")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | ours
