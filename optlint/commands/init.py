"""Set optlint up in this folder: a configuration, a pre-commit hook, and a word for ruff."""

from __future__ import annotations

import os

from optlint.arguments import UsageError
from optlint.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from optlint.arguments import Arguments

USAGE = "optlint init"
OPTIONS = ()
RUFF_FILES = {"ruff.toml": (), ".ruff.toml": (), "pyproject.toml": ("tool", "ruff")}


def run(arguments: Arguments) -> int:
    """Add what is missing, change nothing else, and tell what was done."""
    if arguments.paths:
        raise UsageError("no arguments are needed: it is this folder that is set up")
    from optlint.settings import setting_up

    if os.path.exists("pyproject.toml"):
        _change("pyproject.toml", "[tool.optlint]", lambda text: setting_up.with_configuration(text, "pyproject.toml"))
    else:
        _change("optlint.toml", "a configuration", lambda text: text or setting_up.CONFIGURATION)
    wanted = setting_up.requirement(__version__, _origin())
    _change(".pre-commit-config.yaml", "the hook `optlint`", lambda text: setting_up.with_hook(text, wanted))
    for path, table in RUFF_FILES.items():
        if _configures_ruff(path, table):
            _change(path, 'lint.external = ["OPT"]', _for_ruff(path, table))
            break
    print("Next: `optlint baseline write` if some things are to stay as they are, and `pre-commit install`.")
    return 0


def _origin() -> str | None:
    """What the installer has noted of where this optlint came from, if not from an index of packages."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution("optlint").read_text("direct_url.json")
    except PackageNotFoundError:
        return None


def _for_ruff(path: str, table: tuple[str, ...]) -> Callable[[str], str]:
    from optlint.settings.setting_up import with_our_codes

    return lambda text: with_our_codes(text, path, table)


def _configures_ruff(path: str, table: tuple[str, ...]) -> bool:
    text = _read(path)
    if not table:
        return text is not None
    from optlint.settings.config import parse_toml

    return text is not None and "ruff" in parse_toml(text.encode(), path).get("tool", {})


def _change(path: str, what: str, changed: Callable[[str], str]) -> None:
    """Write a file with an addition; leave it, and say so, if we do not understand it."""
    from optlint.settings.setting_up import NotUnderstoodError
    from optlint.sources.writing import write_atomically

    before = _read(path)
    try:
        after = changed(before or "")
    except NotUnderstoodError:
        print(f"{path}: please add {what} by hand")
        return
    if after == before:
        print(f"{path}: has {what}")
        return
    write_atomically(path, after.encode(), os.stat(path) if before is not None else None)
    print(f"{path}: added {what}")


def _read(path: str) -> str | None:
    from optlint.settings.config import ConfigError

    try:
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
