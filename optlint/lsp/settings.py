"""What a user sets in the editor; it overrides the configuration files as the command line does."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from optlint.settings.config import ConfigError

SECTION = "optlint"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one client, of all its folders."""

    configuration: str = ""
    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    unsafe_fixes: bool = True
    inlay_hints: bool = False
    workspace_diagnostics: bool = True


READERS = {
    "configuration": "configuration",
    "select": "select",
    "extendSelect": "extend_select",
    "ignore": "ignore",
    "unsafeFixes": "unsafe_fixes",
    "inlayHints": "inlay_hints",
    "workspaceDiagnostics": "workspace_diagnostics",
}


def read_settings(given: object, folder: str = "") -> Settings:
    """The settings in a client's words; `ConfigError` on a value of the wrong type. Keys of others are let be.

    The path of a configuration file counts from `folder`.
    """
    table = given if isinstance(given, dict) else {}
    table = table.get("settings", table)
    table = table.get(SECTION, table) if isinstance(table, dict) else {}
    values = {field: _value(key, table[key]) for key, field in READERS.items() if table.get(key) is not None}
    if path := values.get("configuration"):
        values["configuration"] = os.path.join(folder, os.path.expanduser(path))
    return Settings(**values)


def _value(key: str, value: object) -> Any:
    expected = type(getattr(Settings(), READERS[key]))
    if expected in (tuple, type(None)):
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise ConfigError(f"the setting `{SECTION}.{key}` must be a list of strings")
        return tuple(value)
    if not isinstance(value, expected):
        raise ConfigError(f"the setting `{SECTION}.{key}` must be of type {expected.__name__}")
    return value
