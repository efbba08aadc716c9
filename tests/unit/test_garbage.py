"""Cyclic garbage is collected between files, and as usual when all is done."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from optlint.batch import garbage
from optlint.batch.checker import Checker
from optlint.batch.checking import check_all
from optlint.batch.policies import Policies
from optlint.discovery.found import SourceFile
from optlint.flow.files import project
from optlint.settings.config import Config
from optlint.settings.selection import Selection


class Cycle:
    """Something that only the collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def held_back() -> Iterator[None]:
    garbage.put_off()
    yield
    garbage.resume()


def left_over() -> weakref.ref[Cycle]:
    """A cycle that nobody has any more."""
    return weakref.ref(Cycle())


@pytest.mark.usefixtures("held_back")
def test_little_is_left_alone() -> None:
    cycle = left_over()
    garbage.collect()
    assert cycle() is not None


@pytest.mark.usefixtures("held_back")
def test_much_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    cycle = left_over()
    monkeypatch.setattr(garbage, "MUCH", 0)
    garbage.collect()
    assert cycle() is None


def test_when_the_files_are_checked_python_collects_again(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text("import torch\nparams = torch.nn.Linear(1, 1).parameters()\nlist(params)\nlist(params)\n")
    file = SourceFile(str(path), Config())
    results = check_all([file], Checker(Policies(Selection())), 1)
    assert [diagnostic.code for result in results for diagnostic in result.diagnostics] == ["OPT101"]
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


LOOPS = """import torch

def count(model, names):
    for name in names:
        for parameter in model.parameters():
            print(name, parameter)
    return [parameter for parameter in model.parameters()]

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [torch.nn.Linear(1, 1) for _ in range(3)]

    def forward(self, x):
        while x is not None:
            x = self.layers[0](x) if x else None
        return x
"""


def left_by(work: Callable[[], object]) -> list[str]:
    """The classes of the engine of which the collector finds objects after some work."""
    gc.collect()
    work()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        return [type(one).__qualname__ for one in gc.garbage if type(one).__module__.startswith("optlint.flow")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


@pytest.mark.usefixtures("held_back")
def test_what_ran_a_file_leaves_nothing_to_collect(tmp_path: Path) -> None:
    path = tmp_path / "train.py"
    path.write_text(LOOPS)
    checker = Checker(Policies(Selection()))
    checker.check(SourceFile(str(path), Config()))
    assert left_by(lambda: checker.check(SourceFile(str(path), Config()))) == []


@pytest.mark.usefixtures("held_back")
def test_a_project_that_is_let_go_leaves_nothing_to_collect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nets.py").write_text(LOOPS)
    path = tmp_path / "train.py"
    path.write_text("import torch\nfrom nets import Net, count\n\ncount(Net(), torch.optim.SGD(Net().parameters()))\n")
    checker = Checker(Policies(Selection()))
    checker.check(SourceFile(str(path), Config()))
    monkeypatch.setattr(project, "MOST_FILES", 0)
    assert left_by(lambda: checker.check(SourceFile(str(path), Config()))) == []
