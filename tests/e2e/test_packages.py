"""The wheel and the source distribution, built and used as users get them."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from optlint import __version__
from optlint.rule import load_rules
from tests.e2e.cli import BUG

ROOT = Path(__file__).parents[2]
FOR_TESTS = ("tests/e2e/test_packages.py", "benchmarks/recall.py", "editors/vscode/package.json", ".ci/run")
LEFT_OUT = (".git", ".venv", "build", "node_modules", "__pycache__")

START = """\
import sys
sys.path.insert(0, {place!r})
import optlint
from optlint.__main__ import main
assert optlint.__file__.startswith({place!r})
sys.exit(main())
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that was built from that."""
    folder = tmp_path_factory.mktemp("dist")
    build = "from hatchling.build import build_sdist as build; print(build({!r}))"
    with_hatchling = tmp_path_factory.mktemp("hatchling")
    pip("install", "--target", str(with_hatchling), "hatchling>=1.24")
    subprocess.run(
        [sys.executable, "-c", build.format(str(folder))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(with_hatchling)},
        check=True,
        capture_output=True,
    )
    pip("wheel", "--no-deps", "--wheel-dir", str(folder), str(next(folder.glob("*.tar.gz"))))
    return folder


def pip(*words: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", *words], check=True, capture_output=True)


@pytest.fixture(params=["installed", "zipped"])
def place(request: pytest.FixtureRequest, built: Path, tmp_path: Path) -> Path:
    """Where Python finds optlint: unpacked as pip does it, or the wheel itself, which is a zip file."""
    wheel = next(built.glob("*.whl"))
    if request.param == "zipped":
        return wheel
    pip("install", "--no-deps", "--target", str(tmp_path / "site"), str(wheel))
    return tmp_path / "site"


def optlint(place: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs the optlint that lies there, and no other, in a folder."""
    start = f"import sys; sys.path.insert(0, {str(place)!r}); from optlint.__main__ import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", start, *words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_page_is_there(place: Path, tmp_path: Path) -> None:
    for code in ("OPT101", max(load_rules().rules)):
        shown = optlint(place, tmp_path, "rule", code)
        assert shown.stdout.startswith(f"# {code} "), shown.stderr
    names = optlint(place, tmp_path, "rules").stdout
    assert all(code in names for code in load_rules().rules)


def test_it_finds_bugs(place: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("train.py").write_text(BUG, encoding="utf-8")
    found = optlint(place, tmp_path, "check", "--output-format", "concise", "train.py")
    assert (found.returncode, found.stdout[:29]) == (1, "train.py:8:23: error: OPT101 "), found.stderr


def test_what_is_shipped(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        inside = set(wheel.namelist())
    assert {"optlint/py.typed", "optlint/config.schema.json"} <= inside
    assert [name for name in inside if not name.startswith(("optlint/", f"optlint-{__version__}.dist-info/"))] == []
    with tarfile.open(next(built.glob("*.tar.gz"))) as source:
        shipped = source.getnames()
    assert {name.partition("/")[2] for name in shipped} >= set(FOR_TESTS)
    assert not [name for name in shipped if set(Path(name).parts) & set(LEFT_OUT)]


def test_licences_of_others(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        licences = [wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/licenses/" in name]
    assert len(licences) == 2
    assert any("d3-hierarchy" in text for text in licences)
