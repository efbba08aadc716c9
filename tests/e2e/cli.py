"""Running the command line as users do, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

BUG = """\
import torch
from torch import nn, optim

model = nn.Linear(3, 3)
params = model.parameters()
for param in params:
    print(param.shape)
optimizer = optim.SGD(params, lr=0.1)
"""


UNFIXABLE = """\
import torch

model = torch.nn.Linear(3, 3)
optimizer = torch.optim.SGD([{"params": model.parameters()}, {"params": model.parameters()}], lr=0.1)
"""


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def optlint(*words: str, cwd: Path, stdin: str | bytes = b"", **environment: str) -> Done:
    """Run `optlint` with these words, and see that it never shows a traceback."""
    done = subprocess.run(
        [sys.executable, "-m", "optlint", *words],
        cwd=cwd,
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        check=False,
        env=clean_environment(**environment),
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def clean_environment(**extra: str) -> dict[str, str]:
    """Our own environment without what changes the output."""
    changing = ("NO_COLOR", "FORCE_COLOR", "TERM", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if key not in changing}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error", **extra}


def plant(folder: Path, **files: str | bytes) -> Path:
    """Write files named as keywords, with `__` for `/` and `.py` added, into the folder."""
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder
