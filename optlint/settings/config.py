"""Configuration: `[tool.optlint]` of pyproject.toml, or optlint.toml, as one frozen value."""

from __future__ import annotations

import os
import sys

from optlint.named_tuple import NamedTuple
from optlint.settings.selection import Selection, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

FILE_NAMES = ("optlint.toml", "pyproject.toml")
SEVERITIES = ("error", "warning", "info")
DEFAULT_EXCLUDE = (
    *(".bzr", ".direnv", ".eggs", ".git", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".optlint_cache"),
    *(".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode"),
    *("__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv"),
)


class ConfigError(Exception):
    """A configuration that cannot be used; its text names the file and the key."""


class Config(NamedTuple):
    """What holds for the files below `root`; `path` is the file it was read from, if any."""

    path: str | None = None
    root: str = ""
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    severity: tuple[tuple[str, str], ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    per_file_severity: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    known_optimizers: tuple[str, ...] = ()
    known_group_keys: tuple[str, ...] = ()
    torch_version: tuple[int, int] | None = None

    @property
    def selection(self) -> Selection:
        """Its word on which rules are enabled."""
        return Selection(self.select, self.extend_select, self.ignore)

    @property
    def rule_words(self) -> tuple[str, ...]:
        """Every word in it that must stand for a rule."""
        in_paths = (word for _, words in self.per_file_ignores for word in words)
        tables = (self.severity, *(table for _, table in self.per_file_severity))
        in_severity = (word for table in tables for word, _ in table)
        return (*(self.select or ()), *self.extend_select, *self.ignore, *in_severity, *in_paths)

    def as_table(self) -> dict[str, Any]:
        """Its keys and values as a configuration file has them, without those that say nothing new."""
        values, usual = self._asdict(), Config()._asdict()
        fields = {key: key.replace("-", "_") for key in READERS}
        table = {
            key: values[field] for key, field in fields.items() if key == "exclude" or values[field] != usual[field]
        }
        for key in ("severity", "per-file-ignores", "per-file-severity"):
            if key in table:
                table[key] = dict(table[key])
        for pattern, severities in table.get("per-file-severity", {}).items():
            table["per-file-severity"][pattern] = dict(severities)
        if self.torch_version:
            table["torch-version"] = ".".join(map(str, self.torch_version))
        return table


class Configs:
    """The nearest configuration of each folder, each file read once."""

    def __init__(self, fixed: Config | None = None) -> None:
        self._fixed = fixed
        self._of_folder: dict[str, Config] = {}

    def of_file(self, path: str) -> Config:
        """The configuration that holds for the file at `path`."""
        return self.of_folder(os.path.dirname(os.path.abspath(path)))

    def of_folder(self, folder: str) -> Config:
        """The configuration that holds for the files in the folder, given by its absolute path."""
        if self._fixed is not None:
            return self._fixed
        if folder not in self._of_folder:
            self._of_folder[folder] = read_folder(folder) or self._of_parent(folder)
        return self._of_folder[folder]

    def _of_parent(self, folder: str) -> Config:
        parent = os.path.dirname(folder)
        return Config(root=os.getcwd()) if parent == folder else self.of_folder(parent)


def read_folder(folder: str) -> Config | None:
    """The configuration that lies in this very folder, if one does."""
    for name in FILE_NAMES:
        path = os.path.join(folder, name)
        if (table := _read_table(path)) is not None:
            return parse_table(table, path, folder)
    return None


def read_file(path: str) -> Config:
    """The configuration of a file named by the user; its patterns are relative to the current folder."""
    if not os.path.isfile(path):
        raise ConfigError(f"{path}: no such configuration file")
    return parse_table(_read_table(path) or {}, path, os.getcwd())


def parse_table(table: Mapping[str, Any], path: str | None = None, root: str = "") -> Config:
    """The configuration that a table of keys says; `ConfigError` on an unknown key or an unfit value."""
    where = path or "configuration"
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in READERS:
            raise ConfigError(f"{where}: unknown key `{key}`{suggestion(key, READERS)}")
        try:
            values[key.replace("-", "_")] = READERS[key](value)
        except ValueError as error:
            raise ConfigError(f"{where}: `{key}` {error}") from None
    return Config(path, root, **values)


def _read_table(path: str) -> dict[str, Any] | None:
    """Our table in a TOML file: None where the file is absent or says nothing of us."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return table_of(data, path)


def table_of(data: bytes, path: str) -> dict[str, Any] | None:
    """Our table in the bytes of a TOML file, None if it says nothing of us; `ConfigError` if it cannot be read."""
    is_ours = os.path.basename(path) != "pyproject.toml"
    if not is_ours and b"optlint" not in data:
        return None
    document = parse_toml(data, path)
    if is_ours and "tool" not in document:
        return document
    tools = document.get("tool", {})
    table = tools.get("optlint") if isinstance(tools, dict) else tools
    if table is not None and not isinstance(table, dict):
        raise ConfigError(f"{path}: `tool.optlint` must be a table")
    return table


def parse_toml(data: bytes, path: str) -> dict[str, Any]:
    """The document in these bytes of a TOML file; `ConfigError` if there is none."""
    from importlib import import_module

    toml = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: dict[str, Any] = toml.loads(data.decode("utf-8-sig"))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None
    return document


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a list of strings")
    return tuple(value)


def _severity(value: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise ValueError(f"must be a table of rule = {' | '.join(map(repr, SEVERITIES))}")
    for rule, word in value.items():
        if word not in SEVERITIES:
            raise ValueError(f"says {word!r} for {rule}, but must be one of {', '.join(SEVERITIES)}")
    return tuple(value.items())


def _per_file(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of pattern = [rules]")
    return tuple((pattern, _strings(words)) for pattern, words in value.items())


def _severity_per_file(value: object) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    if not isinstance(value, dict):
        raise ValueError("must be a table of pattern = { rule = severity }")
    return tuple((pattern, _severity(table)) for pattern, table in value.items())


def _version(value: object) -> tuple[int, int]:
    parts = value.split(".") if isinstance(value, str) else []
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() for part in parts[:2]):
        raise ValueError('must be a string such as "2.1"')
    return int(parts[0]), int(parts[1])


READERS: Mapping[str, Callable[[object], Any]] = {
    "select": _strings,
    "extend-select": _strings,
    "ignore": _strings,
    "severity": _severity,
    "per-file-ignores": _per_file,
    "per-file-severity": _severity_per_file,
    "exclude": _strings,
    "extend-exclude": _strings,
    "known-optimizers": _strings,
    "known-group-keys": _strings,
    "torch-version": _version,
}
