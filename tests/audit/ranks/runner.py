"""Runs programs of several ranks under an audit each and prints what was found: `python -m tests.audit.ranks.runner`.

All ranks are forks of this process, which has imported torch once.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch._dynamo  # which DistributedDataParallel imports
import torch.distributed as dist
import torch.distributed.optim

from optlint.auditing.options import Options
from optlint.auditing.reports.report import diagnostic_as_json
from optlint.auditing.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 40  # seconds for one program
GROUP_TIMEOUT = timedelta(seconds=15)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def work(program: Callable[[], None], rank: int, world: int, port: int, path: str, every: int) -> None:
    """One rank from its process group to its report."""
    torch.set_num_threads(1)
    session = Session(Options(check_replicas=every))
    failed: BaseException | None = None
    session.start()
    try:
        dist.init_process_group(
            "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=world, timeout=GROUP_TIMEOUT
        )
        program()
        dist.destroy_process_group()
    except BaseException as error:
        failed = error
    began = time.perf_counter()
    session.stop(failed)
    report = {
        "diagnostics": [diagnostic_as_json(one) for one in session.diagnostics],
        "fault": session.fault,
        "error": "".join(traceback.format_exception(failed)) if failed else None,
        "stopping": time.perf_counter() - began,
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(report, file)


def run(program: Callable[[], None], world: int, every: int) -> list[dict[str, Any] | None]:
    """What each rank has reported; None of one that was killed or hung."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, str(rank)) for rank in range(world)]
        port = free_port()
        children = []
        for rank, path in enumerate(paths):
            child = os.fork()
            if not child:
                work(program, rank, world, port, path, every)
                os._exit(0)
            children.append(child)
        hung = wait_for(children)
        reports = [json.loads(Path(path).read_text()) if os.path.exists(path) else None for path in paths]
        return reports if not hung else [*reports, {"hung": hung}]


def wait_for(children: list[int]) -> list[int]:
    """The places of those that had to be killed."""
    until = time.monotonic() + PATIENCE
    left = dict(enumerate(children))
    while left and time.monotonic() < until:
        left = {at: child for at, child in left.items() if os.waitpid(child, os.WNOHANG)[0] == 0}
        time.sleep(0.02)
    for child in left.values():
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return list(left)


def main() -> None:
    module, world, every, *names = sys.argv[1:]
    programs = vars(import_module(module))
    own = [name for name, it in programs.items() if getattr(it, "__module__", "") == module and name[0] != "_"]
    for name in names or own:
        began = time.monotonic()
        reports = run(programs[name], int(world), int(every))
        print(json.dumps({"program": name, "seconds": time.monotonic() - began, "ranks": reports}), flush=True)


if __name__ == "__main__":
    main()
