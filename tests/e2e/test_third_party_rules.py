from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.e2e.cli import BUG, optlint, plant

EXAMPLE = Path(__file__).parents[1] / "example_package"

KILLER = """\
import multiprocessing, os, signal
from optlint.rule import Rule

rule = Rule("KIL101", "killer", "kills the process that runs it", needs=(("parameters",),))

def used(event):
    if multiprocessing.parent_process() is not None:
        os.kill(os.getpid(), signal.SIGKILL)
    yield rule.at(event.site, "alive")

used.__annotations__["event"] = "Consumed"
check = rule.check(used)
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of installed packages, with the example in it."""
    folder = tmp_path / "installed"
    folder.mkdir()
    shutil.copy(EXAMPLE / "acme_rules.py", folder)
    announce(folder, "acme_rules")
    return folder


def announce(folder: Path, module: str) -> None:
    """Write what an installer writes of an entry point."""
    metadata = folder / f"{module}-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[optlint.rules]\nacme = {module}\n")


def path_with(folder: Path) -> str:
    return f"{folder}:{EXAMPLE.parents[1]}"


def test_rules_of_other_packages_are_found_listed_selected_and_suppressed(tmp_path: Path, installed: Path) -> None:
    path = path_with(installed)
    source = plant(tmp_path / "source", train=BUG)
    assert "ACM101" not in optlint("check", cwd=source).out
    done = optlint("check", cwd=source, PYTHONPATH=path)
    assert "warning[ACM101] iterator-used-here: this iterator was used before" in done.out
    assert "ACM101  iterator-used-here" in optlint("rules", cwd=source, PYTHONPATH=path).out
    assert optlint("rule", "ACM101", cwd=source, PYTHONPATH=path).out.startswith("# ACM101 iterator-used-here\n")
    only = optlint("check", "--select", "ACM", "--output-format", "concise", cwd=source, PYTHONPATH=path)
    assert ("ACM101" in only.out, "OPT101" in only.out) == (True, False)
    plant(source, train=BUG.replace("lr=0.1)", "lr=0.1)  # optlint: ignore[ACM101, OPT101]"))
    assert optlint("check", cwd=source, PYTHONPATH=path).code == 0
    assert optlint("check", "--select", "ACM1", cwd=source).code == 2


def test_a_process_that_dies_takes_no_file_with_it(tmp_path: Path, installed: Path) -> None:
    (installed / "killer_rules.py").write_text(KILLER)
    announce(installed, "killer_rules")
    source = plant(tmp_path / "source", **{f"bug{number:03}": BUG for number in range(120)})
    done = optlint(
        "check",
        "--jobs",
        "2",
        "--select",
        "KIL101",
        "--output-format",
        "concise",
        cwd=source,
        PYTHONPATH=path_with(installed),
    )
    assert (done.code, done.out.count("KIL101 alive")) == (1, 120)
