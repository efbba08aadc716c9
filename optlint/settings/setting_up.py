"""What `optlint init` writes: additions to text files, each checked by what it means before it is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from optlint.settings.config import ConfigError, parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIGURATION = """\
# What optlint checks: `optlint rules` lists the rules, `optlint config FILE` shows what holds for a file.
# ignore = ["OPT204"]
# severity = { OPT303 = "info" }
# per-file-ignores = { "tests/**" = ["OPT5"] }
"""
HOOK = """\
- repo: local
  hooks:
  - id: optlint
    name: optlint
    entry: optlint check --force-exclude
    language: python
    additional_dependencies: ["{requirement}"]
    types_or: [python, pyi, jupyter]
    require_serial: true
"""
_LIST = re.compile(r"(?m)^(?P<head>(?:lint\.)?external\s*=\s*\[)(?P<items>[^\]]*)\]")
_REPOS = re.compile(r"(?m)^repos:[ \t]*(?:\[\][ \t]*)?(?:#.*)?$")
_NEXT_KEY = re.compile(r"(?m)^[^\s#-]")
_ITEM = re.compile(r"(?m)^(?P<indent>[ \t]*)- (?:repo:|\{)")


class NotUnderstoodError(Exception):
    """A file whose form we do not know, and so do not touch."""


def with_configuration(text: str, path: str) -> str:
    """A pyproject.toml with a table of ours at its end; the same text if it has one."""
    if "optlint" in parse_toml(text.encode(), path).get("tool", {}):
        return text
    return _checked(_joined(text, f"[tool.optlint]\n{CONFIGURATION}"), path, lambda new: new["tool"]["optlint"] == {})


def with_our_codes(text: str, path: str, table: tuple[str, ...]) -> str:
    """A configuration of ruff that lets `# noqa: OPT101` be; `table` leads to ruff's part of the file."""
    before = _inner(parse_toml(text.encode(), path), (*table, "lint", "external"))
    if before is not None and "OPT" in before:
        return text
    wanted = [*(before or []), "OPT"]
    header = ".".join((*table, "lint"))
    for attempt in (_in_list, _under_header, _as_new_table):
        changed = attempt(text, header)
        if changed is not None and _means(changed, path, (*table, "lint", "external"), wanted):
            return changed
    raise NotUnderstoodError


def requirement(version: str, origin: str | None) -> str:
    """What to install to have the same again: this version, or what is where an installer noted (PEP 610)."""
    if not origin:
        return f"optlint=={version}"
    import json

    came: dict[str, Any] = json.loads(origin)
    vcs = came.get("vcs_info")
    url = f"{vcs['vcs']}+{came['url']}@{vcs['commit_id']}" if vcs else came["url"]
    return f"optlint @ {url}{'#subdirectory=' + came['subdirectory'] if 'subdirectory' in came else ''}"


def with_hook(text: str, wanted: str) -> str:
    """A .pre-commit-config.yaml with our hook, which installs `wanted`, behind the others; the same if it has one."""
    hook = HOOK.format(requirement=wanted)
    if "id: optlint" in text:
        return text
    if not text.strip():
        return f"repos:\n{hook}"
    start = _REPOS.search(text)
    if start is None:
        raise NotUnderstoodError
    following = _NEXT_KEY.search(text, start.end())
    end = following.start() if following else len(text)
    body = text[start.end() : end]
    item = _ITEM.search(body)
    if item is None and body.strip():
        raise NotUnderstoodError
    indent = item["indent"] if item else ""
    head = re.sub(r"\[\][ \t]*", "", start[0]).rstrip()
    kept = body.rstrip()
    ours = "".join(f"{indent}{line}\n" for line in hook.splitlines())
    rest = text[end:]
    return f"{text[: start.start()]}{head}{kept}\n{ours}{chr(10) if rest else ''}{rest}"


def _in_list(text: str, header: str) -> str | None:
    """With our code put into the list that is there."""
    match = _LIST.search(text)
    if match is None:
        return None
    items = match["items"].rstrip()
    comma = "" if not items.strip() or items.endswith(",") else ", "
    rest = match["items"][len(items) :]
    return f'{text[: match.start("items")]}{items}{comma}"OPT"{rest}{text[match.end("items") :]}'


def _under_header(text: str, header: str) -> str | None:
    match = re.search(rf"(?m)^\[{re.escape(header)}\][ \t]*(?:#.*)?$", text)
    return match and f'{text[: match.end()]}\nexternal = ["OPT"]{text[match.end() :]}'


def _as_new_table(text: str, header: str) -> str | None:
    return _joined(text, f'[{header}]\nexternal = ["OPT"]\n')


def _joined(text: str, addition: str) -> str:
    if not text:
        return addition
    return f"{text.rstrip()}\n\n{addition}" if text.strip() else addition


def _checked(text: str, path: str, holds: Callable[[dict[str, Any]], bool]) -> str:
    if not holds(parse_toml(text.encode(), path)):
        raise NotUnderstoodError
    return text


def _means(text: str, path: str, keys: tuple[str, ...], wanted: list[str]) -> bool:
    try:
        found = _inner(parse_toml(text.encode(), path), keys)
    except ConfigError:
        return False
    return found is not None and sorted(found) == sorted(wanted)


def _inner(document: dict[str, Any], keys: tuple[str, ...]) -> Any:
    """What is at the end of a path of keys; None if there is nothing."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    return found
