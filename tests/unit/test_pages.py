from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import optlint
from optlint.pages import page
from tests.e2e.cli import BUG, clean_environment

PACKAGE = Path(optlint.__file__).parent


def test_pages_are_found_by_code() -> None:
    text = page("OPT101")
    assert text
    assert text.startswith("# OPT101 reused-parameter-iterator\n")
    assert ("\n```python\n" in text, "{." in text, text.count("```") % 2) == (True, False, 0)
    assert page("OPT1") is None
    assert page("OPT999") is None


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a wheel has it, in a zip."""
    path = tmp_path_factory.mktemp("zip") / "optlint.zip"
    with zipfile.ZipFile(path, "w") as file:
        for source in PACKAGE.rglob("*.py"):
            file.write(source, source.relative_to(PACKAGE.parent))
        for text in PACKAGE.parent.joinpath("rules").glob("*.md"):
            file.write(text, f"optlint/rules/{text.name}")
    return path


def run(archive: Path, *words: str, stdin: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "optlint", *words],
        cwd=archive.parent,
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
        env=clean_environment(PYTHONPATH=str(archive), PYTHONDONTWRITEBYTECODE="1"),
    )
    assert done.stderr == ""
    return done.stdout


def test_everything_works_from_a_zip(archive: Path) -> None:
    assert run(archive, "rule", "OPT101") == f"{(page('OPT101') or '').rstrip()}\n"
    assert "OPT302" in run(archive, "rules")
    assert "OPT101" in run(archive, "check", "-", "--output-format", "sarif", stdin=BUG)
