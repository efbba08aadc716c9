"""The tutorial, as a new user goes through it: each command is run, and prints what the page shows.

`python -m tests.e2e.test_tutorial` writes into the page what the commands print now.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.transcripts import Step, shows, steps

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
TUTORIAL = PAGE.read_text(encoding="utf-8")
SESSION = re.compile(r"^\$ .*\n((?:(?!\$ |```).*\n)*)", re.MULTILINE)
KEPT = ("HOME", "LANG", "LC_ALL", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")


def environment(folder: Path, wheels: Path) -> dict[str, str]:
    """That of a user who has activated `.venv`; `optlint` comes from a folder of wheels, as it would from an index."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith("PIP_")}
    found = f"{wheels} {kept.get('PIP_FIND_LINKS', '')}".strip()
    own = {"PATH": f"{folder}/.venv/bin:{Path(sys.executable).parent}:{os.environ['PATH']}", "PIP_FIND_LINKS": found}
    people = {f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    own |= people | {"GIT_CONFIG_GLOBAL": os.devnull, "PRE_COMMIT_HOME": f"{wheels}/hooks"}
    return {**kept, **own, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def printed(step: Step, folder: Path, environment: dict[str, str]) -> str:
    """What a command prints; a file that is shown before there is one is made like that."""
    program, _, name = step.command.partition(" ")
    if program == "cat" and not (folder / name).exists():
        (folder / name).write_text(step.shown, encoding="utf-8")
    command = ["bash", "-c", step.command]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(command, cwd=folder, env=environment, check=False, **streams).stdout.decode()


def replayed(place: Path) -> Iterator[tuple[Step, str]]:
    """Each command, and what it prints."""
    folder, wheels = place / "project", place / "wheels"
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, ROOT]
    subprocess.run(build, check=True, capture_output=True)
    for step in steps(TUTORIAL):
        yield step, printed(step, folder, environment(folder, wheels))


def test_the_tutorial_replays(tmp_path: Path) -> None:
    for step, said in replayed(tmp_path):
        assert shows(step.shown, said), f"$ {step.command}\n{said}"


def renewed(page: str, printed: Iterator[str]) -> str:
    """The page with what its commands print, wherever that is not what it shows."""

    def session(found: re.Match[str]) -> str:
        said = next(printed)
        return found[0] if shows(found[1], said) else f"{found[0].partition(chr(10))[0]}\n{said}"

    return SESSION.sub(session, page)


def test_the_page_is_renewed_where_it_is_not_true() -> None:
    page = "```console\n$ one\na\n$ two\nb\n...\n```\n"
    assert renewed(page, iter(["a\n", "b\nc\n"])) == page
    assert renewed(page, iter(["A\n", "b\nc\n"])) == page.replace("a\n", "A\n")


if __name__ == "__main__":
    with TemporaryDirectory() as place:
        PAGE.write_text(renewed(TUTORIAL, (said for _, said in replayed(Path(place)))), encoding="utf-8")
