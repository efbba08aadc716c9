"""What `optlint run` is to watch and where it writes; handed to child processes in one environment variable."""

from __future__ import annotations

import os

from optlint.named_tuple import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VARIABLE = "OPTLINT_RUN"
FOLLOW = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "follow")


class Plan(NamedTuple):
    """One run: `pid` is the process that was asked for it, `scratch` the folder for what others hand over.

    `reports` are the absolute paths of the files asked for; the fields up to `check_replicas` are the options of
    `optlint run`. Where a launcher has started one such run for each rank, they share the folder, and one `sums_up`.
    """

    pid: int
    scratch: str
    reports: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    omit: tuple[str, ...] = ()
    strict_iterators: bool = False
    check_replicas: int = 0
    sums_up: bool = True
    ranks_beside: int = 0  # other ranks on this machine with a run of their own

    @property
    def is_mine(self) -> bool:
        """Whether this process is the one that sums the run up; its `exec` of another program is, too."""
        return self.pid == os.getpid()


def hand_down(plan: Plan) -> None:
    """Have child processes find the plan, and Python in them our `sitecustomize`."""
    import json

    os.environ[VARIABLE] = f"{plan.pid} {json.dumps(plan._asdict())}"
    before = os.environ.get("PYTHONPATH", "")
    if before.split(os.pathsep)[0] != FOLLOW:  # an empty entry stands for the current folder, so none may appear or go
        os.environ["PYTHONPATH"] = f"{FOLLOW}{os.pathsep}{before}" if before else FOLLOW


def inherited_plan() -> Plan | None:
    """The plan that the parent process handed down, if it did."""
    import json

    text = os.environ.get(VARIABLE)
    if not text:
        return None
    fields: dict[str, Any] = json.loads(text.partition(" ")[2])
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Plan(**{**fields, **lists})


def file_of_rank(path: str, rank: int | None) -> str:
    """The name under which rank N writes: `F.rankN.json` for N above 0, else `F.json` itself."""
    stem, extension = os.path.splitext(path)
    return f"{stem}.rank{rank}{extension}" if rank else path


def files_of_ranks(path: str) -> list[tuple[int, str]]:
    """The file and those that other ranks have written beside it, as far as they exist, in order of rank."""
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    found = {0: path} if os.path.exists(path) else {}
    for other in os.listdir(folder):
        number = other[len(stem) + len(".rank") : -len(extension)]
        if number.isdecimal() and other == f"{stem}.rank{number}{extension}":
            found[int(number)] = os.path.join(folder, other)
    return sorted(found.items())


def journals(plan: Plan, rank: int | None) -> list[str]:
    """The append-only files of this rank: one beside each JSON report, else one in the scratch folder."""
    stems = [path[: -len(".json")] for path in plan.reports if path.endswith(".json")]
    stems = stems or [os.path.join(plan.scratch, "run")]
    return [file_of_rank(f"{stem}.jsonl", rank) for stem in stems]
